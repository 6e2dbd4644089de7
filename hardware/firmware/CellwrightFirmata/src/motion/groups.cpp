#include "groups.h"

#include <math.h>

#include "../protocol/messages.h"
#include "homing.h"
#include "step_interrupt.h"
#include "steppers.h"

enum Sub : uint8_t {
    GROUP_CONFIGURE = FIRST_OF_GROUPS,
    GROUP_TO = 0x21,
    GROUP_STOP = 0x23,
    GROUP_COMPLETE = 0x24,
};

struct Group {
    uint8_t members[DEVICES];
    uint8_t count : 7;  // 0: not configured
    bool moving : 1;
};
static Group groups[GROUPS];
static const char NOT_CONFIGURED[] PROGMEM = "group is not configured";

void leave_groups(uint8_t device)
{
    for (Group& group : groups)
        for (uint8_t n = 0; n < group.count; n++)
            if (group.members[n] == device)
                group.count = 0;
}

static void configure_group(Group& group, const uint8_t* data, uint8_t size)
{
    group.count = 0;
    if (size < 2 || size > DEVICES) {
        send_error(PSTR("a group needs two members"));
        return;
    }
    for (uint8_t n = 0; n < size; n++) {
        bool twice = false;
        for (uint8_t other = 0; other < n; other++)
            twice |= data[other] == data[n];
        if (!is_configured(data[n]) || twice) {
            send_error(PSTR("group has an unknown member"));
            return;
        }
        group.members[n] = data[n];
    }
    group.count = size;
}

static void stop_group_abruptly(Group& group)
{
    for (uint8_t n = 0; n < group.count; n++)
        if (axes[group.members[n]].group == &group - groups)
            stop_abruptly(axes[group.members[n]], ARRIVED);
}

static void end_group_if_all_stand(uint8_t number_of_group)
{
    Group& group = groups[number_of_group];
    for (uint8_t n = 0; n < group.count; n++)
        if (axes[group.members[n]].moving)
            return;
    for (uint8_t n = 0; n < group.count; n++) {
        axes[group.members[n]].group = NO_GROUP;
        axes[group.members[n]].move_end = NOT_ENDED;
    }
    group.moving = false;
    begin_reply(ACCELSTEPPER);
    put(GROUP_COMPLETE);
    put(number_of_group);
    end_reply();
}

// Each member gets the same trapezoid, scaled to its way: so they are on a straight line at any time.
static void move_group(uint8_t number_of_group, const uint8_t* data, uint8_t size)
{
    Group& group = groups[number_of_group];
    if (!group.count || size < 5 * group.count) {
        send_error(group.count ? PSTR("group's targets are missing") : NOT_CONFIGURED);
        return;
    }
    float speed = 1e9f, acceleration = 1e9f;  // of the whole way, 1/s and 1/s²
    float all = 0;
    for (uint8_t n = 0; n < group.count; n++) {
        const Axis& axis = axes[group.members[n]];
        if (axis.moving || is_homing(group.members[n])) {
            send_error(PSTR("a member of the group moves"));
            return;
        }
        int32_t target = decode_signed(data + 5 * n);
        if (!is_within_reach(target))
            return;
        float way = fabs(float(target - axis.end_position));
        if (way == 0)
            continue;
        all += way;
        if (axis.speed / way < speed)
            speed = axis.speed / way;
        if (axis.acceleration / way < acceleration)
            acceleration = axis.acceleration / way;
    }
    if (!may_move(all * speed))
        return;
    Axis* started[DEVICES];
    uint8_t count = 0;
    for (uint8_t n = 0; n < group.count; n++) {
        Axis& axis = axes[group.members[n]];
        int32_t target = decode_signed(data + 5 * n);
        float way = fabs(float(target - axis.end_position));
        axis.move_speed = speed * way;
        axis.move_acceleration = acceleration * way;
        axis.group = number_of_group;
        axis.move_end = NOT_ENDED;
        if (plan_first_segment(axis, target))
            started[count++] = &axis;
    }
    group.moving = true;
    start_axes(started, count);
    if (!count)
        end_group_if_all_stand(number_of_group);  // they are there already
}

void handle_group(uint8_t sub, const uint8_t* data, uint8_t size)
{
    uint8_t number_of_group = data[0];
    if (number_of_group >= GROUPS) {
        send_error(PSTR("there are five groups, 0 to 4"));
        return;
    }
    Group& group = groups[number_of_group];
    if (group.moving && sub != GROUP_STOP) {
        send_error(PSTR("the group moves"));
        return;
    }
    if (sub == GROUP_CONFIGURE)
        configure_group(group, data + 1, size - 1);
    else if (sub == GROUP_TO)
        move_group(number_of_group, data + 1, size - 1);
    else if (sub == GROUP_STOP && group.count)
        stop_group_abruptly(group);
    else
        send_error(NOT_CONFIGURED);
}

void end_of_member(uint8_t number_of_group, bool at_limit)
{
    if (at_limit)
        stop_group_abruptly(groups[number_of_group]);  // off the line, none goes on
    end_group_if_all_stand(number_of_group);
}

void end_stopped_groups()
{
    for (Group& group : groups)
        group.moving = false;
}

void reset_groups()
{
    for (Group& group : groups)
        group.count = 0;
}
