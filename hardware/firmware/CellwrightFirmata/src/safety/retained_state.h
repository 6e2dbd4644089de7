// The state that a reset does not clear: safe levels, positions, the count of starts.
#pragma once

#include "stopped.h"

extern StopReason reset_reason;
extern uint16_t previous_devices;  // before the reset, one bit for each; their axes keep the position until configured

void restore_after_reset();  // sets the outputs declared before to their safe levels
uint8_t starts_since_power_on();
