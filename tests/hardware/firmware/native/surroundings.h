// What surrounds the firmware when it runs natively: time, the line to the host, wires on its pins, a bus.
#pragma once

#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "core/chip.h"

using Bytes = std::vector<uint8_t>;

constexpr uint32_t TICKS_PER_BYTE = 347;   // half us of ten bits at 57600 baud
constexpr uint32_t TICKS_PER_MS = 2000;
constexpr uint64_t LONGEST_TURN = 500 * TICKS_PER_MS;  // of the main loop; the watchdog then stops the board

struct Surroundings {
    uint64_t now = 0;         // half us since the start
    Bytes heard;              // what the firmware has sent, and nobody has taken
    bool is_hasty = false;    // interrupts come between any two instructions where they may, and time goes on there
    uint8_t bus_answers = 0;  // of 8 addresses that differ in their last three bits
    bool bus_hangs = false;
    std::function<void(int device, bool up)> on_step = [](int, bool) {};
    std::function<void()> on_moment = [] {};  // after each turn of the main loop, and each interrupt outside one

    void start();
    void say(const Bytes& bytes);  // to the firmware, one after the other, after those on their way
    bool is_silent() const { return arriving.size() == arrived; }
    void run_for(uint64_t ticks);
    void run_until_heard(uint64_t at_most);  // all that was said has arrived and was looked at
    void hold(uint8_t pin, bool level);       // from outside

    // For the stand-ins.
    void wait_a_little();
    void moment();
    void turned_over(volatile uint8_t* pin, uint8_t mask);
    void two_wire(uint8_t control);
    void refresh_pins();

private:
    Bytes arriving;
    size_t arrived = 0;
    uint64_t next_byte_at = 0, line_is_free_at = 0, turned_at = 0;
    bool compared_a = false, compared_b = false, overflowed = false, changed = false, received = false;
    bool bus_is_addressed = false;
    uint8_t held_levels[12] = {};
    uint32_t dice = 1;
    int depth = 0;
    bool is_in_turn = false;

    uint32_t roll(uint32_t sides);
    uint64_t next_event(uint64_t at_most) const;
    void go_to(uint64_t moment);
    bool interrupt_once();
    void interrupt();
    void turn_main_loop();
};

extern Surroundings world;

[[noreturn]] void violated(const std::string& what);  // something that never may happen has happened
extern std::function<void()> say_how_it_came;        // called before the program ends for it

uint8_t port_of(uint8_t pin);
