#include "homing.h"

#include "../protocol/messages.h"
#include "checks.h"
#include "moves.h"

enum HomingPhase : uint8_t { IDLE, FAST_APPROACH, MOVING_OFF, BACKOFF, SLOW_APPROACH };
enum HomingResult : uint8_t { HOMED = 0, NOT_CLOSED = 1, NOT_OPENED = 2, NO_SWITCH = 3, STOPPED = 4 };

struct Homing {
    HomingPhase phase;
    uint8_t device, end;
    float slow_speed;
    int32_t backoff;
    Limit saved_limit;  // of the other direction: moving off, that limit is the opening of the switch
};
static Homing homings[HOMINGS];

static Homing* find_homing(uint8_t device)
{
    for (Homing& homing : homings)
        if (homing.phase != IDLE && homing.device == device)
            return &homing;
    return nullptr;
}

bool is_homing(uint8_t device) { return find_homing(device); }

bool is_limit_put_by(const PortPin& port_pin)
{
    for (const Homing& homing : homings)
        if (homing.phase == MOVING_OFF && homing.saved_limit.pin == port_pin.pin &&
            homing.saved_limit.mask == port_pin.mask)
            return true;
    return false;
}

static void send_result(uint8_t device, HomingResult result)
{
    begin_reply(HOME);
    put_byte(device);
    put_byte(result);
    put_signed(is_configured(device) ? position_of(axes[device]) : 0);
    end_reply();
}

static void finish(Homing& homing, HomingResult result)
{
    Axis& axis = axes[homing.device];
    if (homing.phase == MOVING_OFF)
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { axis.limits[!homing.end] = homing.saved_limit; }
    homing.phase = IDLE;
    if (result == HOMED)
        axis.end_position = 0;
    send_result(homing.device, result);
}

static void start_phase(Homing& homing, HomingPhase phase, int32_t steps, float speed)
{
    Axis& axis = axes[homing.device];
    homing.phase = phase;
    int32_t distance = homing.end ? steps : -steps;
    begin_move(axis, position_of(axis) + distance, speed);
}

// Moves away from the switch. The move ends as at a limit when the switch opens.
static void move_off_switch(Homing& homing)
{
    Axis& axis = axes[homing.device];
    Limit switch_opens = axis.limits[homing.end];
    switch_opens.invert ^= 0xFF;
    homing.saved_limit = axis.limits[!homing.end];
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { axis.limits[!homing.end] = switch_opens; }
    start_phase(homing, MOVING_OFF, -2 * homing.backoff, homing.slow_speed);
}

void handle_home(const uint8_t* data, uint8_t size)
{
    uint8_t device = size ? data[0] : NO_PIN;
    if (size < 17 || !is_configured(device) || data[1] > 1 || !axes[device].limits[data[1]].mask) {
        send_result(device, NO_SWITCH);
        return;
    }
    Axis& axis = axes[device];
    float fast_speed = decode_float(data + 2), slow_speed = decode_float(data + 6);
    Homing* slot = nullptr;
    for (Homing& homing : homings)
        if (homing.phase == IDLE)
            slot = &homing;
    bool is_allowed = check_speed(fast_speed) && check_speed(slow_speed) && check_step_rate(fast_speed);
    if (!is_allowed || !slot || axis.moving || is_homing(device)) {
        if (is_allowed)
            send_error(PSTR("axis cannot be homed now"));
        send_result(device, STOPPED);
        return;
    }
    *slot = {FAST_APPROACH, device, data[1], slow_speed, int32_t(decode_unsigned(data + 10, 3)), {}};
    if (axis.limits[slot->end].is_active()) {
        move_off_switch(*slot);
    } else {
        start_phase(*slot, FAST_APPROACH, decode_unsigned(data + 13, 4), fast_speed);
    }
}

void advance_homing(uint8_t device, bool at_switch)
{
    Homing& homing = *find_homing(device);
    Axis& axis = axes[device];
    switch (homing.phase) {
    case FAST_APPROACH:
        if (at_switch)
            move_off_switch(homing);
        else
            finish(homing, NOT_CLOSED);
        break;
    case MOVING_OFF:
        if (!at_switch) {
            finish(homing, NOT_OPENED);
            break;
        }
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { axis.limits[!homing.end] = homing.saved_limit; }
        start_phase(homing, BACKOFF, -homing.backoff, homing.slow_speed);
        break;
    case BACKOFF:
        start_phase(homing, SLOW_APPROACH, 3 * homing.backoff, homing.slow_speed);
        break;
    default:
        finish(homing, at_switch ? HOMED : NOT_CLOSED);
    }
}

void cancel_homing(uint8_t device)
{
    Homing* homing = find_homing(device);
    if (!homing)
        return;
    stop_abruptly(axes[device], NOT_ENDED);
    axes[device].move_end = NOT_ENDED;
    finish(*homing, STOPPED);
}
