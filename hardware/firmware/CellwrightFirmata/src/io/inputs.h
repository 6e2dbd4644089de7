// Inputs: ports, analog channels, timed inputs.
#pragma once

#include "../core/chip.h"

void report_inputs();  // changes, in every pass of the main loop
void report_analog();  // at every sampling interval
void enable_port_reporting(uint8_t port, bool on);
void enable_analog_reporting(uint8_t channel, bool on);
void handle_timed_input(const uint8_t* data, uint8_t size);
void record_input_edges();  // called by the pin change interrupt
void reset_inputs();
