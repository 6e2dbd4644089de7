// The step interrupt.
#pragma once

#include "axis.h"

void start_axes(Axis** started, uint8_t count);  // whose first stretch is planned, all at one moment
void resume_axis(Axis& axis);                          // what it awaited is planned; interrupts are off
void deactivate_axis(Axis& axis);                      // make no more steps of it
uint16_t late_step_count();
uint16_t underrun_count();
