// Moves: begun, changed in flight, slowed down, halted.
#include <math.h>

#include "../core/clock.h"
#include "coils.h"
#include "planner.h"
#include "step_interrupt.h"
#include "steppers.h"

static uint8_t queued_flags(const Axis& axis) { return *const_cast<const volatile uint8_t*>(&axis.queued.flags); }

bool plan_first_segment(Axis& axis, int32_t target)
{
    clear_queue(axis);
    axis.target = target;
    if (target == axis.end_position)
        return false;
    axis.starting = true;
    request_plan();
    while (!queued_flags(axis))
        busy_wait();
    axis.starting = false;
    return true;
}

constexpr uint16_t REPLAN_HORIZON_TICKS = 4000;  // what is planned for later is planned anew when a move changes

// The speed after `taken` steps of a stretch that ends at such a speed. It began at as much above or below its mean speed
// as it ends below or above it, and the square changes evenly.
static __attribute__((noinline)) float speed_within(const Segment& stretch, uint16_t steps_made, float end)
{
    uint16_t steps = stretch.count;
    float mean = TICKS_PER_S * FIXED_POINT_ONE / (stretch.interval + (stretch.add * int32_t(steps - 1) >> 1));
    if (stretch.flags & CRUISE)
        return mean;
    float begin = 2 * mean - end;
    float squared = begin * begin + (end * end - begin * begin) * steps_made / steps;
    return begin > 0 && squared > 0 ? sqrtf(squared) : 0;
}

static uint16_t steps_in_horizon(uint32_t interval) { return REPLAN_HORIZON_TICKS / (uint16_t(interval >> 16) + 1) + 1; }

// Cuts the plan short, where that is more than a few milliseconds long. Returns false where it has to be tried again: the
// interrupt was faster, or is about to take the long stretch.
static bool try_truncate_queue(Axis& axis)
{
    Segment now, queued;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = {axis.remaining, axis.interval, axis.add, axis.flags};
        queued = axis.queued;
    }
    uint8_t slow = axis.deferred_flags;
    float speed = axis.planned_speed;
    uint16_t horizon = steps_in_horizon(now.interval), margin = horizon + horizon / 2 + 2;
    if ((now.flags & STEPS) && now.count > margin) {
        // Its next step is already set: the others are reckoned with.
        if (queued.flags & STEPS)
            speed = speed_within(queued, 0, speed);
        else if (queued.flags && slow)
            speed = 2 * TICKS_PER_S * FIXED_POINT_ONE / axis.deferred_interval / (queued.count + 1) - speed;
        now.count--;
        speed = speed_within(now, horizon - 1, speed);
        now.count++;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            uint16_t dropped = now.count - horizon;
            if (axis.remaining <= dropped || axis.remaining > now.count || axis.flags != now.flags)
                return false;
            axis.remaining -= dropped;
            axis.end_position += now.flags & NEGATIVE ? int32_t(dropped) : -int32_t(dropped);
            axis.flags &= ~LAST;
            axis.queued.flags = axis.deferred_flags = 0;
        }
        axis.planned_negative = now.flags & NEGATIVE;
        axis.planned_speed = speed;
        return true;
    }
    if ((queued.flags & STEPS) && queued.count > 2 * steps_in_horizon(queued.interval))
        return false;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        axis.flags &= ~LAST;
        if (axis.queued.flags)
            axis.queued.flags = (axis.queued.flags & ~LAST) | QUEUED;
    }
    axis.deferred_flags &= ~LAST;
    return true;
}

static int32_t planned_position(const Axis& axis)
{
    int32_t position, ahead = axis.deferred_flags & STEPS ? 1 : 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        position = axis.end_position;
        if (axis.queued.flags & STEPS)
            ahead += axis.queued.count;
    }
    return axis.planned_negative ? position - ahead : position + ahead;
}

// The move goes on another way, from what is planned for the next milliseconds. The planning is held.
static void truncate_queue(Axis& axis)
{
    while (axis.moving && !try_truncate_queue(axis))  // a limit may end it meanwhile
        busy_wait();
    if (axis.move_acceleration == 0)
        axis.planned_speed = 0;  // nothing to be slowed down
}

static float braking_distance(const Axis& axis) { return axis.planned_speed * axis.planned_speed / (2 * axis.move_acceleration); }

void controlled_stop(Axis& axis)
{
    if (axis.move_acceleration == 0) {
        stop_abruptly(axis, ARRIVED);
        return;
    }
    hold_planner(true);
    truncate_queue(axis);
    float distance = braking_distance(axis);
    int32_t braking_steps = distance < 1e9f ? int32_t(distance) : 1000000000, position = planned_position(axis);
    if (braking_steps < distance)
        braking_steps++;
    axis.target = axis.planned_negative ? position - braking_steps : position + braking_steps;
    hold_planner(false);
    request_plan();
}

// Speed, acceleration or target change in mid-move.
static void replan_move(Axis& axis)
{
    truncate_queue(axis);
    // What could just stop at its target still can.
    float ahead = axis.planned_negative ? planned_position(axis) - axis.target : axis.target - planned_position(axis);
    if (axis.move_acceleration > 0 && braking_distance(axis) > ahead && braking_distance(axis) < 1.02f * ahead)
        axis.planned_speed = sqrtf(2 * axis.move_acceleration * ahead);
}

void begin_move(Axis& axis, int32_t target, float speed)
{
    hold_planner(true);
    axis.target = target;
    axis.move_speed = speed;
    axis.move_acceleration = axis.acceleration;
    if (axis.moving)
        replan_move(axis);
    hold_planner(false);
    request_plan();
    if (axis.moving)
        return;
    report_finished_moves();  // of the move before
    if (!plan_first_segment(axis, target)) {
        axis.move_end = ARRIVED;
        return;
    }
    Axis* one = &axis;
    start_axes(&one, 1);
}

void clear_queue(Axis& axis)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        axis.end_position = position_of(axis);
        axis.flags = axis.queued.flags = axis.deferred_flags = 0;
        axis.planned_speed = 0;
    }
}

void stop_abruptly(Axis& axis, MoveEnd ending)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        deactivate_axis(axis);
        if (axis.moving)
            axis.move_end = ending;
        axis.moving = false;
        clear_queue(axis);
    }
}

void zero_position(Axis& axis)
{
    hold_planner(true);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        int32_t here = position_of(axis);
        axis.end_position -= here;
        axis.target -= here;
        if (axis.wires > 1)
            axis.phase = (here % phase_count(axis) * (axis.half_steps || axis.wires == 2 ? 1 : 2) + axis.phase) % phase_count(axis);
    }
    hold_planner(false);
}

void stop_all_abruptly()
{
    for (Axis& axis : axes)
        stop_abruptly(axis, NOT_ENDED);
}
