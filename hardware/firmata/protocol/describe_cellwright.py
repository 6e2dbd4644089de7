"""Descriptions of CellwrightFirmata's own messages, for logs and for comparing two runs."""

from __future__ import annotations

from collections.abc import Callable

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.codec import decode_u14

LEVELS = ("low", "high")
PULSE_RESULTS = ("is over", "is refused while stopped", "is refused as too much", "is refused there", "was cut short")
HOMING_RESULTS = ("is homed", "did not close its switch", "did not open its switch", "has no switch", "was not homed")
STOP_REASONS = (
    "nothing",
    "the host",
    "silence",
    "the emergency stop",
    "a brown-out",
    "power-on",
    "the reset button",
    "a hang",
    "an unknown restart",
    "a reset of the link",
)
STOPS = ("stop all", "release", "emergency stop on pin", "no emergency stop")


def _features(data: bytes) -> str:
    has = own.decode_features(data)
    if has is None:
        return "ask features"
    return f"features: {has.devices} steppers, up to {has.one_axis} steps/s on one and {has.all_axes} on all"


def _output(data: bytes) -> str:
    what = own.decode_output(data)
    if what is None:
        return "output cut short"
    limits = f", {what.max_on_ms} ms at most" if what.max_on_ms else ""
    duty = f", {what.duty} % of the time" if 0 < what.duty < own.NO_DUTY_LIMIT else ""
    return f"pin {what.pin} as output, safe {LEVELS[what.safe]}{limits}{duty}"


def _pulse(data: bytes) -> str:
    over = own.decode_pulse_result(data)
    if over is not None:
        return f"pulse on pin {over[0]} {PULSE_RESULTS[over[1]]}"
    asked = own.decode_pulse(data)
    return "pulse cut short" if asked is None else f"pin {asked[0]} {LEVELS[asked[1]]} for {asked[2] / 1000:g} ms"


def _watchdog(data: bytes) -> str:
    milliseconds = decode_u14(data)
    return f"stop after {milliseconds} ms of silence" if milliseconds else "stop at no silence"


def _stop(data: bytes) -> str:
    if data[0] == own.DECLARE_STOP_INPUT:
        return f"{STOPS[own.DECLARE_STOP_INPUT]} {data[1]}, active {LEVELS[data[2]]}"
    return STOPS[data[0]]


def _state(data: bytes) -> str:
    state = own.decode_state(data)
    if state is None:
        return "ask state before the start" if data[0] else "ask state"
    what = "before the start" if state.which else "stopped" if state.stopped else "not stopped"
    where = "".join(f", stepper {device} at {steps}" for device, steps in state.positions.items())
    return f"{what}, the last time by {STOP_REASONS[state.reason]} at {state.ms} ms{where}"


def _home(data: bytes) -> str:
    over = own.decode_home_result(data)
    if over is not None:
        return f"stepper {over[0]} {HOMING_RESULTS[over[1]]}, at {over[2]} steps"
    asked = own.decode_home(data)
    if asked is None:
        return "homing cut short"
    return f"home stepper {asked.device} at {asked.fast:g} and {asked.slow:g} steps/s"


def _converter(data: bytes) -> str:
    conversion = own.decode_conversion(data)
    if conversion is not None:
        return f"HX711 {conversion[0]} at {conversion[1]}"
    if data[0] == own.ATTACH:
        return f"attach HX711 {data[1]} on pins {data[2]} and {data[3]}"
    return f"detach HX711 {data[1]}"


def _input(data: bytes) -> str:
    edge = own.decode_edge(data)
    if edge is not None:
        return f"pin {edge[0]} {LEVELS[edge[1]]} since {edge[2]} µs"
    return f"time pin {data[1]}, settled after {data[3]} ms" if data[0] == own.WATCH else f"time pin {data[1]} no more"


def _axis(data: bytes) -> str:
    axis, hit = own.decode_axis(data), own.decode_limit_hit(data)
    if axis is not None:
        return f"stepper {axis.device} {'moves' if axis.moving else 'stands'} at {axis.position} steps"
    if hit is not None:
        return f"stepper {hit[0]} was stopped by its {('low', 'high')[hit[1]]} limit"
    return f"stepper {data[1]}: {'query state' if data[0] == own.QUERY_AXIS else 'stop abruptly'}"


def _health(data: bytes) -> str:
    health = own.decode_health(data)
    if health is None:
        return "ask health"
    return (
        f"health: {health.late} steps late, {health.underruns} waits, {health.lost} bytes and {health.edges} edges lost"
    )


DESCRIPTIONS: dict[int, Callable[[bytes], str]] = {
    own.FEATURES: _features,
    own.OUTPUT: _output,
    own.PULSE: _pulse,
    own.WATCHDOG: _watchdog,
    own.STOP_COMMAND: _stop,
    own.STATE: _state,
    own.HOME: _home,
    own.CONVERTER: _converter,
    own.TIMED_INPUT: _input,
    own.AXIS: _axis,
    own.HEALTH: _health,
}
"""By sysex command. Each raises IndexError or ValueError for data that is too short or invalid."""
