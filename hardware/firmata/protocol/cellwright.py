"""The messages of CellwrightFirmata's own features, 01 to 0B: encoding and decoding for both ends.

Source: hardware/firmware/PROTOCOL.md, which defines each message. A ``decode_…`` returns None for a message of the
wrong length: the host then ignores it, and the board refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decimal, decode_decimal, decode_i32, decode_unsigned, i32
from cellwright.hardware.firmata.protocol.messages import sysex

FEATURES = 0x01
OUTPUT = 0x02
PULSE = 0x03
WATCHDOG = 0x04
STOP_COMMAND = 0x05
STATE = 0x06
HOME = 0x07
CONVERTER = 0x08
TIMED_INPUT = 0x09
AXIS = 0x0A
HEALTH = 0x0B

PROTOCOL_VERSION = 1
"""The version of PROTOCOL.md."""
NO_PIN = 0x7F
CLOCK_BITS = 32
"""The size of the board's microsecond clock in bits."""

# ---- numbers ----


def fixed_unsigned(value: int, count: int) -> bytes:
    """An unsigned number in ``count`` bytes of seven bits, lowest first: u14 has 2, u21 3, u28 4, u35 5."""
    return bytes(value >> 7 * place & 0x7F for place in range(count))


# ---- 01 features ----


class Features(NamedTuple):
    """The features of a board with this firmware.

    chip: 0 for an ATmega328P, 1 for an ATmega2560. outputs: the number of outputs with limits. converters: the number
    of HX711s. inputs: the number of timed inputs. one_axis, all_axes: the highest step rates in steps/s, of an axis
    that moves alone and of all axes together.
    """

    version: int
    chip: int
    devices: int
    groups: int
    encoders: int
    outputs: int
    converters: int
    inputs: int
    one_axis: int
    all_axes: int


QUERY_FEATURES = sysex(FEATURES)


def features(values: Features) -> bytes:
    """The features, from the board."""
    return sysex(FEATURES, bytes(values[:8]) + fixed_unsigned(values.one_axis, 3) + fixed_unsigned(values.all_axes, 3))


def decode_features(data: bytes) -> Features | None:
    """Decode the features."""
    if len(data) != 14:
        return None
    return Features._make((*data[:8], decode_unsigned(data[8:11]), decode_unsigned(data[11:14])))


# ---- 02 outputs ----

NO_DUTY_LIMIT = 100


class OutputLimits(NamedTuple):
    """An output with its safe level and its limits.

    most_on_ms: the longest time off the safe level, 0: no limit. duty: percent, 0 or 100: no limit.
    """

    pin: int
    safe: bool
    max_on_ms: int = 0
    duty: int = 0


def output(values: OutputLimits) -> bytes:
    """Declare an output at its safe level, with its limits."""
    return sysex(OUTPUT, bytes((values.pin, values.safe)) + fixed_unsigned(values.max_on_ms, 3) + bytes((values.duty,)))


def decode_output(data: bytes) -> OutputLimits | None:
    """Decode the declaration of an output."""
    return OutputLimits(data[0], data[1] != 0, decode_unsigned(data[2:5]), data[5]) if len(data) == 6 else None


# ---- 03 pulses ----

DONE, REFUSED_STOPPED, REFUSED_LIMIT, REFUSED_PIN, CUT_SHORT = range(5)
MIN_PULSE_US = 100
MAX_PULSE_US = (1 << 28) - 1


def pulse(pin: int, level: bool, microseconds: int) -> bytes:
    """Drive an output to ``level`` for this many microseconds, then back to the other level."""
    return sysex(PULSE, bytes((pin, level)) + fixed_unsigned(microseconds, 4))


def decode_pulse(data: bytes) -> tuple[int, bool, int] | None:
    """Decode a requested pulse: pin, level and microseconds."""
    return (data[0], data[1] != 0, decode_unsigned(data[2:6])) if len(data) == 6 else None


def pulse_result(pin: int, result: int) -> bytes:
    """The result of a pulse, from the board: DONE, REFUSED_… or CUT_SHORT."""
    return sysex(PULSE, bytes((pin, result)))


def decode_pulse_result(data: bytes) -> tuple[int, int] | None:
    """Decode the result of a pulse: pin and result."""
    return (data[0], data[1]) if len(data) == 2 else None


# ---- 04 communication watchdog ----


