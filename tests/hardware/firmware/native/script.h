#pragma once

// Runs scripts from standard input, each on a new board, to the end of the input. See script.cpp.
int serve_scripts();
