"""The messages of encoders, of I2C devices, and of the scheduler that runs stored messages on the board.

Sources: the Firmata protocol (encoder.md, i2c.md, scheduler.md), and ConfigurableFirmata's and FirmataEncoder's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decode_pair, decode_sevens, pack, pair, unpack
from cellwright.hardware.firmata.protocol.messages import ENCODER, I2C_CONFIG, I2C_REPLY, I2C_REQUEST, SCHEDULER, sysex

# ---- encoders ----

ATTACH_ENCODER = 0x00
REPORT_ENCODER = 0x01
REPORT_ENCODERS = 0x02
ZERO_ENCODER = 0x03
AUTO_REPORT = 0x04
DETACH_ENCODER = 0x05

ENCODERS = 5
COUNTS_DOWN = 0x40


def attach_encoder(number: int, pin_a: int, pin_b: int) -> bytes:
    """Make an encoder of two pins, from which on it counts from 0."""
    return sysex(ENCODER, bytes((ATTACH_ENCODER, number, pin_a, pin_b)))


def ask_encoder(number: int) -> bytes:
    """Ask for an encoder's count."""
    return sysex(ENCODER, bytes((REPORT_ENCODER, number)))


ASK_ENCODERS = sysex(ENCODER, bytes((REPORT_ENCODERS,)))


def zero_encoder(number: int) -> bytes:
    """Count from 0 again."""
    return sysex(ENCODER, bytes((ZERO_ENCODER, number)))


def report_encoders(on: bool) -> bytes:
    """Ask for all counts at every sampling, or no more."""
    return sysex(ENCODER, bytes((AUTO_REPORT, int(on))))


def detach_encoder(number: int) -> bytes:
    """Let an encoder's pins go."""
    return sysex(ENCODER, bytes((DETACH_ENCODER, number)))


def encoder_counts(counts: Mapping[int, int]) -> bytes:
    """Counts by encoder, from the board: 28 bits of magnitude each."""
    data = bytearray()
    for number, count in counts.items():
        size = abs(count)
        data.append(number | (COUNTS_DOWN if count < 0 else 0))
        data += bytes((size & 0x7F, size >> 7 & 0x7F, size >> 14 & 0x7F, size >> 21 & 0x7F))
    return sysex(ENCODER, bytes(data))


def decode_encoder_counts(data: bytes) -> dict[int, int]:
    """Counts by encoder; an incomplete one at the end is left out."""
    counts = {}
    for at in range(0, len(data) - 4, 5):
        size = decode_sevens(data[at + 1 : at + 5])
        counts[data[at] & 0x3F] = -size if data[at] & COUNTS_DOWN else size
    return counts


# ---- I2C ----

WRITE = 0x00
READ_ONCE = 0x08
READ_ALWAYS = 0x10
STOP_READING = 0x18
TEN_BIT_ADDRESS = 0x20


class I2cReply(NamedTuple):
    """What was read from an I2C device, and from which of its registers; 0 where none was named."""

    address: int
    register: int
    data: bytes


def i2c_config(delay_us: int = 0) -> bytes:
    """Use the two I2C pins as such; wait ``delay_us`` between naming a register and reading it."""
    return sysex(I2C_CONFIG, pair(delay_us))


def i2c_write(address: int, data: bytes) -> bytes:
    """Write bytes to a device."""
    return sysex(I2C_REQUEST, bytes((address, WRITE)) + b"".join(map(pair, data)))


def i2c_read(address: int, register: int | None, count: int, mode: int = READ_ONCE) -> bytes:
    """Read ``count`` bytes, from ``register`` on or from wherever the device is; ``mode`` may be READ_ALWAYS."""
    named = b"" if register is None else pair(register)
    return sysex(I2C_REQUEST, bytes((address, mode)) + named + pair(count))


def i2c_stop_reading(address: int) -> bytes:
    """End what READ_ALWAYS began."""
    return sysex(I2C_REQUEST, bytes((address, STOP_READING)))


