// Homing: a fast approach to a limit switch, backoff, a slow approach; the switch is then position 0.
#pragma once

#include "../core/chip.h"
#include "../io/pins.h"

void handle_home(const uint8_t* data, uint8_t size);
bool is_homing(uint8_t device);
bool is_limit_put_by(const PortPin& port_pin);        // a limit that a search has put aside: is_limit() counts it
void advance_homing(uint8_t device, bool at_switch);  // the move of one phase has ended
void cancel_homing(uint8_t device);                   // reports that it was stopped
