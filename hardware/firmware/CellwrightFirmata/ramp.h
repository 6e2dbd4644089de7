// Planning: the next stretch of every axis under way. The arithmetic of the trapezoid.
#pragma once

#include "axis.h"

bool plan_one();  // plan one stretch of one axis that needs it; whether there may be more to do
