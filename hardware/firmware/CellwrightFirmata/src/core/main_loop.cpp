#include "main_loop.h"

#include <avr/wdt.h>

#include "../io/hx711.h"
#include "../io/inputs.h"
#include "../io/outputs.h"
#include "../io/pwm_servo.h"
#include "../motion/steppers.h"
#include "../protocol/firmata.h"
#include "../protocol/messages.h"
#include "../safety/stop.h"
#include "clock.h"
#include "serial.h"

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
