// Quadrature encoders, counted in the interrupt of their pins' changes.
#pragma once

#include "../core/chip.h"

void handle_encoder(const uint8_t* data, uint8_t size);
void report_encoders();  // at every sampling
void reset_encoders();
void rearm_pin_changes();    // of pins to interrupt, so many in a beat
uint16_t lost_edge_count();
