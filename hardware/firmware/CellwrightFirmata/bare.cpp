// The Arduino core has a main() of its own; without it this is the program's.
#if defined(__AVR__) && !defined(ARDUINO)
#include "main_loop.h"

int main()
{
    start_board();
    for (;;)
        run_once();
}
#endif
