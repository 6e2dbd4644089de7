"""What devices talk to: a board, and the ports that it makes of its pins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from functools import cached_property
from typing import Any, Protocol

import simpy
from simpy.events import Event

from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.peripherals.interfaces import Peripherals
from cellwright.hardware.peripherals.simulated import SimulatedPeripherals
from cellwright.hardware.pins import Need
from cellwright.hardware.waits import Named, Wait

BUSY = "busy"
"""The result of ``StepperPort.home`` on a board that is homing as many axes as it can."""


class OutputPort(Protocol):
    """A digital output, declared with its safe level."""

    def write(self, level: bool) -> None:
        """Drive it."""
        ...

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that."""
        ...


class StepperPort(Protocol):
    """A stepper driver on a board. Positions are whole steps, speeds steps/s, accelerations steps/s²."""

    @property
    def position(self) -> int:
        """The position as the board counts it; while the axis moves, the last one known."""
        ...

    def prepare(self, max_speed: float, acceleration: float) -> None:
        """Send speed and acceleration of the next moves in advance, so that these start with few bytes."""
        ...

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move; the wait ends with the last step."""
        ...

    def stop_abruptly(self) -> Wait:
        """Stop at once, without deceleration; the wait ends when the board reports the position."""
        ...

    def slow_down(self) -> Wait:
        """Decelerate to a stop; the wait ends at standstill."""
        ...

    def zero(self) -> None:
        """Call the present position 0."""
        ...

    def watch_limit(self, pin: int, active: bool) -> None:
        """Have the board block downward moves while input ``pin`` is at the level ``active``, if it can."""
        ...

    def home(self, fast: float, slow: float, acceleration: float, back_off: int, max_steps: int) -> Wait | None:
        """Have the board search the switch of ``watch_limit`` by itself, and set the position there to 0.

        Down at ``fast`` steps/s for at most ``max_steps`` until it closes, up at ``slow`` until it opens and
        ``back_off`` steps further, and slowly down until it closes; all with ``acceleration``, steps/s². The wait's
        value is None, or what the switch did not do ("close", "open"), or BUSY. Returns None in place of a wait if the
        board cannot home an axis.
        """
        ...


class AnalogPort(Protocol):
    """An analog input."""

    @property
    def volts(self) -> float:
        """The latest sample, V."""
        ...

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait for the next sample; its value is in V."""
        ...


class LevelPort(Protocol):
    """An output with more than two levels: a duty from 0 to 1 (PWM), or an angle in degrees (servo)."""

    def write(self, value: float) -> None:
        """Drive it."""
        ...


class EncoderPort(Protocol):
    """A quadrature counter."""

    @property
    def count(self) -> int:
        """The latest count."""
        ...

    def zero(self) -> None:
        """Call the present count 0."""
        ...


class I2cPort(Protocol):
    """A device on the I2C bus."""

    def write(self, data: bytes) -> None:
        """Send bytes to it."""
        ...

    def read(self, subject: Named, register: int | None, count: int, within_s: float) -> Wait:
        """Request ``count`` bytes, from ``register`` if it is given; they are the wait's value."""
        ...


class ConverterPort(Protocol):
    """A 24-bit converter behind a load cell, read by the board itself."""

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait for the latest sample; its value is in counts."""
        ...


class DescribedDevice(Protocol):
    """A device, as far as a board asks it before it is attached."""

    def needs(self) -> tuple[Need, ...]:
        """What it needs of a board and its firmware."""
        ...


class Board(ABC):
    """A board whose pins are declared as ports, in the time of ``env``.

    An output is declared with its safe level before it can be driven, and takes that level at once. After
    ``make_safe`` nothing can be driven until ``release``.
    """

    env: simpy.Environment

    @cached_property
    def peripherals(self) -> Peripherals:
        """Who answers what is plugged into the computer: a plant, unless the target says otherwise."""
        return SimulatedPeripherals(self.env)

    @property
    def is_connected(self) -> bool:
        """Whether the board can still be reached."""
        return True

    def require(self, devices: Mapping[str, DescribedDevice]) -> None:  # noqa: B027  # a model board has everything
        """Ask devices, by name, what they need, before any is attached. Raises InputError for what is lacking."""

    @abstractmethod
    def declare_output(self, pin: int, safe: bool, max_on_s: float | None = None, max_duty: float = 1.0) -> OutputPort:
        """Make ``pin`` an output and put it at its safe level.

        max_on_s, max_duty: the longest time that it may be off that level, s, and the largest share of the time (0 to
        1). A board that can enforces both by itself; the device keeps to them all the same.
        """

    @abstractmethod
    def declare_input(self, pin: int, at_rest: bool) -> DigitalInput:
        """Make ``pin`` an input, reading ``at_rest`` until something changes it."""

    def declare_stop_input(self, pin: int, active: bool) -> None:  # noqa: B027  # most boards cannot
        """Have the board stop by itself while input ``pin`` is at the level ``active``, if it can."""

    @abstractmethod
    def declare_stepper(self, device: Named, step: int, dir: int, inverted: bool) -> StepperPort:
        """Make a stepper port of a driver's step and direction pins."""

    @abstractmethod
    def declare_analog(self, pin: int) -> AnalogPort:
        """Make ``pin`` an analog input."""

    @abstractmethod
    def declare_pwm(self, pin: int, safe: float = 0.0) -> LevelPort:
        """Make ``pin`` a PWM output at its safe duty."""

    @abstractmethod
    def declare_servo(self, pin: int, safe: float) -> LevelPort:
        """Make ``pin`` drive a servo, at its safe angle."""

    @abstractmethod
    def declare_encoder(self, pin_a: int, pin_b: int) -> EncoderPort:
        """Count the edges of a quadrature encoder."""

    @abstractmethod
    def declare_i2c(self, address: int) -> I2cPort:
        """Make a port of the device at ``address`` on the I2C bus."""

    @abstractmethod
    def declare_hx711(self, data: int, clock: int) -> ConverterPort:
        """Read an HX711 on two pins."""

    def prepare(self) -> Generator[Event, Any, None]:
        """A SimPy process that runs after all is declared and before the cell runs."""
        yield self.env.timeout(0)

    @abstractmethod
    def make_safe(self) -> None:
        """Stop every axis abruptly, set every output to its safe level, and drive nothing until ``release``."""

    @abstractmethod
    def release(self) -> None:
        """Allow outputs to be driven again after ``make_safe``."""

    @abstractmethod
    def on_failure(self, action: Callable[[str], None]) -> None:
        """Call ``action(reason)`` when the board is disconnected, does not answer or resets itself."""


class Plant(Protocol):
    """The physical world at a board's pins: it watches outputs and axes, and drives the inputs."""

    def connect(self) -> None:
        """Connect to the board: called once, before the cell starts."""
        ...
