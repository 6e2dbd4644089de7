#include "surroundings.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/main_loop.h"
#include "io/pins.h"
#include "motion/axis.h"

alignas(8) volatile uint8_t native_memory[NATIVE_BYTES];
bool native_interrupts;
Surroundings world;
std::function<void()> say_how_it_came = [] {};

extern "C" {
void TIMER1_COMPA_vect(void);
void TIMER1_COMPB_vect(void);
void TIMER1_OVF_vect(void);
void PCINT0_vect(void);
#if defined(__AVR_ATmega2560__)
void USART0_RX_vect(void);
void USART0_UDRE_vect(void);
#define RECEIVED USART0_RX_vect
#define CAN_SEND USART0_UDRE_vect
#else
void USART_RX_vect(void);
void USART_UDRE_vect(void);
#define RECEIVED USART_RX_vect
#define CAN_SEND USART_UDRE_vect
#endif
}

void native_busy_wait() { world.wait_a_little(); }
void native_moment() { world.moment(); }
void native_toggle_pins(volatile uint8_t* pin, uint8_t mask) { world.turned_over(pin, mask); }
void native_two_wire(uint8_t control) { world.two_wire(control); }

// Sanitizers end the program as violated() does.
extern "C" const char* __asan_default_options() { return "abort_on_error=1:detect_leaks=0"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1"; }

// Called before the program ends, for a violation or for what a sanitizer found.
static void tell(int)
{
    say_how_it_came();
    fflush(stdout);
}

void violated(const std::string& what)
{
    printf("violated: %s\n", what.c_str());
    abort();
}

// ---- pins ----

#if defined(__AVR_ATmega2560__)
static const uint16_t PORT_REGISTERS[] = {0x20, 0x23, 0x26, 0x29, 0x2C, 0x2F, 0x32, 0x100, 0x103, 0x106, 0x109};
#else
static const uint16_t PORT_REGISTERS[] = {0x23, 0x26, 0x29};
#endif

uint8_t port_of(uint8_t pin)
{
    uint8_t port = 0;
    while (&native_memory[PORT_REGISTERS[port]] != port_pin_of(pin).pin)
        port++;
    return port;
}

// Wires hold every pin that the firmware does not drive.
void Surroundings::refresh_pins()
{
    uint8_t port = 0;
    for (uint16_t at : PORT_REGISTERS) {
        uint8_t driven = native_memory[at + 1], held = held_levels[port++];
        native_memory[at] = (native_memory[at + 2] & driven) | (held & ~driven);
    }
}

void Surroundings::hold(uint8_t pin, bool level)
{
    uint8_t mask = port_pin_of(pin).mask, &levels = held_levels[port_of(pin)];
    levels = level ? levels | mask : levels & ~mask;
    refresh_pins();
    changed = native_memory[0x6B] || native_memory[0x6C] || native_memory[0x6D] || EIMSK;
    interrupt();
}

void Surroundings::turned_over(volatile uint8_t* pin, uint8_t mask)
{
    if (!mask)
        return;
    pin[2] ^= mask;
    refresh_pins();
    for (int device = 0; device < DEVICES; device++) {
        const Axis& axis = axes[device];
        if (axis.wires == 1 && axis.step_pin == pin && axis.step_mask == mask)
            on_step(device, bool(pin[2] & mask) != bool(axis.inverted & 1));
    }
}

// ---- the two-wire bus, at whose other end somebody may be ----

void Surroundings::two_wire(uint8_t control)
{
    uint8_t* kept = const_cast<uint8_t*>(&native_memory[0xBC]);
    *kept = control & ~_BV(TWINT);
    if (!(control & _BV(TWINT)) || !(control & _BV(TWEN)) || bus_hangs)
        return;
    if (control & _BV(TWSTO)) {
        *kept = _BV(TWEN);
        return;
    }
    if (control & _BV(TWSTA)) {
        TWSR = bus_is_addressed ? 0x10 : 0x08;
        bus_is_addressed = false;
    } else if (!bus_is_addressed) {
        bool there = bus_answers >> (TWDR >> 1 & 7) & 1;
        TWSR = TWDR & 1 ? (there ? 0x40 : 0x48) : (there ? 0x18 : 0x20);
        bus_is_addressed = true;
    } else {
        TWSR = 0x28;
        TWDR = uint8_t(now);
    }
    *kept |= _BV(TWINT);
}

// ---- time ----

uint32_t Surroundings::roll(uint32_t sides)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % sides;
}

