#include "encoders.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "inputs.h"
#include "pins.h"

enum Subcommand : uint8_t { ATTACH = 0, REPORT_ONE = 1, REPORT_ALL = 2, ZERO = 3, AUTOMATIC = 4, DETACH = 5 };
enum Reports : uint8_t { NONE = 0, ALL = 1, CHANGED = 2 };

struct Encoder {
    PortPin a, b;
    uint8_t pins[2];
    uint8_t previous;  // levels of A (bit 1) and B (bit 0)
    bool attached;
    volatile int32_t count;
    int32_t reported_count;
};
static Encoder encoders[ENCODERS];
static Encoder* encoders_end = encoders;  // one past the last that was ever attached
static uint8_t report_mode = CHANGED;
static volatile uint16_t lost_edges;

static inline __attribute__((always_inline)) uint8_t read_ab(const Encoder& encoder)
{
    uint8_t ab = 0;
    if (encoder.a.level())
        ab = 2;
    if (encoder.b.level())
        ab |= 1;
    return ab;
}

// Where one of the two lines has changed, the previous A and the present B give the direction.
static inline void count_edges()
{
    for (Encoder *encoder = encoders, *end = encoders_end; encoder < end; encoder++) {
        if (!encoder->attached)
            continue;
        uint8_t now = read_ab(*encoder), previous = encoder->previous;
        if (now == previous)
            continue;
        encoder->previous = now;
        if ((now ^ previous) == 3)
            lost_edges++;
        else if (bool(previous & 2) != bool(now & 1))
            encoder->count--;
        else
            encoder->count++;
    }
}

// A noisy line must not take all the time: further changes within one systick are lost.
constexpr uint8_t MAX_CHANGES_PER_SYSTICK = 12;
static volatile uint8_t changes_allowed = MAX_CHANGES_PER_SYSTICK;

void rearm_pin_changes()
{
    changes_allowed = MAX_CHANGES_PER_SYSTICK;
    enable_pin_change_interrupts(true);
}

static inline void on_pin_change()
{
    count_edges();
    record_input_edges();
    if (!--changes_allowed) {
        enable_pin_change_interrupts(false);
        lost_edges++;
    }
}

ISR(PCINT0_vect) { on_pin_change(); }
ISR(PCINT1_vect, ISR_ALIASOF(PCINT0_vect));
ISR(PCINT2_vect, ISR_ALIASOF(PCINT0_vect));
#if defined(__AVR_ATmega2560__)
ISR(INT0_vect, ISR_ALIASOF(PCINT0_vect));
ISR(INT1_vect, ISR_ALIASOF(PCINT0_vect));
ISR(INT2_vect, ISR_ALIASOF(PCINT0_vect));
ISR(INT3_vect, ISR_ALIASOF(PCINT0_vect));
ISR(INT4_vect, ISR_ALIASOF(PCINT0_vect));
ISR(INT5_vect, ISR_ALIASOF(PCINT0_vect));
#endif

static int32_t read_count(const Encoder& encoder)
{
    int32_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = encoder.count; }
    return count;
}

static void detach(Encoder& encoder)
{
    if (!encoder.attached)
        return;
    for (uint8_t pin : encoder.pins) {
        enable_pin_change_interrupt(pin, false);
        pin_modes[pin] = INPUT_MODE;
    }
    encoder.attached = false;
}

static bool can_be_encoder(uint8_t pin) { return supports_mode(pin, ENCODER_MODE) && is_free(pin); }

static void attach(uint8_t encoder_number, uint8_t a, uint8_t b)
{
    Encoder& encoder = encoders[encoder_number];
    detach(encoder);
    if (a == b || !can_be_encoder(a) || !can_be_encoder(b)) {
        send_pin_error(can_be_encoder(a) ? b : a, PSTR("cannot be an encoder's"));
        return;
    }
    encoder.pins[0] = a;
    encoder.pins[1] = b;
    for (uint8_t pin : encoder.pins) {
        make_input(pin, true);
        pin_modes[pin] = ENCODER_MODE;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        encoder.a = port_pin_of(a);
        encoder.b = port_pin_of(b);
        encoder.count = 0;
        encoder.reported_count = 0;
        encoder.previous = read_ab(encoder);
        encoder.attached = true;
        if (&encoder >= encoders_end)
            encoders_end = &encoder + 1;
    }
    enable_pin_change_interrupt(a, true);
    enable_pin_change_interrupt(b, true);
}

static void put_count(uint8_t encoder_number)
{
    int32_t count = read_count(encoders[encoder_number]);
    encoders[encoder_number].reported_count = count;
    put_byte(encoder_number | (count < 0 ? 0x40 : 0));
    put_unsigned(count < 0 ? -count : count, 4);
}

static void report(uint8_t how)
{
    bool begun = false;
    for (uint8_t n = 0; n < ENCODERS; n++) {
        const Encoder& encoder = encoders[n];
        if (!encoder.attached || (how == CHANGED && read_count(encoder) == encoder.reported_count))
            continue;
        if (!begun)
            begin_reply(ENCODER);
        begun = true;
        put_count(n);
    }
    if (begun)
        end_reply();
}

void report_encoders()
{
    if (report_mode != NONE)
        report(report_mode);
}

void handle_encoder(const uint8_t* data, uint8_t size)
{
    uint8_t subcommand = size ? data[0] : 0x7F;
    if (subcommand == REPORT_ALL) {
        report(ALL);
        return;
    }
    if (subcommand == AUTOMATIC && size >= 2) {
        report_mode = data[1];
        return;
    }
    if (size < 2 || subcommand > DETACH || data[1] >= ENCODERS || (subcommand == ATTACH && size < 4)) {
        send_error(PSTR("encoder message is not known"));
        return;
    }
    Encoder& encoder = encoders[data[1]];
    if (subcommand == ATTACH) {
        attach(data[1], data[2], data[3]);
    } else if (!encoder.attached) {
        send_error(PSTR("encoder is not attached"));
    } else if (subcommand == REPORT_ONE) {
        begin_reply(ENCODER);
        put_count(data[1]);
        end_reply();
    } else if (subcommand == ZERO) {
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { encoder.count = 0; }
    } else {
        detach(encoder);
    }
}

void reset_encoders()
{
    for (Encoder& encoder : encoders)
        detach(encoder);
    report_mode = CHANGED;
}

uint16_t lost_edge_count()
{
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = lost_edges; }
    return count;
}
