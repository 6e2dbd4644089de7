#include "main_loop.h"

#include <avr/wdt.h>

#include "clock.h"
#include "firmata.h"
#include "hx711.h"
#include "inputs.h"
#include "levels.h"
#include "messages.h"
#include "outputs.h"
#include "serial.h"
#include "steppers.h"
#include "stop.h"

void start_board()
{
    cli();
    reset_outputs();
    start_pwm();
    start_stopping();
    start_serial();
    start_clock();
    sei();
    say_who_is_there();
}

void run_once()
{
    wdt_reset();
    read_host();
    tell_stops();
    tell_ended_moves();
    tell_pulses();
    report_inputs();
    report_converters();
    sample_when_due();
}
