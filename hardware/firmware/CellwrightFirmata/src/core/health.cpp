#include "health.h"

#include "../io/encoders.h"
#include "../motion/step_interrupt.h"
#include "../protocol/messages.h"
#include "serial.h"

#if defined(__AVR__)
extern uint8_t __heap_start;  // the linker's: where variables end
constexpr uint8_t PAINT = 0xC5;
constexpr uint16_t FIRST_BYTE = 0x100 + (RAMEND > 0x8FF ? 0x100 : 0);

// Before anything else runs: paint what will be the stack, to see later how much of it was used.
void paint_stack() __attribute__((naked, used, section(".init3")));
void paint_stack()
{
    for (uint8_t* byte = &__heap_start; byte < reinterpret_cast<uint8_t*>(RAMEND - 8); byte++)
        *byte = PAINT;
}

static uint16_t memory() { return RAMEND + 1 - FIRST_BYTE; }
static uint16_t used() { return uint16_t(&__heap_start) - FIRST_BYTE; }

static uint16_t deepest_stack()
{
    const uint8_t* byte = &__heap_start;
    while (*byte == PAINT)
        byte++;
    return RAMEND + 1 - uint16_t(byte);
}
#else
static uint16_t memory() { return 0; }
static uint16_t used() { return 0; }
static uint16_t deepest_stack() { return 0; }
#endif

static void put_count(uint16_t count) { put_number(count < 0x3FFF ? count : 0x3FFF, 2); }

void handle_health()
{
    begin_reply(HEALTH);
    put_number(memory(), 2);
    put_number(used(), 2);
    put_number(deepest_stack(), 2);
    put_count(late_step_count());
    put_count(underrun_count());
    put_count(bytes_lost());
    put_count(edges_lost());
    end_reply();
}
