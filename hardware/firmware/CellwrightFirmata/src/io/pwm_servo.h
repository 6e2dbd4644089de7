// PWM and servo outputs.
#pragma once

#include "../core/chip.h"

void start_pwm();
void declare_pwm(uint8_t pin);
void declare_servo(uint8_t pin);
void write_analog(uint8_t pin, uint16_t value);
void configure_servo(uint8_t pin, uint16_t min_us, uint16_t max_us);
uint16_t read_analog_output(uint8_t pin);
void release_pwm_servo(uint8_t pin);  // it is neither PWM nor servo any more
void stop_pwm_servo();                // duty 0, no pulses to servos; interrupts may be off

void service_servos();  // interrupts are off
