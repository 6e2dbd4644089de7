// The step interrupt: timer 1, compare A. It sleeps until the next step of any axis. Axes that are due within the batch
// window are served in one pass, which spares the cost of another interrupt. Late steps catch up: none is left out.
#include "step_interrupt.h"

#include <stddef.h>

#include "../core/clock.h"
#include "../safety/stopped.h"
#if defined(__AVR__)
#include "step_interrupt_avr.h"
#endif

// All in timer ticks (0.5 us).
// Of three axes at 20,000 steps/s two are always due within the window; that leaves time for the rest in any phase.
constexpr int16_t BATCH_WINDOW = 34;
constexpr int16_t LATE_LIMIT = -40;  // a step that comes later than this is counted as late
constexpr int16_t MAX_SLEEP = 16000;
constexpr int16_t MIN_SLEEP = 10;   // a shorter wait is not worth leaving the interrupt for
constexpr int16_t YIELD_TIME = 50;  // for the systick, where steps leave it no time
constexpr uint16_t START_DELAY = 8;
constexpr uint8_t RETRIGGER_DELAY = 4;  // over before the interrupt returns, so that it comes again before the systick
constexpr uint32_t UNDERRUN_INTERVAL = 16000UL << 16;  // unless the planner resumes the axis sooner

static Axis* active_axes[DEVICES];
static volatile uint8_t active_count;
static volatile uint16_t late_count;
static uint16_t underruns;

static inline bool load_next_segment(Axis& axis)
{
    uint8_t flags = axis.queued.flags;
    if (!flags)
        return false;
    axis.queued.flags = 0;
    uint16_t count = axis.queued.count;
    axis.remaining = count;
    axis.interval = axis.queued.interval;
    axis.add = axis.queued.add;
    uint8_t changed = flags ^ axis.flags;
    axis.flags = flags;
    if (changed & (NEGATIVE | QUEUED)) {
        bool negative = flags & NEGATIVE;
        if (negative != bool(axis.inverted & 2))
            *axis.direction_port &= ~axis.direction_mask;
        else
            *axis.direction_port |= axis.direction_mask;
        axis.limit = axis.limits[negative ? 0 : 1];
    }
    if (flags & STEPS) {
        axis.end_position += flags & NEGATIVE ? -int32_t(count) : int32_t(count);
        axis.active_step_mask = axis.step_mask;
        if (axis.wires > 1)
            axis.flags = flags | COILS;
    } else {
        axis.active_step_mask = 0;
    }
    return true;
}

static void enter_underrun(Axis& axis)
{
    underruns++;
    axis.active_step_mask = 0;
    axis.flags = (axis.flags & ~(STEPS | CRUISE)) | UNDERRUN;
    axis.remaining = 1;
    axis.interval = UNDERRUN_INTERVAL;
    axis.add = 0;
}

// One event of an axis: a step, or a part of a pause. Returns whether the axis stays active. Called by the interrupt.
extern "C" bool service_axis(Axis& axis) __attribute__((used, externally_visible));
extern "C" bool service_axis(Axis& axis)
{
    if (axis.limit.mask && axis.limit.is_active() && axis.limit.is_active()) {
        axis.move_end = HIT_LIMIT;
        axis.moving = false;
        return false;
    }
    volatile uint8_t* pin = axis.step_pin;
    uint8_t mask = axis.active_step_mask;
    toggle_pins(pin, mask);
    bool goes_on = true;
    if (--axis.remaining == 0) {
        if (axis.flags & LAST) {
            axis.move_end = ARRIVED;
            axis.moving = false;
            goes_on = false;
        } else if (!load_next_segment(axis)) {
            enter_underrun(axis);
        }
        // Housekeeping that runs already tests this flag again; waking it would cost the time that it needs.
        if (!plan_requested) {
            plan_requested = true;
            OCR1B = TCNT1 + 4;
        }
    }
    axis.next_step_time += axis.interval;
    axis.interval += axis.add;
    toggle_pins(pin, mask);
    return goes_on;
}

#if defined(__AVR__)
#define FIELD(name, member) [name] "i"(offsetof(Axis, member))

