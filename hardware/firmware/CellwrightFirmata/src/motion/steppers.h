// AccelStepper's messages.
#pragma once

#include "../core/chip.h"

void handle_stepper(const uint8_t* data, uint8_t size);
void handle_axes(const uint8_t* data, uint8_t size);
void report_finished_moves();  // from the main loop
void cancel_groups_and_homing();  // the board was stopped: no group moves and nothing homes
void reset_steppers();    // forget them all
bool is_configured(uint8_t device);
// Whether that can be; else the host is told why not.
bool check_speed(float speed);
bool check_step_rate(float speed);  // one more axis
bool check_target(int32_t position);
