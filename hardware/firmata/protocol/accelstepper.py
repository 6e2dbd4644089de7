"""AccelStepper's messages: the host's requests to stepper drivers, and the firmware's replies.

Source: the Firmata protocol (accelStepperFirmata.md) where the firmware keeps to it. Devices are numbered from
0 to 9, groups from 0 to 4. Only CellwrightFirmata implements the document's limit switches (07).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decimal, decode_i32, i32
from cellwright.hardware.firmata.protocol.messages import ACCELSTEPPER_DATA, sysex

CONFIGURE = 0x00
ZERO = 0x01
MOVE_BY = 0x02
MOVE_TO = 0x03
ENABLE = 0x04
STOP_DEVICE = 0x05
REPORT_POSITION = 0x06
SET_LIMITS = 0x07
SET_ACCELERATION = 0x08
SET_SPEED = 0x09
MOVE_COMPLETE = 0x0A
GROUP_CONFIGURE = 0x20
GROUP_MOVE_TO = 0x21
GROUP_STOP = 0x23
GROUP_COMPLETE = 0x24

MAX_DEVICES = 10
MAX_GROUPS = 5

DRIVER = 1
"""The number of wires in the configuration byte that means a driver with a step and a direction pin."""

# The invert bits of a driver in ConfigurableFirmata. The document and CellwrightFirmata swap the first two.
INVERT_DIRECTION = 0x01
INVERT_STEP = 0x02
INVERT_ENABLE = 0x10
INVERT_DIRECTION_AS_DOCUMENTED = 0x02

NO_LIMIT_PIN = 0x7F
"""The pin number of an end without a limit switch."""


def configure(
    device: int, step_pin: int, direction_pin: int, enable_pin: int | None = None, inverted: int = 0
) -> bytes:
    """Configure a device with a driver's pins; ``inverted`` is the sum of INVERT_… and is always sent.

    Without that byte the firmware reads what an earlier message left in its buffer.
    """
    has_enable = enable_pin is not None
    pins = (step_pin, direction_pin, enable_pin) if enable_pin is not None else (step_pin, direction_pin)
    return sysex(ACCELSTEPPER_DATA, bytes((CONFIGURE, device, DRIVER << 4 | has_enable, *pins, inverted)))


def zero(device: int) -> bytes:
    """Set the present position to 0; a move under way ends there."""
    return sysex(ACCELSTEPPER_DATA, bytes((ZERO, device)))


def move_by(device: int, steps: int) -> bytes:
    """Move by ``steps`` from the present position."""
    return sysex(ACCELSTEPPER_DATA, bytes((MOVE_BY, device)) + i32(steps))


def move_to(device: int, position: int) -> bytes:
    """Move to a position, in steps."""
    return sysex(ACCELSTEPPER_DATA, bytes((MOVE_TO, device)) + i32(position))


def enable(device: int, on: bool) -> bytes:
    """Switch the driver's current on or off."""
    return sysex(ACCELSTEPPER_DATA, bytes((ENABLE, device, int(on))))


def stop(device: int) -> bytes:
    """Stop: abruptly in ConfigurableFirmata, with the acceleration in CellwrightFirmata.

    ConfigurableFirmata keeps the speed that the device had: zero the device before it moves again.
    """
    return sysex(ACCELSTEPPER_DATA, bytes((STOP_DEVICE, device)))


def query_position(device: int) -> bytes:
    """Query the position of a device."""
    return sysex(ACCELSTEPPER_DATA, bytes((REPORT_POSITION, device)))


def low_limit(device: int, pin: int, active: bool) -> bytes:
    """Set the limit switch of the low end: the device stops moving down while ``pin`` is at the level ``active``."""
    return sysex(ACCELSTEPPER_DATA, bytes((SET_LIMITS, device, pin, active, NO_LIMIT_PIN, 0)))


def acceleration(device: int, steps_per_s2: float) -> bytes:
    """Set the acceleration in steps/s²; 0 means full speed at once."""
    return sysex(ACCELSTEPPER_DATA, bytes((SET_ACCELERATION, device)) + decimal(steps_per_s2))


def speed(device: int, steps_per_s: float) -> bytes:
    """Set the maximum speed in steps/s."""
    return sysex(ACCELSTEPPER_DATA, bytes((SET_SPEED, device)) + decimal(steps_per_s))


def configure_group(group: int, devices: Iterable[int]) -> bytes:
    """Configure a group of devices that arrive together."""
    return sysex(ACCELSTEPPER_DATA, bytes((GROUP_CONFIGURE, group, *devices)))


def move_group_to(group: int, positions: Iterable[int]) -> bytes:
    """Move each device of a group to its position, so that all arrive together."""
    return sysex(ACCELSTEPPER_DATA, bytes((GROUP_MOVE_TO, group)) + b"".join(map(i32, positions)))


def stop_group(group: int) -> bytes:
    """Stop a group abruptly."""
    return sysex(ACCELSTEPPER_DATA, bytes((GROUP_STOP, group)))


# ---- from the board ----


def position(device: int, steps: int) -> bytes:
    """The position of a device: the reply to ``query_position``."""
    return sysex(ACCELSTEPPER_DATA, bytes((REPORT_POSITION, device)) + i32(steps))


def move_complete(device: int, steps: int) -> bytes:
    """A move ended, or was stopped, at ``steps``."""
    return sysex(ACCELSTEPPER_DATA, bytes((MOVE_COMPLETE, device)) + i32(steps))


def group_complete(group: int) -> bytes:
    """All members of a group have arrived, or were stopped."""
    return sysex(ACCELSTEPPER_DATA, bytes((GROUP_COMPLETE, group)))


class StepperReply(NamedTuple):
    """A report about a device or a group: ``kind`` is REPORT_POSITION, MOVE_COMPLETE or GROUP_COMPLETE.

    number: the device, or the group. position: steps; None for a group.
    """

    kind: int
    number: int
    position: int | None


def decode_reply(data: bytes) -> StepperReply | None:
    """Decode a stepper sysex from the board; None for any other message."""
    if len(data) == 2 and data[0] == GROUP_COMPLETE:
        return StepperReply(GROUP_COMPLETE, data[1], None)
    if len(data) == 7 and data[0] in (REPORT_POSITION, MOVE_COMPLETE):
        return StepperReply(data[0], data[1], decode_i32(data, 2))
    return None
