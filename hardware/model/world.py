"""What a plant meets: the far end of a cell's pins, in whatever way they are simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Protocol

import simpy

from cellwright.hardware.model.axes import TripPoint
from cellwright.hardware.model.ports import I2cDevice


class WorldAxis(Protocol):
    """An axis on a stepper driver, where it truly stands. Positions are whole steps from its physical origin."""

    env: simpy.Environment

    @property
    def trip_points(self) -> list[TripPoint]:
        """Its switches, for a plant to add to; they hold from the next ``place`` on."""
        ...

    @property
    def true_position(self) -> int:
        """Where it stands now."""
        ...

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        ...

    @property
    def due_s(self) -> float:
        """When its last move was over; while it is on its way, some moment that is not past."""
        ...

    def place(self, true_position: int) -> None:
        """Put it somewhere by hand."""
        ...

    def slip(self, steps: int) -> None:
        """Lose steps: it is elsewhere, and the board does not know."""
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
        """Its duty, 0 to 1."""
        ...


class WorldEncoder(Protocol):
    """A quadrature encoder; ``true_count`` is what a plant has turned it by."""

    true_count: int


class WorldConverter(Protocol):
    """An HX711; ``convert`` is what a plant makes it, and gives counts. Without one nothing answers."""

    convert: Callable[[], int] | None


class World(Protocol):
    """The pins of a simulated board as what is wired to them sees them: levels and steps out, contacts and sensors in.

    A model board is one, where pins are figures; the other is an emulated Arduino's pins.
    """

    env: simpy.Environment

    @property
    def i2c_devices(self) -> MutableMapping[int, I2cDevice]:
        """What is on the I2C bus, by address; for a plant to fill."""
        ...

    @property
    def levels(self) -> Mapping[int, WorldLevel]:
        """The pins that have more than two levels now."""
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
        """The input on ``pin``; its pull-up makes it high unless something holds it."""
        ...

    def set_input(self, pin: int, level: bool) -> None:
        """Make input ``pin`` read ``level``."""
        ...

    def declare_encoder(self, pin_a: int, pin_b: int) -> WorldEncoder:
        """The quadrature encoder on two pins."""
        ...

    def declare_hx711(self, data: int, clock: int) -> WorldConverter:
        """The HX711 on two pins."""
        ...
