// The ideal trapezoid, cut into stretches. Step k is due when the way s(t) reaches k. The square of the speed changes
// evenly with the way: v² = v0² + 2as. While slowing down it is 2a(steps to go), so that no rounding adds up.
#include "planner.h"

#include <math.h>

#include "../core/clock.h"
#include "coils.h"
#include "step_interrupt.h"

constexpr float MAX_RAMP_SEGMENT_S = 0.06f;           // how long a stretch of a ramp may take, about
constexpr float MAX_INTERVAL_TICKS = 30000;  // between events; longer intervals are cut by pauses
constexpr float SINGLE_STEP_SPEED = TICKS_PER_S / MAX_INTERVAL_TICKS;  // from or to less than this each step is a stretch of its own
constexpr float MAX_SEGMENT_STEPS = 60000;
constexpr float MAX_STEP_TICKS = 8e8f;   // no step takes longer than 400 s
constexpr float TOLERANCE = 1.0001f;
constexpr float START_RATIO = 0.828427f;  // two steps from rest take 1 and √2 − 1 of √(2/a): the difference, of their mean
constexpr uint16_t JOIN_MIN_STEPS = 8;  // steps; a stretch of more takes in the step that follows, where the speed turns

NOINIT Axis axes[DEVICES];

// One axis is planned at a time, in the housekeeping only, so what is reckoned with is kept here and not on the stack.
static struct {
    float speed, speed_squared;  // at the beginning of the piece, steps/s and its square
    float max_speed_squared, twice_a;
    float steps_left;  // steps to the target
} profile;
static struct {
    uint16_t steps;
    float seconds;
    float end;  // speed
    bool is_cruise;
} draft;

// Takes in a part of the way: so many steps in so many seconds, to such a speed.
static void append_steps(uint16_t steps, float seconds, float end, float end_squared)
{
    draft.steps += steps;
    draft.seconds += seconds;
    draft.end = profile.speed = end;
    profile.speed_squared = end_squared;
    profile.steps_left -= steps;
}

// A step in which the speed turns: it may speed up, go on evenly and slow down within it.
static __attribute__((noinline)) void append_peak_step()
{
    float up = (profile.max_speed_squared - profile.speed_squared) / profile.twice_a;
    float until_peak = (profile.steps_left - profile.speed_squared / profile.twice_a) / 2;
    if (up > until_peak)
        up = until_peak;
    if (up < 0)
        up = 0;
    float peak_squared = profile.speed_squared + profile.twice_a * up;
    float end_squared = profile.twice_a * (profile.steps_left - 1);
    if (end_squared > peak_squared)
        end_squared = peak_squared;
    float peak = sqrtf(peak_squared), end = sqrtf(end_squared);
    float is_cruise = 1 - up - (peak_squared - end_squared) / profile.twice_a;
    float seconds = 2 * (2 * peak - profile.speed - end) / profile.twice_a;
    if (is_cruise > 0)
        seconds += is_cruise / peak;
    append_steps(1, seconds, end, end_squared);
}

static uint16_t to_step_count(float steps) { return steps < 1 ? 1 : uint16_t(steps < MAX_SEGMENT_STEPS ? steps : MAX_SEGMENT_STEPS); }

// A stretch of a ramp, `to_rest` steps from where it would stand, and at most `most` steps long. The steps taken at once
// are few enough for their intervals to change evenly, nearly: the more so, the faster they follow each other.
static __attribute__((noinline)) void plan_ramp(float to_rest, float most, bool up)
{
    float share = to_rest * (to_rest < 32 ? 0.5f : to_rest < 256 ? 0.33f : 0.25f);
    if (up)
        share *= 1.5f;
    if (to_rest == 0 || (up && share < 2))
        share = 2;  // exact, see lay_out(); and long enough for the next to be planned meanwhile, for three axes too
    else if (share > profile.speed * MAX_RAMP_SEGMENT_S)
        share = profile.speed * MAX_RAMP_SEGMENT_S;
    uint16_t steps = to_step_count(1.5f * share >= most ? most : share);  // no crumbs: they are over before the next is planned
    float end, end_squared;
    for (;; steps = 1) {
        float change = profile.twice_a * steps;
        end_squared = up ? profile.speed_squared + change : profile.speed_squared - change;
        end = end_squared > 0 ? sqrtf(end_squared) : 0;
        if (steps == 1 || (up ? profile.speed_squared : end_squared) + profile.twice_a / 4 > SINGLE_STEP_SPEED * SINGLE_STEP_SPEED)
            break;
    }
    append_steps(steps, 2 * steps / (profile.speed + end), end, end_squared);
}

static void plan_braking()
{
    profile.speed_squared = profile.twice_a * profile.steps_left;
    plan_ramp(profile.steps_left, profile.steps_left, false);
}

static void plan_cruise(float speed, float steps)
{
    uint16_t some = to_step_count(steps);
    append_steps(some, some / speed, speed, profile.speed_squared);
    draft.is_cruise = true;
}

static void plan_peak()
{
    bool joins = profile.steps_left >= 3 * JOIN_MIN_STEPS && profile.speed > 2 * SINGLE_STEP_SPEED;
    append_peak_step();
    if (joins && profile.twice_a * profile.steps_left <= profile.speed_squared * TOLERANCE)
        plan_braking();
}

