"""pyFirmata 1.1. Argument: the port. Prints what it found as one line of JSON."""

import inspect
import json
import sys
import time

if not hasattr(inspect, "getargspec"):  # the shim: Python 3.11 took away what pyFirmata 1.1 calls
    inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]

import pyfirmata

strings = []
board = pyfirmata.Board(sys.argv[1])  # without a layout it asks for the capabilities
board.add_cmd_handler(0x71, lambda *data: strings.append(bytes(data[::2]).decode()))
board.send_sysex(0x79, [])
time.sleep(0.1)
while board.bytes_available():
    board.iterate()
found = {"firmware": board.firmware, "pins": len(board.digital), "channels": len(board.analog)}
board.digital[12].write(1)  # without a mode it is an input
lamp = board.get_pin("d:13:o")
lamp.mode = pyfirmata.OUTPUT  # its "o" sends no mode: StandardFirmata's pins are outputs from the start
for level in (1, 0, 1, 0):
    lamp.write(level)
    time.sleep(0.05)
button, sensor = board.get_pin("d:7:i"), board.get_pin("a:1:i")
end = time.monotonic() + 0.5
while time.monotonic() < end:
    while board.bytes_available():
        board.iterate()
    time.sleep(0.01)
found |= {"digital": int(button.read()), "analog": round(1023 * sensor.read()), "strings": strings}
print(json.dumps(found))
board.exit()
