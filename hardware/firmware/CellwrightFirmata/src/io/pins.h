// The board's pins by number: where each is on the chip, what it can do, and what it is used for.
#pragma once

#include "../core/chip.h"

enum Mode : uint8_t {
    INPUT_MODE = 0x00,
    OUTPUT_MODE = 0x01,
    ANALOG_MODE = 0x02,
    PWM_MODE = 0x03,
    SERVO_MODE = 0x04,
    I2C_MODE = 0x06,
    STEPPER_MODE = 0x08,
    ENCODER_MODE = 0x09,
    PULLUP_MODE = 0x0B,
    CONVERTER_MODE = 0x10,  // told as INPUT_MODE: Firmata has no name for it
};

// A pin as the chip knows it. DDR and PORT follow the PIN register.
struct PortPin {
    volatile uint8_t* pin;
    uint8_t mask;

    bool level() const { return *pin & mask; }
};

extern Mode pin_modes[PINS];

bool is_digital(uint8_t pin);  // 0 and 1 are the line to the host
bool is_analog(uint8_t pin);
bool has_pwm(uint8_t pin);
bool can_interrupt(uint8_t pin);
bool supports_mode(uint8_t pin, uint8_t mode);

PortPin port_pin_of(uint8_t pin);
bool read_pin(uint8_t pin);
void make_input(uint8_t pin, bool pull_up);
void make_output(uint8_t pin, bool level);  // without a glitch: the level first
void set_level(uint8_t pin, bool level);

bool is_in_use(uint8_t pin);  // by a stepper, an encoder, a converter, the two-wire bus, the emergency stop, an output's limits
bool is_free(uint8_t pin);    // digital, not in use, and no declared output, PWM or servo
void enable_pin_change_interrupt(uint8_t pin, bool on);  // for pins that can
void enable_pin_change_interrupts(bool on);              // all those, or none for a while