// The next piece of a way with `to_go` steps ahead (negative: behind).
static void plan_draft(int32_t to_go, float top)
{
    draft.steps = 0;
    draft.seconds = 0;
    draft.is_cruise = false;
    if (profile.twice_a == 0) {
        plan_cruise(top, to_go);
        return;
    }
    float per_twice_a = 1 / profile.twice_a, to_rest = profile.speed_squared * per_twice_a;
    if (to_go <= 0 || to_rest > profile.steps_left * TOLERANCE) {  // beyond help: stop past the target, then come back
        if (to_rest > 1.2f)
            plan_ramp(to_rest, to_rest, false);
        else
            append_steps(1, 2 / profile.speed, 0, 0);
        return;
    }
    if (to_rest * TOLERANCE >= profile.steps_left) {
        plan_braking();
        return;
    }
    float top_ahead = (profile.max_speed_squared - profile.speed_squared) * per_twice_a;
    if (profile.speed_squared > profile.max_speed_squared * TOLERANCE) {  // the speed was lowered in mid-move
        if (top_ahead < -1)
            plan_ramp(to_rest, -top_ahead, false);
        else
            append_steps(1, 2 / (profile.speed + top), top, profile.max_speed_squared);
        return;
    }
    float most = (profile.steps_left - to_rest) / 2;
    if (profile.speed_squared * TOLERANCE >= profile.max_speed_squared) {
        if (most >= 0.5f)
            plan_cruise(profile.speed, 2 * most);
        else
            plan_peak();
        return;
    }
    if (most > top_ahead)
        most = top_ahead;
    if (most < 1) {
        plan_peak();
        return;
    }
    plan_ramp(to_rest, most, true);
    if (draft.steps > JOIN_MIN_STEPS && most < draft.steps + 1 && profile.steps_left > 1)
        append_peak_step();
}

static uint32_t to_fixed_point(float half_us) { return uint32_t(half_us * FIXED_POINT_ONE + 0.5f); }

// The interrupt looks at the flags first, so they come last.
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

// The piece as a stretch. A step too slow for the timer is cut into a pause and a rest of the same length as its parts.
static void queue_draft(Axis& axis, float begin, uint8_t flags)
{
    float half_us = draft.seconds * TICKS_PER_S;
    if (draft.steps > 1)
        half_us /= draft.steps;
    flags |= QUEUED;
    if (half_us > MAX_STEP_TICKS)
        half_us = MAX_STEP_TICKS;
    if (half_us > MAX_INTERVAL_TICKS) {
        uint16_t pauses = to_step_count(half_us / MAX_INTERVAL_TICKS + 1);
        axis.deferred_interval = to_fixed_point(half_us / (pauses + 1));
        axis.deferred_flags = (flags | STEPS) & ~CRUISE;
        queue_segment(axis, pauses, axis.deferred_interval, 0, flags & (QUEUED | NEGATIVE));
        return;
    }
    int32_t add = 0;
    if (draft.steps > 1 && !draft.is_cruise) {
        if (begin > 0 && draft.end > 0)
            add = (begin - draft.end) / (begin * draft.end * draft.steps) * (TICKS_PER_S * FIXED_POINT_ONE);
        else if (draft.steps == 2)
            add = half_us * FIXED_POINT_ONE * (begin > 0 ? START_RATIO : -START_RATIO);
    }
    uint32_t interval = to_fixed_point(half_us) - (add * int32_t(draft.steps - 1) >> 1);  // a division takes long
    queue_segment(axis, draft.steps, interval, add, flags | STEPS);
}

// Fills the axis's next stretch, which is empty.
static void plan_next_segment(Axis& axis)
{
    if (axis.deferred_flags) {
        uint8_t flags = axis.deferred_flags;
        axis.deferred_flags = 0;
        queue_segment(axis, 1, axis.deferred_interval, 0, flags);
        return;
    }
    int32_t to_go = axis.target - axis.end_position;
    float begin = axis.planned_speed, top = axis.move_speed;
    if (begin == 0) {
        if (to_go == 0) {
            queue_segment(axis, 1, 40UL << 16, 0, QUEUED | LAST);
            return;
        }
        axis.planned_negative = to_go < 0;
    }
    if (axis.planned_negative)
        to_go = -to_go;
    profile = {begin, begin * begin, top * top, 2 * axis.move_acceleration, float(to_go)};
    plan_draft(to_go, top);
    if (draft.is_cruise && draft.seconds * TICKS_PER_S > MAX_INTERVAL_TICKS * draft.steps) {
        draft.steps = 1;
        draft.seconds = 1 / draft.end;
    }
    bool last = to_go == draft.steps && (draft.end == 0 || axis.move_acceleration == 0);
    queue_draft(axis, begin, (axis.planned_negative ? NEGATIVE : 0) | (last ? LAST : 0) | (draft.is_cruise ? CRUISE : 0));
    axis.planned_speed = last ? 0 : draft.end;
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
            plan_requested = true;  // there may be another
            plan_next_segment(axes[device]);
            first = device + 1 < DEVICES ? device + 1 : 0;
            return;
        }
    }
}
