// CellwrightFirmata: Firmata for production cells. Beside this folder PROTOCOL.md describes its protocol, DESIGN.md its
// parts.
//
// It opens in the Arduino IDE as it is, without a library; `make firmware` builds it with avr-gcc alone.
#include "src/core/main_loop.h"

void setup() { start_board(); }

void loop() { run_once(); }
