// I2C, by the chip's two-wire interface at 100 kHz.
#pragma once

#include "../core/chip.h"

void configure_i2c(const uint8_t* data, uint8_t size);
void handle_i2c(const uint8_t* data, uint8_t size);
void report_continuous_reads();  // continuous ones, at every sampling
void reset_i2c();
