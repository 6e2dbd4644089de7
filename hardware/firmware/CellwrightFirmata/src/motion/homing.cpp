#include "homing.h"

#include "../protocol/messages.h"
#include "../safety/stop.h"
#include "step_interrupt.h"
#include "steppers.h"

enum Phase : uint8_t { IDLE, SEEKING, LEAVING, BACKING_OFF, RETURNING };
enum How : uint8_t { HOMED = 0, NOT_CLOSED = 1, NOT_OPENED = 2, NO_SWITCH = 3, WAS_STOPPED = 4 };

struct Homing {
    Phase phase;
    uint8_t device, end;
    float slow;
    int32_t off;
    Limit other;  // of the direction away, while it watches for the switch to open
};
static Homing homings[HOMINGS];

static Homing* homing_of(uint8_t device)
{
    for (Homing& homing : homings)
        if (homing.phase != IDLE && homing.device == device)
            return &homing;
    return nullptr;
}

bool is_homing(uint8_t device) { return homing_of(device); }

static void answer(uint8_t device, How how)
{
    begin_reply(HOME);
    put(device);
    put(how);
    put_signed(is_configured(device) ? position_of(axes[device]) : 0);
    end_reply();
}

static void finish(Homing& homing, How how)
{
    Axis& axis = axes[homing.device];
    if (homing.phase == LEAVING)
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { axis.limits[!homing.end] = homing.other; }
    homing.phase = IDLE;
    if (how == HOMED)
        axis.end_position = 0;
    answer(homing.device, how);
}

static void go(Homing& homing, Phase phase, int32_t steps, float speed)
{
    Axis& axis = axes[homing.device];
    homing.phase = phase;
    int32_t towards = homing.end ? steps : -steps;
    begin_move(axis, position_of(axis) + towards, speed);
}

// Away from the switch; what ends that way is the switch's opening.
static void leave(Homing& homing)
{
    Axis& axis = axes[homing.device];
    Limit opens = axis.limits[homing.end];
    opens.invert ^= 0xFF;
    homing.other = axis.limits[!homing.end];
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { axis.limits[!homing.end] = opens; }
    go(homing, LEAVING, -2 * homing.off, homing.slow);
}

void handle_home(const uint8_t* data, uint8_t size)
{
    uint8_t device = size ? data[0] : NO_PIN;
    if (size < 17 || !is_configured(device) || data[1] > 1 || !axes[device].limits[data[1]].mask) {
        answer(device, NO_SWITCH);
        return;
    }
    Axis& axis = axes[device];
    float fast = decode_float(data + 2), slow = decode_float(data + 6);
    Homing* free = nullptr;
    for (Homing& homing : homings)
        if (homing.phase == IDLE)
            free = &homing;
    bool can = is_speed(fast) && is_speed(slow) && may_move(fast);
    if (!can || !free || axis.moving || is_homing(device)) {
        if (can)
            send_error(PSTR("axis cannot be homed now"));
        answer(device, WAS_STOPPED);
        return;
    }
    *free = {SEEKING, device, data[1], slow, int32_t(decode_unsigned(data + 10, 3)), {}};
    if (axis.limits[free->end].is_active()) {
        leave(*free);
    } else {
        go(*free, SEEKING, decode_unsigned(data + 13, 4), fast);
    }
}

void go_on_homing(uint8_t device, bool at_switch)
{
    Homing& homing = *homing_of(device);
    Axis& axis = axes[device];
    switch (homing.phase) {
    case SEEKING:
        if (at_switch)
            leave(homing);
        else
            finish(homing, NOT_CLOSED);
        break;
    case LEAVING:
        if (!at_switch) {
            finish(homing, NOT_OPENED);
            break;
        }
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { axis.limits[!homing.end] = homing.other; }
        go(homing, BACKING_OFF, -homing.off, homing.slow);
        break;
    case BACKING_OFF:
        go(homing, RETURNING, 3 * homing.off, homing.slow);
        break;
    default:
        finish(homing, at_switch ? HOMED : NOT_CLOSED);
    }
}

void end_homing(uint8_t device)
{
    Homing* homing = homing_of(device);
    if (!homing)
        return;
    stop_abruptly(axes[device], NOT_ENDED);
    axes[device].move_end = NOT_ENDED;
    finish(*homing, WAS_STOPPED);
}
