// The step interrupt.
#pragma once

#include "axis.h"

void start_axes(Axis** started, uint8_t count);  // whose first stretch is planned, all at one moment
void go_on(Axis& axis);                          // what it awaited is planned; interrupts are off
void drop_axis(Axis& axis);                      // make no more steps of it
uint16_t late_steps();
uint16_t unplanned_moments();
