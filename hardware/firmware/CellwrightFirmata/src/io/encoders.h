// Quadrature encoders, counted by pin change interrupts.
#pragma once

#include "../core/chip.h"

void handle_encoder(const uint8_t* data, uint8_t size);
void report_encoders();  // at every sampling interval
void reset_encoders();
void rearm_pin_changes();  // a limited number of interrupts, at every systick
uint16_t lost_edge_count();
