#include "main_loop.h"

#include <avr/wdt.h>

#include "../io/hx711.h"
#include "../io/inputs.h"
#include "../io/outputs.h"
#include "../io/pwm_servo.h"
#include "../motion/moves.h"
#include "../protocol/firmata.h"
#include "../protocol/messages.h"
#include "../safety/retained_state.h"
#include "../safety/stop.h"
#include "clock.h"
#include "serial.h"

void start_board()
{
    cli();
    reset_outputs();
    start_pwm();
    restore_after_reset();
    start_serial();
    start_clock();
    sei();
    send_identity();
}

void run_once()
{
    wdt_reset();
    receive_messages();
    report_stops();
    report_finished_moves();
    report_pulses();
    report_inputs();
    report_converters();
    sample_if_due();
}
