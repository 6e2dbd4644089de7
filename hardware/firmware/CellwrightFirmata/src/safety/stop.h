// Stopping the board: on request, by the communication watchdog, the emergency stop input, or a main loop that hangs.
#pragma once

#include "stopped.h"

void stop_board(StopReason reason);
void reset_link();
void reset_sampling();  // a part of reset_link(); protocol/firmata.cpp defines it
void handle_watchdog(const uint8_t* data, uint8_t size);
void handle_stop(const uint8_t* data, uint8_t size);
void handle_state(const uint8_t* data, uint8_t size);
void report_stops();       // from the main loop
void begin_own_reports();  // the host has asked for the features; the reason of a restart is reported
