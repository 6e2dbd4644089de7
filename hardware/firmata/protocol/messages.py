"""Firmata's messages: commands, encoding and decoding, and a reader that splits received bytes into messages.

Sources: the Firmata protocol (github.com/firmata/protocol, protocol.md, version 2.6) and the firmware
libraries' own code; the names of the commands are those of FirmataConstants.h. Stepper drivers, and encoders, I2C and
the scheduler, have modules of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decode_text, decode_unsigned, text, u14, unsigned

# Messages of fixed length. In those below F0 the low four bits are a port or a channel.
DIGITAL_MESSAGE = 0x90
REPORT_ANALOG = 0xC0
REPORT_DIGITAL = 0xD0
ANALOG_MESSAGE = 0xE0
START_SYSEX = 0xF0
SET_PIN_MODE = 0xF4
SET_DIGITAL_PIN_VALUE = 0xF5
END_SYSEX = 0xF7
REPORT_VERSION = 0xF9
SYSTEM_RESET = 0xFF

# Sysex commands, all below 80.
ENCODER_DATA = 0x61
ACCELSTEPPER_DATA = 0x62
ANALOG_MAPPING_QUERY = 0x69
ANALOG_MAPPING_RESPONSE = 0x6A
CAPABILITY_QUERY = 0x6B
CAPABILITY_RESPONSE = 0x6C
PIN_STATE_QUERY = 0x6D
PIN_STATE_RESPONSE = 0x6E
EXTENDED_ANALOG = 0x6F
SERVO_CONFIG = 0x70
STRING_DATA = 0x71
I2C_REQUEST = 0x76
I2C_REPLY = 0x77
I2C_CONFIG = 0x78
REPORT_FIRMWARE = 0x79
SAMPLING_INTERVAL = 0x7A
SCHEDULER_DATA = 0x7B

UNUSED = 0x7F
"""The end of a pin's list of capabilities; in the analog mapping, a pin without an analog channel."""

DEFAULT_SAMPLING_INTERVAL_MS = 19
"""The firmware's sampling interval until the host sets another."""


class PinMode(IntEnum):
    """The mode of a pin."""

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


_STATUS_BYTE = re.compile(rb"[\x80-\xff]")
# How many data bytes follow. The version is the board's reply; the host's query has no data.
_DATA_LENGTHS = {
    DIGITAL_MESSAGE: 2,
    ANALOG_MESSAGE: 2,
    REPORT_ANALOG: 1,
    REPORT_DIGITAL: 1,
    SET_PIN_MODE: 2,
    SET_DIGITAL_PIN_VALUE: 2,
    REPORT_VERSION: 2,
    SYSTEM_RESET: 0,
}
_LENGTH_BY_STATUS = [_DATA_LENGTHS.get(status if status >= 0xF0 else status & 0xF0) for status in range(256)]


class MessageReader:
    """Splits what a board sends into messages.

    Only complete messages are returned. A data byte outside a message is skipped. A byte of 80 or more inside a message
    drops that message and begins the next: the firmware never sends one there, so bytes were lost.
    limit: the maximum number of bytes between a sysex's start and its end; longer messages are dropped.
    """

    def __init__(self, limit: int = 4096) -> None:
        self.limit = limit
        self._rest = b""  # an incomplete message

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes."""
        received = self._rest + data
        messages: list[Message] = []
        at, end = 0, len(received)
        while at < end:
            status = received[at]
            match = _STATUS_BYTE.search(received, at + 1)
            next_status = match.start() if match else end
            length = _LENGTH_BY_STATUS[status]
            if status == START_SYSEX:
                is_over = match is not None and received[next_status] == END_SYSEX
                if match is None and next_status - at - 1 <= self.limit:
                    break
                if is_over and 2 <= next_status - at <= self.limit + 1:
                    messages.append(Message(received[at + 1], received[at + 2 : next_status]))
            elif length is not None:
                if next_status - at > length:
                    messages.append(Message(status, received[at + 1 : at + 1 + length]))
                elif match is None:
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
    return bytes((DIGITAL_MESSAGE | number, levels & 0x7F, levels >> 7 & 1))


def analog(number: int, value: int) -> bytes:
    """A value of up to 14 bits: the host's for a pin below 16, the board's of an analog channel."""
    return bytes((ANALOG_MESSAGE | number, value & 0x7F, value >> 7 & 0x7F))


def string(characters: str) -> bytes:
    """A text for people to read."""
    return sysex(STRING_DATA, text(characters))


# ---- from the host ----

QUERY_VERSION = bytes((REPORT_VERSION,))
QUERY_FIRMWARE = sysex(REPORT_FIRMWARE)
QUERY_CAPABILITIES = sysex(CAPABILITY_QUERY)
QUERY_ANALOG_MAPPING = sysex(ANALOG_MAPPING_QUERY)
RESET = bytes((SYSTEM_RESET,))


def query_pin_state(pin: int) -> bytes:
    """Query a pin's mode and value."""
    return sysex(PIN_STATE_QUERY, bytes((pin,)))


