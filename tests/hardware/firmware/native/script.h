#pragma once

// Runs scripts from standard input, each on a fresh board; returns when there is no more. See script.cpp.
int serve_scripts();
