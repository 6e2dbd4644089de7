#include "stop.h"

#include "../core/clock.h"
#include "../io/encoders.h"
#include "../io/hx711.h"
#include "../io/i2c.h"
#include "../io/inputs.h"
#include "../io/outputs.h"
#include "../io/pins.h"
#include "../io/pwm_servo.h"
#include "../motion/step_interrupt.h"
#include "../motion/steppers.h"
#include "../protocol/firmata.h"
#include "../protocol/messages.h"

volatile bool stopped;

constexpr uint16_t INTACT = 0x0CE1;

// Kept over a restart, to be told afterwards.
struct Memory {
    uint16_t intact;
    uint16_t check;  // of the safe levels
    uint8_t starts;
    uint8_t restart_cause;  // the chip's MCUSR
};
NOINIT static Memory memory;

// The life before the last restart.
static Why why_restarted;
static uint16_t devices_before;  // bits; where they stood is in their axes until they are configured anew

static volatile Why last_why;
static volatile uint32_t stopped_ms;
static volatile bool to_tell;

static Limit emergency = {nullptr, 0, 0};
static uint8_t emergency_input = NO_PIN;
static bool emergency_seen;

static volatile uint16_t silence_ms, most_silence_ms;

// ---- what is remembered ----

static uint16_t checksum()
{
    uint16_t sum = 0x1D0F;
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&safe_levels);
    for (uint8_t n = 0; n < sizeof safe_levels; n++)
        sum = (sum << 3 | sum >> 13) ^ bytes[n];
    return sum;
}

void update_checksum() { memory.check = checksum(); }

#if defined(__AVR__)
void keep_cause() __attribute__((naked, used, section(".init3")));
void keep_cause()
{
    memory.restart_cause = MCUSR;
    MCUSR = 0;
    WDTCSR = _BV(WDCE) | _BV(WDE);
    WDTCSR = 0;
}
#endif

static Why cause()
{
    uint8_t flags = memory.restart_cause;
    if (flags & _BV(BORF) && !(flags & _BV(PORF)))
        return BROWN_OUT;
    if (flags & _BV(PORF))
        return POWER_ON;
    if (flags & _BV(EXTRF))
        return RESET_BUTTON;
    return UNKNOWN_RESTART;  // a boot loader has wiped the flags
}

static void note_devices()
{
    devices_before = 0;
    for (uint8_t device = 0; device < DEVICES; device++) {
        if (axes[device].wires < 1 || axes[device].wires > 4)
            continue;
        devices_before |= 1 << device;
    }
}

void start_stopping()
{
    why_restarted = cause();
    bool intact = memory.intact == INTACT && memory.check == checksum();
    if (intact) {
        note_devices();
        if (memory.starts < 0x7F)
            memory.starts++;
        for (uint8_t pin = 2; pin < PINS; pin++)
            if (is_declared(pin) && is_digital(pin))
                declare_output(pin);
    } else {
        why_restarted = POWER_ON;
        memory.starts = 1;
        safe_levels = SafeLevels();
    }
    for (Axis& axis : axes) {
        int32_t position = position_of(axis);
        axis = Axis();
        axis.end_position = position;
        axis.enable_pin = NO_PIN;
    }
    memory.intact = INTACT;
    update_checksum();
#if defined(__AVR__)
    // If the main loop hangs for half a second the board is stopped. It is not restarted: an old boot loader would
    // restart for ever.
    WDTCSR = _BV(WDCE) | _BV(WDE);
    WDTCSR = _BV(WDIE) | _BV(WDP2) | _BV(WDP0);
#endif
}

ISR(WDT_vect) { stop_board(HUNG); }

// ---- stopping ----

void stop_board(Why why)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        stop_all_abruptly();
        if (!stopped || why == HOST_ASKED) {
            if (!stopped) {
                last_why = why;
                stopped_ms = uptime_ms();
            }
            to_tell = true;
        }
        stopped = true;
        apply_safe_levels();
    }
}

