"""The messages of CellwrightFirmata's own features, 01 to 0B, as both ends put them into bytes and read them.

Source: hardware/firmware/PROTOCOL.md, which says what each means. A ``decode_…`` returns None for what is cut short:
the host then does as if it had not come, and the board refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.codec import decimal, decode_decimal, decode_i32, decode_sevens, i32
from cellwright.hardware.firmata.protocol.messages import sysex

FEATURES = 0x01
OUTPUT = 0x02
PULSE = 0x03
WATCHDOG = 0x04
STOP = 0x05
STATE = 0x06
HOME = 0x07
CONVERTER = 0x08
TIMED_INPUT = 0x09
AXIS = 0x0A
HEALTH = 0x0B

VERSION = 1
"""Of PROTOCOL.md."""
NO_PIN = 0x7F
CLOCK_BITS = 32
"""The board's clock counts microseconds in so many bits."""

# ---- numbers ----


def fixed(value: int, count: int) -> bytes:
    """A number in ``count`` bytes of seven bits, lowest first: u14 has 2, u21 3, u28 4, u35 5."""
    return bytes(value >> 7 * place & 0x7F for place in range(count))


# ---- 01 features ----


class Features(NamedTuple):
    """What a board with this firmware has. chip: 0 an ATmega328P, 1 an ATmega2560.

    outputs: that it can guard. converters: HX711s. inputs: that it can time. one_axis, all_axes: the highest step
    rates, steps/s, of an axis that moves alone and of all together.
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


ASK_FEATURES = sysex(FEATURES)


def features(what: Features) -> bytes:
    """What the board has, from the board."""
    return sysex(FEATURES, bytes(what[:8]) + fixed(what.one_axis, 3) + fixed(what.all_axes, 3))


def decode_features(data: bytes) -> Features | None:
    """What the board has."""
    if len(data) != 14:
        return None
    return Features._make((*data[:8], decode_sevens(data[8:11]), decode_sevens(data[11:14])))


# ---- 02 outputs ----

NO_DUTY = 100


class Output(NamedTuple):
    """A guarded output. most_on_ms: the longest off its safe level, 0: no limit. duty: per cent, 0 or 100: no limit."""

    pin: int
    safe: bool
    most_on_ms: int = 0
    duty: int = 0


def output(what: Output) -> bytes:
    """Make a pin an output at its safe level, and hold it to its limits."""
    return sysex(OUTPUT, bytes((what.pin, what.safe)) + fixed(what.most_on_ms, 3) + bytes((what.duty,)))


def decode_output(data: bytes) -> Output | None:
    """The output that the host declares."""
    return Output(data[0], data[1] != 0, decode_sevens(data[2:5]), data[5]) if len(data) == 6 else None


# ---- 03 pulses ----

DONE, REFUSED_STOPPED, REFUSED_LIMIT, REFUSED_PIN, CUT_SHORT = range(5)
SHORTEST_PULSE_US = 100
LONGEST_PULSE_US = (1 << 28) - 1


def pulse(pin: int, level: bool, microseconds: int) -> bytes:
    """Drive an output to ``level`` for so long, then back to the other level."""
    return sysex(PULSE, bytes((pin, level)) + fixed(microseconds, 4))


def decode_pulse(data: bytes) -> tuple[int, bool, int] | None:
    """Pin, level and microseconds of the pulse that the host asks for."""
    return (data[0], data[1] != 0, decode_sevens(data[2:6])) if len(data) == 6 else None


def pulse_over(pin: int, how: int) -> bytes:
    """A pulse is over, from the board; ``how`` is DONE, REFUSED_… or CUT_SHORT."""
    return sysex(PULSE, bytes((pin, how)))


def decode_pulse_over(data: bytes) -> tuple[int, int] | None:
    """Pin of the pulse that is over, and how it ended."""
    return (data[0], data[1]) if len(data) == 2 else None


# ---- 04 watchdog ----


def watchdog(milliseconds: int) -> bytes:
    """Stop the board when it has heard nothing for so long (100 to 2000 ms); 0 switches that off."""
    return sysex(WATCHDOG, fixed(milliseconds, 2))


# ---- 05 stop ----

STOP_NOW, RELEASE, STOP_INPUT, FORGET_STOP_INPUT = range(4)
STOP_BOARD = sysex(STOP, bytes((STOP_NOW,)))
RELEASE_BOARD = sysex(STOP, bytes((RELEASE,)))
FORGET_INPUT = sysex(STOP, bytes((FORGET_STOP_INPUT,)))


def stop_input(pin: int, active: bool) -> bytes:
    """Make ``pin`` the emergency stop's, which stops the board while it is at the level ``active``."""
    return sysex(STOP, bytes((STOP_INPUT, pin, active)))


