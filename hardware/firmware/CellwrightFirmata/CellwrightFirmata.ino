// CellwrightFirmata: Firmata for production cells. Its protocol is in PROTOCOL.md beside this folder, its structure in DESIGN.md.
//
// It opens in the Arduino IDE as it is, without a library; `make firmware` builds it with avr-gcc alone.
#include "src/core/main_loop.h"

void setup() { start_board(); }

void loop() { run_once(); }
