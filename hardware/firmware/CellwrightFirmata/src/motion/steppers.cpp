#include "steppers.h"

#include "../protocol/messages.h"
#include "../safety/stopped.h"
#include "checks.h"
#include "coils.h"
#include "groups.h"
#include "homing.h"
#include "moves.h"

enum Subcommand : uint8_t {
    CONFIGURE = 0x00,
    ZERO = 0x01,
    STEP = 0x02,
    MOVE_TO = 0x03,
    ENABLE = 0x04,
    CONTROLLED_STOP = 0x05,
    REPORT_POSITION = 0x06,
    LIMIT = 0x07,
    ACCELERATION = 0x08,
    SPEED = 0x09,
    COMPLETE = 0x0A,
};

constexpr uint8_t INVERT_STEP = 0x01, INVERT_DIRECTION = 0x02, INVERT_ENABLE = 0x10, HAS_ENABLE = 0x01;

bool is_configured(uint8_t device) { return device < DEVICES && axes[device].wires; }

// ---- configuration ----

static void release_pin(uint8_t pin)
{
    make_input(pin, false);
    pin_modes[pin] = INPUT_MODE;
}

static __attribute__((noinline)) Limit unused_limit() { return {register_at(0x23), 0, 0}; }

static void release_pins(Axis& axis)
{
    axis.limits[0] = axis.limits[1] = axis.limit = unused_limit();
    for (uint8_t n = 0; n < (axis.wires == 1 ? 2 : axis.wires); n++)
        release_pin(axis.pins[n]);
    if (axis.enable_pin != NO_PIN)
        release_pin(axis.enable_pin);
    axis.wires = 0;
}

static void claim_pin(uint8_t pin, bool level)
{
    make_output(pin, level);
    pin_modes[pin] = STEPPER_MODE;
}

static void configure(uint8_t device, const uint8_t* data, uint8_t size)
{
    Axis& axis = axes[device];
    uint8_t wires = data[0] >> 4 & 0x07, step_size = data[0] >> 1 & 0x07;
    bool has_enable = data[0] & HAS_ENABLE;
    uint8_t pins = wires == 1 ? 2 : wires;
    if (wires < 1 || wires > 4 || step_size > 1 || (wires == 2 && step_size)) {
        send_error(PSTR("such steppers are not known"));
        return;
    }
    if (size < 1 + pins + has_enable) {
        send_error(PSTR("stepper's pins are missing"));
        return;
    }
    stop_abruptly(axis, NOT_ENDED);
    if (axis.wires)
        release_pins(axis);
    for (uint8_t n = 0; n < pins + has_enable; n++) {
        uint8_t pin = data[1 + n];
        bool is_duplicate = false;
        for (uint8_t other = 0; other < n; other++)
            is_duplicate |= data[1 + other] == pin;
        if (!is_free(pin) || is_duplicate) {
            send_pin_error(pin, PSTR("cannot be a stepper's"));
            return;
        }
    }
    axis.wires = wires;
    axis.half_steps = step_size;
    axis.phase = 0;
    axis.inverted = size > 1 + pins + has_enable ? data[1 + pins + has_enable] : 0;
    axis.enable_pin = has_enable ? data[1 + pins] : NO_PIN;
    axis.speed = 1;  // steps/s, until the host sets another
    axis.acceleration = 0;
    axis.end_position = 0;
    axis.group = NO_GROUP;
    axis.move_end = NOT_ENDED;
    axis.limits[0] = axis.limits[1] = axis.limit = unused_limit();
    for (uint8_t n = 0; n < pins; n++) {
        axis.pins[n] = data[1 + n];
        claim_pin(axis.pins[n], axis.inverted >> n & 1);
    }
    PortPin step = port_pin_of(axis.pins[0]), direction = port_pin_of(axis.pins[1]);
    axis.step_pin = step.pin;
    axis.step_mask = wires == 1 ? step.mask : 0;
    axis.direction_port = direction.pin + 2;
    axis.direction_mask = wires == 1 ? direction.mask : 0;
    if (has_enable)
        claim_pin(axis.enable_pin, axis.inverted & INVERT_ENABLE);  // enabled
}

