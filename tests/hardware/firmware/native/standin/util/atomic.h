// Stands in for avr-libc's. Where a block ends interrupts may come, as they do on the chip.
#pragma once

#include <avr/interrupt.h>

class NativeAtomicBlock {
public:
    NativeAtomicBlock() : before(native_interrupts) { native_interrupts = false; }
    ~NativeAtomicBlock()
    {
        native_interrupts = before;
        if (before)
            native_moment();
    }
    bool enter()
    {
        bool first = !entered;
        entered = true;
        return first;
    }

private:
    bool before, entered = false;
};

#define ATOMIC_BLOCK(unused) for (NativeAtomicBlock native_block; native_block.enter();)
