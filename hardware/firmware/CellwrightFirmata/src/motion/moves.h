// Moves: start, change under way, controlled and abrupt stop.
#pragma once

#include "axis.h"

// The caller has checked the speed.
void begin_move(Axis& axis, int32_t target, float speed);  // from rest, or changes a move; acceleration as set
bool plan_first_segment(Axis& axis, int32_t target);       // before start_axes(); false where it is at the target
void controlled_stop(Axis& axis);                          // brakes with the acceleration of the move
void stop_abruptly(Axis& axis, MoveEnd move_end);          // no further step
void stop_all_abruptly();                                  // interrupts may be off
void clear_queue(Axis& axis);                              // the axis is at rest: drop what was planned
void zero_position(Axis& axis);                            // a move goes on to the place where it would have ended

void report_finished_moves();  // from the main loop, and before a new move begins; motion/steppers.cpp defines it
