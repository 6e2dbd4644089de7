// The planner cuts the ideal trapezoid of a move into segments. Step k is due when the distance s(t) reaches k. The
// square of the speed is linear in the distance: v² = v0² + 2as. While braking it is 2a × (steps left), so that
// rounding errors do not add up.
#include "planner.h"

#include <math.h>

#include "../core/clock.h"
#include "coils.h"
#include "step_interrupt.h"

constexpr float MAX_RAMP_SEGMENT_S = 0.06f;  // about the longest that one segment of a ramp takes
constexpr float MAX_INTERVAL_TICKS = 30000;  // between events; a longer interval is divided by a pause segment
constexpr float SINGLE_STEP_SPEED = TICKS_PER_S / MAX_INTERVAL_TICKS;  // below it each step is a segment of its own
constexpr float MAX_SEGMENT_STEPS = 60000;
constexpr float MAX_STEP_TICKS = 8e8f;  // no step takes longer than 400 s
constexpr float TOLERANCE = 1.0001f;
// The first two steps from rest take 1 and √2 − 1 times √(2/a). This is the difference, as a share of their mean.
constexpr float START_RATIO = 0.828427f;
constexpr uint16_t JOIN_MIN_STEPS = 8;  // a ramp segment of more steps includes the peak step that follows

NOINIT Axis axes[DEVICES];

// Only the housekeeping plans, one axis at a time. Its working values are static to keep the stack small.
static struct {
    float speed, speed_squared;  // at the beginning of the draft, steps/s and its square
    float max_speed_squared, twice_acceleration;
    float steps_left;  // to the target
} profile;
static struct {
    uint16_t steps;
    float seconds;
    float end_speed;
    bool is_cruise;
} draft;  // the next segment, before it is converted to timer ticks

static void append_steps(uint16_t steps, float seconds, float end_speed, float end_squared)
{
    draft.steps += steps;
    draft.seconds += seconds;
    draft.end_speed = profile.speed = end_speed;
    profile.speed_squared = end_squared;
    profile.steps_left -= steps;
}

// The step at the peak of the profile: within this one step the axis may accelerate, cruise and brake.
static __attribute__((noinline)) void append_peak_step()
{
    float accelerating = (profile.max_speed_squared - profile.speed_squared) / profile.twice_acceleration;
    float to_peak = (profile.steps_left - profile.speed_squared / profile.twice_acceleration) / 2;
    if (accelerating > to_peak)
        accelerating = to_peak;
    if (accelerating < 0)
        accelerating = 0;
    float peak_squared = profile.speed_squared + profile.twice_acceleration * accelerating;
    float end_squared = profile.twice_acceleration * (profile.steps_left - 1);
    if (end_squared > peak_squared)
        end_squared = peak_squared;
    float peak = sqrtf(peak_squared), end_speed = sqrtf(end_squared);
    float cruising = 1 - accelerating - (peak_squared - end_squared) / profile.twice_acceleration;
    float seconds = 2 * (2 * peak - profile.speed - end_speed) / profile.twice_acceleration;
    if (cruising > 0)
        seconds += cruising / peak;
    append_steps(1, seconds, end_speed, end_squared);
}

static uint16_t to_step_count(float steps)
{
    return steps < 1 ? 1 : uint16_t(steps < MAX_SEGMENT_STEPS ? steps : MAX_SEGMENT_STEPS);
}

