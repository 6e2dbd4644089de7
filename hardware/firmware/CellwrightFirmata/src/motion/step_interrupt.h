// The step interrupt: it makes the steps of the segments that the planner queues.
#pragma once

#include "axis.h"

void start_axes(Axis** started, uint8_t count);  // at the same moment; their first segment is queued
void resume_axis(Axis& axis);                    // its segment is queued after an underrun; interrupts are off
void deactivate_axis(Axis& axis);                // it makes no further step; interrupts may be off
uint16_t late_step_count();
uint16_t underrun_count();
