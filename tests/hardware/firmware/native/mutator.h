// Valid and corrupt messages. The same seed gives the same messages.
#pragma once

#include "simulated_chip.h"

class Mutator {
public:
    explicit Mutator(uint64_t seed) : state(mix(seed + 1)) {}

    Bytes next();                // one input
    uint32_t pause();            // timer ticks until the next
    uint32_t roll(uint32_t sides);
    bool chance(uint32_t percent) { return roll(100) < percent; }

private:
    uint64_t state;
    static uint64_t mix(uint64_t bits);
    Bytes previous;
    std::vector<Bytes> queued;  // the next messages, in reverse order

    uint8_t pin();
    uint8_t device();
    void put_number(Bytes& bytes, uint32_t value, int size);
    void put_position(Bytes& bytes);
    void put_float(Bytes& bytes, uint32_t significand, int exponent);
    void put_speed(Bytes& bytes);
    Bytes valid_message();
    Bytes stepper_message();
    Bytes feature_message();
    Bytes core_message();
    void corrupt(Bytes& bytes);
    void queue_scene();
};
