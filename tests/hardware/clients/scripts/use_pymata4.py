"""pymata4 at 57600 baud. Argument: the port. Prints what it found as one line of JSON."""

import json
import sys
import time

from pymata4 import pymata4

board = pymata4.Pymata4(com_port=sys.argv[1], baud_rate=57600, arduino_wait=1)
found = {"firmware": board.get_firmware_version().split(" ", 1)[-1], "pins": len(board.digital_pins)}
found["channels"] = len(board.analog_pins)
found["capabilities"] = len(board.get_capability_report() or ())
board.set_pin_mode_digital_output(13)
for level in (1, 0, 1, 0):
    board.digital_write(13, level)
    time.sleep(0.05)
board.set_pin_mode_digital_input(7)
board.set_pin_mode_analog_input(1)
time.sleep(0.5)
found |= {"digital": board.digital_read(7)[0], "analog": board.analog_read(1)[0]}
print(json.dumps(found), flush=True)
board.shutdown()
