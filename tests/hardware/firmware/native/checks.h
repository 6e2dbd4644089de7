// What must never happen, whatever the host sends.
#pragma once

#include "simulated_chip.h"

// Divides what the firmware sends into messages. Ends the program where one is not well formed.
class MessageChecker {
public:
    void check(const Bytes& bytes);
    bool is_between_messages() const { return message.empty(); }
    uint64_t messages = 0;

private:
    Bytes message;
    void check_byte(uint8_t byte);
    void check_sysex() const;
};

class Checks {
public:
    MessageChecker message_checker;

    void start();                          // check from now on
    void before_message(const Bytes& bytes);
    void after_message();

private:
    bool may_be_driven[PINS] = {};  // named by a message that declares outputs
    bool may_lose_position = false;
    int32_t counted_steps[DEVICES] = {}, position_offset[DEVICES] = {};
    bool was_homing[DEVICES] = {};

    void on_step(int device, bool up);
    void check_pins() const;
    void check_positions();
};
