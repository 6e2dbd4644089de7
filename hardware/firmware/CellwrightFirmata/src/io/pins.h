// Pins by their number on the board: port and bit, possible modes, present mode.
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
    CONVERTER_MODE = 0x10,  // reported as INPUT_MODE: Firmata has no mode for it
};

// A pin of the chip. The registers DDR and PORT follow the PIN register.
struct PortPin {
    volatile uint8_t* pin;
    uint8_t mask;

    bool level() const { return *pin & mask; }
};

extern Mode pin_modes[PINS];

bool is_digital(uint8_t pin);  // 0 and 1 are the serial line
bool is_analog(uint8_t pin);
bool has_pwm(uint8_t pin);
bool can_interrupt(uint8_t pin);
bool has_output_mode(uint8_t pin);  // an output, PWM or servo
bool supports_mode(uint8_t pin, uint8_t mode);

PortPin port_pin_of(uint8_t pin);
bool read_pin(uint8_t pin);
void make_input(uint8_t pin, bool pull_up);
void make_output(uint8_t pin, bool level);  // sets the level first: no glitch
void set_level(uint8_t pin, bool level);

// By a stepper, an encoder, an HX711, I2C, the emergency stop, a limit, a timed input, or an output with limits.
bool is_in_use(uint8_t pin);
bool is_free(uint8_t pin);         // digital, not in use, and not an output, PWM or servo
bool can_be_watched(uint8_t pin);  // the same, but it may be a limit and a timed input
void enable_pin_change_interrupt(uint8_t pin, bool on);  // where the pin has one
void enable_pin_change_interrupts(bool on);  // those enabled, or none

// The parts above define these; the pins include none of those parts.
bool driven_level(uint8_t pin);  // of an output; io/outputs.cpp
bool has_limits(uint8_t pin);    // whether is_in_use() counts it as an output with limits; io/outputs.cpp
extern const char IN_USE[];      // in the program memory; io/pins.cpp
uint8_t emergency_stop_pin();    // counts as in use too; safety/stop.cpp
bool is_timed(uint8_t pin);      // a timed input; io/inputs.cpp
bool is_limit(uint8_t pin);      // of any axis; motion/steppers.cpp
void refuse_pin(uint8_t pin);    // says once that it is in use or an input; not for outputs; io/outputs.cpp
