// AccelStepper's groups: axes that start and arrive together, on a straight line.
#pragma once

#include "../core/chip.h"

constexpr uint8_t FIRST_OF_GROUPS = 0x20;  // the messages from there on

void handle_group(uint8_t sub, const uint8_t* data, uint8_t size);
void leave_groups(uint8_t device);  // it is configured anew: those that it is in are no more
void end_of_member(uint8_t number_of_group, bool at_limit);
void end_stopped_groups();
void reset_groups();
