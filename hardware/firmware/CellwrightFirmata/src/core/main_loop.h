// The firmware from the outside: start it, then run its main loop again and again.
#pragma once

void start_board();
void run_once();