def watchdog(milliseconds: int) -> bytes:
    """Set the communication watchdog: the board stops when it receives nothing for this time.

    100 to 2000 ms; 0 switches the watchdog off.
    """
    return sysex(WATCHDOG, fixed_unsigned(milliseconds, 2))


# ---- 05 stop ----

STOP_NOW, RELEASE, DECLARE_STOP_INPUT, REMOVE_STOP_INPUT = range(4)
STOP_BOARD = sysex(STOP_COMMAND, bytes((STOP_NOW,)))
RELEASE_BOARD = sysex(STOP_COMMAND, bytes((RELEASE,)))
REMOVE_EMERGENCY_STOP = sysex(STOP_COMMAND, bytes((REMOVE_STOP_INPUT,)))


def emergency_stop_input(pin: int, active: bool) -> bytes:
    """Declare the emergency stop input: it stops the board while ``pin`` is at the level ``active``."""
    return sysex(STOP_COMMAND, bytes((DECLARE_STOP_INPUT, pin, active)))


# ---- 06 state ----

NOW, BEFORE_START = 0, 1
(
    NOT_STOPPED,
    HOST_REQUEST,
    COMMUNICATION_TIMEOUT,
    EMERGENCY,
    BROWN_OUT,
    POWER_ON,
    RESET_BUTTON,
    MAIN_LOOP_HUNG,
    UNKNOWN_RESTART,
    LINK_RESET,
) = range(10)
MAX_STARTS = 0x7F


class FirmwareState(NamedTuple):
    """Whether the board is stopped, and the reason, time and positions of its last stop.

    which: NOW, or BEFORE_START for the state before the last start. reason: NOT_STOPPED, HOST_REQUEST, … . ms: the time
    of the stop since the start. starts: the number of starts since power was applied. positions: steps, by device.
    """

    which: int
    stopped: bool
    reason: int
    ms: int
    starts: int
    positions: Mapping[int, int]


def query_state(which: int = NOW) -> bytes:
    """Query the state."""
    return sysex(STATE, bytes((which,)))


def state(values: FirmwareState) -> bytes:
    """The state, from the board."""
    head = bytes((values.which, values.stopped, values.reason)) + fixed_unsigned(values.ms, 5) + bytes((values.starts,))
    return sysex(STATE, head + b"".join(bytes((device,)) + i32(at) for device, at in values.positions.items()))


def decode_state(data: bytes) -> FirmwareState | None:
    """Decode the state."""
    if len(data) < 9 or (len(data) - 9) % 6:
        return None
    positions = {data[at]: decode_i32(data, at + 1) for at in range(9, len(data), 6)}
    return FirmwareState(data[0], data[1] != 0, data[2], decode_unsigned(data[3:8]), data[8], positions)


# ---- 07 homing ----

HOMED, DID_NOT_CLOSE, DID_NOT_OPEN, NO_SWITCH, HOMING_STOPPED = range(5)
LOW_END, HIGH_END = 0, 1


class HomingRequest(NamedTuple):
    """How to find a switch: speeds in steps/s, distances in steps.

    max_steps: the longest fast approach.
    """

    device: int
    end: int
    fast: float
    slow: float
    backoff: int
    max_steps: int


def home(values: HomingRequest) -> bytes:
    """Find the switch at one end of an axis, and set its position to 0."""
    speeds = decimal(values.fast) + decimal(values.slow)
    return sysex(
        HOME,
        bytes((values.device, values.end))
        + speeds
        + fixed_unsigned(values.backoff, 3)
        + fixed_unsigned(values.max_steps, 4),
    )


def decode_home(data: bytes) -> HomingRequest | None:
    """Decode a request to home."""
    if len(data) != 17:
        return None
    fast, slow = decode_decimal(data, 2), decode_decimal(data, 6)
    return HomingRequest(data[0], data[1], fast, slow, decode_unsigned(data[10:13]), decode_unsigned(data[13:17]))


def home_result(device: int, result: int, position: int) -> bytes:
    """The result of homing, from the board: HOMED, DID_NOT_…, NO_SWITCH or HOMING_STOPPED."""
    return sysex(HOME, bytes((device, result)) + i32(position))


def decode_home_result(data: bytes) -> tuple[int, int, int] | None:
    """Decode the result of homing: device, result and position."""
    return (data[0], data[1], decode_i32(data, 2)) if len(data) == 7 else None


# ---- 08 converters ----

ATTACH, DETACH = 0, 1
CHANNEL_A_128 = 1


