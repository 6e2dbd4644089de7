// Diagnostics: memory, stack, late steps, underruns, lost bytes and edges.
#pragma once

#include "chip.h"

void handle_health();
