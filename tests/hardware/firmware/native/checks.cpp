#include "checks.h"

#include <avr/interrupt.h>
#include <stdio.h>

#include "io/outputs.h"
#include "io/pins.h"
#include "motion/axis.h"
#include "motion/homing.h"
#include "motion/steppers.h"
#include "protocol/messages.h"
#include "safety/stop.h"

static std::string hex(const Bytes& bytes)
{
    std::string text;
    char two[4];
    for (uint8_t byte : bytes) {
        snprintf(two, sizeof two, "%02x ", byte);
        text += two;
    }
    return text;
}

// ---- what is sent to the host ----

void MessageChecker::check(const Bytes& bytes)
{
    for (uint8_t byte : bytes)
        check_byte(byte);
}

void MessageChecker::check_byte(uint8_t byte)
{
    bool in_sysex = !message.empty() && message[0] == BEGIN_SYSEX;
    bool starting = byte & 0x80 && byte != END_SYSEX;
    if (starting == !message.empty() || (byte == END_SYSEX && !in_sysex))
        fail("a reply is cut short or begins in mid-message: " + hex(message) + "then " + hex({byte}));
    message.push_back(byte);
    if (byte == END_SYSEX) {
        check_sysex();
    } else if (!in_sysex && message.size() < 3) {
        uint8_t kind = message[0] & 0xF0;
        if (message[0] != VERSION && message[0] != BEGIN_SYSEX && kind != PORT && kind != ANALOG)
            fail("a reply of an unknown kind: " + hex(message));
        return;
    } else if (in_sysex) {
        return;
    }
    messages++;
    message.clear();
}

void MessageChecker::check_sysex() const
{
    size_t size = message.size() - 3;
    const uint8_t* data = &message[2];
    bool is_right = false;
    switch (message.size() > 3 ? message[1] : 0) {
    case FEATURES: is_right = size == 14; break;
    case PULSE: is_right = size == 2 && data[1] <= 4; break;
    case STATE: is_right = size >= 9 && (size - 9) % 6 == 0 && data[0] <= 1 && data[1] <= 1 && data[2] <= 9; break;
    case HOME: is_right = size == 7 && data[1] <= 4; break;
    case CONVERTER: is_right = size == 11 && data[0] < CONVERTERS; break;
    case TIMED_INPUT: is_right = size == 7 && data[0] < PINS && data[1] <= 1; break;
    case AXES: is_right = (data[0] == 1 && size == 9 && data[8] <= 3) || (data[0] == 2 && size == 3); break;
    case HEALTH: is_right = size == 14; break;
    case ENCODER: is_right = size % 5 == 0; break;
    case ACCELSTEPPER: is_right = size == (data[0] == 0x24 ? 2 : 7); break;
    case ANALOG_MAPPING: is_right = size == PINS; break;
    case CAPABILITIES: is_right = size > PINS; break;
    case PIN_STATE: is_right = size == 1 || size == 3 || size == 4; break;
    case STRING: is_right = size % 2 == 0 && size <= 60; break;
    case I2C_REPLY: is_right = size >= 4 && size % 2 == 0 && size <= 68; break;
    case FIRMWARE: is_right = size == 36; break;
    }
    if (message[1] == STRING)
        for (size_t at = 0; at < size; at += 2)
            is_right &= data[at] >= ' ' && data[at] < 0x7F && data[at + 1] == 0;
    if (!is_right)
        fail("a reply that the protocol does not know: " + hex(message));
}

// ---- pins ----

struct Compare {
    uint8_t pin;
    uint16_t control;
    uint8_t mask;
};

// Pins that a timer can drive: its control register and bit.
static const Compare COMPARES[] = {
#if defined(__AVR_ATmega2560__)
    {2, 0x90, 0x20},  {3, 0x90, 0x08},  {4, 0x44, 0x20},  {5, 0x90, 0x80},   {6, 0xA0, 0x80},
    {7, 0xA0, 0x20},  {8, 0xA0, 0x08},  {9, 0xB0, 0x20},  {10, 0xB0, 0x80},  {13, 0x44, 0x80},
    {44, 0x120, 0x08}, {45, 0x120, 0x20}, {46, 0x120, 0x80},
#else
    {3, 0xB0, 0x20}, {5, 0x44, 0x20}, {6, 0x44, 0x80}, {11, 0xB0, 0x80},
#endif
};

