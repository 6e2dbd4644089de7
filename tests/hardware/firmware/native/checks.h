// What may never happen, whatever the host sends.
#pragma once

#include "surroundings.h"

// Cuts what the firmware sends into messages; ends the program where one is not well formed.
class Listener {
public:
    void hear(const Bytes& bytes);
    bool is_between_messages() const { return message.empty(); }
    uint64_t messages = 0;

private:
    Bytes message;
    void hear_one(uint8_t byte);
    void check_sysex() const;
};

class Checks {
public:
    Listener listener;

    void start();                          // watch the world from now on
    void before_message(const Bytes& bytes);
    void after_message();

private:
    bool may_be_driven[PINS] = {};  // named by a message that declares outputs
    bool may_lose_position = false;
    int32_t counted[DEVICES] = {}, offset[DEVICES] = {};
    bool was_homing[DEVICES] = {};

    void on_step(int device, bool up);
    void check_pins() const;
    void check_positions();
};
