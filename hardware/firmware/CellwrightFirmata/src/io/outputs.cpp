// Digital outputs. An output that is limited in on-time or duty, or that pulses, has an OutputLimiter.
#include "outputs.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "../safety/stopped.h"
#include "pins.h"
#include "pwm_servo.h"

constexpr uint8_t EDGE_LATENCY_TICKS = 56;  // from the alarm to the edge

enum PulseResult : uint8_t { DONE = 0, BOARD_STOPPED = 1, LIMIT_EXCEEDED = 2, NOT_DECLARED = 3, CUT_SHORT = 4 };

struct OutputLimiter {
    uint8_t pin;                             // NO_PIN: unused
    uint8_t duty;                            // percent, 100: no limit
    uint32_t bucket_level, bucket_capacity;  // leaky bucket; capacity 0: no limit
    uint32_t pulse_end;                      // timer ticks
    volatile bool pulse_active;
    volatile uint8_t pulse_result;  // a PulseResult to report, plus one; 0: none
    bool level_after : 1;
    bool tripped : 1;  // to report
};
static OutputLimiter limiters[LIMITERS];
static bool limits_in_use;  // any output

NOINIT SafeLevels safe_levels;

static bool bit(const uint8_t* bits, uint8_t pin) { return bits[pin / 8] >> (pin % 8) & 1; }

static __attribute__((noinline)) void set_bit(uint8_t* bits, uint8_t pin, bool on)
{
    if (on)
        bits[pin / 8] |= 1 << pin % 8;
    else
        bits[pin / 8] &= ~(1 << pin % 8);
}

bool is_declared(uint8_t pin) { return bit(safe_levels.declared, pin); }

__attribute__((noinline)) bool safe_level(uint8_t pin) { return bit(safe_levels.level, pin); }

__attribute__((noinline)) bool driven_level(uint8_t pin)
{
    PortPin port_pin = port_pin_of(pin);
    return port_pin.pin[2] & port_pin.mask;
}

// ---- refusals ----

static uint8_t refused[PORTS];  // those that the host knows of, one bit for each pin

void forget_refusals()
{
    for (uint8_t& bits : refused)
        bits = 0;
}

void refuse_pin(uint8_t pin)
{
    if (has_output_mode(pin) || bit(refused, pin))
        return;
    if (send_pin_error(pin, is_in_use(pin) ? IN_USE : PSTR("is an input")))
        set_bit(refused, pin, true);
}

// ---- limits ----

static OutputLimiter* find_limiter(uint8_t pin)
{
    for (OutputLimiter& limiter : limiters)
        if (limiter.pin == pin)
            return &limiter;
    return nullptr;
}

bool has_limits(uint8_t pin)
{
    const OutputLimiter* limiter = find_limiter(pin);
    return limiter && limiter->bucket_capacity;
}

// What one systick off the safe level adds to the bucket. Without a duty limit the bucket is empty once the output is
// safe.
static __attribute__((noinline)) uint8_t systick_cost(const OutputLimiter& limiter)
{
    return limiter.duty < 100 ? 100 - limiter.duty : 1;
}

// Whether an output may leave its safe level now, for this many systicks. One systick is charged at once, so that a
// pulse shorter than a systick counts too. Interrupts are off.
static bool try_leave_safe_level(OutputLimiter* limiter, uint32_t systicks)
{
    if (!limiter || !limiter->bucket_capacity)
        return true;
    if (limiter->bucket_level >= limiter->bucket_capacity ||
        limiter->bucket_level + systicks * systick_cost(*limiter) > limiter->bucket_capacity)
        return false;
    limiter->bucket_level += systick_cost(*limiter);
    return true;
}

static OutputLimiter* allocate_limiter(uint8_t pin)
{
    OutputLimiter* limiter = find_limiter(pin);
    if (!limiter && (limiter = find_limiter(NO_PIN))) {
        *limiter = OutputLimiter();
        limiter->duty = 100;
        limiter->pin = pin;
    }
    return limiter;
}

void declare_output(uint8_t pin)
{
    if (!is_declared(pin)) {
        set_bit(safe_levels.declared, pin, true);
        update_checksum();
    }
    pin_modes[pin] = OUTPUT_MODE;
    if (OutputLimiter* limiter = find_limiter(pin))
        limiter->pulse_active = false;
    make_output(pin, safe_level(pin));
}

// Drops the safe level too. The limiter stays: the coil is as warm as before.
void release_output(uint8_t pin)
{
    if (OutputLimiter* limiter = find_limiter(pin))
        limiter->pulse_active = false;
    set_bit(safe_levels.declared, pin, false);
    set_bit(safe_levels.level, pin, false);
    update_checksum();
}

void write_output(uint8_t pin, bool level)
{
    if (pin_modes[pin] != OUTPUT_MODE) {
        refuse_pin(pin);
        return;
    }
    if (driven_level(pin) == level)
        return;
    bool safe = level == safe_level(pin), done = false;
    OutputLimiter* limiter = find_limiter(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (safe || (!stopped && try_leave_safe_level(limiter, 0))) {
            set_level(pin, level);
            done = true;
        }
    }
    if (!done && stopped)
        send_stopped_error();
    else if (!done)
        send_pin_error(pin, PSTR("must rest first"));
}