# ---- 06 state ----

NOW, BEFORE_START = 0, 1
NEVER, ASKED, SILENCE, EMERGENCY, BROWN_OUT, POWER_ON, RESET_PRESSED, HUNG, UNKNOWN_RESTART, LINK_RESET = range(10)
MAX_STARTS = 0x7F


class State(NamedTuple):
    """Whether the board is stopped, and of its last stop why, when, and where each axis was.

    which: NOW, or BEFORE_START for how the life before the last start ended. why: NEVER, ASKED, … . ms: since the start
    of that life. starts: since power was applied. positions: steps, by device.
    """

    which: int
    stopped: bool
    why: int
    ms: int
    starts: int
    positions: Mapping[int, int]


def ask_state(which: int = NOW) -> bytes:
    """Ask for the state."""
    return sysex(STATE, bytes((which,)))


def state(what: State) -> bytes:
    """The state, from the board."""
    head = bytes((what.which, what.stopped, what.why)) + fixed(what.ms, 5) + bytes((what.starts,))
    return sysex(STATE, head + b"".join(bytes((device,)) + i32(at) for device, at in what.positions.items()))


def decode_state(data: bytes) -> State | None:
    """The state."""
    if len(data) < 9 or (len(data) - 9) % 6:
        return None
    positions = {data[at]: decode_i32(data, at + 1) for at in range(9, len(data), 6)}
    return State(data[0], data[1] != 0, data[2], decode_sevens(data[3:8]), data[8], positions)


# ---- 07 homing ----

HOMED, DID_NOT_CLOSE, DID_NOT_OPEN, NO_SWITCH, STOPPED = range(5)
LOW_END, HIGH_END = 0, 1


class Home(NamedTuple):
    """How to find a switch: speeds in steps/s, ways in steps."""

    device: int
    end: int
    fast: float
    slow: float
    off: int
    most: int


def home(what: Home) -> bytes:
    """Find the switch at an end of an axis, and call its place 0."""
    speeds = decimal(what.fast) + decimal(what.slow)
    return sysex(HOME, bytes((what.device, what.end)) + speeds + fixed(what.off, 3) + fixed(what.most, 4))


def decode_home(data: bytes) -> Home | None:
    """How the host wants the switch found."""
    if len(data) != 17:
        return None
    fast, slow = decode_decimal(data, 2), decode_decimal(data, 6)
    return Home(data[0], data[1], fast, slow, decode_sevens(data[10:13]), decode_sevens(data[13:17]))


def home_over(device: int, how: int, position: int) -> bytes:
    """The search for a switch is over, from the board; ``how`` is HOMED, DID_NOT_…, NO_SWITCH or STOPPED."""
    return sysex(HOME, bytes((device, how)) + i32(position))


def decode_home_over(data: bytes) -> tuple[int, int, int] | None:
    """Device, how the search ended, and where it stands."""
    return (data[0], data[1], decode_i32(data, 2)) if len(data) == 7 else None


# ---- 08 converters ----

ATTACH, DETACH = 0, 1
CHANNEL_A_128 = 1


def attach_converter(number: int, data_pin: int, clock_pin: int, gain: int = CHANNEL_A_128) -> bytes:
    """Read an HX711 on two pins as fast as it converts."""
    return sysex(CONVERTER, bytes((ATTACH, number, data_pin, clock_pin, gain)))