static void set_limits(Axis& axis, const uint8_t* data)
{
    for (uint8_t end = 0; end < 2; end++) {
        uint8_t pin = data[2 * end];
        bool active = data[2 * end + 1];
        Limit limit = unused_limit();
        if (pin != NO_PIN) {
            if (!can_be_watched(pin)) {
                send_pin_error(pin, PSTR("cannot be a limit"));
                return;
            }
            if (pin_modes[pin] != INPUT_MODE && pin_modes[pin] != PULLUP_MODE)
                pin_modes[pin] = INPUT_MODE;
            if (!active) {
                pin_modes[pin] = PULLUP_MODE;
                make_input(pin, true);
            }
            PortPin port_pin = port_pin_of(pin);
            limit = {port_pin.pin, port_pin.mask, uint8_t(active ? 0 : 0xFF)};
        }
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            axis.limits[end] = limit;
            if (axis.moving && bool(axis.flags & NEGATIVE) == !end)  // the direction of travel
                axis.limit = limit;
        }
    }
}

bool is_limit(uint8_t pin)
{
    PortPin port_pin = port_pin_of(pin);
    for (const Axis& axis : axes)
        for (const Limit& limit : axis.limits)
            if (limit.pin == port_pin.pin && limit.mask == port_pin.mask)
                return true;
    return is_limit_put_by(port_pin);
}

// ---- moves ----

static void send_move_complete(uint8_t device)
{
    begin_reply(ACCELSTEPPER);
    put_byte(COMPLETE);
    put_byte(device);
    put_signed(position_of(axes[device]));
    end_reply();
}

bool check_speed(float speed)
{
    if (speed > 0 && speed <= MAX_STEP_RATE_ONE_AXIS)
        return true;
    send_error(PSTR("speed is beyond this board's"));
    return false;
}

bool check_step_rate(float speed)
{
    if (stopped) {
        send_stopped_error();
        return false;
    }
    float total = speed;
    for (const Axis& axis : axes)
        if (axis.wires && axis.moving)
            total += axis.move_speed;
    if (total > MAX_STEP_RATE_ALL_AXES) {
        send_error(PSTR("axes too fast together"));
        return false;
    }
    return true;
}

// The difference of two positions must not overflow.
bool check_target(int32_t position)
{
    constexpr int32_t MAX_POSITION = 1L << 30;
    if (position <= MAX_POSITION && position >= -MAX_POSITION)
        return true;
    send_error(PSTR("target is too far"));
    return false;
}

static void move_to(uint8_t device, int32_t target)
{
    if (!check_target(target))
        return;
    Axis& axis = axes[device];
    if (axis.group != NO_GROUP || is_homing(device)) {
        send_error(PSTR("axis is moved by others"));
        return;
    }
    if (check_step_rate(axis.moving ? 0 : axis.speed))
        begin_move(axis, target, axis.speed);
}

static void set_speed(Axis& axis, float speed)
{
    if (!check_speed(speed))
        return;
    if (axis.moving && axis.group == NO_GROUP && !check_step_rate(speed - axis.move_speed))
        return;
    axis.speed = speed;
    if (axis.moving && axis.group == NO_GROUP)
        begin_move(axis, axis.target, speed);
}

static void set_acceleration(Axis& axis, float acceleration)
{
    if (!(acceleration >= 0) || acceleration > 1e8f) {
        send_error(PSTR("no such acceleration"));
        return;
    }
    axis.acceleration = acceleration;
    if (axis.moving && axis.group == NO_GROUP && axis.move_acceleration > 0 && acceleration > 0)
        begin_move(axis, axis.target, axis.move_speed);
}

static void stop_axis(uint8_t device)
{
    Axis& axis = axes[device];
    cancel_homing(device);
    if (axis.moving)
        controlled_stop(axis);
    else if (axis.group == NO_GROUP)
        send_move_complete(device);
}

// ---- messages ----

static const uint8_t DATA_SIZES[] PROGMEM = {1, 0, 5, 5, 1, 0, 0, 4, 4, 4};  // bytes after the device

