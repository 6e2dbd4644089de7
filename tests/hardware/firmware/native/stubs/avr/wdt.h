// Replaces the header of avr-libc: the simulated chip measures the passes of the main loop itself.
#pragma once

inline void wdt_reset() {}
