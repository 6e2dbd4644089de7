"""AccelStepper's messages: what the host asks of stepper drivers, and what the firmware answers.

Source: the Firmata protocol (accelStepperFirmata.md) where the firmware keeps to it. Devices are numbered from
0 to 9, groups from 0 to 4. Of the firmwares only CellwrightFirmata knows the document's limit switches (07).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decimal, decode_i32, i32
from cellwright.hardware.firmata.protocol.messages import ACCELSTEPPER, sysex

CONFIGURE = 0x00
ZERO = 0x01
STEP = 0x02
TO = 0x03
ENABLE = 0x04
STOP = 0x05
REPORT_POSITION = 0x06
LIMIT = 0x07
SET_ACCELERATION = 0x08
SET_SPEED = 0x09
MOVE_COMPLETE = 0x0A
GROUP_CONFIGURE = 0x20
GROUP_TO = 0x21
GROUP_STOP = 0x23
GROUP_COMPLETE = 0x24

DEVICES = 10
GROUPS = 5

DRIVER = 1
"""The number of wires that stands for a driver with a step and a direction pin."""

# What can be inverted on a driver, as ConfigurableFirmata has it; the document, and CellwrightFirmata with it, has the
# first two the other way round.
INVERT_DIRECTION = 0x01
INVERT_STEP = 0x02
INVERT_ENABLE = 0x10
INVERT_DIRECTION_AS_DOCUMENTED = 0x02

NO_SWITCH = 0x7F
"""Stands for the pin of an end that has no limit switch."""


def configure(
    device: int, step_pin: int, direction_pin: int, enable_pin: int | None = None, inverted: int = 0
) -> bytes:
    """Make a device of a driver's pins; ``inverted`` adds up INVERT_… and is always sent.

    Without that byte the firmware reads whatever an earlier message left in its place.
    """
    has_enable = enable_pin is not None
    pins = (step_pin, direction_pin, enable_pin) if enable_pin is not None else (step_pin, direction_pin)
    return sysex(ACCELSTEPPER, bytes((CONFIGURE, device, DRIVER << 4 | has_enable, *pins, inverted)))


def zero(device: int) -> bytes:
    """Call the present position 0; a move under way ends there."""
    return sysex(ACCELSTEPPER, bytes((ZERO, device)))


def step(device: int, steps: int) -> bytes:
    """Move by ``steps`` from the present position."""
    return sysex(ACCELSTEPPER, bytes((STEP, device)) + i32(steps))


def to(device: int, position: int) -> bytes:
    """Move to a position, in steps."""
    return sysex(ACCELSTEPPER, bytes((TO, device)) + i32(position))


def enable(device: int, on: bool) -> bytes:
    """Switch the driver's current on or off."""
    return sysex(ACCELSTEPPER, bytes((ENABLE, device, int(on))))


def stop(device: int) -> bytes:
    """Stop dead. Zero the device before it moves again: its speed is kept."""
    return sysex(ACCELSTEPPER, bytes((STOP, device)))


def ask_position(device: int) -> bytes:
    """Ask where the device is."""
    return sysex(ACCELSTEPPER, bytes((REPORT_POSITION, device)))


def low_limit(device: int, pin: int, active: bool) -> bytes:
    """Stop the device, when it moves down, while ``pin`` is at the level ``active``."""
    return sysex(ACCELSTEPPER, bytes((LIMIT, device, pin, active, NO_SWITCH, 0)))


def acceleration(device: int, steps_per_s2: float) -> bytes:
    """Set the acceleration in steps/s²; 0 is none, full speed at once."""
    return sysex(ACCELSTEPPER, bytes((SET_ACCELERATION, device)) + decimal(steps_per_s2))


def speed(device: int, steps_per_s: float) -> bytes:
    """Set the top speed in steps/s."""
    return sysex(ACCELSTEPPER, bytes((SET_SPEED, device)) + decimal(steps_per_s))


def configure_group(group: int, devices: Iterable[int]) -> bytes:
    """Make a group of devices that arrive together."""
    return sysex(ACCELSTEPPER, bytes((GROUP_CONFIGURE, group, *devices)))


def group_to(group: int, positions: Iterable[int]) -> bytes:
    """Move each device of a group to its position, all at constant speed and so as to arrive together."""
    return sysex(ACCELSTEPPER, bytes((GROUP_TO, group)) + b"".join(map(i32, positions)))


def stop_group(group: int) -> bytes:
    """Stop a group dead."""
    return sysex(ACCELSTEPPER, bytes((GROUP_STOP, group)))


# ---- from the board ----


def position(device: int, steps: int) -> bytes:
    """Where a device is: the answer to ``ask_position``."""
    return sysex(ACCELSTEPPER, bytes((REPORT_POSITION, device)) + i32(steps))


def move_complete(device: int, steps: int) -> bytes:
    """A device has arrived, or was stopped, at ``steps``."""
    return sysex(ACCELSTEPPER, bytes((MOVE_COMPLETE, device)) + i32(steps))


def group_complete(group: int) -> bytes:
    """All of a group have arrived, or were stopped."""
    return sysex(ACCELSTEPPER, bytes((GROUP_COMPLETE, group)))


class StepperReply(NamedTuple):
    """What the firmware says of a device or a group: ``kind`` is REPORT_POSITION, MOVE_COMPLETE or GROUP_COMPLETE.

    number: the device, or the group. position: in steps; of a group None.
    """

    kind: int
    number: int
    position: int | None


def decode_reply(data: bytes) -> StepperReply | None:
    """What a stepper sysex from the board says; None when it is none of the three."""
    if len(data) == 2 and data[0] == GROUP_COMPLETE:
        return StepperReply(GROUP_COMPLETE, data[1], None)
    if len(data) == 7 and data[0] in (REPORT_POSITION, MOVE_COMPLETE):
        return StepperReply(data[0], data[1], decode_i32(data, 2))
    return None
