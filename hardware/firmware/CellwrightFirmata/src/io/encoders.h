// Quadrature encoders, counted by pin change interrupts.
#pragma once

#include "../core/chip.h"

void handle_encoder(const uint8_t* data, uint8_t size);
void report_encoders();  // at every sampling interval
void reset_encoders();
uint16_t lost_edge_count();
