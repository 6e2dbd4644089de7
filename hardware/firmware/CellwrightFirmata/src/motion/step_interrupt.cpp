// Steps come from timer 1's first comparison. Whichever axis is due next sets it; axes due within a few microseconds of
// each other are served in one go, which spares the interrupt's own time. Late steps catch up: none is left out.
#include "step_interrupt.h"

#include <stddef.h>

#include "../core/clock.h"
#include "../safety/stop.h"

// half us: an axis due so soon is served with another. Of three at 20,000 steps/s two are always that near, which
// leaves time for the rest in any phase.
constexpr int16_t BATCH_WINDOW = 34;
constexpr int16_t LATE_LIMIT = -40;        // half us
constexpr int16_t MAX_SLEEP = 16000;       // half us: the longest that this interrupt sleeps
constexpr int16_t YIELD_TIME = 50;     // half us: for the second comparison, where steps leave it no time
constexpr uint16_t START_DELAY = 8;        // half us
constexpr uint8_t RETRIGGER_DELAY = 4;      // half us: past before the interrupt is left, so that it comes again before the second
constexpr int16_t MIN_SLEEP = 10;     // half us: not worth leaving the interrupt for
constexpr uint32_t UNDERRUN_INTERVAL = 16000UL << 16;  // where a stretch is not planned yet: until it is

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

// One event of an axis: a step, or a part of a pause. Returns whether the axis goes on. For the interrupt.
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
        // The housekeeping that runs already looks again: to wake it would cost the time that it needs.
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
#define OFFSET(name, field) [name] "i"(offsetof(Axis, field))

