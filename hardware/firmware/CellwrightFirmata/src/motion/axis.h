// A stepper axis: what the step interrupt reads at every step, and what the planner works from.
//
// A move is a chain of segments. A segment is `count` steps: the first after `interval`, and each interval longer than
// the one before by `add`. One segment is under way; the next is queued behind it. DESIGN.md has the state diagram.
#pragma once

#include "../core/chip.h"
#include "../io/pins.h"

constexpr uint8_t CRUISE_BIT = 2, COILS_BIT = 4;  // the assembly tests these

enum SegmentFlags : uint8_t {
    STEPS = 0x01,              // the events are steps; without it they are a pause
    LAST = 0x02,               // the move ends with this segment
    CRUISE = 1 << CRUISE_BIT,  // constant speed: add is 0
    NEGATIVE = 0x08,
    COILS = 1 << COILS_BIT,  // the housekeeping switches the coils
    UNDERRUN = 0x20,         // a pause, as no segment was queued in time
    QUEUED = 0x80,
};

// Intervals are timer ticks (0.5 us) with a fraction of 16 bits.
struct Segment {
    uint16_t count;
    uint32_t interval;
    int32_t add;
    uint8_t flags;  // 0: there is none
};

struct Limit {
    volatile uint8_t* pin;
    uint8_t mask;    // 0: no switch
    uint8_t invert;  // 0xFF where low is active

    bool is_active() const { return (*pin ^ invert) & mask; }
};

enum MoveEnd : uint8_t { NOT_ENDED, ARRIVED, HIT_LIMIT };

struct Axis {
    // For the step interrupt. An instruction reaches the first 63 bytes directly, in the planner too.
    volatile uint8_t* step_pin;  // the PIN register; writing a mask to it toggles those pins
    uint8_t step_mask;
    uint8_t active_step_mask;  // 0 in a pause
    Limit limit;               // of the direction of travel
    uint32_t next_step_time;   // of the next event, timer ticks and fraction
    uint32_t interval;
    int32_t add;
    uint16_t remaining;  // events of this segment
    uint8_t flags;
    volatile uint8_t move_end;  // a MoveEnd, until the main loop reports it
    Segment queued;
    int32_t end_position;  // of this segment
    volatile uint8_t* direction_port;
    uint8_t direction_mask;  // 0: coils
    uint8_t wires;           // 0: not configured; 1: a driver
    uint8_t inverted;        // bits of AccelStepper's message
    volatile bool moving;
    uint8_t group;              // that moves it, or NO_GROUP
    bool planned_negative : 1;  // direction at the end of what is planned
    bool half_steps : 1;
    bool hit_high : 1;       // which limit ended its last move
    uint8_t deferred_flags;  // of the step that follows a pause segment; 0: there is none
    // For the planner.
    float planned_speed;  // at the end of what is planned, steps/s
    int32_t target;
    float move_speed, move_acceleration;  // of this move: a group scales them
    // Beyond the first 63 bytes: what is used least.
    uint32_t deferred_interval;
    float speed, acceleration;  // as the host set them, steps/s and steps/s²
    volatile bool starting;     // its first segment is being planned
    int8_t phase;               // of the coils at position 0
    uint8_t enable_pin;
    uint8_t pins[4];  // step and direction, or the coils
    Limit limits[2];  // low, high
};

constexpr uint8_t NO_GROUP = 0x7F;

extern volatile bool plan_requested;  // the housekeeping tests it: a segment may be needed, or coils to be switched

extern Axis axes[DEVICES];

int32_t position_of(const Axis& axis);
