"""Descriptions of Firmata messages, for logs and for comparing two runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cellwright.hardware.firmata.protocol import accelstepper, describe_cellwright, messages
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.accelstepper import NO_LIMIT_PIN
from cellwright.hardware.firmata.protocol.codec import (
    decode_decimal,
    decode_i32,
    decode_text,
    decode_u14,
    decode_unsigned,
)
from cellwright.hardware.firmata.protocol.firmware_parser import command_of
from cellwright.hardware.firmata.protocol.messages import PinMode

MODES = {mode.value: mode.name.lower().replace("pullup", "input with pull-up") for mode in PinMode}


def describe(data: bytes) -> str:
    """Describe the messages in ``data``, of the host or of the board; an incomplete message is marked as such."""
    return ", ".join(_describe_message(message) for message in split_messages(data))


def split_messages(data: bytes) -> Iterator[bytes]:
    """Split bytes into messages. A sysex ends with its end mark, any other before the next byte of 80 or more."""
    start = 0
    for at in range(1, len(data) + 1):
        ends_sysex = data[start] == messages.START_SYSEX and data[at - 1] == messages.END_SYSEX
        if at == len(data) or ends_sysex or (data[at] >= 0x80 and data[at] != messages.END_SYSEX):
            yield data[start:at]
            start = at


def _describe_message(message: bytes) -> str:
    command, data = message[0], message[1:]
    try:
        if command == messages.START_SYSEX and len(message) > 2 and message[-1] == messages.END_SYSEX:
            return _describe_sysex(message[1], message[2:-1])
        if command_of(command) in _FIXED:
            return _FIXED[command_of(command)](command & 0x0F, data)
    except (IndexError, ValueError):
        pass  # too short for its command
    return f"part of a message ({message.hex(' ').upper()})"


def _describe_sysex(command: int, data: bytes) -> str:
    if command in _SYSEX:
        return _SYSEX[command](data)
    return f"sysex {command:02X} with {len(data)} bytes"


# ---- messages of fixed length ----


def _port(number: int, data: bytes) -> str:
    levels = decode_u14(data)
    high = [str(8 * number + place) for place in range(8) if levels >> place & 1]
    pins = "pins" if len(high) > 1 else "pin"
    return f"port {number} with {pins} {' and '.join(high)} high" if high else f"port {number} with all pins low"


def _switch(what: str) -> Callable[[int, bytes], str]:
    return lambda number, data: f"{'report' if data[0] else 'report no more'} {what} {number}"


def _pin_mode(_: int, data: bytes) -> str:
    return f"pin {data[0]} as {MODES.get(data[1], f'mode {data[1]}')}"


def _set_pin(_: int, data: bytes) -> str:
    return f"pin {data[0]} {'high' if data[1] else 'low'}"


def _version(_: int, data: bytes) -> str:
    return f"version {data[0]}.{data[1]}" if data else "ask version"


_FIXED: dict[int, Callable[[int, bytes], str]] = {
    messages.DIGITAL_MESSAGE: _port,
    messages.ANALOG_MESSAGE: lambda number, data: f"analog {number} at {decode_u14(data)}",
    messages.REPORT_DIGITAL: _switch("port"),
    messages.REPORT_ANALOG: _switch("analog"),
    messages.SET_PIN_MODE: _pin_mode,
    messages.SET_DIGITAL_PIN_VALUE: _set_pin,
    messages.REPORT_VERSION: _version,
    messages.SYSTEM_RESET: lambda _, __: "system reset",
}


# ---- sysex ----


def _steps(words: str) -> Callable[[bytes], str]:
    return lambda data: f"{words} {decode_i32(data)} steps"


def _decimal(words: str, unit: str) -> Callable[[bytes], str]:
    return lambda data: f"{words} {decode_decimal(data):g} {unit}"


def _constant(words: str) -> Callable[[bytes], str]:
    return lambda _: words


_STEPPER: dict[int, Callable[[bytes], str]] = {
    accelstepper.CONFIGURE: lambda data: f"on pins {data[1]} and {data[2]}",
    accelstepper.ZERO: _constant("zero"),
    accelstepper.MOVE_BY: _steps("move by"),
    accelstepper.MOVE_TO: _steps("move to"),
    accelstepper.ENABLE: lambda data: "enable" if data[0] else "disable",
    accelstepper.STOP_DEVICE: _constant("stop"),
    accelstepper.REPORT_POSITION: lambda data: f"stands at {decode_i32(data)} steps" if data else "ask position",
    accelstepper.SET_LIMITS: lambda data: (
        f"limited by pins {data[0]} and {data[2]}"
        if data[2] != NO_LIMIT_PIN
        else (f"limited at its low end by pin {data[0]}")
    ),
    accelstepper.SET_ACCELERATION: _decimal("acceleration", "steps/s²"),
    accelstepper.SET_SPEED: _decimal("speed", "steps/s"),
    accelstepper.MOVE_COMPLETE: _steps("has arrived at"),
}
_GROUP: dict[int, Callable[[bytes], str]] = {
    accelstepper.GROUP_CONFIGURE: lambda data: f"of steppers {_numbers(data)}",
    accelstepper.GROUP_MOVE_TO: _constant("move"),
    accelstepper.GROUP_STOP: _constant("stop"),
    accelstepper.GROUP_COMPLETE: _constant("has arrived"),
}
_ENCODER = {
    features.ATTACH_ENCODER: "attach encoder",
    features.REPORT_ENCODER: "ask encoder",
    features.REPORT_ENCODERS: "ask encoders",
    features.ZERO_ENCODER: "zero encoder",
    features.AUTO_REPORT: "report encoders",
    features.DETACH_ENCODER: "detach encoder",
}
_TASK = {
    features.CREATE_TASK: "create task",
    features.DELETE_TASK: "delete task",
    features.ADD_TO_TASK: "add to task",
    features.DELAY_TASK: "delay task",
    features.SCHEDULE_TASK: "schedule task",
    features.QUERY_ALL_TASKS: "ask tasks",
    features.QUERY_TASK: "ask task",
    features.RESET_TASKS: "forget tasks",
    features.TASK_ERROR: "error in task",
    features.TASK_LIST: "tasks",
    features.TASK_REPLY: "state of task",
}


def _numbers(data: Sequence[int]) -> str:
    return " ".join(map(str, data))


def _describe_stepper(data: bytes) -> str:
    if data[0] in _GROUP:
        return f"stepper group {data[1]}: {_GROUP[data[0]](data[2:])}"
    if data[0] in _STEPPER:
        return f"stepper {data[1]}: {_STEPPER[data[0]](data[2:])}"
    return f"stepper {data[1]}: message {data[0]:02X}"


def _describe_encoder(data: bytes) -> str:
    # A report begins with an encoder's number where a request has its sub-command; only the length differs.
    if len(data) >= 5:
        counts = features.decode_encoder_counts(data)
        return ", ".join(f"encoder {number} at {count}" for number, count in counts.items())
    return f"{_ENCODER.get(data[0], 'encoder message')} {_numbers(data[1:])}".strip()


def _describe_task(data: bytes) -> str:
    return f"{_TASK.get(data[0], 'scheduler message')} {_numbers(data[1:2])}".strip()


def _describe_firmware(data: bytes) -> str:
    known = messages.decode_firmware(data)
    return "ask firmware" if known is None else f"firmware {known[2]} {known[0]}.{known[1]}"


def _describe_i2c_reply(data: bytes) -> str:
    reply = features.decode_i2c_reply(data)
    return "I2C reply cut short" if reply is None else f"I2C device {reply.address:#x} says {reply.data.hex(' ')}"


_SYSEX: dict[int, Callable[[bytes], str]] = {
    messages.ENCODER_DATA: _describe_encoder,
    messages.ACCELSTEPPER_DATA: _describe_stepper,
    messages.ANALOG_MAPPING_QUERY: _constant("ask analog mapping"),
    messages.ANALOG_MAPPING_RESPONSE: lambda data: f"analog mapping of {len(data)} pins",
    messages.CAPABILITY_QUERY: _constant("ask capabilities"),
    messages.CAPABILITY_RESPONSE: lambda data: f"capabilities of {data.count(messages.UNUSED)} pins",
    messages.PIN_STATE_QUERY: lambda data: f"ask state of pin {data[0]}",
    messages.PIN_STATE_RESPONSE: lambda data: f"state of pin {data[0]}",
    messages.EXTENDED_ANALOG: lambda data: f"analog {data[0]} at {decode_unsigned(data[1:])}",
    messages.SERVO_CONFIG: lambda data: f"pin {data[0]} as servo",
    messages.STRING_DATA: lambda data: f"words {decode_text(data)!r}",
    messages.I2C_REQUEST: lambda data: f"ask I2C device {data[0]:#x}",
    messages.I2C_REPLY: _describe_i2c_reply,
    messages.I2C_CONFIG: _constant("configure I2C"),
    messages.REPORT_FIRMWARE: _describe_firmware,
    messages.SAMPLING_INTERVAL: lambda data: f"sample every {decode_u14(data)} ms",
    messages.SCHEDULER_DATA: _describe_task,
    **describe_cellwright.DESCRIPTIONS,
}
