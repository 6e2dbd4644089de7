// Planning: the next stretch of every axis under way. The arithmetic of the trapezoid.
#pragma once

#include "axis.h"

constexpr float HALF_US_PER_S = 2e6f, FRACTION = 65536.0f;  // the units of intervals

bool is_plan_due();          // whether an axis may need one
void plan_one();             // plan one stretch of one axis that needs it
void plan_soon();
void hold_plans(bool hold);  // while the main loop changes a plan
