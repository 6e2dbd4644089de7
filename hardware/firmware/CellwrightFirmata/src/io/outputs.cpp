// Digital outputs. Those with a longest time or a duty, and those that pulse, have a guard.
#include "outputs.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "../safety/stop.h"
#include "pins.h"
#include "pwm_servo.h"

constexpr uint8_t TURNING_TICKS = 56;  // half us from the alarm to the edge

enum How : uint8_t { DONE = 0, WHILE_STOPPED = 1, BEYOND_LIMITS = 2, NOT_DECLARED = 3, CUT_SHORT = 4 };

struct Guard {
    uint8_t pin;  // NO_PIN: free
    uint8_t duty;  // percent, 100: no limit
    uint32_t fill, room;  // of the reservoir; room 0: no limit
    uint32_t back_at;     // half us, of the pulse under way
    volatile bool pulses;
    volatile uint8_t over;  // a How to tell, plus one
    bool back_to : 1;
    bool tripped : 1;  // to tell
};
static Guard guards[LIMITERS];
static bool guarded;             // whether any output has a limit

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
    Place place = place_of(pin);
    return place.pin[2] & place.mask;
}

static Guard* guard_of(uint8_t pin)
{
    for (Guard& guard : guards)
        if (guard.pin == pin)
            return &guard;
    return nullptr;
}

bool has_limits(uint8_t pin)
{
    const Guard* guard = guard_of(pin);
    return guard && guard->room;
}

// What a beat off its safe level costs. Without a duty the reservoir empties as soon as the output is safe.
static __attribute__((noinline)) uint8_t beat_costs(const Guard& guard) { return guard.duty < 100 ? 100 - guard.duty : 1; }

// Whether an output may leave its safe level now, for so many beats. That costs a beat at once, so that what is over
// before the next one counts too. Interrupts are off.
static bool may_leave(Guard* guard, uint32_t beats)
{
    if (!guard || !guard->room)
        return true;
    if (guard->fill >= guard->room || guard->fill + beats * beat_costs(*guard) > guard->room)
        return false;
    guard->fill += beat_costs(*guard);
    return true;
}

static Guard* guard_for(uint8_t pin)
{
    Guard* guard = guard_of(pin);
    if (!guard && (guard = guard_of(NO_PIN))) {
        *guard = Guard();
        guard->duty = 100;
        guard->pin = pin;
    }
    return guard;
}

void declare_output(uint8_t pin)
{
    if (!is_declared(pin)) {
        set_bit(safe_levels.declared, pin, true);
        remember();
    }
    pin_modes[pin] = OUTPUT_MODE;
    if (Guard* guard = guard_of(pin))
        guard->pulses = false;
    make_output(pin, safe_level(pin));
}

// Its safe level is forgotten with it; its guard is kept, as the coil is as warm as before.
void forget_output(uint8_t pin)
{
    if (Guard* guard = guard_of(pin))
        guard->pulses = false;
    set_bit(safe_levels.declared, pin, false);
    set_bit(safe_levels.level, pin, false);
    remember();
}

void write_output(uint8_t pin, bool level)
{
    if (pin_modes[pin] != OUTPUT_MODE)
        return;
    if (driven_level(pin) == level)
        return;
    bool safe = level == safe_level(pin), done = false;
    Guard* guard = guard_of(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (safe || (!stopped && may_leave(guard, 0))) {
            set_level(pin, level);
            done = true;
        }
    }
    if (!done && stopped)
        send_stopped_error();
    else if (!done)
        send_pin_error(pin, PSTR("must rest first"));
}

void take_safe_levels()
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        for (uint8_t pin = 0; pin < PINS; pin++)
            if (pin_modes[pin] == OUTPUT_MODE)
                set_level(pin, safe_level(pin));
        for (Guard& guard : guards)
            if (guard.pulses) {
                guard.pulses = false;
                guard.over = CUT_SHORT + 1;
            }
        stop_levels();
    }
}

