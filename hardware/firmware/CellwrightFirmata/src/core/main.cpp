// The Arduino core has a main() of its own; without it this is the program's.
#if defined(__AVR__) && !defined(ARDUINO)
#include "main_loop.h"

int main() __attribute__((OS_main));  // returns to nobody, so it keeps no registers for anybody
int main()
{
    start_board();
    for (;;)
        run_once();
}
#endif
