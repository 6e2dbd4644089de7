#include "pins.h"

Mode pin_modes[PINS];

// Port and bit of every pin, from the schematics of the boards. Port A is 0; there is no port I.
enum { A = 0, B, C, D, E, F, G, H, J, K, L };
#define AT(port, bit) (port << 3 | bit)

#if defined(__AVR_ATmega2560__)
static const uint8_t PORT_AND_BIT[PINS] PROGMEM = {
    AT(E, 0), AT(E, 1), AT(E, 4), AT(E, 5), AT(G, 5), AT(E, 3), AT(H, 3), AT(H, 4), AT(H, 5), AT(H, 6),  // 0 to 9
    AT(B, 4), AT(B, 5), AT(B, 6), AT(B, 7), AT(J, 1), AT(J, 0), AT(H, 1), AT(H, 0), AT(D, 3), AT(D, 2),  // 10 to 19
    AT(D, 1), AT(D, 0), AT(A, 0), AT(A, 1), AT(A, 2), AT(A, 3), AT(A, 4), AT(A, 5), AT(A, 6), AT(A, 7),  // 20 to 29
    AT(C, 7), AT(C, 6), AT(C, 5), AT(C, 4), AT(C, 3), AT(C, 2), AT(C, 1), AT(C, 0), AT(D, 7), AT(G, 2),  // 30 to 39
    AT(G, 1), AT(G, 0), AT(L, 7), AT(L, 6), AT(L, 5), AT(L, 4), AT(L, 3), AT(L, 2), AT(L, 1), AT(L, 0),  // 40 to 49
    AT(B, 3), AT(B, 2), AT(B, 1), AT(B, 0), AT(F, 0), AT(F, 1), AT(F, 2), AT(F, 3), AT(F, 4), AT(F, 5),  // 50 to 59
    AT(F, 6), AT(F, 7), AT(K, 0), AT(K, 1), AT(K, 2), AT(K, 3), AT(K, 4), AT(K, 5), AT(K, 6), AT(K, 7),  // 60 to 69
};
// The PIN register of each port.
static const uint16_t PIN_REGISTERS[] PROGMEM = {0x20, 0x23, 0x26, 0x29, 0x2C, 0x2F, 0x32, 0x100, 0x103, 0x106, 0x109};
#else
static const uint8_t PORT_AND_BIT[] PROGMEM = {
    AT(D, 0), AT(D, 1), AT(D, 2), AT(D, 3), AT(D, 4), AT(D, 5), AT(D, 6), AT(D, 7), AT(B, 0), AT(B, 1),
    AT(B, 2), AT(B, 3), AT(B, 4), AT(B, 5), AT(C, 0), AT(C, 1), AT(C, 2), AT(C, 3), AT(C, 4), AT(C, 5),
    AT(C, 6), AT(C, 7),  // placeholders: A6 and A7 have no port
};
static const uint16_t PIN_REGISTERS[] PROGMEM = {0x20, 0x23, 0x26, 0x29};
#endif

bool is_digital(uint8_t pin)
{
#if defined(CELLWRIGHT_NANO)
    if (pin >= 20)
        return false;
#endif
    return pin >= 2 && pin < PINS;
}

bool is_analog(uint8_t pin) { return pin >= FIRST_ANALOG && pin < PINS; }

bool has_pwm(uint8_t pin)
{
#if defined(__AVR_ATmega2560__)
    return (pin >= 2 && pin <= 10) || pin == 13 || (pin >= 44 && pin <= 46);  // 11 and 12 belong to the step timer
#else
    return pin == 3 || pin == 5 || pin == 6 || pin == 11;  // 9 and 10 belong to the step timer
#endif
}

bool can_interrupt(uint8_t pin)
{
#if defined(__AVR_ATmega2560__)
    return pin == 2 || pin == 3 || (pin >= 10 && pin <= 15) || (pin >= 18 && pin <= 21) || (pin >= 50 && pin <= 53) ||
           (pin >= 62 && pin <= 69);
#else
    return is_digital(pin);
#endif
}

bool supports_mode(uint8_t pin, uint8_t mode)
{
    switch (mode) {
    case INPUT_MODE:
    case PULLUP_MODE:
    case OUTPUT_MODE:
    case STEPPER_MODE:
    case SERVO_MODE:
        return is_digital(pin);
    case ANALOG_MODE:
        return is_analog(pin);
    case PWM_MODE:
        return has_pwm(pin);
    case I2C_MODE:
        return pin == SDA_PIN || pin == SCL_PIN;
    case ENCODER_MODE:
        return can_interrupt(pin);
    default:
        return false;
    }
}

