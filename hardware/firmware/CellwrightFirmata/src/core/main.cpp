// The entry point of a build without the Arduino core, which has a main() of its own.
#if defined(__AVR__) && !defined(ARDUINO)
#include "main_loop.h"

int main() __attribute__((OS_main));  // never returns, so it saves no registers
int main()
{
    start_board();
    for (;;)
        run_once();
}
#endif