static void release()
{
    if (emergency.mask && emergency.is_active()) {
        send_error(PSTR("emergency stop is pressed"));
        return;
    }
    if (stopped)
        end_stopped_moves();
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
    most_silence_ms = 0;
    for (uint8_t pin = 2; pin < PINS; pin++)
        if (pin_modes[pin] != OUTPUT_MODE && pin != emergency_input) {
            release_pwm_servo(pin);
            pin_modes[pin] = INPUT_MODE;
            if (is_digital(pin))
                make_input(pin, false);
        }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (last_why == LINK_RESET) {
            stopped = false;
            to_tell = false;
        }
    }
}

static void tell(uint8_t which)
{
    begin_reply(STATE);
    put(which);
    if (which == 0) {
        uint32_t ms;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { ms = stopped_ms; }
        put(stopped);
        put(last_why);
        put_unsigned(ms, 5);
        put(memory.starts);
        for (uint8_t device = 0; device < DEVICES; device++)
            if (is_configured(device)) {
                put(device);
                put_signed(position_of(axes[device]));
            }
    } else {
        put(0);
        put(why_restarted);
        put_unsigned(why_restarted == POWER_ON ? 0 : previous_uptime_ms(), 5);
        put(memory.starts);
        for (uint8_t device = 0; device < DEVICES; device++)
            if (devices_before >> device & 1 && !is_configured(device)) {
                put(device);
                put_signed(axes[device].end_position);
            }
    }
    end_reply();
}

void report_stops()
{
    if (!to_tell)
        return;
    to_tell = false;
    if (stopped)
        end_stopped_moves();
    tell(0);
}

void report_restart()
{
    if (why_restarted != POWER_ON)
        tell(1);
}

// ---- what the host asks ----

void handle_watchdog(const uint8_t* data, uint8_t size)
{
    uint16_t ms = size >= 2 ? decode_unsigned(data, 2) : 1;
    if (ms && (ms < 100 || ms > 2000)) {
        send_error(PSTR("watchdog: 100 to 2000 ms, or 0"));
        return;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        most_silence_ms = ms;
        silence_ms = 0;
    }
}

static void declare_emergency(uint8_t pin, bool level)
{
    if (!is_free(pin) && (pin != emergency_input || pin == NO_PIN)) {
        send_pin_error(pin, PSTR("cannot be the stop"));
        return;
    }
    pin_modes[pin] = level ? INPUT_MODE : PULLUP_MODE;
    make_input(pin, !level);
    PortPin port_pin = port_pin_of(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        emergency = {port_pin.pin, port_pin.mask, uint8_t(level ? 0 : 0xFF)};
        emergency_input = pin;
        emergency_seen = false;
    }
}

void handle_stop(const uint8_t* data, uint8_t size)
{
    uint8_t what = size ? data[0] : 0x7F;
    if (what == 0) {
        stop_board(HOST_ASKED);
    } else if (what == 1) {
        release();
    } else if (what == 2 && size >= 3) {
        declare_emergency(data[1], data[2]);
    } else if (what == 3) {
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            emergency.mask = 0;
            emergency_input = NO_PIN;
        }
    } else {
        send_error(PSTR("stop message is not known"));
    }
}

void send_stopped_error() { send_error(PSTR("stopped: release first")); }

void handle_state(const uint8_t* data, uint8_t size) { tell(size && data[0] == 1 ? 1 : 0); }

// ---- watching ----

void feed_communication_watchdog()
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { silence_ms = 0; }
}

void check_communication_watchdog()
{
    uint16_t most, silence;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        most = most_silence_ms;
        silence = silence_ms < 0x7FFF ? ++silence_ms : silence_ms;
    }
    if (most && silence > most && !stopped)
        stop_board(HOST_SILENT);
}

uint8_t emergency_pin() { return emergency_input; }

// Seen twice, a quarter of a millisecond apart, so that a spike on the wire stops nobody.
void check_emergency_input()
{
    if (!emergency.mask)
        return;
    bool active = emergency.is_active();
    if (active && emergency_seen && !stopped)
        stop_board(EMERGENCY);
    emergency_seen = active;
}
