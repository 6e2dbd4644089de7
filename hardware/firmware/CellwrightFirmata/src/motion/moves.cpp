#include "moves.h"

#include <math.h>

#include "../core/clock.h"
#include "coils.h"
#include "planner.h"
#include "step_interrupt.h"

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

constexpr uint16_t REPLAN_HORIZON_TICKS = 4000;  // a change of a move replaces what is planned for later than this

// The speed after `steps_made` steps of a segment that ends at `end_speed`. Its first and last speed differ from its
// mean speed by the same amount, and the square of the speed is linear in the steps.
static __attribute__((noinline)) float speed_within(const Segment& segment, uint16_t steps_made, float end_speed)
{
    uint16_t steps = segment.count;
    float mean = TICKS_PER_S * FIXED_POINT_ONE / (segment.interval + (segment.add * int32_t(steps - 1) >> 1));
    if (segment.flags & CRUISE)
        return mean;
    float begin_speed = 2 * mean - end_speed;
    float begin_squared = begin_speed * begin_speed;
    float squared = begin_squared + (end_speed * end_speed - begin_squared) * steps_made / steps;
    return begin_speed > 0 && squared > 0 ? sqrtf(squared) : 0;
}

static uint16_t steps_in_horizon(uint32_t interval)
{
    return REPLAN_HORIZON_TICKS / (uint16_t(interval >> 16) + 1) + 1;
}

// Truncates what is planned beyond the horizon. Returns false where it must be tried again: the step interrupt was
// faster, or is about to load a long segment.
static bool try_truncate_queue(Axis& axis)
{
    Segment now, queued;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = {axis.remaining, axis.interval, axis.add, axis.flags};
        queued = axis.queued;
    }
    uint8_t deferred = axis.deferred_flags;
    float speed = axis.planned_speed;
    uint16_t horizon = steps_in_horizon(now.interval), margin = horizon + horizon / 2 + 2;
    if ((now.flags & STEPS) && now.count > margin) {
        // The time of its next step is already set, so the speed is computed for the steps after it.
        if (queued.flags & STEPS)
            speed = speed_within(queued, 0, speed);
        else if (queued.flags && deferred)
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

// Keeps what is planned for the next milliseconds; the move may then go on from there in another way. The planner is
// held.
static void truncate_queue(Axis& axis)
{
    while (axis.moving && !try_truncate_queue(axis))  // a limit may end it meanwhile
        busy_wait();
    if (axis.move_acceleration == 0)
        axis.planned_speed = 0;  // without acceleration it stops at once
}

static float braking_distance(const Axis& axis)
{
    return axis.planned_speed * axis.planned_speed / (2 * axis.move_acceleration);
}

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

// The speed, the acceleration or the target of a move under way has changed.
static void replan_move(Axis& axis)
{
    truncate_queue(axis);
    // An axis that can just stop at its target must not overshoot it for a rounding error.
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
    report_finished_moves();  // the move before
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

void stop_abruptly(Axis& axis, MoveEnd move_end)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        deactivate_axis(axis);
        if (axis.moving)
            axis.move_end = move_end;
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
            axis.phase = (here % phase_count(axis) * (axis.half_steps || axis.wires == 2 ? 1 : 2) + axis.phase) %
                         phase_count(axis);
    }
    hold_planner(false);
}

void stop_all_abruptly()
{
    for (Axis& axis : axes)
        stop_abruptly(axis, NOT_ENDED);
}
