// Inputs: ports, analog channels, timed inputs.
#pragma once

#include "../core/chip.h"

void report_inputs();   // what has changed, in every turn of the main loop
void report_analog();  // analog channels, at every sampling
void enable_port_reporting(uint8_t port, bool on);
void enable_analog_reporting(uint8_t channel, bool on);
void handle_timed_input(const uint8_t* data, uint8_t size);
void record_input_edges();  // from a change's interrupt
void debounce_inputs();  // four times a millisecond
void reset_inputs();
