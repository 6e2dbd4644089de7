"""pyfirmata2. Argument: the port. Prints what it found as one line of JSON."""

import json
import sys
import time

import pyfirmata2

strings = []
board = pyfirmata2.Board(sys.argv[1])  # without a layout it asks for the capabilities
board.add_cmd_handler(0x71, lambda *data: strings.append(bytes(data[::2]).decode()))
found = {"pins": len(board.digital), "channels": len(board.analog)}
lamp = board.get_pin("d:13:o")
for level in (1, 0, 1, 0):
    lamp.write(level)
    time.sleep(0.05)
board.samplingOn()
board.send_sysex(0x79, [])
button, sensor = board.get_pin("d:7:i"), board.get_pin("a:1:i")
button.register_callback(lambda value: found.update(digital=int(value)))
sensor.register_callback(lambda value: found.update(analog=round(1023 * value)))
button.enable_reporting()
sensor.enable_reporting()
time.sleep(0.5)
board.exit()
print(json.dumps(found | {"firmware": board.firmware, "strings": strings}))
