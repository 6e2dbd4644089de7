"""Devices that no file of the product names, one for each thing that a board can be asked for, and cells of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from cellwright import Cell
from cellwright.hardware.device import Device
from cellwright.hardware.pins import (
    Feature,
    analog_pin,
    contact_pin,
    converter_pins,
    encoder_pins,
    output_pin,
    pwm_pin,
    servo_pin,
    stepper_pins,
)
from cellwright.sim import CellPlant, ManualMethod, OperatorParameters, Study

# ---- the devices ----


@dataclass(kw_only=True)
class Gadget(Device):
    """seen: what it read last."""

    pin: int = 4
    seen: float = field(default=math.nan, init=False)
    port: Any = field(default=None, init=False, repr=False)

    def attach(self, board):
        self.board = board
        self.port = self.declare(board)

    def work(self):
        yield self.board.env.timeout(0.1)


class Hatch(Gadget):
    def pins(self):
        return {"hatch": output_pin(self.pin)}

    def declare(self, board):
        return board.declare_output(self.pin, safe=False)

    def work(self):
        self.port.write(True)
        yield from super().work()


@dataclass(kw_only=True)
class Beam(Gadget):
    active_low: bool = True

    def pins(self):
        return {"beam": contact_pin(self.pin, active_low=self.active_low)}

    def declare(self, board):
        return board.declare_input(self.pin, at_rest=self.active_low)

    def work(self):
        yield from super().work()
        self.seen = self.port.level


class Heater(Gadget):
    def pins(self):
        return {"heater": pwm_pin(self.pin)}

    def declare(self, board):
        return board.declare_pwm(self.pin)

    def work(self):
        self.port.write(0.3)
        yield from super().work()


class Flap(Gadget):
    def pins(self):
        return {"flap": servo_pin(self.pin)}

    def declare(self, board):
        return board.declare_servo(self.pin, safe=10)

    def work(self):
        self.port.write(133.3)
        yield from super().work()


class Pressure(Gadget):
    def pins(self):
        return {"pressure": analog_pin(self.pin)}

    def declare(self, board):
        return board.declare_analog(self.pin)

    def work(self):
        latest = self.port.volts  # the first time too
        self.seen = yield self.port.sample(self, within_s=0.5)
        assert latest == pytest.approx(self.seen, abs=ADC_STEP_V)
        yield from super().work()


class Turntable(Gadget):
    def pins(self):
        return stepper_pins(self.pin, self.pin + 1)

    def declare(self, board):
        return board.declare_stepper(self, self.pin, self.pin + 1, False)

    def work(self):
        yield self.port.move_to(400, 1000.0, 5000.0)
        yield from super().work()


class Dial(Gadget):
    def pins(self):
        return encoder_pins(self.pin, self.pin + 1)

    def declare(self, board):
        return board.declare_encoder(self.pin, self.pin + 1)

    def work(self):
        yield from super().work()
        self.seen = self.port.count


class Balance(Gadget):
    def pins(self):
        return converter_pins(self.pin, self.pin + 1, samples_per_s=80.0)

    def declare(self, board):
        return board.declare_hx711(self.pin, self.pin + 1)

    def work(self):
        self.seen = yield self.port.sample(self, within_s=1.0)
        yield from super().work()


class Thermometer(Gadget):
    """On the I2C bus."""

    def pins(self):
        return {}

    def i2c_addresses(self):
        return (0x31,)

    def declare(self, board):
        return board.declare_i2c(0x31)

    def work(self):
        self.port.write(b"\x01\x60")
        high, low = yield self.port.read(self, 0x05, 2, within_s=0.5)
        self.seen = high << 8 | low
        yield from super().work()


class Chip:
    """The thermometer's: it has 0515 in register 5 once 0160 was written to it."""

    def __init__(self):
        self.told = []

    def write(self, data):
        self.told.append(data)

    def read(self, count):
        return b"\x05\x15"[:count] if b"\x01\x60" in self.told and self.told[-1] == b"\x05" else bytes(count)


# ---- what each is and what must come of it ----

ADC_STEP_V = 5.0 / 1024
SERVO_ACCURACY_DEG = 1.0
"""On real firmware: 10 µs of its pulses, where no axis moves."""


class Case(NamedTuple):
    """A device on a pin, what the plant does, and the result.

    look: of rig, world and pin. within: how far the result may be from ``expected``. is_stock: StandardFirmata has it.
    """

    make: Callable[..., Gadget]
    pin: int
    wire: Callable[[Any, int], None]
    look: Callable[[Any, Any, int], float]
    expected: float
    within: float = 0.0
    is_stock: bool = True


def nothing(world, pin):
    pass


def close(world, pin):
    world.set_input(pin, False)


def press(world, pin):
    world.declare_analog(pin).volts = 3.21


def turn_later(world, pin):
    """A dial counts from when it is attached."""
    dial = world.declare_encoder(pin, pin + 1)
    world.env.timeout(2.0).callbacks.append(lambda _: setattr(dial, "true_count", 37))


def load(world, pin):
    world.declare_hx711(pin, pin + 1).convert = lambda: -1234


def answer(world, pin):
    world.i2c_devices[0x31] = Chip()


def seen(rig, world, pin):
    return rig.cell.gadget.seen


def on_pin(rig, world, pin):
    return world.output(pin).level


def level(rig, world, pin):
    return world.levels.get(pin).value


def on_axis(rig, world, pin):
    return world.axis(pin).true_position


CASES = {
    Feature.OUTPUT: Case(Hatch, 4, nothing, on_pin, True),
    Feature.INPUT: Case(Beam, 4, close, seen, False),
    Feature.PWM: Case(Heater, 5, nothing, level, 0.3, 1 / 255),
    Feature.SERVO: Case(Flap, 9, nothing, level, 133.3, SERVO_ACCURACY_DEG),
    Feature.ANALOG: Case(Pressure, 15, press, seen, 3.21, ADC_STEP_V),
    Feature.STEPPER: Case(Turntable, 4, nothing, on_axis, 400, is_stock=False),
    Feature.ENCODER: Case(Dial, 2, turn_later, seen, 37, is_stock=False),
    Feature.CONVERTER: Case(Balance, 11, load, seen, -1234, is_stock=False),
    Feature.I2C: Case(Thermometer, 4, answer, seen, 0x0515),
}


# ---- cells of them ----


@dataclass(kw_only=True)
class Nothing:
    """The plant has no parameters."""


@dataclass(kw_only=True)
class NoManual(ManualMethod):
    """Nobody does this by hand."""

    def elements(self, parameters):
        return [self.element("wave", 10)]

    def tending(self, parameters):
        return []


def scenario_of(kind, firmware, wire=nothing, pin=0, **devices):
    """The scenario of a cell with these devices, of which ``gadget`` works, and of a plant that is wired to its pin."""

    def working(self):
        yield from self.gadget.work()
        return "worked"

    cell = {
        "__doc__": "Works for ever.",
        "__module__": __name__,
        "cycle_ends_with": "worked",
        "states": ["working"],
        "transitions": [["worked", "working", "working"]],
        "arduino": kind,
        "working": working,
    }
    study = Study(
        cell=type("Shop", (Cell,), cell | devices),
        plant=type("Outside", (CellPlant,), {"connect": lambda self: wire(self.board, pin)}),
        plant_parameters=Nothing(),
        manual=NoManual(),
        operator=OperatorParameters(),
        measures=(),
    )
    return study.scenario(firmware=firmware)