void handle_stepper(const uint8_t* data, uint8_t size)
{
    if (size < 2) {
        send_error(PSTR("stepper message is too short"));
        return;
    }
    uint8_t subcommand = data[0], device = data[1];
    if (subcommand >= FIRST_GROUP_SUBCOMMAND) {
        handle_group(subcommand, data + 1, size - 1);
        return;
    }
    if (subcommand > SPEED || device >= DEVICES || size < 2 + pgm_read_byte(&DATA_SIZES[subcommand])) {
        send_error(device >= DEVICES ? PSTR("no such stepper") : PSTR("stepper message is not known"));
        return;
    }
    if (subcommand == CONFIGURE) {
        cancel_homing(device);
        dissolve_groups_of(device);
        configure(device, data + 2, size - 2);
        return;
    }
    if (!is_configured(device)) {
        send_error(PSTR("stepper is not configured"));
        return;
    }
    Axis& axis = axes[device];
    switch (subcommand) {
    case ZERO:
        zero_position(axis);
        break;
    case STEP: {
        int32_t steps = decode_signed(data + 2);
        if (check_target(steps))
            move_to(device, position_of(axis) + steps);
        break;
    }
    case MOVE_TO:
        move_to(device, decode_signed(data + 2));
        break;
    case ENABLE:
        if (axis.enable_pin == NO_PIN)
            send_error(PSTR("stepper has no enable pin"));
        else if (!stopped || !data[2])
            set_level(axis.enable_pin, !data[2] != bool(axis.inverted & INVERT_ENABLE));
        break;
    case CONTROLLED_STOP:
        stop_axis(device);
        break;
    case REPORT_POSITION:
        begin_reply(ACCELSTEPPER);
        put_byte(REPORT_POSITION);
        put_byte(device);
        put_signed(position_of(axis));
        end_reply();
        break;
    case LIMIT:
        set_limits(axis, data + 2);
        break;
    case ACCELERATION:
        set_acceleration(axis, decode_float(data + 2));
        break;
    case SPEED:
        set_speed(axis, decode_float(data + 2));
        break;
    }
}

static void send_limit_hit(uint8_t device)
{
    if (!has_own_reports())
        return;
    begin_reply(AXES);
    put_byte(2);
    put_byte(device);
    put_byte(axes[device].hit_high);
    end_reply();
}

void report_finished_moves()
{
    for (uint8_t device = 0; device < DEVICES; device++) {
        Axis& axis = axes[device];
        uint8_t move_end = axis.move_end;
        if (!axis.wires || move_end == NOT_ENDED)
            continue;
        axis.move_end = NOT_ENDED;
        axis.hit_high = !(axis.flags & NEGATIVE);
        clear_queue(axis);
        if (axis.wires > 1)
            update_coils(axis);
        if (is_homing(device)) {
            advance_homing(device, move_end == HIT_LIMIT);
            continue;
        }
        if (move_end == HIT_LIMIT)
            send_limit_hit(device);
        if (axis.group == NO_GROUP)
            send_move_complete(device);
        else
            on_member_end(axis.group, move_end == HIT_LIMIT);
    }
}

void handle_axes(const uint8_t* data, uint8_t size)
{
    if (size < 2 || data[0] > 1 || !is_configured(data[1])) {
        send_error(PSTR("no such axis"));
        return;
    }
    Axis& axis = axes[data[1]];
    if (data[0] == 0) {
        cancel_homing(data[1]);
        if (axis.moving)
            stop_abruptly(axis, ARRIVED);
        else if (axis.group == NO_GROUP)
            send_move_complete(data[1]);
        return;
    }
    begin_reply(AXES);
    put_byte(1);
    put_byte(data[1]);
    put_byte(axis.moving);
    put_signed(position_of(axis));
    put_byte((axis.limits[0].is_active() ? 1 : 0) | (axis.limits[1].is_active() ? 2 : 0));
    end_reply();
}

void cancel_groups_and_homing()
{
    for (uint8_t device = 0; device < DEVICES; device++) {
        cancel_homing(device);
        axes[device].group = NO_GROUP;
    }
    cancel_groups();
}

void reset_steppers()
{
    cancel_groups_and_homing();
    for (Axis& axis : axes) {
        stop_abruptly(axis, NOT_ENDED);
        axis.move_end = NOT_ENDED;
        if (axis.wires)
            release_pins(axis);
    }
    reset_groups();
}