PortPin port_pin_of(uint8_t pin)
{
    uint8_t port_and_bit = pgm_read_byte(&PORT_AND_BIT[pin]);
    return {register_at(pgm_read_word(&PIN_REGISTERS[port_and_bit >> 3])), uint8_t(1 << (port_and_bit & 7))};
}

bool read_pin(uint8_t pin) { return port_pin_of(pin).level(); }

void make_input(uint8_t pin, bool pull_up)
{
    PortPin port_pin = port_pin_of(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        port_pin.pin[1] &= ~port_pin.mask;
        if (pull_up)
            port_pin.pin[2] |= port_pin.mask;
        else
            port_pin.pin[2] &= ~port_pin.mask;
    }
}

void set_level(uint8_t pin, bool level)
{
    PortPin port_pin = port_pin_of(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (level)
            port_pin.pin[2] |= port_pin.mask;
        else
            port_pin.pin[2] &= ~port_pin.mask;
    }
}

void make_output(uint8_t pin, bool level)
{
    PortPin port_pin = port_pin_of(pin);
    set_level(pin, level);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { port_pin.pin[1] |= port_pin.mask; }
}

bool has_output_mode(uint8_t pin)
{
    uint8_t mode = pin_modes[pin];
    return mode == OUTPUT_MODE || mode == PWM_MODE || mode == SERVO_MODE;
}

static bool is_claimed(uint8_t pin)
{
    return pin_modes[pin] == STEPPER_MODE || pin_modes[pin] == ENCODER_MODE || pin_modes[pin] == CONVERTER_MODE ||
           pin_modes[pin] == I2C_MODE || pin == emergency_stop_pin() || has_limits(pin);
}

const char IN_USE[] PROGMEM = "is in use";

bool is_in_use(uint8_t pin) { return is_claimed(pin) || is_timed(pin) || is_limit(pin); }

bool can_be_watched(uint8_t pin)
{
    return is_digital(pin) && !is_claimed(pin) && !has_output_mode(pin);
}

bool is_free(uint8_t pin) { return can_be_watched(pin) && !is_in_use(pin); }

static void enable_change_mask(uint8_t group, uint8_t bit, bool on)
{
    volatile uint8_t* mask = register_at(0x6B + group);  // PCMSK0 to 2 are consecutive
    if (on)
        *mask |= 1 << bit;
    else
        *mask &= ~(1 << bit);
}

#if defined(__AVR_ATmega2560__)
static uint8_t external_enabled;  // one bit for each INTn

static void enable_external_interrupt(uint8_t decode_unsigned, bool on)
{
    volatile uint8_t* sense = decode_unsigned < 4 ? &EICRA : &EICRB;
    uint8_t shift = 2 * (decode_unsigned & 3);
    *sense = (*sense & ~(3 << shift)) | 1 << shift;  // any change
    if (on)
        external_enabled |= 1 << decode_unsigned;
    else
        external_enabled &= ~(1 << decode_unsigned);
}
#endif

void enable_pin_change_interrupts(bool on)
{
    PCICR = on ? _BV(PCIE0) | _BV(PCIE1) | _BV(PCIE2) : 0;
#if defined(__AVR_ATmega2560__)
    EIMSK = on ? external_enabled : 0;
#endif
}

void enable_pin_change_interrupt(uint8_t pin, bool on)
{
    if (!can_interrupt(pin))
        return;
    uint8_t port_and_bit = pgm_read_byte(&PORT_AND_BIT[pin]), bit = port_and_bit & 7;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
#if defined(__AVR_ATmega2560__)
        switch (port_and_bit >> 3) {
        case B:
            enable_change_mask(0, bit, on);
            break;
        case J:
            enable_change_mask(1, bit + 1, on);  // PCINT8 is E0
            break;
        case K:
            enable_change_mask(2, bit, on);
            break;
        default:  // D0 to D3 are INT0 to 3, E4 and E5 are INT4 and 5
            enable_external_interrupt(bit, on);
        }
#else
        enable_change_mask((port_and_bit >> 3) - 1, bit, on);  // B, C, D
#endif
    }
}