void reset_outputs()
{
    for (Guard& guard : guards)
        guard.pin = NO_PIN;
}

// ---- what the host asks ----

void handle_output(const uint8_t* data, uint8_t size)
{
    if (size < 6 || !is_digital(data[0]) || (is_in_use(data[0]) && pin_modes[data[0]] != OUTPUT_MODE)) {
        send_pin_error(size ? data[0] : 0, PSTR("cannot be an output"));
        return;
    }
    uint8_t pin = data[0], duty = data[5] == 0 || data[5] > 100 ? 100 : data[5];
    uint32_t most_on_ms = decode_unsigned(data + 2, 3);
    Guard* guard = guard_of(pin);
    if ((most_on_ms || duty < 100) && !(guard = guard_for(pin))) {
        send_pin_error(pin, PSTR("has no guard left"));
        return;
    }
    if (guard) {
        uint32_t units = (most_on_ms ? most_on_ms : 1000) * SYSTICKS_PER_MS;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            guard->duty = duty;
            guard->room = most_on_ms || duty < 100 ? units * beat_costs(*guard) : 0;
            guarded = true;
        }
    }
    if (pin_modes[pin] != OUTPUT_MODE)
        release_level(pin);
    set_bit(safe_levels.level, pin, data[1] & 1);
    set_bit(safe_levels.declared, pin, true);
    remember();
    declare_output(pin);
}

static void answer(uint8_t pin, uint8_t how)
{
    begin_reply(PULSE);
    put(pin);
    put(how);
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
        answer(pin, NOT_DECLARED);
        return;
    }
    Guard* guard = guard_for(pin);
    uint32_t beats = us / 250;
    bool safe = level == safe_level(pin), begun = false;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (guard && !stopped && (safe || may_leave(guard, beats))) {
            set_level(pin, level);
            guard->back_to = !level;
            guard->back_at = timer_ticks_32() + us * TICKS_PER_US - TURNING_TICKS;
            guard->pulses = true;
            set_alarm(guard->back_at);
            begun = true;
        }
    }
    if (!begun)
        answer(pin, !guard ? NOT_DECLARED : stopped ? WHILE_STOPPED : BEYOND_LIMITS);
}

void report_pulses()
{
    for (Guard& guard : guards) {
        if (guard.over) {
            uint8_t how = guard.over - 1;
            guard.over = 0;
            answer(guard.pin, how);
        }
        if (guard.tripped) {
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { guard.tripped = false; }
            send_pin_error(guard.pin, PSTR("was on too long"));
        }
    }
}

// ---- in interrupts ----

OUT_OF_LINE void service_timed_outputs()
{
    uint32_t now = timer_ticks_32();
    for (Guard& guard : guards)
        if (guard.pulses && int32_t(guard.back_at - now) > 4) {
            set_alarm(guard.back_at);
        } else if (guard.pulses) {
            guard.pulses = false;
            guard.over = DONE + 1;
            if (guard.back_to == safe_level(guard.pin) || (!stopped && may_leave(&guard, 0)))
                set_level(guard.pin, guard.back_to);
        }
    turn_servos();
}

void enforce_output_limits()
{
    if (!guarded)
        return;
    for (Guard& guard : guards) {
        if (guard.pin == NO_PIN || !guard.room)
            continue;
        bool safe = safe_level(guard.pin);
        bool is_on = pin_modes[guard.pin] == OUTPUT_MODE && driven_level(guard.pin) != safe;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            if (is_on) {
                guard.fill += beat_costs(guard);
                // A pulse that just fits costs two beats more: as it begins, and where it touches one beat more.
                if (guard.fill > guard.room + 2 * beat_costs(guard)) {
                    set_level(guard.pin, safe);
                    if (guard.pulses)
                        guard.over = CUT_SHORT + 1;
                    guard.pulses = false;
                    guard.tripped = true;
                }
            } else if (guard.duty == 100 || guard.fill < guard.duty) {
                guard.fill = 0;
            } else {
                guard.fill -= guard.duty;
            }
        }
    }
}
