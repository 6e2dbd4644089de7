"""Servos: the pulses of their angles, and how many of them a firmware drives.

Pulses: MIN_PULSE_WIDTH and MAX_PULSE_WIDTH of the Servo library, which CellwrightFirmata keeps. Numbers: MAX_SERVOS of
the same (12 for each 16-bit timer; 1 on a 328P, 4 on a 2560), and hardware/firmware/PROTOCOL.md.
"""

from __future__ import annotations

from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS, ArduinoModel

MIN_PULSE_US, MAX_PULSE_US = 544, 2400
"""The pulses at 0 and 180 degrees. In a message a value from the first on is a pulse, µs; a smaller one an angle."""
MAX_ANGLE_DEG = 180.0

_CELLWRIGHT_SERVOS: dict[ArduinoModel, int] = {"uno": 4, "nano": 2, "mega": 8}
_STOCK_SERVOS: dict[ArduinoModel, int] = {"uno": 12, "nano": 12, "mega": 48}
_SERVOS_PER_TIMER = 12
_TIMER_PWM: dict[ArduinoModel, tuple[frozenset[int], ...]] = {
    "uno": (frozenset({9, 10}),),
    "nano": (frozenset({9, 10}),),
    "mega": (frozenset({44, 45, 46}), frozenset({11, 12}), frozenset({2, 3, 5}), frozenset({6, 7, 8})),
}
"""The pins with the PWM of each timer that the Servo library takes, in its order (ServoTimers.h)."""


def servo_degrees(pulse_us: float) -> float:
    """The angle of a pulse, degrees."""
    return MAX_ANGLE_DEG * (pulse_us - MIN_PULSE_US) / (MAX_PULSE_US - MIN_PULSE_US)


def servo_pulse_us(degrees: float) -> int:
    """The pulse of an angle, whole microseconds: a tenth of a degree, where an angle would be sent in whole degrees."""
    return round(MIN_PULSE_US + (MAX_PULSE_US - MIN_PULSE_US) * degrees / MAX_ANGLE_DEG)


def _model(pins: int) -> ArduinoModel:
    """The Arduino with so many pins, or the smallest one."""
    return next((model for model, pin_map in PIN_MAPS.items() if pin_map.pins == pins), "nano")


def cellwright_servos(pins: int) -> int:
    """How many servos CellwrightFirmata drives on an Arduino that reports so many pins."""
    return _CELLWRIGHT_SERVOS[_model(pins)]


def stock_servos(pins: int) -> int:
    """How many servos the Servo library drives on an Arduino that reports so many pins."""
    return _STOCK_SERVOS[_model(pins)]


def pwm_taken_by_servos(pins: int, servos: int) -> frozenset[int]:
    """The pins whose PWM so many servos of the Servo library take."""
    timers = -(-servos // _SERVOS_PER_TIMER)
    return frozenset().union(*_TIMER_PWM[_model(pins)][:timers])