def i2c_reply(address: int, register: int, data: bytes) -> bytes:
    """What was read, from the board."""
    return sysex(I2C_REPLY, pair(address) + pair(register) + b"".join(map(pair, data)))


def decode_i2c_reply(data: bytes) -> I2cReply | None:
    """What was read; None when the reply is cut short."""
    if len(data) < 4:
        return None
    values = bytes(decode_pair(data, at) & 0xFF for at in range(4, len(data) - 1, 2))
    return I2cReply(decode_pair(data), decode_pair(data, 2), values)


# ---- the scheduler ----

CREATE_TASK = 0x00
DELETE_TASK = 0x01
ADD_TO_TASK = 0x02
DELAY_TASK = 0x03
SCHEDULE_TASK = 0x04
QUERY_TASKS = 0x05
QUERY_TASK = 0x06
RESET_TASKS = 0x07
TASK_ERROR = 0x08
TASK_LIST = 0x09
TASK_REPLY = 0x0A


def create_task(task: int, length: int) -> bytes:
    """Keep room for a task of ``length`` bytes."""
    return sysex(SCHEDULER, bytes((CREATE_TASK, task)) + pair(length))


def delete_task(task: int) -> bytes:
    """Forget a task."""
    return sysex(SCHEDULER, bytes((DELETE_TASK, task)))


def add_to_task(task: int, messages: bytes) -> bytes:
    """Put messages at the end of a task; the firmware takes 53 bytes at most at a time."""
    return sysex(SCHEDULER, bytes((ADD_TO_TASK, task)) + pack(messages))


def delay_task(milliseconds: int) -> bytes:
    """In a task: go on after so long."""
    return sysex(SCHEDULER, bytes((DELAY_TASK,)) + _time(milliseconds))


def schedule_task(task: int, milliseconds: int) -> bytes:
    """Run a task from its beginning after so long; a time set before no longer counts."""
    return sysex(SCHEDULER, bytes((SCHEDULE_TASK, task)) + _time(milliseconds))


ASK_TASKS = sysex(SCHEDULER, bytes((QUERY_TASKS,)))


def ask_task(task: int) -> bytes:
    """Ask for what is known of a task."""
    return sysex(SCHEDULER, bytes((QUERY_TASK, task)))


FORGET_TASKS = sysex(SCHEDULER, bytes((RESET_TASKS,)))


def _time(milliseconds: int) -> bytes:
    return pack(milliseconds.to_bytes(4, "little"))


class TaskReply(NamedTuple):
    """What the firmware knows of a task: when it is due (its clock's ms, 0 for not scheduled), and its bytes.

    position: at which byte it goes on, or where the next ones are added.
    """

    task: int
    due_ms: int
    position: int
    messages: bytes


def task_list(tasks: bytes) -> bytes:
    """Which tasks there are, from the board."""
    return sysex(SCHEDULER, bytes((TASK_LIST,)) + tasks)


def task_reply(task: int, reply: TaskReply | None, is_error: bool = False) -> bytes:
    """What is known of a task, from the board; None when it does not exist."""
    kind = TASK_ERROR if is_error else TASK_REPLY
    if reply is None:
        return sysex(SCHEDULER, bytes((kind, task)))
    header = reply.due_ms.to_bytes(4, "little")
    header += len(reply.messages).to_bytes(2, "little") + reply.position.to_bytes(2, "little")
    return sysex(SCHEDULER, bytes((kind, task)) + pack(header + reply.messages))


def decode_task_reply(data: bytes) -> TaskReply | None:
    """What is known of a task, from a reply's data; None when it does not exist."""
    known = unpack(data[2:])
    if len(known) < 8:
        return None
    due_ms, length, position = (int.from_bytes(known[a:b], "little") for a, b in ((0, 4), (4, 6), (6, 8)))
    return TaskReply(data[1], due_ms, position, known[8 : 8 + length])
