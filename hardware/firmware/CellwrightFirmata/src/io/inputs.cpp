#include "inputs.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "pins.h"

static uint8_t reported[PORTS];  // levels as reported
static uint8_t reporting_ports[(PORTS + 7) / 8];
static uint16_t reporting_channels;  // one bit each

// ---- ports ----

static bool is_input(uint8_t pin) { return pin_modes[pin] == INPUT_MODE || pin_modes[pin] == PULLUP_MODE; }

static uint8_t read_port(uint8_t port)
{
    uint8_t levels = 0;
    for (uint8_t first = 8 * port, pin = first + 8; pin-- > first;) {
        levels <<= 1;
        if (pin < PINS && is_digital(pin) && is_input(pin) && read_pin(pin))
            levels |= 1;
    }
    return levels;
}

static void send_port(uint8_t port, uint8_t levels)
{
    reported[port] = levels;
    send_message(PORT | port, levels & 0x7F, levels >> 7);
}

void enable_port_reporting(uint8_t port, bool on)
{
    if (port >= PORTS)
        return;
    if (on) {
        reporting_ports[port / 8] |= 1 << port % 8;
        send_port(port, read_port(port));
    } else {
        reporting_ports[port / 8] &= ~(1 << port % 8);
    }
}

static void report_ports()
{
    for (uint8_t port = 0; port < PORTS; port++)
        if (reporting_ports[port / 8] >> port % 8 & 1) {
            uint8_t levels = read_port(port);
            if (levels != reported[port])
                send_port(port, levels);
        }
}

// ---- analog channels ----

static uint16_t read_adc(uint8_t channel)
{
#if defined(__AVR_ATmega2560__)
    ADCSRB = channel & 8;  // bit 3 is MUX5 there
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
        reporting_channels |= 1 << channel;
    else
        reporting_channels &= ~(1 << channel);
}

void report_analog()
{
    uint8_t channel = 0;
    for (uint16_t bits = reporting_channels; bits; bits >>= 1, channel++)
        if (bits & 1) {
            uint16_t value = read_adc(channel);
            send_message(ANALOG | channel, value & 0x7F, value >> 7);
        }
}

// ---- timed inputs ----

struct TimedInput {
    uint8_t pin;  // NO_PIN: unused
    uint8_t settle_ms;
    volatile uint16_t stable_systicks;
    PortPin port_pin;
    volatile uint32_t edge_us;  // the first edge away from the reported level
    uint8_t level_mask;         // the present level: 0 or the mask of the pin
    bool level : 1;             // as reported
    bool edge_pending : 1;      // there was an edge away from the reported level
    bool report_pending : 1;
};
static TimedInput timed_inputs[TIMED_INPUTS];
static TimedInput* timed_inputs_end = timed_inputs;  // one past the last that was ever used

static TimedInput* find_timed_input(uint8_t pin)
{
    for (TimedInput* input = timed_inputs; input < timed_inputs_end; input++)
        if (input->pin == pin)
            return input;
    return nullptr;
}

bool is_timed(uint8_t pin) { return find_timed_input(pin); }

static void release_timed_input(TimedInput& input)
{
    enable_pin_change_interrupt(input.pin, false);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        input.pin = NO_PIN;
        input.port_pin.mask = input.level_mask = 0;  // so that no change is found any more
        input.report_pending = false;
    }
}

static void watch_input(uint8_t pin, bool pull_up, uint8_t settle_ms)
{
    TimedInput* input = find_timed_input(pin);
    if (!input)
        input = find_timed_input(NO_PIN);
    if (!input)
        input = timed_inputs_end;
    if (input == timed_inputs + TIMED_INPUTS) {
        send_error(PSTR("no room for a timed input"));
        return;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        pin_modes[pin] = pull_up ? PULLUP_MODE : INPUT_MODE;
        make_input(pin, pull_up);
        *input = TimedInput();
        input->port_pin = port_pin_of(pin);
        input->settle_ms = settle_ms;
        input->level = !input->port_pin.level();  // so that its level is reported once
        input->level_mask = input->level ? input->port_pin.mask : 0;
        input->pin = pin;
        if (input == timed_inputs_end)
            timed_inputs_end++;
    }
    enable_pin_change_interrupt(pin, true);
}

void handle_timed_input(const uint8_t* data, uint8_t size)
{
    uint8_t pin = size >= 2 ? data[1] : 0;
    bool is_valid = size >= 2 && (data[0] == 1 || (data[0] == 0 && size >= 4));
    if (!is_valid || (!can_be_watched(pin) && (pin == NO_PIN || pin != emergency_stop_pin()))) {
        send_pin_error(pin, PSTR("cannot be timed"));
        return;
    }
    if (data[0] == 0)
        watch_input(pin, data[2], data[3]);
    else if (TimedInput* input = find_timed_input(pin))
        release_timed_input(*input);
}

static OUT_OF_LINE void record_edge(TimedInput& input)
{
    if (input.report_pending)
        return;
    input.level_mask ^= input.port_pin.mask;
    input.stable_systicks = 0;
    if (bool(input.level_mask) != input.level && !input.edge_pending) {
        input.edge_us = uptime_us();
        input.edge_pending = true;
    }
}

static inline bool has_changed(const TimedInput& input)
{
    return (*input.port_pin.pin & input.port_pin.mask) != input.level_mask;
}

// The interrupt may come from another pin of the port (an encoder), so each input is compared with its own level.
void record_input_edges()
{
    for (TimedInput *input = timed_inputs, *end = timed_inputs_end; input < end; input++)
        if (has_changed(*input))
            record_edge(*input);
}

// Also finds changes at pins that have no interrupt.
void debounce_inputs()
{
    for (TimedInput* input = timed_inputs; input < timed_inputs_end; input++)
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            if (input->pin == NO_PIN || input->report_pending)
                continue;
            if (has_changed(*input))
                record_edge(*input);
            if (input->stable_systicks < uint16_t(input->settle_ms) * SYSTICKS_PER_MS) {
                input->stable_systicks++;
            } else {
                input->edge_pending = false;  // if the level is the reported one, it was a spike
                input->report_pending = bool(input->level_mask) != input->level;
                input->level = input->level_mask;
            }
        }
}

static void report_timed_inputs()
{
    for (TimedInput* input = timed_inputs; input < timed_inputs_end; input++)
        if (input->report_pending) {
            begin_reply(TIMED_INPUT);
            put_byte(input->pin);
            put_byte(input->level);
            put_unsigned(input->edge_us, 5);
            end_reply();
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { input->report_pending = false; }
        }
}

void report_inputs()
{
    report_ports();
    report_timed_inputs();
}

void reset_inputs()
{
    for (uint8_t& bits : reporting_ports)
        bits = 0;
    reporting_channels = 0;
    for (TimedInput* input = timed_inputs; input < timed_inputs_end; input++)
        if (input->pin != NO_PIN)
            release_timed_input(*input);
}