def pin_mode(pin: int, mode: int) -> bytes:
    """Set the mode of a pin."""
    return bytes((SET_PIN_MODE, pin, mode))


def set_pin(pin: int, level: bool) -> bytes:
    """Drive one output."""
    return bytes((SET_DIGITAL_PIN_VALUE, pin, int(level)))


def report_port(number: int, on: bool) -> bytes:
    """Switch reports of a port, now and at every change, on or off."""
    return bytes((REPORT_DIGITAL | number, int(on)))


def report_analog(channel: int, on: bool) -> bytes:
    """Switch reports of an analog channel, now and at every sampling, on or off."""
    return bytes((REPORT_ANALOG | channel, int(on)))


def extended_analog(pin: int, value: int) -> bytes:
    """A PWM or servo value for any pin."""
    return sysex(EXTENDED_ANALOG, bytes((pin,)) + unsigned(value))


def servo_config(pin: int, shortest_us: int, longest_us: int) -> bytes:
    """Attach a servo to a pin; its pulses at 0 and 180 degrees last this many microseconds."""
    return sysex(SERVO_CONFIG, bytes((pin,)) + u14(shortest_us) + u14(longest_us))


def sampling_interval(milliseconds: int) -> bytes:
    """Set how often analog inputs, encoders and I2C devices are sampled."""
    return sysex(SAMPLING_INTERVAL, u14(milliseconds))


# ---- from the board ----


def version(major: int, minor: int) -> bytes:
    """The protocol's version."""
    return bytes((REPORT_VERSION, major, minor))


def firmware(major: int, minor: int, name: str) -> bytes:
    """The firmware's version and name."""
    return sysex(REPORT_FIRMWARE, bytes((major, minor)) + text(name))


def decode_firmware(data: bytes) -> tuple[int, int, str] | None:
    """Major version, minor version and name; None for a query, which is empty."""
    return (data[0], data[1], decode_text(data[2:])) if len(data) >= 2 else None


def capabilities(pins: Iterable[Mapping[int, int]]) -> bytes:
    """The modes of each pin, in the firmware's order, and their resolutions in bits."""
    lists = (bytes(byte for each in modes.items() for byte in each) + bytes((UNUSED,)) for modes in pins)
    return sysex(CAPABILITY_RESPONSE, b"".join(lists))


def decode_capabilities(data: bytes) -> list[dict[int, int]]:
    """Each pin's modes and their resolutions in bits."""
    pins: list[dict[int, int]] = []
    modes: dict[int, int] = {}
    each = iter(data)
    for mode in each:
        if mode == UNUSED:
            pins.append(modes)
            modes = {}
        else:
            modes[mode] = next(each, 0)
    return pins


def analog_mapping(channels: Iterable[int | None]) -> bytes:
    """Each pin's analog channel, None where it has none."""
    return sysex(ANALOG_MAPPING_RESPONSE, bytes(UNUSED if channel is None else channel for channel in channels))


def decode_analog_mapping(data: bytes) -> list[int | None]:
    """Each pin's analog channel, None where it has none."""
    return [None if channel == UNUSED else channel for channel in data]


def pin_state(pin: int, mode: int, value: int) -> bytes:
    """A pin's mode, and the value last written to it; for an input, 1 means that its pull-up is on."""
    return sysex(PIN_STATE_RESPONSE, bytes((pin, mode)) + unsigned(value))


def decode_pin_state(data: bytes) -> tuple[int, int, int] | None:
    """Pin, mode and value; None when the board has no such pin."""
    return (data[0], data[1], decode_unsigned(data[2:])) if len(data) >= 3 else None
