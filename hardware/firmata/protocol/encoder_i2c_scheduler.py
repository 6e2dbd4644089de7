"""The messages of encoders, of I2C devices, and of the scheduler, which runs stored messages on the board.

Sources: the Firmata protocol (encoder.md, i2c.md, scheduler.md), and ConfigurableFirmata's and FirmataEncoder's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decode_u14, decode_unsigned, pack, u14, unpack
from cellwright.hardware.firmata.protocol.messages import (
    ENCODER_DATA,
    I2C_CONFIG,
    I2C_REPLY,
    I2C_REQUEST,
    SCHEDULER_DATA,
    sysex,
)

# ---- encoders ----

ATTACH_ENCODER = 0x00
REPORT_ENCODER = 0x01
REPORT_ENCODERS = 0x02
ZERO_ENCODER = 0x03
AUTO_REPORT = 0x04
DETACH_ENCODER = 0x05

MAX_ENCODERS = 5
COUNTS_DOWN = 0x40


def attach_encoder(number: int, pin_a: int, pin_b: int) -> bytes:
    """Attach an encoder on two pins; it counts from 0."""
    return sysex(ENCODER_DATA, bytes((ATTACH_ENCODER, number, pin_a, pin_b)))


def query_encoder(number: int) -> bytes:
    """Query the count of an encoder."""
    return sysex(ENCODER_DATA, bytes((REPORT_ENCODER, number)))


QUERY_ENCODERS = sysex(ENCODER_DATA, bytes((REPORT_ENCODERS,)))


def zero_encoder(number: int) -> bytes:
    """Set the count of an encoder to 0."""
    return sysex(ENCODER_DATA, bytes((ZERO_ENCODER, number)))


def report_encoders(on: bool) -> bytes:
    """Switch reports of all counts at every sampling on or off."""
    return sysex(ENCODER_DATA, bytes((AUTO_REPORT, int(on))))


def detach_encoder(number: int) -> bytes:
    """Detach an encoder."""
    return sysex(ENCODER_DATA, bytes((DETACH_ENCODER, number)))


def encoder_counts(counts: Mapping[int, int]) -> bytes:
    """Counts by encoder, from the board: 28 bits of magnitude each."""
    data = bytearray()
    for number, count in counts.items():
        size = abs(count)
        data.append(number | (COUNTS_DOWN if count < 0 else 0))
        data += bytes((size & 0x7F, size >> 7 & 0x7F, size >> 14 & 0x7F, size >> 21 & 0x7F))
    return sysex(ENCODER_DATA, bytes(data))


def decode_encoder_counts(data: bytes) -> dict[int, int]:
    """Counts by encoder; an incomplete one at the end is left out."""
    counts = {}
    for at in range(0, len(data) - 4, 5):
        size = decode_unsigned(data[at + 1 : at + 5])
        counts[data[at] & 0x3F] = -size if data[at] & COUNTS_DOWN else size
    return counts


# ---- I2C ----

WRITE = 0x00
READ_ONCE = 0x08
READ_CONTINUOUSLY = 0x10
STOP_READING = 0x18
TEN_BIT_ADDRESS = 0x20


class I2cReply(NamedTuple):
    """Bytes read from an I2C device, and the register they came from; 0 where none was given."""

    address: int
    register: int
    data: bytes


def i2c_config(delay_us: int = 0) -> bytes:
    """Enable I2C; wait ``delay_us`` between writing a register number and reading it."""
    return sysex(I2C_CONFIG, u14(delay_us))


def i2c_write(address: int, data: bytes) -> bytes:
    """Write bytes to a device."""
    return sysex(I2C_REQUEST, bytes((address, WRITE)) + b"".join(map(u14, data)))


def i2c_read(address: int, register: int | None, count: int, mode: int = READ_ONCE) -> bytes:
    """Read ``count`` bytes, from ``register`` or from the device's present register; ``mode`` may be READ_ALWAYS."""
    named = b"" if register is None else u14(register)
    return sysex(I2C_REQUEST, bytes((address, mode)) + named + u14(count))


