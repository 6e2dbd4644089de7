"""The script of queries for every firmware, and every intended difference, with its reason."""

from __future__ import annotations

SCRIPT = {
    # name: bytes, and their meaning
    "version": ("f9", "which protocol?"),
    "firmware": ("f079f7", "who are you?"),
    "capabilities": ("f06bf7", "what can each pin do?"),
    "analog mapping": ("f069f7", "which pins are analog?"),
    "pin 13 at the start": ("f06d0df7", "its mode and state"),
    "pin 13 is an output": ("f40d01 f06d0df7", "pin mode, then its state"),
    "pin 13 is set": ("f50d01 f06d0df7", "set pin, then its state"),
    "pin 13 by its port": ("910000 f06d0df7", "port 1 written low, then its state"),
    "pin 9 has a pull-up": ("f4090b f06d09f7", "pin mode, then its state"),
    "port 1 is reported": ("d101", "at once, with pin 9 held high"),
    "port 1 is reported no more": ("d100", "nothing is answered"),
    "pin 11 has PWM": ("f40b03 eb0001 f06d0bf7", "pin mode, a duty of 128, then its state"),
    "pin 5 by extended analog": ("f40503 f06f050a00f7 f06d05f7", "pin mode, a duty of 10, then its state"),
    "pin 6 has a servo": ("f40604 e65a00 f06d06f7", "pin mode, 90 degrees, then its state"),
    "an input is not driven": ("f40a00 f50a01 f06d0af7", "set pin on an input, then its state"),
    "channel 0 is sampled no more": ("c000", "nothing is answered"),
    "a string": ("f071410042 00f7", "nothing is answered"),
    "the interval": ("f07a1400f7", "nothing is answered"),
    "I2C before it is configured": ("f076100001 00f7", "a write"),
    "half a message": ("f06d f9", "a sysex cut short by a version query"),
    "what was cut short": ("f7 f06d0df7", "after it, a state"),
    "an unknown message": ("f07f0102f7", "a sysex that nobody knows"),
    "a pin that is not there": ("f06d7ff7", "a state"),
    "features": ("f001f7", "CellwrightFirmata's own question"),
    "reset": ("ff f06d0df7", "FF, then the state of an output"),
}

OLD = "the stock hex is version 2.4, and the virtual Arduino plays 2.5"
NAMES = "each says its own name and version"
RESERVED = (
    "stock firmware drives its pins as outputs from the start; CellwrightFirmata drives nothing until it is declared"
)
NO_SET_PIN = "2.4 does not know the message F5, which came with 2.5"
NO_PULL_UP = "2.4 knows no mode 0B, which came with 2.5"
SAYS_WHY = "StandardFirmata ignores what it cannot do; CellwrightFirmata says why"
SAYS_INPUT = "stock firmware switches the pull-up or does nothing; CellwrightFirmata says once that the pin is an input"
SAYS_SO = "ConfigurableFirmata says so in its own words"
CUTS = "CellwrightFirmata takes a byte above 7F for the beginning of another message; stock firmware for data, up to F7"
NO_SUCH_PIN = "CellwrightFirmata answers with the number alone, as 2.4 does; the others ignore it or say so"
OWN = "only CellwrightFirmata has it"
MODES = (
    "what a pin can do: steppers, encoders and I2C differ, and 9 and 10 have no PWM where their timer makes the steps"
)

STANDARD, OTHERS = ("standard emulated", "standard virtual"), ("standard virtual", "configurable virtual")
STOCK = (*STANDARD, "configurable virtual")
REASONS: dict[str, dict[str, str]] = {
    "version": dict.fromkeys(STANDARD, OLD),
    "firmware": dict.fromkeys(STOCK, NAMES),
    "capabilities": dict.fromkeys(STOCK, MODES) | {"cellwright mega": "a Mega has 70 pins"},
    "analog mapping": {"cellwright mega": "a Mega has 70 pins, of which 54 is A0"},
    "pin 13 at the start": dict.fromkeys(STOCK, RESERVED),
    "pin 13 is set": {"standard emulated": NO_SET_PIN},
    "pin 9 has a pull-up": {"standard emulated": NO_PULL_UP},
    "port 1 is reported": {"standard emulated": NO_PULL_UP},
    "pin 11 has PWM": {"cellwright mega": "pins 11 and 12 of a Mega have no PWM: their timer makes the steps"},
    "I2C before it is configured": dict.fromkeys(STANDARD, SAYS_WHY) | {"configurable virtual": SAYS_SO},
    "an input is not driven": dict.fromkeys(STOCK, SAYS_INPUT),
    "half a message": dict.fromkeys(STOCK, CUTS),
    "what was cut short": {"standard emulated": CUTS, "configurable virtual": SAYS_SO},
    "an unknown message": dict.fromkeys(STANDARD, SAYS_WHY) | {"configurable virtual": SAYS_SO},
    "a pin that is not there": {"standard virtual": NO_SUCH_PIN, "configurable virtual": SAYS_SO},
    "features": dict.fromkeys(STANDARD, OWN)
    | {"configurable virtual": SAYS_SO, "cellwright mega": "it has room for more"},
}
"""For each question and firmware whose answer is not that of CellwrightFirmata on an emulated Uno: why."""
