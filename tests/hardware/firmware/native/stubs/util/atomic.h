// Replaces the header of avr-libc. Interrupts may come where a block ends, as on the chip.
#pragma once

#include <avr/interrupt.h>

class NativeAtomicBlock {
public:
    NativeAtomicBlock() : previous(native_interrupts) { native_interrupts = false; }
    ~NativeAtomicBlock()
    {
        native_interrupts = previous;
        if (previous)
            native_between_instructions();
    }
    bool enter()
    {
        bool first = !entered;
        entered = true;
        return first;
    }

private:
    bool previous, entered = false;
};

#define ATOMIC_BLOCK(unused) for (NativeAtomicBlock native_block; native_block.enter();)