def detach_converter(number: int) -> bytes:
    """Read it no more."""
    return sysex(CONVERTER, bytes((DETACH, number)))


def conversion(number: int, counts: int, at_us: int) -> bytes:
    """What an HX711 gave, and when on the board's clock, from the board."""
    return sysex(CONVERTER, bytes((number,)) + i32(counts) + fixed(at_us, 5))


def decode_conversion(data: bytes) -> tuple[int, int, int] | None:
    """Converter, counts and µs."""
    return (data[0], decode_i32(data, 1), decode_sevens(data[6:11])) if len(data) == 11 else None


# ---- 09 timed inputs ----

WATCH, FORGET = 0, 1


def watch_input(pin: int, pull_up: bool, settle_ms: int) -> bytes:
    """Report a pin once its level has changed and stood still for so long."""
    return sysex(TIMED_INPUT, bytes((WATCH, pin, pull_up, settle_ms)))


def forget_input(pin: int) -> bytes:
    """Report it so no more."""
    return sysex(TIMED_INPUT, bytes((FORGET, pin)))


def edge(pin: int, level: bool, at_us: int) -> bytes:
    """A pin has changed, and when its first edge came on the board's clock, from the board."""
    return sysex(TIMED_INPUT, bytes((pin, level)) + fixed(at_us, 5))


def decode_edge(data: bytes) -> tuple[int, bool, int] | None:
    """Pin, level and µs."""
    return (data[0], data[1] != 0, decode_sevens(data[2:7])) if len(data) == 7 else None


# ---- 0A axes ----

HALT, ASK_AXIS, LIMIT_HIT = 0, 1, 2


class Axis(NamedTuple):
    """How a device stands. limit: 1 if the low end's switch is active, 2 if the high end's is, 3 both."""

    device: int
    moving: bool
    position: int
    limit: int


def stop_axis_abruptly(device: int) -> bytes:
    """Stop dead."""
    return sysex(AXIS, bytes((HALT, device)))


def ask_axis(device: int) -> bytes:
    """Ask how a device stands."""
    return sysex(AXIS, bytes((ASK_AXIS, device)))


def axis(what: Axis) -> bytes:
    """How a device stands, from the board."""
    return sysex(AXIS, bytes((ASK_AXIS, what.device, what.moving)) + i32(what.position) + bytes((what.limit,)))


def limit_hit(device: int, end: int) -> bytes:
    """A limit has ended a move, from the board."""
    return sysex(AXIS, bytes((LIMIT_HIT, device, end)))


def decode_axis(data: bytes) -> Axis | None:
    """How a device stands."""
    if len(data) != 9 or data[0] != ASK_AXIS:
        return None
    return Axis(data[1], data[2] != 0, decode_i32(data, 3), data[8])


def decode_limit_hit(data: bytes) -> tuple[int, int] | None:
    """Device and end of the limit that has ended a move."""
    return (data[1], data[2]) if len(data) == 3 and data[0] == LIMIT_HIT else None


# ---- 0B health ----


class Health(NamedTuple):
    """How the firmware fares. memory, used, deepest: bytes of RAM, of variables, of stack at its deepest.

    late: steps over 20 µs late. waits: moments without the next stretch of a ramp. lost: bytes from the host. encoder:
    edges. All since the start, and 16383 for that many or more.
    """

    memory: int
    used: int
    deepest: int
    late: int
    waits: int
    lost: int
    encoder: int


ASK_HEALTH = sysex(HEALTH)


def health(what: Health) -> bytes:
    """How the firmware fares, from the board."""
    return sysex(HEALTH, b"".join(fixed(min(each, 0x3FFF), 2) for each in what))


def decode_health(data: bytes) -> Health | None:
    """How the firmware fares."""
    return Health(*_pairs(data)) if len(data) == 14 else None


def _pairs(data: Sequence[int]) -> list[int]:
    return [data[at] | data[at + 1] << 7 for at in range(0, len(data), 2)]
