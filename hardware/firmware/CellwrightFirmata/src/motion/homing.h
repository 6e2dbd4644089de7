// Homing on the board: find a limit switch quickly, back off, find it again slowly, and call that place 0.
#pragma once

#include "../core/chip.h"

void handle_home(const uint8_t* data, uint8_t size);
bool is_homing(uint8_t device);
void advance_homing(uint8_t device, bool at_switch);  // the stretch of its way that was under way has ended
void cancel_homing(uint8_t device);                    // it was stopped: the host is told
