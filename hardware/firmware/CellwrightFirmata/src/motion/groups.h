// AccelStepper's groups: axes that start and arrive together, on a straight line.
#pragma once

#include "../core/chip.h"

constexpr uint8_t FIRST_GROUP_SUBCOMMAND = 0x20;  // all from here on are for groups

void handle_group(uint8_t subcommand, const uint8_t* data, uint8_t size);
void dissolve_groups_of(uint8_t device);  // before it is configured again
void on_member_end(uint8_t group_number, bool at_limit);
void cancel_groups();
void reset_groups();