static uint64_t next_match(uint64_t now, uint16_t compare)
{
    uint16_t in = compare - uint16_t(now);
    return now + (in ? in : 0x10000);
}

uint64_t Surroundings::next_event(uint64_t at_most) const
{
    uint64_t next = at_most;
    auto sooner = [&next](uint64_t moment) { next = moment < next ? moment : next; };
    if (TIMSK1 & _BV(OCIE1A))
        sooner(next_match(now, OCR1A));
    sooner(next_match(now, OCR1B));
    sooner((now | 0xFFFF) + 1);
    if (arrived < arriving.size())
        sooner(next_byte_at > now ? next_byte_at : now);
    if ((UCSR0B & _BV(UDRIE0)) && line_is_free_at > now)
        sooner(line_is_free_at);
    return next;
}

void Surroundings::go_to(uint64_t moment)
{
    compared_a |= next_match(now, OCR1A) <= moment;
    compared_b |= next_match(now, OCR1B) <= moment;
    if ((now | 0xFFFF) < moment) {
        overflowed = true;
        TIFR1 = _BV(TOV1);
    }
    now = moment;
    TCNT1 = uint16_t(now);
    if (arrived < arriving.size() && next_byte_at <= now && !received) {
        UDR0 = arriving[arrived++];
        next_byte_at = now + TICKS_PER_BYTE;
        received = true;
    }
    if (now - turned_at > LONGEST_TURN)
        violated("the main loop did not come round for half a second");
}

// The one of greatest priority that is due; whether there was one.
bool Surroundings::interrupt_once()
{
    void (*vector)(void) = nullptr;
    if (changed) {
        changed = false;
        vector = PCINT0_vect;
    } else if (compared_a && (TIMSK1 & _BV(OCIE1A))) {
        compared_a = false;
        vector = TIMER1_COMPA_vect;
    } else if (compared_b) {
        compared_b = false;
        vector = TIMER1_COMPB_vect;
    } else if (overflowed) {
        overflowed = false;
        TIFR1 = 0;
        vector = TIMER1_OVF_vect;
    } else if (received) {
        received = false;
        vector = RECEIVED;
    } else if ((UCSR0B & _BV(UDRIE0)) && line_is_free_at <= now) {
        native_interrupts = false;
        CAN_SEND();
        native_interrupts = true;
        if (UCSR0B & _BV(UDRIE0)) {
            heard.push_back(uint8_t(UDR0));
            line_is_free_at = now + TICKS_PER_BYTE;
        }
        return true;
    }
    if (!vector)
        return false;
    native_interrupts = false;
    depth++;
    vector();
    depth--;
    native_interrupts = true;
    refresh_pins();
    if (depth == 0 && !is_in_turn)
        on_moment();
    return true;
}

void Surroundings::interrupt()
{
    while (native_interrupts && interrupt_once()) {
    }
}

// Time goes on within the firmware only where it waits, and in hasty surroundings here.
void Surroundings::moment()
{
    if (!is_hasty || depth > 4)
        return;
    if (roll(4) == 0)
        go_to(now + 1 + roll(24));
    refresh_pins();
    interrupt();
}

void Surroundings::wait_a_little()
{
    go_to(next_event(now + 32));
    ADCSRA &= ~_BV(ADSC);
    ADCL = uint8_t(now);
    ADCH = uint8_t(now >> 8) & 3;
    refresh_pins();
    if (native_interrupts)
        interrupt();
}

void Surroundings::turn_main_loop()
{
    turned_at = now;
    is_in_turn = true;
    run_once();
    is_in_turn = false;
    refresh_pins();
    on_moment();
}

void Surroundings::run_for(uint64_t ticks)
{
    for (uint64_t end = now + ticks; now < end;) {
        go_to(next_event(end));
        refresh_pins();
        interrupt();
        turn_main_loop();
    }
}

void Surroundings::run_until_heard(uint64_t at_most)
{
    for (uint64_t end = now + at_most; now < end && !is_silent();)
        run_for(TICKS_PER_BYTE);
    run_for(16);
}

void Surroundings::say(const Bytes& bytes)
{
    if (is_silent()) {
        arriving.clear();
        arrived = 0;
        next_byte_at = now + TICKS_PER_BYTE;
    }
    arriving.insert(arriving.end(), bytes.begin(), bytes.end());
}

void Surroundings::start()
{
    signal(SIGABRT, tell);
    refresh_pins();
    UCSR0B = 0;
    start_board();
    TIFR1 = 0;
    turned_at = now;
}
