// Replaces the header of avr-libc: there is one memory only.
#pragma once

#include <stdint.h>

#define PROGMEM
#define PGM_P const char*
#define PSTR(arguments) (arguments)
#define pgm_read_byte(address) (*reinterpret_cast<const uint8_t*>(address))
#define pgm_read_word(address) (*reinterpret_cast<const uint16_t*>(address))
