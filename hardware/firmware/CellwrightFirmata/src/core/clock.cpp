#include "clock.h"

#include "../io/encoders.h"
#include "../io/inputs.h"
#include "../io/outputs.h"
#include "../motion/planner.h"
#include "../safety/stop.h"

static volatile uint32_t overflows;
static volatile uint16_t last_seen;  // the timer, when overflows were counted
SURVIVES_RESTART static uint32_t now_ms;
static uint32_t before_ms;
static uint16_t next_beat;
static volatile bool housekeeping_runs;

void start_clock()
{
    before_ms = now_ms;
    now_ms = 0;
    overflows = 0;
    TCCR1A = 0;
    TCCR1B = _BV(CS11);  // 2 MHz
    next_beat = ticks() + TICKS_PER_TICK;
    OCR1B = next_beat;
    last_seen = 0;
    TIFR1 = _BV(OCF1A) | _BV(OCF1B);
    TIMSK1 = _BV(OCIE1B);
}

uint16_t ticks()
{
    uint16_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = TCNT1; }
    return now;
}

// Overflows and counter as of one moment.
static uint16_t read_both(uint32_t& high)
{
    uint16_t low;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        low = TCNT1;
        high = overflows;
        if (low < last_seen)
            high++;
    }
    return low;
}

uint32_t long_ticks()
{
    uint32_t high;
    uint16_t low = read_both(high);
    return high << 16 | low;
}

uint32_t microseconds()
{
    uint32_t high;
    uint16_t low = read_both(high);
    return high << 15 | low >> 1;
}

uint32_t milliseconds()
{
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = now_ms; }
    return now;
}

uint32_t life_before_ms() { return before_ms; }

// At every beat, which nothing holds up, as it does the overflow's own interrupt where steps leave no time.
static inline void count_overflow()
{
    uint16_t now = TCNT1;
    if (now < last_seen)
        overflows++;
    last_seen = now;
}

ISR(TIMER1_OVF_vect) {}  // not enabled

enum Alarm : uint8_t { NO_ALARM, FAR, NEAR };
constexpr uint16_t NEARBY = 4000;  // half us
static volatile Alarm alarm;
static volatile uint32_t alarm_at;

void set_alarm(uint32_t at)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (alarm == NO_ALARM || int32_t(at - alarm_at) < 0) {
            alarm_at = at;
            alarm = FAR;
            if (uint16_t(uint16_t(at) - TCNT1) < uint16_t(OCR1B - TCNT1))
                OCR1B = at;
        }
    }
}

void wake_housekeeping()
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { OCR1B = TCNT1 + 4; }
}

static APART void beat()
{
    static uint8_t beats;
    if (++beats == BEATS_PER_MS) {
        beats = 0;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now_ms++; }
        watch_host();
    }
    guard_outputs();
    settle_inputs();
}

static inline bool is_past(uint16_t at) { return int16_t(TCNT1 - at) >= -2; }

static APART void see_whether_near()
{
    if (int32_t(alarm_at - long_ticks()) < NEARBY)
        alarm = NEAR;
}

// The whole time is read only where the lower half of it fits, as that takes long.
static inline bool alarm_is_due()
{
    if (alarm == FAR && uint16_t(uint16_t(alarm_at) - TCNT1 + NEARBY / 4) < NEARBY)
        see_whether_near();
    return alarm == NEAR && is_past(alarm_at);
}

// What must come on time (ends of pulses, the emergency stop) is done at once; the rest with interrupts on, so that
// steps and the line go on, and this interrupt too.
ISR(TIMER1_COMPB_vect)
{
    static volatile uint8_t beats_due;
    count_overflow();
    watch_emergency_input();
    if (alarm_is_due()) {
        alarm = NO_ALARM;
        end_what_is_due();  // and sets the next alarm
    }
    if (is_past(next_beat)) {
        next_beat += TICKS_PER_TICK;
        allow_changes();
        if (beats_due < 8)
            beats_due++;
    }
    uint16_t at = next_beat;
    if (alarm == NEAR && int16_t(alarm_at - at) < 0)
        at = alarm_at;
    if (is_past(at - 4))
        at = TCNT1 + 4;
    OCR1B = at;
    if (housekeeping_runs)
        return;
    housekeeping_runs = true;
    do {
        if (beats_due) {
            beats_due--;
            sei();
            beat();
        }
        sei();
        if (is_plan_due())
            plan_one_segment();
        cli();
    } while (beats_due || is_plan_due());
    housekeeping_runs = false;
}
