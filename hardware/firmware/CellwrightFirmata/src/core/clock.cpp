#include "clock.h"

static volatile uint32_t timer_overflows;
static volatile uint16_t last_timer;  // the timer when its overflows were last counted
NOINIT static uint32_t elapsed_ms;
static uint32_t elapsed_before_reset_ms;
static uint16_t next_systick;
static volatile bool housekeeping_runs;

void start_clock()
{
    elapsed_before_reset_ms = elapsed_ms;
    elapsed_ms = 0;
    timer_overflows = 0;
    TCCR1A = 0;
    TCCR1B = _BV(CS11);  // 2 MHz
    next_systick = timer_ticks() + TICKS_PER_SYSTICK;
    OCR1B = next_systick;
    last_timer = 0;
    TIFR1 = _BV(OCF1A) | _BV(OCF1B);
    TIMSK1 = _BV(OCIE1B);
}

uint16_t timer_ticks()
{
    uint16_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = TCNT1; }
    return now;
}

// Counter and overflows of the same moment.
static uint16_t read_timer(uint32_t& high)
{
    uint16_t low;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        low = TCNT1;
        high = timer_overflows;
        if (low < last_timer)
            high++;
    }
    return low;
}

uint32_t timer_ticks_32()
{
    uint32_t high;
    uint16_t low = read_timer(high);
    return high << 16 | low;
}

uint32_t uptime_us()
{
    uint32_t high;
    uint16_t low = read_timer(high);
    return high << 15 | low >> 1;
}

uint32_t uptime_ms()
{
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = elapsed_ms; }
    return now;
}

uint32_t previous_uptime_ms() { return elapsed_before_reset_ms; }

// Called at every systick. Where steps leave little time, the overflow interrupt would come too late.
static inline void count_timer_overflow()
{
    uint16_t now = TCNT1;
    if (now < last_timer)
        timer_overflows++;
    last_timer = now;
}

ISR(TIMER1_OVF_vect) {}  // not enabled

enum Alarm : uint8_t { NO_ALARM, FAR, NEAR };
constexpr uint16_t NEAR_TICKS = 4000;
static volatile Alarm alarm;
static volatile uint32_t alarm_time;

void set_alarm(uint32_t time)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (alarm == NO_ALARM || int32_t(time - alarm_time) < 0) {
            alarm_time = time;
            alarm = FAR;
            if (uint16_t(uint16_t(time) - TCNT1) < uint16_t(OCR1B - TCNT1))
                OCR1B = time;
        }
    }
}

void wake_housekeeping()
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { OCR1B = TCNT1 + 4; }
}

static OUT_OF_LINE void on_systick()
{
    static uint8_t systicks;
    if (++systicks == SYSTICKS_PER_MS) {
        systicks = 0;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { elapsed_ms++; }
        check_communication_watchdog();
    }
    enforce_output_limits();
    debounce_inputs();
}

static inline bool has_passed(uint16_t time) { return int16_t(TCNT1 - time) >= -2; }

static OUT_OF_LINE void update_alarm_range()
{
    if (int32_t(alarm_time - timer_ticks_32()) < NEAR_TICKS)
        alarm = NEAR;
}

// Reading all 32 bits takes long, so the lower 16 bits are compared first.
static inline bool is_alarm_due()
{
    if (alarm == FAR && uint16_t(uint16_t(alarm_time) - TCNT1 + NEAR_TICKS / 4) < NEAR_TICKS)
        update_alarm_range();
    return alarm == NEAR && has_passed(alarm_time);
}

// Compare B. First, with interrupts off, what must be on time: the emergency stop and the ends of pulses. Then the
// housekeeping and the planner, with interrupts on: steps, the serial line and this interrupt itself go on.
ISR(TIMER1_COMPB_vect)
{
    static volatile uint8_t systicks_due;
    count_timer_overflow();
    check_emergency_input();
    if (is_alarm_due()) {
        alarm = NO_ALARM;
        service_timed_outputs();  // sets the next alarm
    }
    if (has_passed(next_systick)) {
        next_systick += TICKS_PER_SYSTICK;
        rearm_pin_changes();
        if (systicks_due < 8)
            systicks_due++;
    }
    uint16_t time = next_systick;
    if (alarm == NEAR && int16_t(alarm_time - time) < 0)
        time = alarm_time;
    if (has_passed(time - 4))
        time = TCNT1 + 4;
    OCR1B = time;
    if (housekeeping_runs)
        return;
    housekeeping_runs = true;
    do {
        if (systicks_due) {
            systicks_due--;
            sei();
            on_systick();
        }
        sei();
        if (is_plan_due())
            plan_one_segment();
        cli();
    } while (systicks_due || is_plan_due());
    housekeeping_runs = false;
}