// One segment of a ramp of at most `max_steps` steps. `rest_steps` is the distance to the end of the ramp at speed 0.
// A segment changes its interval by the same amount at every step, which is nearly exact where it has few steps. The
// higher the speed, the more steps it may have.
static __attribute__((noinline)) void plan_ramp(float rest_steps, float max_steps, bool accelerates)
{
    float wanted = rest_steps * (rest_steps < 32 ? 0.5f : rest_steps < 256 ? 0.33f : 0.25f);
    if (accelerates)
        wanted *= 1.5f;
    if (rest_steps == 0 || (accelerates && wanted < 2))
        wanted = 2;  // exact, see queue_draft(); and long enough to plan the next segment, for three axes too
    else if (wanted > profile.speed * MAX_RAMP_SEGMENT_S)
        wanted = profile.speed * MAX_RAMP_SEGMENT_S;
    // A short rest is included: alone it would end before the next segment is planned.
    uint16_t steps = to_step_count(1.5f * wanted >= max_steps ? max_steps : wanted);
    float end_speed, end_squared;
    for (;; steps = 1) {
        float change = profile.twice_acceleration * steps;
        end_squared = accelerates ? profile.speed_squared + change : profile.speed_squared - change;
        end_speed = end_squared > 0 ? sqrtf(end_squared) : 0;
        if (steps == 1 || (accelerates ? profile.speed_squared : end_squared) + profile.twice_acceleration / 4 >
                              SINGLE_STEP_SPEED * SINGLE_STEP_SPEED)
            break;
    }
    append_steps(steps, 2 * steps / (profile.speed + end_speed), end_speed, end_squared);
}

static void plan_braking()
{
    profile.speed_squared = profile.twice_acceleration * profile.steps_left;
    plan_ramp(profile.steps_left, profile.steps_left, false);
}

static void plan_cruise(float speed, float steps)
{
    uint16_t count = to_step_count(steps);
    append_steps(count, count / speed, speed, profile.speed_squared);
    draft.is_cruise = true;
}

static void plan_peak()
{
    bool joins = profile.steps_left >= 3 * JOIN_MIN_STEPS && profile.speed > 2 * SINGLE_STEP_SPEED;
    append_peak_step();
    if (joins && profile.twice_acceleration * profile.steps_left <= profile.speed_squared * TOLERANCE)
        plan_braking();
}

// The next segment of a move, `to_target` steps from its target (negative: the target is behind).
static void plan_draft(int32_t to_target, float max_speed)
{
    draft.steps = 0;
    draft.seconds = 0;
    draft.is_cruise = false;
    if (profile.twice_acceleration == 0) {
        plan_cruise(max_speed, to_target);
        return;
    }
    float inverse = 1 / profile.twice_acceleration, braking_steps = profile.speed_squared * inverse;
    if (to_target <= 0 || braking_steps > profile.steps_left * TOLERANCE) {  // overshoots: brake, then come back
        if (braking_steps > 1.2f)
            plan_ramp(braking_steps, braking_steps, false);
        else
            append_steps(1, 2 / profile.speed, 0, 0);
        return;
    }
    if (braking_steps * TOLERANCE >= profile.steps_left) {
        plan_braking();
        return;
    }
    float to_max_speed = (profile.max_speed_squared - profile.speed_squared) * inverse;
    if (profile.speed_squared > profile.max_speed_squared * TOLERANCE) {  // the speed was lowered during the move
        if (to_max_speed < -1)
            plan_ramp(braking_steps, -to_max_speed, false);
        else
            append_steps(1, 2 / (profile.speed + max_speed), max_speed, profile.max_speed_squared);
        return;
    }
    float max_steps = (profile.steps_left - braking_steps) / 2;
    if (profile.speed_squared * TOLERANCE >= profile.max_speed_squared) {
        if (max_steps >= 0.5f)
            plan_cruise(profile.speed, 2 * max_steps);
        else
            plan_peak();
        return;
    }
    if (max_steps > to_max_speed)
        max_steps = to_max_speed;
    if (max_steps < 1) {
        plan_peak();
        return;
    }
    plan_ramp(braking_steps, max_steps, true);
    if (draft.steps > JOIN_MIN_STEPS && max_steps < draft.steps + 1 && profile.steps_left > 1)
        append_peak_step();
}

static uint32_t to_fixed_point(float ticks) { return uint32_t(ticks * FIXED_POINT_ONE + 0.5f); }

// The step interrupt tests the flags first, so they are written last.
static void queue_segment(Axis& axis, uint16_t count, uint32_t interval, int32_t add, uint8_t flags)
{
    axis.queued.count = count;
    axis.queued.interval = interval;
    axis.queued.add = add;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        axis.queued.flags = flags;
        if (axis.flags & UNDERRUN)
            resume_axis(axis);
    }
}

