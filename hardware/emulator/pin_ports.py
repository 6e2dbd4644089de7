"""The port and bit of each pin of an Arduino."""

from __future__ import annotations

from cellwright.errors import DescriptionError
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel

PORTS = "ABCDEFGHIJKL"
"""The letters of a chip's ports; there is no port I, and an ATmega328P has B, C and D only."""
Pin = tuple[str, int]
"""A pin of a chip: its port's letter and its bit."""

_NAMES: dict[ArduinoModel, str] = {"uno": "an Uno", "nano": "a Nano", "mega": "a Mega"}
_MEGA_PORTS = (
    "E0 E1 E4 E5 G5 E3 H3 H4 H5 H6 B4 B5 B6 B7 J1 J0 H1 H0 D3 D2 D1 D0 "  # 0 to 21
    "A0 A1 A2 A3 A4 A5 A6 A7 C7 C6 C5 C4 C3 C2 C1 C0 D7 G2 G1 G0 "  # 22 to 41
    "L7 L6 L5 L4 L3 L2 L1 L0 B3 B2 B1 B0 "  # 42 to 53
    "F0 F1 F2 F3 F4 F5 F6 F7 K0 K1 K2 K3 K4 K5 K6 K7"  # 54 to 69
)
"""The ports of a Mega's pins 0 to 69. Source: variants/mega/pins_arduino.h of the Arduino AVR core."""
_MEGA_PINS = [(place[0], int(place[1])) for place in _MEGA_PORTS.split()]


def port_and_bit(pin: int, kind: ArduinoModel = "uno") -> Pin:
    """The port and bit of an Arduino's pin; A0 is pin 14, on a Mega 54. Raises DescriptionError for any other."""
    if kind == "mega":
        if 0 <= pin < len(_MEGA_PINS):
            return _MEGA_PINS[pin]
        raise DescriptionError(f"Pin {pin} is not a pin of a Mega; those are 0 to 69, of which 54 is A0.")
    if 0 <= pin < 8:
        return "D", pin
    if 8 <= pin < 14:
        return "B", pin - 8
    if 14 <= pin < 20:
        return "C", pin - 14
    raise DescriptionError(f"Pin {pin} is not a digital pin of {_NAMES[kind]}; those are 0 to 19, of which 14 is A0.")


def analog_channel(pin_or_channel: int, kind: ArduinoModel = "uno") -> int:
    """The channel of an analog input, from its channel or pin number. Raises DescriptionError for any other."""
    first_pin, channels = (54, 16) if kind == "mega" else (14, 8)
    channel = pin_or_channel - first_pin if pin_or_channel >= first_pin else pin_or_channel
    if not 0 <= channel < channels:
        where = "a Mega" if kind == "mega" else "an Uno or a Nano"
        raise DescriptionError(f"Channel {channel} is not an analog input of {where}; those are 0 to {channels - 1}.")
    return channel
