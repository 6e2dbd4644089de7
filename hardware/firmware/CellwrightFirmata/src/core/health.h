// What the board knows of itself: memory, stack, what came late or was lost.
#pragma once

#include "chip.h"

void handle_health();
