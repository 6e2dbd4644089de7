// The line to the host: UART 0, with a ring of bytes each way.
#pragma once

#include "chip.h"

void start_serial();
bool has_byte();
uint8_t take_byte();          // only after has_byte()
uint8_t room_to_send();
void send_byte(uint8_t byte);  // waits for room
uint16_t bytes_lost();
