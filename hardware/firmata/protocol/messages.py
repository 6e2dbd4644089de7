"""Firmata's messages: their names, how each is put into bytes, and a reader that finds them in what arrives.

Sources: the Firmata protocol (github.com/firmata/protocol, protocol.md, version 2.6) and the firmware
libraries' own code. The messages of stepper drivers, and those of encoders, I2C and the scheduler, have files of
their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decode_sevens, decode_text, pair, sevens, text

# Messages of fixed length. In those below F0 the low four bits are a port or a channel.
PORT = 0x90
REPORT_ANALOG = 0xC0
REPORT_PORT = 0xD0
ANALOG = 0xE0
START_SYSEX = 0xF0
PIN_MODE = 0xF4
SET_PIN = 0xF5
END_SYSEX = 0xF7
VERSION = 0xF9
SYSTEM_RESET = 0xFF

# Sysex commands, all below 80.
ENCODER = 0x61
ACCELSTEPPER = 0x62
ANALOG_MAPPING_QUERY = 0x69
ANALOG_MAPPING = 0x6A
CAPABILITY_QUERY = 0x6B
CAPABILITIES = 0x6C
PIN_STATE_QUERY = 0x6D
PIN_STATE = 0x6E
EXTENDED_ANALOG = 0x6F
SERVO_CONFIG = 0x70
STRING = 0x71
I2C_REQUEST = 0x76
I2C_REPLY = 0x77
I2C_CONFIG = 0x78
FIRMWARE = 0x79
SAMPLING_INTERVAL = 0x7A
SCHEDULER = 0x7B

NOTHING = 0x7F
"""Ends a pin's list of capabilities, and says that a pin has no analog channel."""

SAMPLING_INTERVAL_MS = 19
"""How often the firmware samples until it is told otherwise."""


class PinMode(IntEnum):
    """What a pin is used for."""

    INPUT = 0x00
    OUTPUT = 0x01
    ANALOG = 0x02
    PWM = 0x03
    SERVO = 0x04
    I2C = 0x06
    STEPPER = 0x08
    ENCODER = 0x09
    PULLUP = 0x0B


class Message(NamedTuple):
    """One message: a sysex if ``command`` is below 80, one of fixed length otherwise.

    data: the bytes after the command, without the end mark.
    """

    command: int
    data: bytes


_STATUS = re.compile(rb"[\x80-\xff]")
# How many bytes follow. A version that the host asks for has none; this is the board's answer.
_LENGTHS = {PORT: 2, ANALOG: 2, REPORT_ANALOG: 1, REPORT_PORT: 1, PIN_MODE: 2, SET_PIN: 2, VERSION: 2, SYSTEM_RESET: 0}
_LENGTH_OF = [_LENGTHS.get(status if status >= 0xF0 else status & 0xF0) for status in range(256)]


class MessageReader:
    """Cuts what a board sends into messages.

    Only whole messages come out. A data byte on its own is skipped. A byte of 80 or more inside a message
    ends it as torn and begins the next: the firmware never sends one there, so bytes were lost before it.
    limit: the most bytes between a sysex's start and its end; what is longer is dropped.
    """

    def __init__(self, limit: int = 4096) -> None:
        self.limit = limit
        self._rest = b""  # a message that has begun

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes."""
        received = self._rest + data
        messages: list[Message] = []
        at, end = 0, len(received)
        while at < end:
            status = received[at]
            found = _STATUS.search(received, at + 1)
            next_status = found.start() if found else end
            length = _LENGTH_OF[status]
            if status == START_SYSEX:
                is_over = found is not None and received[next_status] == END_SYSEX
                if found is None and next_status - at - 1 <= self.limit:
                    break
                if is_over and 2 <= next_status - at <= self.limit + 1:
                    messages.append(Message(received[at + 1], received[at + 2 : next_status]))
            elif length is not None:
                if next_status - at > length:
                    messages.append(Message(status, received[at + 1 : at + 1 + length]))
                elif found is None:
                    break
            at = next_status
        self._rest = received[at:]
        return messages


# ---- messages that both sides send ----


def sysex(command: int, data: bytes = b"") -> bytes:
    """A message of any length; every byte of ``data`` is below 80."""
    return bytes((START_SYSEX, command)) + data + b"\xf7"


def port(number: int, levels: int) -> bytes:
    """The levels of a port's eight pins: written by the host, reported by the board."""
    return bytes((PORT | number, levels & 0x7F, levels >> 7 & 1))


