// The ideal trapezoid, cut into stretches. Step k is due when the way s(t) reaches k. The square of the speed changes
// evenly with the way: v² = v0² + 2as. While slowing down it is 2a(steps to go), so that no rounding adds up.
#include "planner.h"

#include <math.h>

#include "../core/clock.h"
#include "coils.h"
#include "step_interrupt.h"

constexpr float RAMP_S = 0.06f;           // how long a stretch of a ramp may take, about
constexpr float LONGEST_HALF_US = 30000;  // between events; longer intervals are cut by pauses
constexpr float SLOW = HALF_US_PER_S / LONGEST_HALF_US;  // from or to less than this each step is a stretch of its own
constexpr float MOST_EVENTS = 60000;
constexpr float SLOWEST_HALF_US = 8e8f;   // no step takes longer than 400 s
constexpr float NEARLY = 1.0001f;
constexpr float FROM_REST = 0.828427f;  // two steps from rest take 1 and √2 − 1 of √(2/a): the difference, of their mean
constexpr uint16_t FEW = 8;  // steps; a stretch of more takes in the step that follows, where the speed turns

SURVIVES_RESTART Axis axes[DEVICES];

// One axis is planned at a time, in the housekeeping only, so what is reckoned with is kept here and not on the stack.
static struct {
    float speed, squared;  // at the beginning of the piece, steps/s and its square
    float top_squared, twice_a;
    float ahead;  // steps to the target
} way;
static struct {
    uint16_t steps;
    float seconds;
    float end;  // speed
    bool even;
} piece;

// Takes in a part of the way: so many steps in so many seconds, to such a speed.
static void take_in(uint16_t steps, float seconds, float end, float end_squared)
{
    piece.steps += steps;
    piece.seconds += seconds;
    piece.end = way.speed = end;
    way.squared = end_squared;
    way.ahead -= steps;
}

// A step in which the speed turns: it may speed up, go on evenly and slow down within it.
static __attribute__((noinline)) void cross()
{
    float up = (way.top_squared - way.squared) / way.twice_a;
    float until_peak = (way.ahead - way.squared / way.twice_a) / 2;
    if (up > until_peak)
        up = until_peak;
    if (up < 0)
        up = 0;
    float peak_squared = way.squared + way.twice_a * up;
    float end_squared = way.twice_a * (way.ahead - 1);
    if (end_squared > peak_squared)
        end_squared = peak_squared;
    float peak = sqrtf(peak_squared), end = sqrtf(end_squared);
    float even = 1 - up - (peak_squared - end_squared) / way.twice_a;
    float seconds = 2 * (2 * peak - way.speed - end) / way.twice_a;
    if (even > 0)
        seconds += even / peak;
    take_in(1, seconds, end, end_squared);
}

static uint16_t whole(float steps) { return steps < 1 ? 1 : uint16_t(steps < MOST_EVENTS ? steps : MOST_EVENTS); }

// A stretch of a ramp, `to_rest` steps from where it would stand, and at most `most` steps long. The steps taken at once
// are few enough for their intervals to change evenly, nearly: the more so, the faster they follow each other.
static __attribute__((noinline)) void ramp(float to_rest, float most, bool up)
{
    float share = to_rest * (to_rest < 32 ? 0.5f : to_rest < 256 ? 0.33f : 0.25f);
    if (up)
        share *= 1.5f;
    if (to_rest == 0 || (up && share < 2))
        share = 2;  // exact, see lay_out(); and long enough for the next to be planned meanwhile, for three axes too
    else if (share > way.speed * RAMP_S)
        share = way.speed * RAMP_S;
    uint16_t steps = whole(1.5f * share >= most ? most : share);  // no crumbs: they are over before the next is planned
    float end, end_squared;
    for (;; steps = 1) {
        float change = way.twice_a * steps;
        end_squared = up ? way.squared + change : way.squared - change;
        end = end_squared > 0 ? sqrtf(end_squared) : 0;
        if (steps == 1 || (up ? way.squared : end_squared) + way.twice_a / 4 > SLOW * SLOW)
            break;
    }
    take_in(steps, 2 * steps / (way.speed + end), end, end_squared);
}

static void stop_at_target()
{
    way.squared = way.twice_a * way.ahead;
    ramp(way.ahead, way.ahead, false);
}

static void evenly(float speed, float steps)
{
    uint16_t some = whole(steps);
    take_in(some, some / speed, speed, way.squared);
    piece.even = true;
}

static void turn()
{
    bool joins = way.ahead >= 3 * FEW && way.speed > 2 * SLOW;
    cross();
    if (joins && way.twice_a * way.ahead <= way.squared * NEARLY)
        stop_at_target();
}

