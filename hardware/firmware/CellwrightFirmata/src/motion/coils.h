// Stepper motors without a driver: the board switches the coils of two, three or four wires.
#pragma once

#include "axis.h"

void update_coils(Axis& axis);  // to its position; interrupts may be off
uint8_t phase_count(const Axis& axis);
