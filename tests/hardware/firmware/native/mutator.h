// Messages as hosts send them, and as no host should. The same seed gives the same messages.
#pragma once

#include "surroundings.h"

class Mutator {
public:
    explicit Mutator(uint64_t seed) : state(mix(seed + 1)) {}

    Bytes next();                // one input
    uint32_t pause();            // half us until the next
    uint32_t roll(uint32_t sides);
    bool chance(uint32_t percent) { return roll(100) < percent; }

private:
    uint64_t state;
    static uint64_t mix(uint64_t bits);
    Bytes before;
    std::vector<Bytes> scene;  // messages that come next, the last first

    uint8_t pin();
    uint8_t device();
    void put_number(Bytes& bytes, uint32_t value, int size);
    void put_position(Bytes& bytes);
    void put_decimal(Bytes& bytes, uint32_t significand, int exponent);
    void put_speed(Bytes& bytes);
    Bytes valid();
    Bytes stepper();
    Bytes own_feature();
    Bytes core();
    void spoil(Bytes& bytes);
    void set_a_scene();
};
