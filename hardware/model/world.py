"""The interface of a plant to a simulated board: the outside of its pins, however they are simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Protocol

import simpy

from cellwright.hardware.model.axes import TripPoint
from cellwright.hardware.model.session import I2cDevice


class WorldAxis(Protocol):
    """An axis on a stepper driver, with its true position. Positions are whole steps from its physical origin."""

    env: simpy.Environment

    @property
    def trip_points(self) -> list[TripPoint]:
        """Its switches, for a plant to add to; they take effect with the next ``set_true_position``."""
        ...

    @property
    def true_position(self) -> int:
        """The present position."""
        ...

    @property
    def is_moving(self) -> bool:
        """Whether it moves."""
        ...

    @property
    def due_s(self) -> float:
        """When its last move ended; while it moves, a time that is not past."""
        ...

    def set_true_position(self, true_position: int) -> None:
        """Set its true position."""
        ...

    def slip(self, steps: int) -> None:
        """Lose steps: the true position changes, and the board does not know."""
        ...


class WorldOutput(Protocol):
    """A pin that the board drives."""

    @property
    def level(self) -> bool:
        """Its level now."""
        ...


class WorldInput(Protocol):
    """A pin that the world drives."""

    @property
    def level(self) -> bool:
        """Its level now."""
        ...


class WorldLevel(Protocol):
    """A pin with more than two levels."""

    @property
    def value(self) -> float:
        """Its duty, 0 to 1, or the angle of its servo, degrees."""
        ...


class WorldAnalog(Protocol):
    """An analog input; ``volts`` is set by a plant. Beyond 0 to 5 V it is held at these, as a chip's inputs are."""

    volts: float


class WorldEncoder(Protocol):
    """A quadrature encoder; ``true_count`` is set by a plant."""

    true_count: int


class WorldConverter(Protocol):
    """An HX711; a plant sets ``convert``, which returns counts. Without it nothing answers."""

    convert: Callable[[], int] | None


class World(Protocol):
    """The pins of a simulated board as seen by what is wired to them: outputs and steps out, contacts and sensors in.

    Implemented by the model board and by the pins of an emulated Arduino.
    """

    env: simpy.Environment

    @property
    def i2c_devices(self) -> MutableMapping[int, I2cDevice]:
        """The devices on the I2C bus, by address; for a plant to fill."""
        ...

    @property
    def levels(self) -> Mapping[int, WorldLevel]:
        """The pins that have more than two levels now: duties and servos, by pin.

        A pin is not among them before it is declared, nor after a reset; on an Arduino it takes a moment. So ask
        ``levels.get(pin)`` each time.
        """
        ...

    def axis(self, step: int) -> WorldAxis:
        """The axis whose driver's step pin is ``step``."""
        ...

    def output(self, pin: int) -> WorldOutput:
        """The output on ``pin``."""
        ...

    def on_output(self, pin: int, action: Callable[[bool], None], levels: Iterable[bool] = (False, True)) -> None:
        """Call ``action(level)`` whenever output ``pin`` changes to one of ``levels``."""
        ...

    def input(self, pin: int) -> WorldInput:
        """The input on ``pin``; its pull-up makes it high unless something drives it."""
        ...

    def set_input(self, pin: int, level: bool) -> None:
        """Make input ``pin`` read ``level``."""
        ...

    def declare_analog(self, pin: int) -> WorldAnalog:
        """The analog input on ``pin``."""
        ...

    def declare_encoder(self, pin_a: int, pin_b: int) -> WorldEncoder:
        """The quadrature encoder on two pins."""
        ...

    def declare_hx711(self, data: int, clock: int) -> WorldConverter:
        """The HX711 on two pins."""
        ...