// Compare A. The assembly does what service_axis() does, for an event that does not end its segment and meets no limit.
// The compiler's own code saves twice as many registers, which halves the step rate.
ISR(TIMER1_COMPA_vect, ISR_NAKED)
{
    asm volatile(
        SAVE_REGISTERS

        LABEL(begin_pass)
        BEGIN_PASS
        LABEL(next_axis)
        BRANCH_IF_DUE
        LABEL(axis_waits)
        KEEP_SHORTEST_WAIT
        REPEAT_FOR_NEXT_AXIS
        SLEEP_FOR_SHORTEST_WAIT

        LABEL(leave)
        BRANCH_IF_SYSTICK_WAITS
        LABEL(return)
        RESTORE_REGISTERS_AND_RETURN

        LABEL(disable)  // no axis is active
        DISABLE_STEP_INTERRUPT
        GO_TO(leave)

        LABEL(count_late)
        COUNT_LATE_STEP
        GO_TO(check_limit)

        LABEL(axis_is_due)
        BRANCH_IF_LATE
        LABEL(check_limit)
        BRANCH_IF_LIMIT_IS_ACTIVE
        BRANCH_IF_SEGMENT_ENDS
        BEGIN_STEP_PULSE
        STORE_REMAINING
        NEXT_STEP_TIME_PLUS_INTERVAL
        LOAD_FIELD(r0, flags)
        "sbrc r0, %[coils_bit] \n" GO_TO(coils)
        LABEL(coils_done)
        "sbrc r0, %[cruise_bit] \n" GO_TO(interval_done)  // add is 0
        INTERVAL_PLUS_ADD
        LABEL(interval_done)
        END_STEP_PULSE
        COMPUTE_WAIT
        GO_TO(axis_waits)

        LABEL(call_service)
        CALL_SERVICE_AXIS
        "tst r24 \n brne axis_goes_on%= \n"
        REMOVE_ACTIVE_AXIS
        LABEL(axis_goes_on)
        // service_axis() takes long: a pin change that waits (an encoder's) is served before the next axis is.
        BRANCH_IF_PIN_CHANGE_WAITS
        GO_TO(begin_pass)
        LABEL(retrigger)
        RETRIGGER
        GO_TO(leave)

        LABEL(coils)
        REQUEST_HOUSEKEEPING
        GO_TO(coils_done)

        // The systick (compare B) waits. It stops the board, so it gets some time once it has waited for 256 us.
        LABEL(systick_waits)
        YIELD_IF_SYSTICK_IS_STARVED
        GO_TO(return)
        :
        : [active_count] "i"(&active_count), [active_axes] "i"(active_axes), [late_count] "i"(&late_count),
          [plan_requested] "i"(&plan_requested), [timer] "n"(_SFR_MEM_ADDR(TCNT1)),
          [step_compare] "n"(_SFR_MEM_ADDR(OCR1A)), [systick_compare] "n"(_SFR_MEM_ADDR(OCR1B)),
          [timer_mask] "n"(_SFR_MEM_ADDR(TIMSK1)), [all_but_step] "n"(0xFF & ~_BV(OCIE1A)),
          [timer_flags] "I"(_SFR_IO_ADDR(TIFR1)), [systick_flag] "n"(OCF1B),
          [pin_change_flags] "I"(_SFR_IO_ADDR(PCIFR)),
          [batch_window] "n"(BATCH_WINDOW), [max_sleep] "n"(MAX_SLEEP), [min_sleep] "n"(MIN_SLEEP),
          [late_limit] "n"(LATE_LIMIT - BATCH_WINDOW - 1), [retrigger_delay] "n"(RETRIGGER_DELAY),
          [yield_time] "n"(YIELD_TIME), [cruise_bit] "n"(CRUISE_BIT), [coils_bit] "n"(COILS_BIT),
          FIELD(step_pin, step_pin), FIELD(active_step_mask, active_step_mask), FIELD(limit_pin, limit.pin),
          FIELD(limit_mask, limit.mask), FIELD(limit_invert, limit.invert), FIELD(next_step_time, next_step_time),
          FIELD(interval, interval), FIELD(add, add), FIELD(remaining, remaining), FIELD(flags, flags));
}
#else
static int16_t ticks_until(const Axis& axis) { return int16_t(uint16_t(axis.next_step_time >> 16) - TCNT1); }

ISR(TIMER1_COMPA_vect)
{
    int16_t shortest = MAX_SLEEP;
    for (uint8_t index = active_count; index--;) {
        if (ticks_until(*active_axes[index]) <= BATCH_WINDOW && !service_axis(*active_axes[index])) {
            active_axes[index] = active_axes[--active_count];
            continue;
        }
        if (ticks_until(*active_axes[index]) < shortest)
            shortest = ticks_until(*active_axes[index]);
    }
    OCR1A = TCNT1 + (shortest > MIN_SLEEP ? shortest : MIN_SLEEP);
    if (!active_count)
        TIMSK1 &= ~_BV(OCIE1A);
}
#endif

void start_axes(Axis** started, uint8_t count)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (stopped)
            count = 0;  // the board was stopped while the planner worked
        uint32_t now = uint32_t(uint16_t(TCNT1 + 40)) << 16;
        for (uint8_t n = 0; n < count; n++) {
            Axis& axis = *started[n];
            axis.flags = 0;
            load_next_segment(axis);
            axis.next_step_time = now + axis.interval;
            axis.interval += axis.add;
            axis.moving = true;
            active_axes[active_count++] = &axis;
        }
        OCR1A = TCNT1 + START_DELAY;
        TIMSK1 |= _BV(OCIE1A);
    }
    plan_requested = true;
    wake_housekeeping();
}

void resume_axis(Axis& axis)
{
    axis.flags &= ~UNDERRUN;
    axis.next_step_time = uint32_t(uint16_t(TCNT1 + START_DELAY)) << 16;
    OCR1A = TCNT1 + START_DELAY;
}

void deactivate_axis(Axis& axis)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        uint8_t count = active_count;
        for (uint8_t index = 0; index < count; index++)
            if (active_axes[index] == &axis) {
                active_axes[index] = active_axes[--count];
                break;
            }
        active_count = count;
    }
}

uint16_t late_step_count()
{
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = late_count; }
    return count;
}

uint16_t underrun_count()
{
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = underruns; }
    return count;
}

int32_t position_of(const Axis& axis)
{
    int32_t position;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        position = axis.end_position;
        if (axis.flags & STEPS)
            position += (axis.flags & NEGATIVE) ? int32_t(axis.remaining) : -int32_t(axis.remaining);
    }
    return position;
}
