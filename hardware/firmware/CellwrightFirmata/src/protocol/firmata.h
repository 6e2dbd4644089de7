// The published protocol's core: modes, levels, what the board is and can do.
#pragma once

#include "../core/chip.h"

void sample_if_due();  // analog channels, encoders, I2C
void reset_sampling();
