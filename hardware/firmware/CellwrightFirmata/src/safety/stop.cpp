#include "stop.h"

#include "../core/clock.h"
#include "../io/encoders.h"
#include "../io/hx711.h"
#include "../io/i2c.h"
#include "../io/inputs.h"
#include "../io/outputs.h"
#include "../io/pins.h"
#include "../io/pwm_servo.h"
#include "../motion/checks.h"
#include "../motion/moves.h"
#include "../motion/steppers.h"
#include "../protocol/messages.h"
#include "retained_state.h"

volatile bool stopped;

static volatile StopReason stop_reason;
static volatile uint32_t stop_ms;
static volatile bool report_pending;
static bool own_reports, stop_requested, restart_reported;

static Limit emergency_input = {nullptr, 0, 0};
static uint8_t emergency_input_pin = NO_PIN;
static bool emergency_was_active;

static volatile uint16_t silence_ms, watchdog_ms;

ISR(WDT_vect) { stop_board(MAIN_LOOP_HUNG); }

// ---- stopping ----

void stop_board(StopReason reason)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        stop_all_abruptly();
        if (!stopped || reason == HOST_REQUEST) {
            if (!stopped) {
                stop_reason = reason;
                stop_ms = uptime_ms();
            }
            report_pending = true;
        }
        stopped = true;
        apply_safe_levels();
    }
}

static void release()
{
    if (emergency_input.mask && emergency_input.is_active()) {
        send_error(PSTR("emergency stop is pressed"));
        return;
    }
    if (stopped)
        cancel_groups_and_homing();
    stopped = false;
}

void reset_link()
{
    stop_board(LINK_RESET);
    reset_steppers();
    reset_encoders();
    reset_inputs();
    reset_converters();
    reset_i2c();
    reset_sampling();
    forget_refusals();
    own_reports = false;
    watchdog_ms = 0;
    for (uint8_t pin = 2; pin < PINS; pin++)
        if (pin_modes[pin] != OUTPUT_MODE && pin != emergency_input_pin) {
            release_pwm_servo(pin);
            pin_modes[pin] = INPUT_MODE;
            if (is_digital(pin))
                make_input(pin, false);
        }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (stop_reason == LINK_RESET) {
            stopped = false;
            report_pending = false;
        }
    }
}

static void send_state(uint8_t which)
{
    begin_reply(STATE);
    put_byte(which);
    uint32_t ms = reset_reason == POWER_ON ? 0 : previous_uptime_ms();
    if (which == 0)
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { ms = stop_ms; }
    put_byte(which == 0 && stopped);
    put_byte(which == 0 ? stop_reason : reset_reason);
    put_unsigned(ms, 5);
    put_byte(starts_since_power_on());
    for (uint8_t device = 0; device < DEVICES; device++)
        if (which == 0 ? is_configured(device) : previous_devices >> device & 1 && !is_configured(device)) {
            put_byte(device);
            put_signed(position_of(axes[device]));
        }
    end_reply();
}

void report_stops()
{
    if (!report_pending)
        return;
    report_pending = false;
    if (stopped)
        cancel_groups_and_homing();
    if (own_reports || stop_requested)
        send_state(0);
    stop_requested = false;
}

bool has_own_reports() { return own_reports; }

void begin_own_reports()
{
    own_reports = true;
    forget_refusals();
    if (!restart_reported && reset_reason != POWER_ON)
        send_state(1);
    restart_reported = true;
}

// ---- messages ----

void handle_watchdog(const uint8_t* data, uint8_t size)
{
    uint16_t ms = size >= 2 ? decode_unsigned(data, 2) : 1;
    if (ms && (ms < 100 || ms > 2000)) {
        send_error(PSTR("watchdog: 100 to 2000 ms, or 0"));
        return;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        watchdog_ms = ms;
        silence_ms = 0;
    }
}

static void configure_emergency_input(uint8_t pin, bool level)
{
    if (!can_be_watched(pin) && (pin != emergency_input_pin || pin == NO_PIN)) {
        send_pin_error(pin, PSTR("cannot be the stop"));
        return;
    }
    pin_modes[pin] = level ? INPUT_MODE : PULLUP_MODE;
    make_input(pin, !level);
    PortPin port_pin = port_pin_of(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        emergency_input = {port_pin.pin, port_pin.mask, uint8_t(level ? 0 : 0xFF)};
        emergency_input_pin = pin;
        emergency_was_active = false;
    }
}

void handle_stop(const uint8_t* data, uint8_t size)
{
    uint8_t subcommand = size ? data[0] : 0x7F;
    if (subcommand == 0) {
        stop_requested = true;
        stop_board(HOST_REQUEST);
    } else if (subcommand == 1) {
        release();
    } else if (subcommand == 2 && size >= 3) {
        configure_emergency_input(data[1], data[2]);
    } else if (subcommand == 3) {
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            emergency_input.mask = 0;
            emergency_input_pin = NO_PIN;
        }
    } else {
        send_error(PSTR("stop message is not known"));
    }
}

void send_stopped_error() { send_error(PSTR("stopped: release first")); }

void handle_state(const uint8_t* data, uint8_t size) { send_state(size && data[0] == 1 ? 1 : 0); }

// ---- communication watchdog and emergency stop ----

void feed_communication_watchdog()
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { silence_ms = 0; }
}

void check_communication_watchdog()
{
    uint16_t max_ms, silence;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        max_ms = watchdog_ms;
        silence = silence_ms < 0x7FFF ? ++silence_ms : silence_ms;
    }
    if (max_ms && silence > max_ms && !stopped)
        stop_board(COMMUNICATION_TIMEOUT);
}

uint8_t emergency_stop_pin() { return emergency_input_pin; }

// The input must be active at two systicks in sequence, so that a spike on the line does not stop the board.
void check_emergency_input()
{
    if (!emergency_input.mask)
        return;
    bool active = emergency_input.is_active();
    if (active && emergency_was_active && !stopped)
        stop_board(EMERGENCY);
    emergency_was_active = active;
}