static bool is_driven(uint8_t pin) { return port_pin_of(pin).pin[1] & port_pin_of(pin).mask; }

static bool output_level(uint8_t pin) { return port_pin_of(pin).pin[2] & port_pin_of(pin).mask; }

static bool should_be_driven(uint8_t pin)
{
    switch (pin_modes[pin]) {
    case OUTPUT_MODE:
    case PWM_MODE:
    case SERVO_MODE:
    case STEPPER_MODE:
        return true;
    default:
        return false;
    }
}

static std::string pin_name(uint8_t pin)
{
    return "pin " + std::to_string(pin) + " of mode " + std::to_string(pin_modes[pin]);
}

void Checks::check_pins() const
{
    for (const Compare& each : COMPARES)
        if (native_memory[each.control] & each.mask && (pin_modes[each.pin] != PWM_MODE || stopped))
            fail("a timer drives " + pin_name(each.pin) + (stopped ? " while stopped" : ""));
    for (uint8_t pin = 0; pin < PINS; pin++) {
        if (!is_digital(pin))
            continue;
        bool driven = is_driven(pin);
        if (driven != should_be_driven(pin) && pin_modes[pin] != CONVERTER_MODE)
            fail(pin_name(pin) + (driven ? " is driven" : " is not driven"));
        if (driven && !may_be_driven[pin])
            fail(pin_name(pin) + " is driven, and was never declared");
        if (!stopped)
            continue;
        bool level = output_level(pin);
        if (pin_modes[pin] == OUTPUT_MODE && level != safe_level(pin))
            fail(pin_name(pin) + " is off its safe level while stopped");
        if ((pin_modes[pin] == PWM_MODE || pin_modes[pin] == SERVO_MODE) && level)
            fail(pin_name(pin) + " is high while stopped");
    }
}

// ---- axes ----

void Checks::on_step(int device, bool up)
{
    if (!up)
        return;
    const Axis& axis = axes[device];
    std::string name = "axis " + std::to_string(device);
    bool positive = bool(*axis.direction_port & axis.direction_mask) != bool(axis.inverted & 2);
    if (stopped)
        fail(name + " steps while stopped");
    if (!axis.moving)
        fail(name + " steps and does not move");
    if (axis.limits[positive].is_active())
        fail(name + " steps on into its limit");
    counted_steps[device] += positive ? 1 : -1;
}

void Checks::check_positions()
{
    for (int device = 0; device < DEVICES; device++) {
        if (axes[device].wires != 1) {
            counted_steps[device] = position_offset[device] = 0;
            continue;
        }
        int32_t off = int32_t(uint32_t(position_of(axes[device])) - uint32_t(counted_steps[device]));
        bool homes = is_homing(device);
        if (off != position_offset[device] && !may_lose_position && !homes && !was_homing[device])
            fail("axis " + std::to_string(device) + " has made " + std::to_string(position_offset[device] - off) +
                     " steps more than its position says");
        position_offset[device] = off;
        was_homing[device] = homes;
    }
    may_lose_position = false;
}

// ---- messages ----

void Checks::start()
{
    chip.on_step = [this](int device, bool up) { on_step(device, up); };
    chip.on_idle = [this] { check_pins(); };
    chip.on_idle();
}

// Everything that these bytes may mean, wherever a message begins in them: a superset of what the firmware will do.
void Checks::before_message(const Bytes& bytes)
{
    for (size_t at = 0; at < bytes.size(); at++) {
        auto byte = [&](size_t n) { return at + n < bytes.size() ? bytes[at + n] : 0xFF; };
        auto declare = [&](uint8_t pin) {
            if (pin < PINS)
                may_be_driven[pin] = true;
        };
        uint8_t command = byte(0);
        if (command == PIN_MODE || command == OUTPUT_LIMITS || command == SERVO_CONFIG)
            declare(byte(1));
        if (command == CONVERTER)
            declare(byte(4));
        if (command == ACCELSTEPPER)
            for (size_t n = 4; n < 9; n++)
                declare(byte(n));
        may_lose_position |= command == ACCELSTEPPER || command == SYSTEM_RESET || command == HOME;
    }
}

void Checks::after_message()
{
    message_checker.check(chip.sent);
    chip.sent.clear();
    cli();  // no interrupt changes a position meanwhile
    check_positions();
    native_interrupts = true;
}
