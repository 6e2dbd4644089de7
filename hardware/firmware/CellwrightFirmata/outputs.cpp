// Digital outputs. Those with a longest time or a duty, and those that pulse, have a guard.
#include "outputs.h"

#include "clock.h"
#include "levels.h"
#include "messages.h"
#include "pins.h"
#include "stop.h"

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
static Guard guards[GUARDS];
static bool guarded;             // whether any output has a limit

SURVIVES_RESTART SafeLevels safe_levels;

static bool bit(const uint8_t* bits, uint8_t pin) { return bits[pin / 8] >> (pin % 8) & 1; }

static void set_bit(uint8_t* bits, uint8_t pin, bool on)
{
    if (on)
        bits[pin / 8] |= 1 << pin % 8;
    else
        bits[pin / 8] &= ~(1 << pin % 8);
}

bool is_declared(uint8_t pin) { return bit(safe_levels.declared, pin); }

bool safe_level(uint8_t pin) { return bit(safe_levels.level, pin); }

static Guard* guard_of(uint8_t pin)
{
    for (Guard& guard : guards)
        if (guard.pin == pin)
            return &guard;
    return nullptr;
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
    Place place = place_of(pin);
    if (bool(place.pin[2] & place.mask) == level)
        return;
    bool safe = safe_level(pin);
    if (level != safe) {
        const Guard* guard = guard_of(pin);
        if (stopped) {
            refuse(PSTR("stopped: release first"));
            return;
        }
        if (guard && guard->room && guard->fill >= guard->room) {
            refuse_pin(pin, PSTR("must rest first"));
            return;
        }
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (!stopped || level == safe)
            set_level(pin, level);
    }
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
    if (size < 6 || !is_digital(data[0]) || is_in_use(data[0])) {
        refuse_pin(size ? data[0] : 0, PSTR("cannot be an output"));
        return;
    }
    uint8_t pin = data[0], duty = data[5] == 0 || data[5] > 100 ? 100 : data[5];
    uint32_t most_on_ms = number(data + 2, 3);
    Guard* guard = guard_of(pin);
    if ((most_on_ms || duty < 100) && !(guard = guard_for(pin))) {
        refuse_pin(pin, PSTR("has no guard left"));
        return;
    }
    if (guard) {
        uint32_t units = (most_on_ms ? most_on_ms : 1000) * BEATS_PER_MS;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            guard->duty = duty;
            // Without a duty the reservoir empties as soon as the output is safe.
            guard->room = duty < 100 ? units * (100 - duty) : most_on_ms ? units : 0;
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

static bool fits(const Guard& guard, uint32_t us)
{
    if (!guard.room)
        return true;
    uint32_t beats = us / 250 + 1;
    uint32_t each = guard.duty < 100 ? 100 - guard.duty : 1;
    return beats < guard.room && guard.fill + beats * each <= guard.room + each;
}

void handle_pulse(const uint8_t* data, uint8_t size)
{
    if (size < 6) {
        refuse(PSTR("pulse message is too short"));
        return;
    }
    uint8_t pin = data[0];
    bool level = data[1] & 1;
    uint32_t us = number(data + 2, 4);
    if (pin >= PINS || pin_modes[pin] != OUTPUT_MODE || us < 100) {
        answer(pin, NOT_DECLARED);
        return;
    }
    Guard* guard = guard_for(pin);
    if (!guard || stopped || (level != safe_level(pin) && !fits(*guard, us))) {
        answer(pin, !guard ? NOT_DECLARED : stopped ? WHILE_STOPPED : BEYOND_LIMITS);
        return;
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (!stopped) {
            set_level(pin, level);
            guard->back_to = !level;
            guard->back_at = long_ticks() + us * TICKS_PER_US - TURNING_TICKS;
            guard->pulses = true;
            set_alarm(guard->back_at);
        }
    }
}

void tell_pulses()
{
    for (Guard& guard : guards) {
        if (guard.over) {
            uint8_t how = guard.over - 1;
            guard.over = 0;
            answer(guard.pin, how);
        }
        if (guard.tripped) {
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { guard.tripped = false; }
            refuse_pin(guard.pin, PSTR("was on too long"));
        }
    }
}

// ---- in interrupts ----

void end_what_is_due()
{
    uint32_t now = long_ticks();
    for (Guard& guard : guards)
        if (guard.pulses && int32_t(guard.back_at - now) > 4) {
            set_alarm(guard.back_at);
        } else if (guard.pulses) {
            guard.pulses = false;
            guard.over = DONE + 1;
            if (!stopped || guard.back_to == safe_level(guard.pin))
                set_level(guard.pin, guard.back_to);
        }
    turn_servos();
}

void guard_outputs()
{
    if (!guarded)
        return;
    for (Guard& guard : guards) {
        if (guard.pin == NO_PIN || !guard.room)
            continue;
        bool safe = safe_level(guard.pin);
        bool is_on = pin_modes[guard.pin] == OUTPUT_MODE && bool(place_of(guard.pin).pin[2] & place_of(guard.pin).mask) != safe;
        if (is_on) {
            guard.fill += guard.duty < 100 ? 100 - guard.duty : 1;
            if (guard.fill > guard.room + 100) {
                ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
                {
                    set_level(guard.pin, safe);
                    if (guard.pulses)
                        guard.over = CUT_SHORT + 1;
                    guard.pulses = false;
                    guard.tripped = true;
                }
            }
        } else if (guard.duty == 100 || guard.fill < guard.duty) {
            guard.fill = 0;
        } else {
            guard.fill -= guard.duty;
        }
    }
}