// What serve_axis() does, for events that end no stretch and meet no limit: written out, as the compiler's own saves
// twice the registers and half the step rate is lost. X goes through the running axes, Y is the axis, r24 is the
// time plus TOGETHER + 1, so that an axis is due where its time less r24 is negative; r22 the shortest wait found.
ISR(TIMER1_COMPA_vect, ISR_NAKED)
{
    asm volatile(
        "push r18 \n in r18, __SREG__ \n push r18 \n"
        "push r0 \n push r1 \n push r19 \n push r20 \n push r21 \n push r22 \n push r23 \n push r24 \n push r25 \n"
        "push r26 \n push r27 \n push r28 \n push r29 \n push r30 \n push r31 \n"
        "again%=: \n"
        "lds r21, %[count] \n tst r21 \n breq off%= \n"
        "lds r24, %[time] \n lds r25, %[time]+1 \n adiw r24, %[together]+1 \n"
        "ldi r22, lo8(%[far]) \n ldi r23, hi8(%[far]) \n"
        "ldi r26, lo8(%[active_axes]) \n ldi r27, hi8(%[active_axes]) \n"
        "axis%=: \n"
        "ld r28, X+ \n ld r29, X+ \n"
        "ldd r18, Y+%[next_step_time]+2 \n ldd r19, Y+%[next_step_time]+3 \n sub r18, r24 \n sbc r19, r25 \n brmi due%= \n"
        "waits%=: \n"
        "cp r18, r22 \n cpc r19, r23 \n brge counted%= \n movw r22, r18 \n"
        "counted%=: \n"
        "dec r21 \n brne axis%= \n"
        "add r24, r22 \n adc r25, r23 \n sts %[compare]+1, r25 \n sts %[compare], r24 \n"
        "lds r18, %[time] \n lds r19, %[time]+1 \n sub r24, r18 \n sbc r25, r19 \n"
        "sbiw r24, %[near] \n brmi again%= \n"
        "leave%=: \n"
        "sbic %[flags1], %[waits] \n rjmp waiting%= \n"
        "bye%=: \n"
        "pop r31 \n pop r30 \n pop r29 \n pop r28 \n pop r27 \n pop r26 \n"
        "pop r25 \n pop r24 \n pop r23 \n pop r22 \n pop r21 \n pop r20 \n pop r19 \n pop r1 \n pop r0 \n"
        "pop r18 \n out __SREG__, r18 \n pop r18 \n reti \n"

        "off%=: \n"
        "lds r18, %[mask] \n andi r18, %[allbut] \n sts %[mask], r18 \n rjmp leave%= \n"

        "late%=: \n"
        "lds r18, %[latecount] \n lds r19, %[latecount]+1 \n subi r18, 0xFF \n sbci r19, 0xFF \n"
        "sts %[latecount], r18 \n sts %[latecount]+1, r19 \n rjmp intime%= \n"

        "due%=: \n"
        "cpi r18, lo8(%[late]) \n ldi r20, hi8(%[late]) \n cpc r19, r20 \n brlt late%= \n"
        "intime%=: \n"
        // A limit?
        "ldd r20, Y+%[limitmask] \n tst r20 \n breq nolimit%= \n"
        "ldd r30, Y+%[limitpin] \n ldd r31, Y+%[limitpin]+1 \n ld r18, Z \n ldd r19, Y+%[invert] \n eor r18, r19 \n"
        "and r18, r20 \n brne slowly%= \n"
        "nolimit%=: \n"
        // The last event of a stretch?
        "ldd r18, Y+%[remaining] \n ldd r19, Y+%[remaining]+1 \n subi r18, 1 \n sbci r19, 0 \n breq slowly%= \n"
        "ldd r30, Y+%[pin] \n ldd r31, Y+%[pin]+1 \n ldd r20, Y+%[pinmask] \n st Z, r20 \n"
        "std Y+%[remaining], r18 \n std Y+%[remaining]+1, r19 \n"
        // due += interval
        "ldd r0, Y+%[next_step_time] \n ldd r1, Y+%[interval] \n add r0, r1 \n std Y+%[next_step_time], r0 \n"
        "ldd r0, Y+%[next_step_time]+1 \n ldd r1, Y+%[interval]+1 \n adc r0, r1 \n std Y+%[next_step_time]+1, r0 \n"
        "ldd r18, Y+%[next_step_time]+2 \n ldd r1, Y+%[interval]+2 \n adc r18, r1 \n std Y+%[next_step_time]+2, r18 \n"
        "ldd r19, Y+%[next_step_time]+3 \n ldd r1, Y+%[interval]+3 \n adc r19, r1 \n std Y+%[next_step_time]+3, r19 \n"
        // interval += growth, which is 0 at even speed
        "ldd r0, Y+%[flags] \n sbrc r0, %[coils] \n rjmp coils%= \n"
        "flags%=: \n"
        "sbrc r0, %[cruise] \n rjmp even%= \n"
        "ldd r0, Y+%[interval] \n ldd r1, Y+%[add] \n add r0, r1 \n std Y+%[interval], r0 \n"
        "ldd r0, Y+%[interval]+1 \n ldd r1, Y+%[add]+1 \n adc r0, r1 \n std Y+%[interval]+1, r0 \n"
        "ldd r0, Y+%[interval]+2 \n ldd r1, Y+%[add]+2 \n adc r0, r1 \n std Y+%[interval]+2, r0 \n"
        "ldd r0, Y+%[interval]+3 \n ldd r1, Y+%[add]+3 \n adc r0, r1 \n std Y+%[interval]+3, r0 \n"
        "even%=: \n"
        "st Z, r20 \n"
        "sub r18, r24 \n sbc r19, r25 \n rjmp waits%= \n"

        "slowly%=: \n"
        // That takes long: an encoder that waits gets its turn before the next axis does.
        "push r26 \n push r27 \n"
        "clr r1 \n movw r24, r28 \n call service_axis \n"
        "pop r27 \n pop r26 \n"
        "tst r24 \n brne goeson%= \n"
        // It has ended: the last of the running axes takes its place.
        "lds r18, %[count] \n dec r18 \n sts %[count], r18 \n"
        "ldi r30, lo8(%[active_axes]) \n ldi r31, hi8(%[active_axes]) \n clr r19 \n lsl r18 \n add r30, r18 \n adc r31, r19 \n"
        "ld r18, Z \n ldd r19, Z+1 \n st -X, r19 \n st -X, r18 \n"
        "goeson%=: \n"
        "in r18, %[changes] \n tst r18 \n brne soon%= \n rjmp again%= \n"
        "soon%=: \n"
        "lds r24, %[time] \n lds r25, %[time]+1 \n adiw r24, %[soon] \n sts %[compare]+1, r25 \n sts %[compare], r24 \n rjmp leave%= \n"

        "coils%=: \n"
        "ldi r30, 1 \n sts %[wanted], r30 \n lds r30, %[time] \n lds r31, %[time]+1 \n adiw r30, 4 \n"
        "sts %[wake]+1, r31 \n sts %[wake], r30 \n"
        "ldd r30, Y+%[pin] \n ldd r31, Y+%[pin]+1 \n rjmp flags%= \n"

        // The second comparison waits. Once that is for a quarter of a millisecond, it gets some time, as it stops the board.
        "waiting%=: \n"
        "lds r24, %[time] \n lds r25, %[time]+1 \n lds r18, %[wake] \n lds r19, %[wake]+1 \n"
        "movw r22, r24 \n sub r22, r18 \n sbc r23, r19 \n cpi r23, 2 \n brge starved%= \n rjmp bye%= \n"
        "starved%=: \n"
        "subi r24, lo8(-(%[respite])) \n sbci r25, hi8(-(%[respite])) \n sts %[compare]+1, r25 \n sts %[compare], r24 \n rjmp bye%= \n"
        :
        : [count] "i"(&active_count), [active_axes] "i"(active_axes), [latecount] "i"(&late_count), [time] "n"(_SFR_MEM_ADDR(TCNT1)),
          [compare] "n"(_SFR_MEM_ADDR(OCR1A)), [mask] "n"(_SFR_MEM_ADDR(TIMSK1)), [allbut] "n"(0xFF & ~_BV(OCIE1A)),
          [respite] "n"(YIELD_TIME), [flags1] "I"(_SFR_IO_ADDR(TIFR1)), [changes] "I"(_SFR_IO_ADDR(PCIFR)), [waits] "n"(OCF1B),
          [together] "n"(BATCH_WINDOW), [soon] "n"(RETRIGGER_DELAY), [far] "n"(MAX_SLEEP), [near] "n"(MIN_SLEEP), [late] "n"(LATE_LIMIT - BATCH_WINDOW - 1), [cruise] "n"(2),
          [coils] "n"(4), [wanted] "i"(&plan_requested), [wake] "n"(_SFR_MEM_ADDR(OCR1B)),
          OFFSET(pin, step_pin), OFFSET(pinmask, active_step_mask), OFFSET(limitpin, limit.pin), OFFSET(limitmask, limit.mask),
          OFFSET(invert, limit.invert), OFFSET(next_step_time, next_step_time), OFFSET(interval, interval), OFFSET(add, add),
          OFFSET(remaining, remaining), OFFSET(flags, flags));
}
static_assert(CRUISE == 1 << 2 && COILS == 1 << 4, "the interrupt looks at these bits");
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
            count = 0;  // the board was stopped while they were being planned
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

// Interrupts are off.
void resume_axis(Axis& axis)
{
    axis.flags &= ~UNDERRUN;
    axis.next_step_time = uint32_t(uint16_t(TCNT1 + START_DELAY)) << 16;
    OCR1A = TCNT1 + START_DELAY;
}

// Interrupts are off, or may be.
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
