// Stands in for avr-libc's: interrupts are plain functions, which the surroundings call when they are due and allowed.
#pragma once

#define ISR(vector, ...)                         \
    extern "C" void vector(void) __VA_ARGS__;    \
    void vector(void)
#define ISR_ALIASOF(vector) __attribute__((alias(#vector)))

extern bool native_interrupts;  // the chip's I flag
void native_moment();           // between two instructions with interrupts on

inline void cli() { native_interrupts = false; }
inline void sei()
{
    native_interrupts = true;
    native_moment();
}
