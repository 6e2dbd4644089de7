// Time: timer 1 counts half microseconds and never stops. Steps, pulses, servos and the tick are compared with it.
#pragma once

#include "chip.h"

constexpr uint16_t TICKS_PER_US = 2;
constexpr uint16_t TICKS_PER_SYSTICK = 500;  // the housekeeping's beat, 250 us
constexpr uint8_t SYSTICKS_PER_MS = 4;

void start_clock();
uint16_t timer_ticks();          // half us, 16 bits
uint32_t timer_ticks_32();     // half us, 32 bits
uint32_t uptime_us();   // since the start; begins again after 71 minutes
uint32_t uptime_ms();   // since the start
uint32_t previous_uptime_ms();  // how long the board ran before its last restart; kept over that

void wake_housekeeping();  // soon: something is to be planned
void set_alarm(uint32_t at);  // half us: when end_what_is_due() is to be called, at the latest
