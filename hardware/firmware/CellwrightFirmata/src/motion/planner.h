// The planner: it queues the next segment of every moving axis.
#pragma once

#include "axis.h"

constexpr float TICKS_PER_S = 2e6f, FIXED_POINT_ONE = 65536.0f;  // the units of intervals

void request_plan();
void hold_planner(bool hold);  // while the main loop changes a move
