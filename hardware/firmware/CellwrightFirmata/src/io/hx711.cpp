#include "hx711.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "pins.h"

struct Converter {
    bool attached;
    uint8_t pins[2];        // data, clock
    uint8_t gain_pulses;    // after the 24 bits: 1 selects channel A, gain 128; 2 B, 32; 3 A, 64
    uint16_t last_read_ms;  // or attached
};
static Converter converters[CONVERTERS];

static void detach(Converter& converter)
{
    if (!converter.attached)
        return;
    make_input(converter.pins[1], false);
    for (uint8_t pin : converter.pins)
        pin_modes[pin] = INPUT_MODE;
    converter.attached = false;
}

void handle_converter(const uint8_t* data, uint8_t size)
{
    if (size < 2 || data[0] > 1 || data[1] >= CONVERTERS || (data[0] == 0 && size < 5)) {
        send_error(PSTR("converter is not known"));
        return;
    }
    Converter& converter = converters[data[1]];
    detach(converter);
    if (data[0] == 1)
        return;
    uint8_t gain = data[4];
    if (data[2] == data[3] || !is_free(data[2]) || !is_free(data[3]) || gain < 1 || gain > 3) {
        send_pin_error(data[2], PSTR("cannot be an HX711's"));
        return;
    }
    converter = {true, {data[2], data[3]}, gain, uint16_t(uptime_ms())};
    make_input(data[2], false);
    make_output(data[3], false);
    pin_modes[data[2]] = pin_modes[data[3]] = CONVERTER_MODE;
}

// The converter powers down where its clock is high for 60 us, so interrupts are off meanwhile.
static bool clock_bit(const PortPin& data, const PortPin& clock)
{
    bool level;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        toggle_pins(clock.pin, clock.mask);
#if defined(__AVR__)
        __builtin_avr_delay_cycles(8);
#endif
        level = data.level();
        toggle_pins(clock.pin, clock.mask);
    }
    return level;
}

static int32_t read_value(const Converter& converter)
{
    PortPin data = port_pin_of(converter.pins[0]), clock = port_pin_of(converter.pins[1]);
    uint32_t value = 0;
    for (uint8_t bit = 0; bit < 24; bit++)
        value = value << 1 | clock_bit(data, clock);
    for (uint8_t pulse = 0; pulse < converter.gain_pulses; pulse++)
        clock_bit(data, clock);
    return value & 0x800000 ? int32_t(value | 0xFF000000) : int32_t(value);
}

void report_converters()
{
    for (uint8_t n = 0; n < CONVERTERS; n++) {
        Converter& converter = converters[n];
        if (!converter.attached || read_pin(converter.pins[0]))
            continue;
        // A disconnected data line reads low for ever, so there is a limit of 100 conversions a second.
        uint16_t now_ms = uptime_ms();
        if (uint16_t(now_ms - converter.last_read_ms) < 10)
            continue;
        converter.last_read_ms = now_ms;
        uint32_t at = uptime_us();
        int32_t value = read_value(converter);
        begin_reply(CONVERTER);
        put_byte(n);
        put_signed(value);
        put_unsigned(at, 5);
        end_reply();
    }
}

void reset_converters()
{
    for (Converter& converter : converters)
        detach(converter);
}
