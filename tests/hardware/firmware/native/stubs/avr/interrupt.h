// Replaces the header of avr-libc: interrupts are plain functions, called by the simulated chip.
#pragma once

#define ISR(vector, ...)                         \
    extern "C" void vector(void) __VA_ARGS__;    \
    void vector(void)
#define ISR_ALIASOF(vector) __attribute__((alias(#vector)))

extern bool native_interrupts;  // the I flag of the chip
void native_between_instructions();           // between two instructions with interrupts on

inline void cli() { native_interrupts = false; }
inline void sei()
{
    native_interrupts = true;
    native_between_instructions();
}
