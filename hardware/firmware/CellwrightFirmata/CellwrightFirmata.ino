// CellwrightFirmata: Firmata for production cells. What it says and understands is in PROTOCOL.md beside this folder.
//
// It opens in the Arduino IDE as it is, and needs no library; `make firmware` builds it with avr-gcc alone.
#include "src/core/main_loop.h"

void setup() { start_board(); }

void loop() { run_once(); }
