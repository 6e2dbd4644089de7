// What a message is checked for before an axis moves. motion/steppers.cpp defines it; groups and homing ask it too.
#pragma once

#include "../core/chip.h"

bool is_configured(uint8_t device);
// Each returns whether it is possible; if not, it sends an error.
bool check_speed(float speed);
bool check_step_rate(float speed);  // of one more axis
bool check_target(int32_t position);