// Converts the draft to a segment. A step too slow for the timer becomes a pause segment and one deferred step; all
// their intervals are equal.
static void queue_draft(Axis& axis, float begin_speed, uint8_t flags)
{
    float ticks = draft.seconds * TICKS_PER_S;
    if (draft.steps > 1)
        ticks /= draft.steps;
    flags |= QUEUED;
    if (ticks > MAX_STEP_TICKS)
        ticks = MAX_STEP_TICKS;
    if (ticks > MAX_INTERVAL_TICKS) {
        uint16_t pauses = to_step_count(ticks / MAX_INTERVAL_TICKS + 1);
        axis.deferred_interval = to_fixed_point(ticks / (pauses + 1));
        axis.deferred_flags = (flags | STEPS) & ~CRUISE;
        queue_segment(axis, pauses, axis.deferred_interval, 0, flags & (QUEUED | NEGATIVE));
        return;
    }
    int32_t add = 0;
    if (draft.steps > 1 && !draft.is_cruise) {
        if (begin_speed > 0 && draft.end_speed > 0)
            add = (begin_speed - draft.end_speed) / (begin_speed * draft.end_speed * draft.steps) *
                  (TICKS_PER_S * FIXED_POINT_ONE);
        else if (draft.steps == 2)
            add = ticks * FIXED_POINT_ONE * (begin_speed > 0 ? START_RATIO : -START_RATIO);
    }
    uint32_t interval = to_fixed_point(ticks) - (add * int32_t(draft.steps - 1) >> 1);  // a division takes long
    queue_segment(axis, draft.steps, interval, add, flags | STEPS);
}

// The queue of this axis is empty.
static void plan_next_segment(Axis& axis)
{
    if (axis.deferred_flags) {
        uint8_t flags = axis.deferred_flags;
        axis.deferred_flags = 0;
        queue_segment(axis, 1, axis.deferred_interval, 0, flags);
        return;
    }
    int32_t to_target = axis.target - axis.end_position;
    float begin_speed = axis.planned_speed, max_speed = axis.move_speed;
    if (begin_speed == 0) {
        if (to_target == 0) {
            queue_segment(axis, 1, 40UL << 16, 0, QUEUED | LAST);
            return;
        }
        axis.planned_negative = to_target < 0;
    }
    if (axis.planned_negative)
        to_target = -to_target;
    profile = {begin_speed, begin_speed * begin_speed, max_speed * max_speed, 2 * axis.move_acceleration,
               float(to_target)};
    plan_draft(to_target, max_speed);
    if (draft.is_cruise && draft.seconds * TICKS_PER_S > MAX_INTERVAL_TICKS * draft.steps) {
        draft.steps = 1;
        draft.seconds = 1 / draft.end_speed;
    }
    bool last = to_target == draft.steps && (draft.end_speed == 0 || axis.move_acceleration == 0);
    queue_draft(axis, begin_speed,
                (axis.planned_negative ? NEGATIVE : 0) | (last ? LAST : 0) | (draft.is_cruise ? CRUISE : 0));
    axis.planned_speed = last ? 0 : draft.end_speed;
}

volatile bool plan_requested;
static volatile bool planner_held;

void hold_planner(bool hold) { planner_held = hold; }

void request_plan()
{
    plan_requested = true;
    wake_housekeeping();
}

static bool needs_segment(const Axis& axis)
{
    return (axis.moving || axis.starting) && !axis.queued.flags && !(axis.flags & LAST);
}

bool is_plan_due() { return plan_requested && !planner_held; }

OUT_OF_LINE void plan_one_segment()
{
    plan_requested = false;
    for (Axis& axis : axes)
        if (axis.flags & COILS)
            update_coils(axis);
    static uint8_t first;
    for (uint8_t n = 0; n < DEVICES; n++) {
        uint8_t device = first + n < DEVICES ? first + n : first + n - DEVICES;
        if (needs_segment(axes[device])) {
            plan_requested = true;  // another axis may need one
            plan_next_segment(axes[device]);
            first = device + 1 < DEVICES ? device + 1 : 0;
            return;
        }
    }
}
