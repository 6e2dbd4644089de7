// Stepper devices: the AccelStepper messages of Firmata, and our own.
#pragma once

#include "../core/chip.h"

void handle_stepper(const uint8_t* data, uint8_t size);
void handle_axes(const uint8_t* data, uint8_t size);
void report_finished_moves();     // from the main loop
void cancel_groups_and_homing();  // after a stop of the board
void reset_steppers();            // none is configured any more
bool is_configured(uint8_t device);
// Each returns whether it is possible; if not, it sends an error.
bool check_speed(float speed);
bool check_step_rate(float speed);  // of one more axis
bool check_target(int32_t position);
