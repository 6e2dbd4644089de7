"""PyMata 2. Argument: the port. Prints what it found as one line of JSON."""

import json
import os
import sys
import time

from PyMata.pymata import PyMata

board = PyMata(sys.argv[1], bluetooth=False, verbose=False)
name = board.get_firmata_firmware_version()
found = {"firmware": name[-1] if name else None}
handler = board._command_handler
found |= {"pins": handler.total_pins_discovered, "channels": handler.number_of_analog_pins_discovered}
board.set_pin_mode(13, board.OUTPUT, board.DIGITAL)
for level in (1, 0, 1, 0):
    board.digital_write(13, level)
    time.sleep(0.05)
board.set_pin_mode(7, board.INPUT, board.DIGITAL)
board.set_pin_mode(1, board.INPUT, board.ANALOG)
time.sleep(0.5)
found |= {"digital": board.digital_read(7), "analog": board.analog_read(1)}
print(json.dumps(found), flush=True)
os._exit(0)  # its threads do not end
