// Moves: begun, changed in flight, slowed down, halted.
#include <math.h>

#include "../core/clock.h"
#include "coils.h"
#include "planner.h"
#include "step_interrupt.h"
#include "steppers.h"

static uint8_t volatile_flags(const Axis& axis) { return *const_cast<const volatile uint8_t*>(&axis.next.flags); }

bool plan_first(Axis& axis, int32_t target)
{
    settle(axis);
    axis.target = target;
    if (target == axis.end_position)
        return false;
    axis.begins = true;
    plan_soon();
    while (!volatile_flags(axis))
        wait();
    axis.begins = false;
    return true;
}

constexpr uint16_t SOON_HALF_US = 4000;  // what is planned for later is planned anew when a move changes

// The speed after `taken` steps of a stretch that ends at such a speed. It began at as much above or below its mean speed
// as it ends below or above it, and the square changes evenly.
static __attribute__((noinline)) float speed_in(const Stretch& stretch, uint16_t taken, float end)
{
    uint16_t steps = stretch.events;
    float mean = HALF_US_PER_S * FRACTION / (stretch.interval + (stretch.growth * int32_t(steps - 1) >> 1));
    if (stretch.flags & CRUISE)
        return mean;
    float begin = 2 * mean - end;
    float squared = begin * begin + (end * end - begin * begin) * taken / steps;
    return begin > 0 && squared > 0 ? sqrtf(squared) : 0;
}

static uint16_t steps_soon(uint32_t interval) { return SOON_HALF_US / (uint16_t(interval >> 16) + 1) + 1; }

// Cuts the plan short, where that is more than a few milliseconds long. Returns false where it has to be tried again: the
// interrupt was faster, or is about to take the long stretch.
static bool cut_short(Axis& axis)
{
    Stretch now, next;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = {axis.left, axis.interval, axis.growth, axis.flags};
        next = axis.next;
    }
    uint8_t slow = axis.slow_flags;
    float speed = axis.planned_speed;
    uint16_t soon = steps_soon(now.interval), spare = soon + soon / 2 + 2;
    if ((now.flags & STEPS) && now.events > spare) {
        // Its next step is already set: the others are reckoned with.
        if (next.flags & STEPS)
            speed = speed_in(next, 0, speed);
        else if (next.flags && slow)
            speed = 2 * HALF_US_PER_S * FRACTION / axis.slow_interval / (next.events + 1) - speed;
        now.events--;
        speed = speed_in(now, soon - 1, speed);
        now.events++;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            uint16_t dropped = now.events - soon;
            if (axis.left <= dropped || axis.left > now.events || axis.flags != now.flags)
                return false;
            axis.left -= dropped;
            axis.end_position += now.flags & NEGATIVE ? int32_t(dropped) : -int32_t(dropped);
            axis.flags &= ~LAST;
            axis.next.flags = axis.slow_flags = 0;
        }
        axis.planned_negative = now.flags & NEGATIVE;
        axis.planned_speed = speed;
        return true;
    }
    if ((next.flags & STEPS) && next.events > 2 * steps_soon(next.interval))
        return false;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        axis.flags &= ~LAST;
        if (axis.next.flags)
            axis.next.flags = (axis.next.flags & ~LAST) | PLANNED;
    }
    axis.slow_flags &= ~LAST;
    return true;
}

static int32_t planned_position(const Axis& axis)
{
    int32_t position, ahead = axis.slow_flags & STEPS ? 1 : 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        position = axis.end_position;
        if (axis.next.flags & STEPS)
            ahead += axis.next.events;
    }
    return axis.planned_negative ? position - ahead : position + ahead;
}

// The move goes on another way, from what is planned for the next milliseconds. The planning is held.
static void turn_plan(Axis& axis)
{
    while (axis.moving && !cut_short(axis))  // a limit may end it meanwhile
        wait();
    if (axis.move_acceleration == 0)
        axis.planned_speed = 0;  // nothing to be slowed down
}

static float rest_of(const Axis& axis) { return axis.planned_speed * axis.planned_speed / (2 * axis.move_acceleration); }

void slow_down(Axis& axis)
{
    if (axis.move_acceleration == 0) {
        halt(axis, ARRIVED);
        return;
    }
    hold_plans(true);
    turn_plan(axis);
    float way = rest_of(axis);
    int32_t to_rest = way < 1e9f ? int32_t(way) : 1000000000, position = planned_position(axis);
    if (to_rest < way)
        to_rest++;
    axis.target = axis.planned_negative ? position - to_rest : position + to_rest;
    hold_plans(false);
    plan_soon();
}

// Speed, acceleration or target change in mid-move.
static void change_move(Axis& axis)
{
    turn_plan(axis);
    // What could just stop at its target still can.
    float ahead = axis.planned_negative ? planned_position(axis) - axis.target : axis.target - planned_position(axis);
    if (axis.move_acceleration > 0 && rest_of(axis) > ahead && rest_of(axis) < 1.02f * ahead)
        axis.planned_speed = sqrtf(2 * axis.move_acceleration * ahead);
}

void begin_move(Axis& axis, int32_t target, float speed)
{
    hold_plans(true);
    axis.target = target;
    axis.move_speed = speed;
    axis.move_acceleration = axis.acceleration;
    if (axis.moving)
        change_move(axis);
    hold_plans(false);
    plan_soon();
    if (axis.moving)
        return;
    tell_ended_moves();  // of the move before
    if (!plan_first(axis, target)) {
        axis.ended = ARRIVED;
        return;
    }
    Axis* one = &axis;
    start_axes(&one, 1);
}

void settle(Axis& axis)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        axis.end_position = position_of(axis);
        axis.flags = axis.next.flags = axis.slow_flags = 0;
        axis.planned_speed = 0;
    }
}

void halt(Axis& axis, Ending ending)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        drop_axis(axis);
        if (axis.moving)
            axis.ended = ending;
        axis.moving = false;
        settle(axis);
    }
}

void call_here_zero(Axis& axis)
{
    hold_plans(true);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        int32_t here = position_of(axis);
        axis.end_position -= here;
        axis.target -= here;
        if (axis.wires > 1)
            axis.phase = (here % phases_of(axis) * (axis.half_steps || axis.wires == 2 ? 1 : 2) + axis.phase) % phases_of(axis);
    }
    hold_plans(false);
}

void halt_all()
{
    for (Axis& axis : axes)
        halt(axis, NOT_ENDED);
}
