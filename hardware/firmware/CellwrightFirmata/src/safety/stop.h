// Stopping the board: on request, by the communication watchdog, the emergency stop input, or a main loop that hangs.
#pragma once

#include "../core/chip.h"

enum StopReason : uint8_t {
    NOT_STOPPED = 0,
    HOST_REQUEST = 1,
    COMMUNICATION_TIMEOUT = 2,
    EMERGENCY = 3,
    BROWN_OUT = 4,
    POWER_ON = 5,
    RESET_BUTTON = 6,
    MAIN_LOOP_HUNG = 7,
    UNKNOWN_RESTART = 8,
    LINK_RESET = 9,
};

extern volatile bool stopped;

void stop_board(StopReason reason);
void reset_link();
void handle_watchdog(const uint8_t* data, uint8_t size);
void handle_stop(const uint8_t* data, uint8_t size);
void handle_state(const uint8_t* data, uint8_t size);
void send_stopped_error();
void report_stops();  // from the main loop
void report_restart();

void feed_communication_watchdog();
void check_communication_watchdog();  // every millisecond
void check_emergency_input();         // every systick; interrupts are off
uint8_t emergency_stop_pin();