def attach_converter(number: int, data_pin: int, clock_pin: int, gain: int = CHANNEL_A_128) -> bytes:
    """Attach an HX711 on two pins; every conversion is reported."""
    return sysex(CONVERTER, bytes((ATTACH, number, data_pin, clock_pin, gain)))


def detach_converter(number: int) -> bytes:
    """Detach an HX711."""
    return sysex(CONVERTER, bytes((DETACH, number)))


def conversion(number: int, counts: int, at_us: int) -> bytes:
    """A conversion of an HX711, with the time on the board's clock, from the board."""
    return sysex(CONVERTER, bytes((number,)) + i32(counts) + fixed_unsigned(at_us, 5))


def decode_conversion(data: bytes) -> tuple[int, int, int] | None:
    """Decode a conversion: converter, counts and µs."""
    return (data[0], decode_i32(data, 1), decode_unsigned(data[6:11])) if len(data) == 11 else None


# ---- 09 timed inputs ----

WATCH, UNWATCH = 0, 1


def watch_input(pin: int, pull_up: bool, settle_ms: int) -> bytes:
    """Report a pin once its level has changed and was stable for ``settle_ms``."""
    return sysex(TIMED_INPUT, bytes((WATCH, pin, pull_up, settle_ms)))


def unwatch_input(pin: int) -> bytes:
    """End what ``watch_input`` began."""
    return sysex(TIMED_INPUT, bytes((UNWATCH, pin)))


def edge(pin: int, level: bool, at_us: int) -> bytes:
    """The new level of a timed input, with the time of its first edge on the board's clock, from the board."""
    return sysex(TIMED_INPUT, bytes((pin, level)) + fixed_unsigned(at_us, 5))


def decode_edge(data: bytes) -> tuple[int, bool, int] | None:
    """Decode an edge: pin, level and µs."""
    return (data[0], data[1] != 0, decode_unsigned(data[2:7])) if len(data) == 7 else None


# ---- 0A axes ----

ABRUPT_STOP, QUERY_AXIS, LIMIT_HIT = 0, 1, 2


class AxisReport(NamedTuple):
    """The state of a device. limit: 0 neither switch, 1 the low one, 2 the high one, 3 both active."""

    device: int
    moving: bool
    position: int
    limit: int


def stop_axis_abruptly(device: int) -> bytes:
    """Stop a device abruptly."""
    return sysex(AXIS, bytes((ABRUPT_STOP, device)))


def query_axis(device: int) -> bytes:
    """Query the state of a device."""
    return sysex(AXIS, bytes((QUERY_AXIS, device)))


def axis(values: AxisReport) -> bytes:
    """The state of a device, from the board."""
    return sysex(
        AXIS, bytes((QUERY_AXIS, values.device, values.moving)) + i32(values.position) + bytes((values.limit,))
    )


def limit_hit(device: int, end: int) -> bytes:
    """A limit switch ended a move, from the board."""
    return sysex(AXIS, bytes((LIMIT_HIT, device, end)))


def decode_axis(data: bytes) -> AxisReport | None:
    """Decode the state of a device."""
    if len(data) != 9 or data[0] != QUERY_AXIS:
        return None
    return AxisReport(data[1], data[2] != 0, decode_i32(data, 3), data[8])


def decode_limit_hit(data: bytes) -> tuple[int, int] | None:
    """Decode a limit that ended a move: device and end."""
    return (data[1], data[2]) if len(data) == 3 and data[0] == LIMIT_HIT else None


# ---- 0B health ----


class BoardHealth(NamedTuple):
    """Diagnostics. memory, used, deepest: bytes of RAM, of variables, and of the deepest stack.

    late: steps more than 20 µs late. underruns: the next segment of a move was not planned in time. lost: bytes from
    the host. edges: lost encoder edges. Counts since the start, up to 16383.
    """

    memory: int
    used: int
    deepest: int
    late: int
    underruns: int
    lost: int
    edges: int


QUERY_HEALTH = sysex(HEALTH)


def health(values: BoardHealth) -> bytes:
    """The diagnostics, from the board."""
    return sysex(HEALTH, b"".join(fixed_unsigned(min(each, 0x3FFF), 2) for each in values))


def decode_health(data: bytes) -> BoardHealth | None:
    """Decode the diagnostics."""
    return BoardHealth(*_pairs(data)) if len(data) == 14 else None


def _pairs(data: Sequence[int]) -> list[int]:
    return [data[at] | data[at + 1] << 7 for at in range(0, len(data), 2)]
