// I2C: the two-wire interface of the chip, at 100 kHz.
#pragma once

#include "../core/chip.h"

void configure_i2c(const uint8_t* data, uint8_t size);
void handle_i2c(const uint8_t* data, uint8_t size);
void report_continuous_reads();  // at every sampling interval
void reset_i2c();
