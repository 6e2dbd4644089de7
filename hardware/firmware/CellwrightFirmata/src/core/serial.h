// The serial line to the host: UART 0, with a ring buffer each way.
#pragma once

#include "chip.h"

void start_serial();
bool is_byte_available();
uint8_t read_byte();  // only after is_byte_available()
uint8_t tx_space();
void send_byte(uint8_t byte);  // waits for space in the buffer
uint16_t lost_byte_count();
