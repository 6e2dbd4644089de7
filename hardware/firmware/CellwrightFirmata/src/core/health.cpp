#include "health.h"

#include "../io/encoders.h"
#include "../motion/step_interrupt.h"
#include "../protocol/messages.h"
#include "serial.h"

#if defined(__AVR__)
extern uint8_t __heap_start;  // from the linker: the end of the variables
constexpr uint8_t STACK_PAINT = 0xC5;
constexpr uint16_t RAM_START = 0x100 + (RAMEND > 0x8FF ? 0x100 : 0);

// Stack painting: fills the free memory before anything else runs, to find the deepest use of the stack later.
void paint_stack() __attribute__((naked, used, section(".init3")));
void paint_stack()
{
    for (uint8_t* byte = &__heap_start; byte < reinterpret_cast<uint8_t*>(RAMEND - 8); byte++)
        *byte = STACK_PAINT;
}

static uint16_t ram_bytes() { return RAMEND + 1 - RAM_START; }
static uint16_t static_bytes() { return uint16_t(&__heap_start) - RAM_START; }

static uint16_t max_stack_bytes()
{
    const uint8_t* byte = &__heap_start;
    while (*byte == STACK_PAINT)
        byte++;
    return RAMEND + 1 - uint16_t(byte);
}
#else
static uint16_t ram_bytes() { return 0; }
static uint16_t static_bytes() { return 0; }
static uint16_t max_stack_bytes() { return 0; }
#endif

static void put_saturated(uint16_t count) { put_unsigned(count < 0x3FFF ? count : 0x3FFF, 2); }

void handle_health()
{
    begin_reply(HEALTH);
    put_unsigned(ram_bytes(), 2);
    put_unsigned(static_bytes(), 2);
    put_unsigned(max_stack_bytes(), 2);
    put_saturated(late_step_count());
    put_saturated(underrun_count());
    put_saturated(lost_byte_count());
    put_saturated(lost_edge_count());
    end_reply();
}
