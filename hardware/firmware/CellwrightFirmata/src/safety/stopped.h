// Whether the board is stopped, and why: what every part may ask. safety/stop.cpp answers.
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

void send_stopped_error();
bool has_own_reports();  // whether the host has asked for the features: then it knows our own messages
