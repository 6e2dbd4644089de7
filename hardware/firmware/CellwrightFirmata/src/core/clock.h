// Time: timer 1 counts half microseconds and never stops. Compare A is the step interrupt. Compare B is the systick:
// the housekeeping every 250 us, and an alarm for pulses and servos.
#pragma once

#include "chip.h"

constexpr uint16_t TICKS_PER_US = 2;
constexpr uint16_t TICKS_PER_SYSTICK = 500;  // 250 us
constexpr uint8_t SYSTICKS_PER_MS = 4;

void start_clock();
uint16_t timer_ticks();         // 0.5 us each
uint32_t timer_ticks_32();      // the same, 32 bits
uint32_t uptime_us();           // since the start; wraps after 71 minutes
uint32_t uptime_ms();           // since the start
uint32_t previous_uptime_ms();  // how long the board ran before its last reset

void wake_housekeeping();       // soon, as a segment may be needed
void set_alarm(uint32_t time);  // timer ticks: service_timed_outputs() is called then, or before

// What the systick calls. The parts above define them; the clock includes none of those parts.
void check_emergency_input();         // every systick; interrupts are off
void service_timed_outputs();         // pulses and servos, at the alarm; interrupts are off
void rearm_pin_changes();             // a limited number of interrupts, at every systick
void check_communication_watchdog();  // every millisecond
void enforce_output_limits();         // every systick
void debounce_inputs();               // every systick
bool is_plan_due();                   // whether an axis may need a segment
void plan_one_segment();              // for one axis that needs it
