// A script is lines, ended by "end":
//   send HEX             bytes to the firmware
//   run US               let so many microseconds pass
//   input PIN LEVEL      drive a pin from outside
//   interrupt-anywhere   from now on interrupts come between any two instructions
//   bus MASK             which of eight addresses answer on the two-wire bus
// The answer is lines as well, ended by "done" or "failed"; times are half microseconds since the start:
//   sent TIME HEX, step DEVICE FORWARD TIME, pin PIN LEVEL TIME (outputs, as they change), violated: WHAT
#include "script.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "checks.h"
#include "io/pins.h"
#include "motion/axis.h"

static Checks checks;
static int8_t printed_levels[PINS];

static void print_outputs()
{
    for (uint8_t pin = 2; pin < PINS && is_digital(pin); pin++) {
        PortPin place = port_pin_of(pin);
        int8_t level = place.pin[1] & place.mask ? bool(place.pin[2] & place.mask) : -1;
        if (level != printed_levels[pin])
            printf("pin %d %d %llu\n", pin, level, (unsigned long long)chip.now);
        printed_levels[pin] = level;
    }
}

static void watch()
{
    checks.start();
    auto check_step = chip.on_step;
    auto check_moment = chip.on_idle;
    memset(printed_levels, -1, sizeof printed_levels);
    chip.on_step = [check_step](int device, bool up) {
        check_step(device, up);
        const Axis& axis = axes[device];
        bool forward = bool(*axis.direction_port & axis.direction_mask) != bool(axis.inverted & 2);
        if (up)
            printf("step %d %d %llu\n", device, forward, (unsigned long long)chip.now);
    };
    chip.on_idle = [check_moment] {
        check_moment();
        print_outputs();
        if (chip.sent.empty())
            return;
        printf("sent %llu ", (unsigned long long)chip.now);
        for (uint8_t byte : chip.sent)
            printf("%02x", byte);
        printf("\n");
        checks.message_checker.check(chip.sent);
        chip.sent.clear();
    };
}

static Bytes from_hex(const std::string& text)
{
    Bytes bytes;
    for (size_t at = 0; at + 1 < text.size(); at += 2)
        bytes.push_back(uint8_t(std::stoi(text.substr(at, 2), nullptr, 16)));
    return bytes;
}

static void run_line(const std::string& line)
{
    std::istringstream arguments(line);
    std::string what, text;
    uint64_t number = 0;
    int level = 0;
    arguments >> what;
    if (what == "send") {
        arguments >> text;
        checks.before_message(from_hex(text));
        chip.feed(from_hex(text));
        chip.run_until_received(4000 * TICKS_PER_MS);
        checks.after_message();
    } else if (what == "run") {
        arguments >> number;
        chip.run_for(2 * number);
        checks.after_message();
    } else if (what == "input") {
        arguments >> number >> level;
        chip.set_input(number, level);
    } else if (what == "interrupt-anywhere") {
        chip.interrupts_anywhere = true;
    } else if (what == "bus") {
        arguments >> number;
        chip.bus_answers = number;
    }
}

int serve_scripts()
{
    std::vector<std::string> script;
    for (std::string line; std::getline(std::cin, line);) {
        if (line != "end") {
            script.push_back(line);
            continue;
        }
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            chip.start();
            watch();
            for (const std::string& each : script)
                run_line(each);
            fflush(stdout);
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        printf(status ? "failed\n" : "done\n");
        fflush(stdout);
        script.clear();
    }
    return 0;
}
