// fuzz SEED COUNT: feed so many inputs to one board after the other, and check what must never happen.
// print SEED COUNT: print the inputs, with the milliseconds to wait after each.
// serve: run scripts from standard input, see script.cpp.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"
#include "mutator.h"
#include "script.h"

constexpr long INPUTS_PER_BOARD = 5000;

static void print_bytes(const Bytes& bytes)
{
    for (uint8_t byte : bytes)
        printf("%02x", byte);
    printf("\n");
}

static void run_one_board(uint64_t seed, long count)
{
    Mutator mutator(seed);
    Checks checks;
    std::vector<Bytes> last;
    print_history = [&] {
        printf("seed %llu, half us %llu, the last inputs:\n", (unsigned long long)seed, (unsigned long long)chip.now);
        for (const Bytes& bytes : last)
            print_bytes(bytes);
    };
    chip.interrupts_anywhere = mutator.chance(50);
    chip.start();
    checks.start();
    for (long n = 0; n < count; n++) {
        Bytes bytes = mutator.next();
        last.push_back(bytes);
        if (last.size() > 40)
            last.erase(last.begin());
        if (mutator.chance(3))
            chip.bus_answers = mutator.roll(256), chip.bus_hangs = mutator.chance(10);
        if (mutator.chance(10))
            chip.set_input(2 + mutator.roll(PINS - 2 < 18 ? PINS - 2 : 18), mutator.chance(50));
        checks.before_message(bytes);
        chip.feed(bytes);
        chip.run_until_received(2000 * TICKS_PER_MS);
        if (!chip.is_idle())
            fail("the host was not heard for two seconds");
        chip.run_for(mutator.pause() + 1);
        checks.after_message();
    }
    for (const Bytes& ending : {Bytes{0xF7}, Bytes{0xFF}, Bytes{0xF9}}) {
        checks.before_message(ending);
        chip.feed(ending);
        chip.run_until_received(2000 * TICKS_PER_MS);
        chip.run_for(500 * TICKS_PER_MS);
        checks.after_message();
    }
    if (!checks.message_checker.is_between_messages())
        fail("the last reply has no end");
    printf("%ld inputs, %llu replies\n", count, (unsigned long long)checks.message_checker.messages);
}

// The firmware has global state, so each board has a process of its own.
static int fuzz(uint64_t seed, long count)
{
    for (long done = 0; done < count; done += INPUTS_PER_BOARD, seed++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            run_one_board(seed, count - done < INPUTS_PER_BOARD ? count - done : INPUTS_PER_BOARD);
            fflush(stdout);
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0) {
            printf("seed %llu failed\n", (unsigned long long)seed);
            return 1;
        }
    }
    return 0;
}

int main(int count, char** arguments)
{
    if (count == 2 && !strcmp(arguments[1], "serve"))
        return serve_scripts();
    if (count != 4) {
        fprintf(stderr, "Say: fuzz SEED COUNT, print SEED COUNT, or serve.\n");
        return 2;
    }
    uint64_t seed = strtoull(arguments[2], nullptr, 10);
    long inputs = strtol(arguments[3], nullptr, 10);
    if (!strcmp(arguments[1], "fuzz"))
        return fuzz(seed, inputs);
    Mutator mutator(seed);
    while (inputs-- > 0) {
        Bytes bytes = mutator.next();
        printf("%u ", unsigned(mutator.pause() / TICKS_PER_MS));
        print_bytes(bytes);
    }
    return 0;
}
