// Inputs: ports, analog channels, timed inputs.
#pragma once

#include "../core/chip.h"

void report_inputs();   // what has changed, in every turn of the main loop
void report_samples();  // analog channels, at every sampling
void ask_port(uint8_t port, bool on);
void ask_channel(uint8_t channel, bool on);
void handle_timed_input(const uint8_t* data, uint8_t size);
void note_edges();  // from a change's interrupt
void settle_inputs();  // four times a millisecond
void reset_inputs();
