// The entry points of the firmware: start it, then run its main loop for ever.
#pragma once

void start_board();
void run_once();
