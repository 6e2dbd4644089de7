// Stepper devices: the AccelStepper messages of Firmata, and our own.
#pragma once

#include "../core/chip.h"

void handle_stepper(const uint8_t* data, uint8_t size);
void handle_axes(const uint8_t* data, uint8_t size);
void cancel_groups_and_homing();  // after a stop of the board
void reset_steppers();            // none is configured any more
