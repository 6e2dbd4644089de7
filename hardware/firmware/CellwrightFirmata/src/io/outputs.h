// Digital outputs: safe levels, timed pulses, limits of on-time and duty.
#pragma once

#include "../core/chip.h"

// One bit for each pin; kept over a reset, with a checksum.
struct SafeLevels {
    uint8_t declared[PORTS];
    uint8_t level[PORTS];
};
extern SafeLevels safe_levels;

bool is_declared(uint8_t pin);
bool safe_level(uint8_t pin);
void release_output(uint8_t pin);
void declare_output(uint8_t pin);            // at its safe level
void write_output(uint8_t pin, bool level);  // on request of the host
void apply_safe_levels();                    // all outputs, PWM and servos too; interrupts may be off
void reset_outputs();
void forget_refusals();  // refuse_pin() says each again
void update_checksum();  // after a change of safe levels; safety/retained_state.cpp defines it

void handle_output(const uint8_t* data, uint8_t size);
void handle_pulse(const uint8_t* data, uint8_t size);
void report_pulses();  // from the main loop
