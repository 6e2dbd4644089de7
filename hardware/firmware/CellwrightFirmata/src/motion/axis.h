// A stepper axis: what the step interrupt needs at hand, and what its ramp is planned from.
//
// A move is planned as stretches: so many steps whose intervals grow or shrink evenly. One stretch is under way, the
// next is planned meanwhile.
#pragma once

#include "../core/chip.h"
#include "../io/pins.h"

enum SegmentFlags : uint8_t {
    STEPS = 0x01,     // of steps; else a pause
    LAST = 0x02,      // the move ends with it
    CRUISE = 0x04,    // at even speed, so that it may be cut short anywhere
    NEGATIVE = 0x08,
    COILS = 0x10,  // which the housekeeping switches
    UNDERRUN = 0x20,  // the next stretch, in a pause
    QUEUED = 0x80,
};

// Intervals are half microseconds with a fraction of 16 bits.
struct Segment {
    uint16_t count;
    uint32_t interval;
    int32_t add;  // of the interval, from each event to the next
    uint8_t flags;   // 0: there is none
};

struct Limit {
    volatile uint8_t* pin;
    uint8_t mask;  // 0: no switch
    uint8_t invert;  // so that a pin whose switch is active reads 1

    bool is_active() const { return (*pin ^ invert) & mask; }
};

enum MoveEnd : uint8_t { NOT_ENDED, ARRIVED, HIT_LIMIT };

struct Axis {
    // For the step interrupt; the first 63 bytes are the quickest to reach.
    volatile uint8_t* step_pin;  // writing its mask to the PIN register turns the pin over
    uint8_t step_mask;
    uint8_t active_step_mask;  // 0 in a pause
    Limit limit;       // of the direction it moves in
    uint32_t next_step_time;      // half us and fraction, of the next event
    uint32_t interval;
    int32_t add;
    uint16_t remaining;  // events of the stretch under way
    uint8_t flags;
    volatile uint8_t move_end;  // an Ending, for the main loop to tell
    Segment queued;
    int32_t end_position;  // of the stretch under way
    volatile uint8_t* direction_port;
    uint8_t direction_mask;  // 0: coils
    Limit limits[2];         // low, high
    uint8_t pins[4];       // step and direction, or the coils
    uint8_t wires;         // 0: not configured; 1: a driver
    int8_t phase;          // of the coils, where the position is 0
    uint8_t inverted;      // the document's bits
    // For planning.
    uint32_t deferred_interval;  // of the step after a pause that is part of it
    uint8_t deferred_flags;      // 0: there is none
    float planned_speed;  // at the end of what is planned, steps/s
    int32_t target;
    float speed, acceleration;            // as asked, steps/s and steps/s²
    float move_speed, move_acceleration;  // of this move: a group scales them
    volatile bool moving;
    volatile bool starting;  // its first stretch is being planned
    bool planned_negative : 1;  // direction at the end of what is planned
    bool half_steps : 1;
    bool hit_high : 1;  // which limit ended its last move
    uint8_t enable_pin;
    uint8_t group;  // that moves it, or NO_GROUP
};

constexpr uint8_t NO_GROUP = 0x7F;

extern volatile bool plan_requested;  // or coils to be switched; the housekeeping looks

extern Axis axes[DEVICES];

int32_t position_of(const Axis& axis);

// Speeds above the ceiling are refused before they come here.
void begin_move(Axis& axis, int32_t target, float speed);  // at rest or moving; acceleration as asked
bool plan_first_segment(Axis& axis, int32_t target);  // for start_axes; false where there is nothing to do
void controlled_stop(Axis& axis);
void stop_abruptly(Axis& axis, MoveEnd ending);  // dead
void clear_queue(Axis& axis);               // it stands: forget what was planned
void stop_all_abruptly();                       // interrupts may be off
void zero_position(Axis& axis);       // a move under way ends where it would have ended
