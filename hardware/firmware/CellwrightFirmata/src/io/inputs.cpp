#include "inputs.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "../safety/stop.h"
#include "pins.h"

static uint8_t reported[PORTS];  // levels last told
static uint8_t asked[(PORTS + 7) / 8];
static uint16_t channels;  // bits, asked for

// ---- ports ----

static bool is_input(uint8_t pin) { return pin_modes[pin] == INPUT_MODE || pin_modes[pin] == PULLUP_MODE; }

static uint8_t read_port(uint8_t port)
{
    uint8_t levels = 0;
    for (uint8_t bit = 0; bit < 8; bit++) {
        uint8_t pin = 8 * port + bit;
        if (pin < PINS && is_digital(pin) && is_input(pin) && read_pin(pin))
            levels |= 1 << bit;
    }
    return levels;
}

static void tell_port(uint8_t port, uint8_t levels)
{
    reported[port] = levels;
    send_message(PORT | port, levels & 0x7F, levels >> 7);
}

void enable_port_reporting(uint8_t port, bool on)
{
    if (port >= PORTS)
        return;
    if (on) {
        asked[port / 8] |= 1 << port % 8;
        tell_port(port, read_port(port));
    } else {
        asked[port / 8] &= ~(1 << port % 8);
    }
}

static void report_ports()
{
    for (uint8_t port = 0; port < PORTS; port++)
        if (asked[port / 8] >> port % 8 & 1) {
            uint8_t levels = read_port(port);
            if (levels != reported[port])
                tell_port(port, levels);
        }
}

// ---- analog channels ----

static uint16_t convert(uint8_t channel)
{
#if defined(__AVR_ATmega2560__)
    ADCSRB = channel & 8;  // MUX5 is in its place there
#endif
    ADMUX = _BV(REFS0) | (channel & 7);
    ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
    while (ADCSRA & _BV(ADSC))
        busy_wait();
    uint8_t low = ADCL;
    return ADCH << 8 | low;
}

void enable_analog_reporting(uint8_t channel, bool on)
{
    if (FIRST_ANALOG + channel >= PINS)
        return;
    if (on)
        channels |= 1 << channel;
    else
        channels &= ~(1 << channel);
}

void report_analog()
{
    for (uint8_t channel = 0; channel < 16; channel++)
        if (channels >> channel & 1) {
            uint16_t value = convert(channel);
            send_message(ANALOG | channel, value & 0x7F, value >> 7);
        }
}

// ---- timed inputs ----

struct TimedInput {
    uint8_t pin;  // NO_PIN: free
    uint8_t settle_ms;
    volatile uint16_t still_beats;
    Place place;
    volatile uint32_t at;  // the first edge away from the level that was told, us
    uint8_t seen;          // the level last seen, 0 or the place's mask
    bool level : 1;        // as told
    bool away : 1;         // an edge away from the level that was told was seen
    bool to_tell : 1;
};
static TimedInput timed[TIMED_INPUTS];
static TimedInput* timed_end = timed;  // those before it were used once

static TimedInput* timed_at(uint8_t pin)
{
    for (TimedInput* input = timed; input < timed_end; input++)
        if (input->pin == pin)
            return input;
    return nullptr;
}

static void forget(TimedInput& input)
{
    let_change_interrupt(input.pin, false);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        input.pin = NO_PIN;
        input.place.mask = input.seen = 0;  // so that nothing more is seen
        input.to_tell = false;
    }
}

static void watch(uint8_t pin, bool pull_up, uint8_t settle_ms)
{
    TimedInput* input = timed_at(pin);
    if (!input)
        input = timed_at(NO_PIN);
    if (!input)
        input = timed_end;
    if (input == timed + TIMED_INPUTS) {
        send_error(PSTR("no room for a timed input"));
        return;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        pin_modes[pin] = pull_up ? PULLUP_MODE : INPUT_MODE;
        make_input(pin, pull_up);
        *input = TimedInput();
        input->place = place_of(pin);
        input->settle_ms = settle_ms;
        input->level = !input->place.level();  // so that its level is told once
        input->seen = input->level ? input->place.mask : 0;
        input->pin = pin;
        if (input == timed_end)
            timed_end++;
    }
    let_change_interrupt(pin, true);
}

void handle_timed_input(const uint8_t* data, uint8_t size)
{
    uint8_t pin = size >= 2 ? data[1] : 0;
    bool fits = size >= 2 && (data[0] == 1 || (data[0] == 0 && size >= 4));
    if (!fits || (!is_free(pin) && (pin == NO_PIN || pin != emergency_pin()))) {
        send_pin_error(pin, PSTR("cannot be timed"));
        return;
    }
    if (data[0] == 0)
        watch(pin, data[2], data[3]);
    else if (TimedInput* input = timed_at(pin))
        forget(*input);
}

static OUT_OF_LINE void note(TimedInput& input)
{
    if (input.to_tell)
        return;
    input.seen ^= input.place.mask;
    input.still_beats = 0;
    if (bool(input.seen) != input.level && !input.away) {
        input.at = uptime_us();
        input.away = true;
    }
}

static inline bool has_changed(const TimedInput& input) { return (*input.place.pin & input.place.mask) != input.seen; }

// The interrupt may be another pin's: an encoder beside must not make a still input look restless.
void note_edges()
{
    for (TimedInput *input = timed, *end = timed_end; input < end; input++)
        if (has_changed(*input))
            note(*input);
}

// Also sees what no interrupt has told of.
void debounce_inputs()
{
    for (TimedInput* input = timed; input < timed_end; input++)
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            if (input->pin == NO_PIN || input->to_tell)
                continue;
            if (has_changed(*input))
                note(*input);
            if (input->still_beats < uint16_t(input->settle_ms) * SYSTICKS_PER_MS) {
                input->still_beats++;
            } else {
                input->away = false;  // else it was only a spike
                input->to_tell = bool(input->seen) != input->level;
                input->level = input->seen;
            }
        }
}

static void tell_timed()
{
    for (TimedInput* input = timed; input < timed_end; input++)
        if (input->to_tell) {
            begin_reply(TIMED_INPUT);
            put(input->pin);
            put(input->level);
            put_unsigned(input->at, 5);
            end_reply();
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { input->to_tell = false; }
        }
}

void report_inputs()
{
    report_ports();
    tell_timed();
}

void reset_inputs()
{
    for (uint8_t& bits : asked)
        bits = 0;
    channels = 0;
    for (TimedInput* input = timed; input < timed_end; input++)
        if (input->pin != NO_PIN)
            forget(*input);
}