void apply_safe_levels()
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        for (uint8_t pin = 0; pin < PINS; pin++)
            if (pin_modes[pin] == OUTPUT_MODE)
                set_level(pin, safe_level(pin));
        for (OutputLimiter& limiter : limiters)
            if (limiter.pulse_active) {
                limiter.pulse_active = false;
                limiter.pulse_result = CUT_SHORT + 1;
            }
        stop_pwm_servo();
    }
}

void reset_outputs()
{
    for (OutputLimiter& limiter : limiters)
        limiter.pin = NO_PIN;
}

// ---- messages ----

void handle_output(const uint8_t* data, uint8_t size)
{
    if (size < 6 || !is_digital(data[0]) || (is_in_use(data[0]) && pin_modes[data[0]] != OUTPUT_MODE)) {
        send_pin_error(size ? data[0] : 0, PSTR("cannot be an output"));
        return;
    }
    uint8_t pin = data[0], duty = data[5] == 0 || data[5] > 100 ? 100 : data[5];
    uint32_t max_on_ms = decode_unsigned(data + 2, 3);
    OutputLimiter* limiter = find_limiter(pin);
    if ((max_on_ms || duty < 100) && !(limiter = allocate_limiter(pin))) {
        send_pin_error(pin, PSTR("has no limiter"));
        return;
    }
    if (limiter) {
        uint32_t systicks = (max_on_ms ? max_on_ms : 1000) * SYSTICKS_PER_MS;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            limiter->duty = duty;
            limiter->bucket_capacity = max_on_ms || duty < 100 ? systicks * systick_cost(*limiter) : 0;
            limits_in_use = true;
        }
    }
    if (pin_modes[pin] != OUTPUT_MODE)
        release_pwm_servo(pin);
    set_bit(safe_levels.level, pin, data[1] & 1);
    set_bit(safe_levels.declared, pin, true);
    update_checksum();
    declare_output(pin);
}

static void send_pulse_result(uint8_t pin, uint8_t result)
{
    begin_reply(PULSE);
    put_byte(pin);
    put_byte(result);
    end_reply();
}

void handle_pulse(const uint8_t* data, uint8_t size)
{
    if (size < 6) {
        send_error(PSTR("pulse message is too short"));
        return;
    }
    uint8_t pin = data[0];
    bool level = data[1] & 1;
    uint32_t us = decode_unsigned(data + 2, 4);
    if (pin >= PINS || pin_modes[pin] != OUTPUT_MODE || us < 100) {
        send_pulse_result(pin, NOT_DECLARED);
        return;
    }
    OutputLimiter* limiter = allocate_limiter(pin);
    uint32_t systicks = us / 250;
    bool safe = level == safe_level(pin), begun = false;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (limiter && !stopped && (safe || try_leave_safe_level(limiter, systicks))) {
            set_level(pin, level);
            limiter->level_after = !level;
            limiter->pulse_end = timer_ticks_32() + us * TICKS_PER_US - EDGE_LATENCY_TICKS;
            limiter->pulse_active = true;
            set_alarm(limiter->pulse_end);
            begun = true;
        }
    }
    if (!begun)
        send_pulse_result(pin, !limiter ? NOT_DECLARED : stopped ? BOARD_STOPPED : LIMIT_EXCEEDED);
}

void report_pulses()
{
    for (OutputLimiter& limiter : limiters) {
        if (limiter.pulse_result) {
            uint8_t result = limiter.pulse_result - 1;
            limiter.pulse_result = 0;
            send_pulse_result(limiter.pin, result);
        }
        if (limiter.tripped) {
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { limiter.tripped = false; }
            send_pin_error(limiter.pin, PSTR("was on too long"));
        }
    }
}

// ---- called by the systick ----

OUT_OF_LINE void service_timed_outputs()
{
    uint32_t now = timer_ticks_32();
    for (OutputLimiter& limiter : limiters)
        if (limiter.pulse_active && int32_t(limiter.pulse_end - now) > 4) {
            set_alarm(limiter.pulse_end);
        } else if (limiter.pulse_active) {
            limiter.pulse_active = false;
            limiter.pulse_result = DONE + 1;
            if (limiter.level_after == safe_level(limiter.pin) || (!stopped && try_leave_safe_level(&limiter, 0)))
                set_level(limiter.pin, limiter.level_after);
        }
    service_servos();
}

void enforce_output_limits()
{
    if (!limits_in_use)
        return;
    for (OutputLimiter& limiter : limiters) {
        if (limiter.pin == NO_PIN || !limiter.bucket_capacity)
            continue;
        bool safe = safe_level(limiter.pin);
        bool is_on = pin_modes[limiter.pin] == OUTPUT_MODE && driven_level(limiter.pin) != safe;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            if (is_on) {
                limiter.bucket_level += systick_cost(limiter);
                // A pulse that just fits is charged two systicks more: one as it begins, one as it may touch another.
                if (limiter.bucket_level > limiter.bucket_capacity + 2 * systick_cost(limiter)) {
                    set_level(limiter.pin, safe);
                    if (limiter.pulse_active)
                        limiter.pulse_result = CUT_SHORT + 1;
                    limiter.pulse_active = false;
                    limiter.tripped = true;
                }
            } else if (limiter.duty == 100 || limiter.bucket_level < limiter.duty) {
                limiter.bucket_level = 0;
            } else {
                limiter.bucket_level -= limiter.duty;
            }
        }
    }
}
