// PWM and servos: outputs with more than two levels.
#pragma once

#include "../core/chip.h"

void start_pwm();
void declare_pwm(uint8_t pin);
void declare_servo(uint8_t pin);
void write_duty_or_angle(uint8_t pin, uint16_t value);
void configure_servo(uint8_t pin, uint16_t least_us, uint16_t most_us);
uint16_t duty_or_angle(uint8_t pin);
void release_level(uint8_t pin);  // PWM or servo no more
void stop_levels();               // duty 0, no pulses to servos; interrupts may be off

void turn_servos();  // interrupts are off
