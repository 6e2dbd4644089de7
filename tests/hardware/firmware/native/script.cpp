// A script is lines, ended by "end":
//   say HEX          bytes to the firmware, one after the other
//   run US           let so many microseconds pass
//   hold PIN LEVEL   hold a pin from outside
//   hasty            from now on interrupts come anywhere
//   bus MASK         which of eight addresses answer on the two-wire bus
// What comes back is lines as well, times in half microseconds since the start, ended by "done" or "failed":
//   heard TIME HEX, step DEVICE FORWARD TIME, pin PIN LEVEL TIME (outputs, as they change), violated: WHAT
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
static int8_t shown[PINS];

static void show_outputs()
{
    for (uint8_t pin = 2; pin < PINS && is_digital(pin); pin++) {
        PortPin place = port_pin_of(pin);
        int8_t level = place.pin[1] & place.mask ? bool(place.pin[2] & place.mask) : -1;
        if (level != shown[pin])
            printf("pin %d %d %llu\n", pin, level, (unsigned long long)world.now);
        shown[pin] = level;
    }
}

static void watch()
{
    checks.start();
    auto check_step = world.on_step;
    auto check_moment = world.on_moment;
    memset(shown, -1, sizeof shown);
    world.on_step = [check_step](int device, bool up) {
        check_step(device, up);
        const Axis& axis = axes[device];
        bool forward = bool(*axis.direction_port & axis.direction_mask) != bool(axis.inverted & 2);
        if (up)
            printf("step %d %d %llu\n", device, forward, (unsigned long long)world.now);
    };
    world.on_moment = [check_moment] {
        check_moment();
        show_outputs();
        if (world.heard.empty())
            return;
        printf("heard %llu ", (unsigned long long)world.now);
        for (uint8_t byte : world.heard)
            printf("%02x", byte);
        printf("\n");
        checks.listener.hear(world.heard);
        world.heard.clear();
    };
}

static Bytes from_hex(const std::string& text)
{
    Bytes bytes;
    for (size_t at = 0; at + 1 < text.size(); at += 2)
        bytes.push_back(uint8_t(std::stoi(text.substr(at, 2), nullptr, 16)));
    return bytes;
}

static void obey(const std::string& line)
{
    std::istringstream words(line);
    std::string what, text;
    uint64_t number = 0;
    int level = 0;
    words >> what;
    if (what == "say") {
        words >> text;
        checks.before_message(from_hex(text));
        world.say(from_hex(text));
        world.run_until_heard(4000 * TICKS_PER_MS);
        checks.after_message();
    } else if (what == "run") {
        words >> number;
        world.run_for(2 * number);
        checks.after_message();
    } else if (what == "hold") {
        words >> number >> level;
        world.hold(number, level);
    } else if (what == "hasty") {
        world.is_hasty = true;
    } else if (what == "bus") {
        words >> number;
        world.bus_answers = number;
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
            world.start();
            watch();
            for (const std::string& each : script)
                obey(each);
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
