// The core of the Firmata protocol: identity, capabilities, pin modes, levels, sampling.
#pragma once

#include "../core/chip.h"

void sample_if_due();  // analog channels, encoders, I2C
