#include "groups.h"

#include <math.h>

#include "../protocol/messages.h"
#include "checks.h"
#include "homing.h"
#include "moves.h"
#include "step_interrupt.h"

enum Subcommand : uint8_t {
    GROUP_CONFIGURE = FIRST_GROUP_SUBCOMMAND,
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

void dissolve_groups_of(uint8_t device)
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
        bool is_duplicate = false;
        for (uint8_t other = 0; other < n; other++)
            is_duplicate |= data[other] == data[n];
        if (!is_configured(data[n]) || is_duplicate) {
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

static void complete_group_if_idle(uint8_t group_number)
{
    Group& group = groups[group_number];
    for (uint8_t n = 0; n < group.count; n++)
        if (axes[group.members[n]].moving)
            return;
    for (uint8_t n = 0; n < group.count; n++) {
        axes[group.members[n]].group = NO_GROUP;
        axes[group.members[n]].move_end = NOT_ENDED;
    }
    group.moving = false;
    begin_reply(ACCELSTEPPER);
    put_byte(GROUP_COMPLETE);
    put_byte(group_number);
    end_reply();
}

// Each member gets the same trapezoid, scaled to its distance, so that the path is a straight line.
static void move_group(uint8_t group_number, const uint8_t* data, uint8_t size)
{
    Group& group = groups[group_number];
    if (!group.count || size < 5 * group.count) {
        send_error(group.count ? PSTR("group's targets are missing") : NOT_CONFIGURED);
        return;
    }
    float speed = 1e9f, acceleration = 1e9f;  // of the whole path: 1/s and 1/s²
    float total_distance = 0;
    for (uint8_t n = 0; n < group.count; n++) {
        const Axis& axis = axes[group.members[n]];
        if (axis.moving || is_homing(group.members[n])) {
            send_error(PSTR("a member of the group moves"));
            return;
        }
        int32_t target = decode_signed(data + 5 * n);
        if (!check_target(target))
            return;
        float distance = fabs(float(target - axis.end_position));
        if (distance == 0)
            continue;
        total_distance += distance;
        if (axis.speed / distance < speed)
            speed = axis.speed / distance;
        if (axis.acceleration / distance < acceleration)
            acceleration = axis.acceleration / distance;
    }
    if (!check_step_rate(total_distance * speed))
        return;
    Axis* started[DEVICES];
    uint8_t count = 0;
    for (uint8_t n = 0; n < group.count; n++) {
        Axis& axis = axes[group.members[n]];
        int32_t target = decode_signed(data + 5 * n);
        float distance = fabs(float(target - axis.end_position));
        axis.move_speed = speed * distance;
        axis.move_acceleration = acceleration * distance;
        axis.group = group_number;
        axis.move_end = NOT_ENDED;
        if (plan_first_segment(axis, target))
            started[count++] = &axis;
    }
    group.moving = true;
    start_axes(started, count);
    if (!count)
        complete_group_if_idle(group_number);  // all are at their targets
}

void handle_group(uint8_t subcommand, const uint8_t* data, uint8_t size)
{
    uint8_t group_number = data[0];
    if (group_number >= GROUPS) {
        send_error(PSTR("there are five groups, 0 to 4"));
        return;
    }
    Group& group = groups[group_number];
    if (group.moving && subcommand != GROUP_STOP) {
        send_error(PSTR("the group moves"));
        return;
    }
    if (subcommand == GROUP_CONFIGURE)
        configure_group(group, data + 1, size - 1);
    else if (subcommand == GROUP_TO)
        move_group(group_number, data + 1, size - 1);
    else if (subcommand == GROUP_STOP && group.count)
        stop_group_abruptly(group);
    else
        send_error(NOT_CONFIGURED);
}

void on_member_end(uint8_t group_number, bool at_limit)
{
    if (at_limit)
        stop_group_abruptly(groups[group_number]);  // the path cannot be kept
    complete_group_if_idle(group_number);
}

void cancel_groups()
{
    for (Group& group : groups)
        group.moving = false;
}

void reset_groups()
{
    for (Group& group : groups)
        group.count = 0;
}
