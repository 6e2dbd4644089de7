// Motors whose coils are switched by the board: two, three or four wires.
#pragma once

#include "axis.h"

void update_coils(Axis& axis);  // the coils carry what belongs to its position; interrupts may be off
uint8_t phase_count(const Axis& axis);