// The next piece of a way with `to_go` steps ahead (negative: behind).
static void next_piece(int32_t to_go, float top)
{
    piece.steps = 0;
    piece.seconds = 0;
    piece.even = false;
    if (way.twice_a == 0) {
        evenly(top, to_go);
        return;
    }
    float per_twice_a = 1 / way.twice_a, to_rest = way.squared * per_twice_a;
    if (to_go <= 0 || to_rest > way.ahead * NEARLY) {  // beyond help: stop past the target, then come back
        if (to_rest > 1.2f)
            ramp(to_rest, to_rest, false);
        else
            take_in(1, 2 / way.speed, 0, 0);
        return;
    }
    if (to_rest * NEARLY >= way.ahead) {
        stop_at_target();
        return;
    }
    float top_ahead = (way.top_squared - way.squared) * per_twice_a;
    if (way.squared > way.top_squared * NEARLY) {  // the speed was lowered in mid-move
        if (top_ahead < -1)
            ramp(to_rest, -top_ahead, false);
        else
            take_in(1, 2 / (way.speed + top), top, way.top_squared);
        return;
    }
    float most = (way.ahead - to_rest) / 2;
    if (way.squared * NEARLY >= way.top_squared) {
        if (most >= 0.5f)
            evenly(way.speed, 2 * most);
        else
            turn();
        return;
    }
    if (most > top_ahead)
        most = top_ahead;
    if (most < 1) {
        turn();
        return;
    }
    ramp(to_rest, most, true);
    if (piece.steps > FEW && most < piece.steps + 1 && way.ahead > 1)
        cross();
}

static uint32_t fixed(float half_us) { return uint32_t(half_us * FRACTION + 0.5f); }

// The interrupt looks at the flags first, so they come last.
static void lay(Axis& axis, uint16_t events, uint32_t interval, int32_t growth, uint8_t flags)
{
    axis.next.events = events;
    axis.next.interval = interval;
    axis.next.growth = growth;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        axis.next.flags = flags;
        if (axis.flags & AWAITS)
            go_on(axis);
    }
}

// The piece as a stretch. A step too slow for the timer is cut into a pause and a rest of the same length as its parts.
static void lay_out(Axis& axis, float begin, uint8_t flags)
{
    float half_us = piece.seconds * HALF_US_PER_S;
    if (piece.steps > 1)
        half_us /= piece.steps;
    flags |= PLANNED;
    if (half_us > SLOWEST_HALF_US)
        half_us = SLOWEST_HALF_US;
    if (half_us > LONGEST_HALF_US) {
        uint16_t pauses = whole(half_us / LONGEST_HALF_US + 1);
        axis.slow_interval = fixed(half_us / (pauses + 1));
        axis.slow_flags = (flags | STEPS) & ~CRUISE;
        lay(axis, pauses, axis.slow_interval, 0, flags & (PLANNED | NEGATIVE));
        return;
    }
    int32_t growth = 0;
    if (piece.steps > 1 && !piece.even) {
        if (begin > 0 && piece.end > 0)
            growth = (begin - piece.end) / (begin * piece.end * piece.steps) * (HALF_US_PER_S * FRACTION);
        else if (piece.steps == 2)
            growth = half_us * FRACTION * (begin > 0 ? FROM_REST : -FROM_REST);
    }
    uint32_t interval = fixed(half_us) - (growth * int32_t(piece.steps - 1) >> 1);  // a division takes long
    lay(axis, piece.steps, interval, growth, flags | STEPS);
}

// Fills the axis's next stretch, which is empty.
static void plan(Axis& axis)
{
    if (axis.slow_flags) {
        uint8_t flags = axis.slow_flags;
        axis.slow_flags = 0;
        lay(axis, 1, axis.slow_interval, 0, flags);
        return;
    }
    int32_t to_go = axis.target - axis.end_position;
    float begin = axis.planned_speed, top = axis.move_speed;
    if (begin == 0) {
        if (to_go == 0) {
            lay(axis, 1, 40UL << 16, 0, PLANNED | LAST);
            return;
        }
        axis.planned_negative = to_go < 0;
    }
    if (axis.planned_negative)
        to_go = -to_go;
    way = {begin, begin * begin, top * top, 2 * axis.move_acceleration, float(to_go)};
    next_piece(to_go, top);
    if (piece.even && piece.seconds * HALF_US_PER_S > LONGEST_HALF_US * piece.steps) {
        piece.steps = 1;
        piece.seconds = 1 / piece.end;
    }
    bool last = to_go == piece.steps && (piece.end == 0 || axis.move_acceleration == 0);
    lay_out(axis, begin, (axis.planned_negative ? NEGATIVE : 0) | (last ? LAST : 0) | (piece.even ? CRUISE : 0));
    axis.planned_speed = last ? 0 : piece.end;
}

volatile bool plan_wanted;
static volatile bool held;

void hold_plans(bool hold) { held = hold; }

void plan_soon()
{
    plan_wanted = true;
    wake_housekeeping();
}

static bool needs_plan(const Axis& axis)
{
    return (axis.moving || axis.begins) && !axis.next.flags && !(axis.flags & LAST);
}

bool is_plan_due() { return plan_wanted && !held; }

APART void plan_one()
{
    plan_wanted = false;
    for (Axis& axis : axes)
        if (axis.flags & COILS)
            follow_with_coils(axis);
    static uint8_t first;
    for (uint8_t n = 0; n < DEVICES; n++) {
        uint8_t device = first + n < DEVICES ? first + n : first + n - DEVICES;
        if (needs_plan(axes[device])) {
            plan_wanted = true;  // there may be another
            plan(axes[device]);
            first = device + 1 < DEVICES ? device + 1 : 0;
            return;
        }
    }
}
