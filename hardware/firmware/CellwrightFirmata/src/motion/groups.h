// AccelStepper's groups: axes that start and arrive together, on a straight line.
#pragma once

#include "../core/chip.h"

constexpr uint8_t FIRST_GROUP_SUBCOMMAND = 0x20;  // the messages from there on

void handle_group(uint8_t sub, const uint8_t* data, uint8_t size);
void dissolve_groups_of(uint8_t device);  // it is configured anew: those that it is in are no more
void on_member_end(uint8_t group_number, bool at_limit);
void cancel_groups();
void reset_groups();
