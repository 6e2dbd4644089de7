// HX711: a 24-bit converter for load cells, read by two pins.
#pragma once

#include "../core/chip.h"

void handle_converter(const uint8_t* data, uint8_t size);
void report_converters();  // from the main loop
void reset_converters();