def i2c_stop_reading(address: int) -> bytes:
    """End what READ_ALWAYS began."""
    return sysex(I2C_REQUEST, bytes((address, STOP_READING)))


def i2c_reply(address: int, register: int, data: bytes) -> bytes:
    """Bytes that were read, from the board."""
    return sysex(I2C_REPLY, u14(address) + u14(register) + b"".join(map(u14, data)))


def decode_i2c_reply(data: bytes) -> I2cReply | None:
    """Decode a reply; None when it is cut short."""
    if len(data) < 4:
        return None
    values = bytes(decode_u14(data, at) & 0xFF for at in range(4, len(data) - 1, 2))
    return I2cReply(decode_u14(data), decode_u14(data, 2), values)


# ---- the scheduler ----

CREATE_TASK = 0x00
DELETE_TASK = 0x01
ADD_TO_TASK = 0x02
DELAY_TASK = 0x03
SCHEDULE_TASK = 0x04
QUERY_ALL_TASKS = 0x05
QUERY_TASK = 0x06
RESET_TASKS = 0x07
TASK_ERROR = 0x08
TASK_LIST = 0x09
TASK_REPLY = 0x0A


def create_task(task: int, length: int) -> bytes:
    """Create an empty task of ``length`` bytes."""
    return sysex(SCHEDULER_DATA, bytes((CREATE_TASK, task)) + u14(length))


def delete_task(task: int) -> bytes:
    """Delete a task."""
    return sysex(SCHEDULER_DATA, bytes((DELETE_TASK, task)))


def add_to_task(task: int, messages: bytes) -> bytes:
    """Append messages to a task; the firmware accepts 53 bytes at a time."""
    return sysex(SCHEDULER_DATA, bytes((ADD_TO_TASK, task)) + pack(messages))


def delay_task(milliseconds: int) -> bytes:
    """In a task: pause it for this time."""
    return sysex(SCHEDULER_DATA, bytes((DELAY_TASK,)) + _time(milliseconds))


def schedule_task(task: int, milliseconds: int) -> bytes:
    """Run a task from its beginning after this time, in place of any time set before."""
    return sysex(SCHEDULER_DATA, bytes((SCHEDULE_TASK, task)) + _time(milliseconds))


LIST_TASKS = sysex(SCHEDULER_DATA, bytes((QUERY_ALL_TASKS,)))


def query_task(task: int) -> bytes:
    """Query a task."""
    return sysex(SCHEDULER_DATA, bytes((QUERY_TASK, task)))


CLEAR_TASKS = sysex(SCHEDULER_DATA, bytes((RESET_TASKS,)))


def _time(milliseconds: int) -> bytes:
    return pack(milliseconds.to_bytes(4, "little"))


class TaskReply(NamedTuple):
    """A stored task: when it is due (ms of the board's clock, 0: not scheduled), and its bytes.

    position: the byte at which it continues, or at which the next bytes are appended.
    """

    task: int
    due_ms: int
    position: int
    messages: bytes


def task_list(tasks: bytes) -> bytes:
    """The numbers of the stored tasks, from the board."""
    return sysex(SCHEDULER_DATA, bytes((TASK_LIST,)) + tasks)


def task_reply(task: int, reply: TaskReply | None, is_error: bool = False) -> bytes:
    """A stored task, from the board; None when it does not exist."""
    kind = TASK_ERROR if is_error else TASK_REPLY
    if reply is None:
        return sysex(SCHEDULER_DATA, bytes((kind, task)))
    header = reply.due_ms.to_bytes(4, "little")
    header += len(reply.messages).to_bytes(2, "little") + reply.position.to_bytes(2, "little")
    return sysex(SCHEDULER_DATA, bytes((kind, task)) + pack(header + reply.messages))


def decode_task_reply(data: bytes) -> TaskReply | None:
    """Decode a stored task; None when it does not exist."""
    known = unpack(data[2:])
    if len(known) < 8:
        return None
    due_ms, length, position = (int.from_bytes(known[a:b], "little") for a, b in ((0, 4), (4, 6), (6, 8)))
    return TaskReply(data[1], due_ms, position, known[8 : 8 + length])