def analog(number: int, value: int) -> bytes:
    """A value of up to 14 bits: the host's for a pin below 16, the board's of an analog channel."""
    return bytes((ANALOG | number, value & 0x7F, value >> 7 & 0x7F))


def string(words: str) -> bytes:
    """Words for people to read."""
    return sysex(STRING, text(words))


# ---- from the host ----

ASK_VERSION = bytes((VERSION,))
ASK_FIRMWARE = sysex(FIRMWARE)
ASK_CAPABILITIES = sysex(CAPABILITY_QUERY)
ASK_ANALOG_MAPPING = sysex(ANALOG_MAPPING_QUERY)
RESET = bytes((SYSTEM_RESET,))


def ask_pin_state(pin: int) -> bytes:
    """Ask for a pin's mode and value."""
    return sysex(PIN_STATE_QUERY, bytes((pin,)))


def pin_mode(pin: int, mode: int) -> bytes:
    """Say what a pin is used for."""
    return bytes((PIN_MODE, pin, mode))


def set_pin(pin: int, level: bool) -> bytes:
    """Drive one output."""
    return bytes((SET_PIN, pin, int(level)))


def report_port(number: int, on: bool) -> bytes:
    """Ask for a report of a port now and at every change, or no more."""
    return bytes((REPORT_PORT | number, int(on)))


def report_analog(channel: int, on: bool) -> bytes:
    """Ask for a report of an analog channel now and at every sampling, or no more."""
    return bytes((REPORT_ANALOG | channel, int(on)))


def extended_analog(pin: int, value: int) -> bytes:
    """A PWM or servo value for any pin."""
    return sysex(EXTENDED_ANALOG, bytes((pin,)) + sevens(value))


def servo_config(pin: int, shortest_us: int, longest_us: int) -> bytes:
    """Make a pin a servo's, whose pulses at 0 and 180 degrees last this many microseconds."""
    return sysex(SERVO_CONFIG, bytes((pin,)) + pair(shortest_us) + pair(longest_us))


def sampling_interval(milliseconds: int) -> bytes:
    """Say how often analog inputs, encoders and I2C devices are to be sampled."""
    return sysex(SAMPLING_INTERVAL, pair(milliseconds))


# ---- from the board ----


def version(major: int, minor: int) -> bytes:
    """The protocol's version."""
    return bytes((VERSION, major, minor))


def firmware(major: int, minor: int, name: str) -> bytes:
    """The firmware's version and name."""
    return sysex(FIRMWARE, bytes((major, minor)) + text(name))


def decode_firmware(data: bytes) -> tuple[int, int, str] | None:
    """Major version, minor version and name; None for a query, which is empty."""
    return (data[0], data[1], decode_text(data[2:])) if len(data) >= 2 else None


def capabilities(pins: Iterable[Mapping[int, int]]) -> bytes:
    """What every pin can do: for each its modes, in the firmware's order, and their resolutions in bits."""
    lists = (bytes(byte for each in modes.items() for byte in each) + bytes((NOTHING,)) for modes in pins)
    return sysex(CAPABILITIES, b"".join(lists))


def decode_capabilities(data: bytes) -> list[dict[int, int]]:
    """Each pin's modes and their resolutions in bits."""
    pins: list[dict[int, int]] = []
    modes: dict[int, int] = {}
    each = iter(data)
    for mode in each:
        if mode == NOTHING:
            pins.append(modes)
            modes = {}
        else:
            modes[mode] = next(each, 0)
    return pins


def analog_mapping(channels: Iterable[int | None]) -> bytes:
    """Each pin's analog channel, None where it has none."""
    return sysex(ANALOG_MAPPING, bytes(NOTHING if channel is None else channel for channel in channels))


def decode_analog_mapping(data: bytes) -> list[int | None]:
    """Each pin's analog channel, None where it has none."""
    return [None if channel == NOTHING else channel for channel in data]


def pin_state(pin: int, mode: int, value: int) -> bytes:
    """A pin's mode, and the value last written to it; of an input 1 says that its pull-up is on."""
    return sysex(PIN_STATE, bytes((pin, mode)) + sevens(value))


def decode_pin_state(data: bytes) -> tuple[int, int, int] | None:
    """Pin, mode and value; None when the board knows no such pin."""
    return (data[0], data[1], decode_sevens(data[2:])) if len(data) >= 3 else None
