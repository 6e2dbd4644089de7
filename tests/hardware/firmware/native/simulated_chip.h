// The chip for a native build: time, interrupts, the serial line, levels on the pins, a two-wire bus.
#pragma once

#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "core/chip.h"

using Bytes = std::vector<uint8_t>;

constexpr uint32_t TICKS_PER_BYTE = 347;   // ten bits at 57600 baud
constexpr uint32_t TICKS_PER_MS = 2000;
constexpr uint64_t MAX_PASS_TICKS = 500 * TICKS_PER_MS;  // of the main loop; the watchdog then stops the board

struct SimulatedChip {
    uint64_t now = 0;         // timer ticks (0.5 us) since the start
    Bytes sent;              // by the firmware, not yet taken
    bool interrupts_anywhere = false;    // interrupts come between any two instructions
    uint8_t bus_answers = 0;  // of 8 addresses that differ in their last three bits
    bool bus_hangs = false;
    std::function<void(int device, bool up)> on_step = [](int, bool) {};
    std::function<void()> on_idle = [] {};  // after each pass of the main loop, and each interrupt outside it

    void start();
    void feed(const Bytes& bytes);  // to the firmware, after those still on their way
    bool is_idle() const { return arriving.size() == arrived; }
    void run_for(uint64_t ticks);
    void run_until_received(uint64_t at_most);  // all that was fed has arrived and is handled
    void set_input(uint8_t pin, bool level);       // from outside

    // Called by the stubs.
    void poll();
    void between_instructions();
    void on_toggle(volatile uint8_t* pin, uint8_t mask);
    void on_two_wire_control(uint8_t control);
    void refresh_pins();

private:
    Bytes arriving;
    size_t arrived = 0;
    uint64_t next_rx_at = 0, tx_free_at = 0, pass_started = 0;
    bool compare_a_pending = false, compare_b_pending = false, overflow_pending = false;
    bool pin_change_pending = false, rx_pending = false;
    bool bus_is_addressed = false;
    uint8_t input_levels[12] = {};
    uint32_t random_state = 1;
    int depth = 0;
    bool is_in_main_loop = false;

    uint32_t roll(uint32_t sides);
    uint64_t next_event(uint64_t at_most) const;
    void advance_to(uint64_t time);
    bool run_one_interrupt();
    void run_interrupts();
    void run_main_loop();
};

extern SimulatedChip chip;

[[noreturn]] void fail(const std::string& what);  // what must never happen has happened
extern std::function<void()> print_history;        // called before the program ends

uint8_t port_of(uint8_t pin);
