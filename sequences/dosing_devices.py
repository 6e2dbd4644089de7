"""What ``dose_to_mass`` needs of its pump, its valve and its scale, so that devices of a cell's own do as well."""

from __future__ import annotations

from typing import Protocol

from simpy.events import Event

from cellwright.hardware.board import Board
from cellwright.hardware.waits import Wait
from cellwright.sequences.supervision import Step


class DosingPump(Protocol):
    """A pump that can be run for a volume, and stopped before that. Volumes are nominal: the scale counts."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def board(self) -> Board:
        """The board to which it is attached."""
        ...

    def zero(self) -> None:
        """Begin to count its volume anew, at standstill."""
        ...

    def flow_ml_per_s(self, rpm: float, /) -> float:
        """The nominal flow at ``rpm`` turns a minute, mL/s."""
        ...

    def smallest_ml(self) -> float:
        """The smallest volume that it can pump, mL."""
        ...

    def dispense(self, ml: float, rpm: float, /) -> Wait:
        """Pump ``ml`` mL at ``rpm`` turns a minute; the wait ends when it has."""
        ...

    def stop_abruptly(self) -> Event:
        """Stop at once; the event comes when it stands."""
        ...


class DosingValve(Protocol):
    """The valve behind the pump."""

    def open(self) -> None:
        """Open it."""
        ...

    def hold(self) -> None:
        """Keep it open, where it would close by itself after a time."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class WeighingResult(Protocol):
    """What a weighing gave."""

    @property
    def mean_g(self) -> float:
        """The mean of its samples, g."""
        ...

    @property
    def spread_g(self) -> float:
        """Their range from lowest to highest, g."""
        ...


class DosingScale(Protocol):
    """The scale under what is filled."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def period_s(self) -> float:
        """The time from one sample to the next, s."""
        ...

    def sample(self) -> Step:
        """A step that returns the latest sample, g."""
        ...

    def weigh(self, samples: int, /) -> Step:
        """A step that returns a WeighingResult of the next ``samples`` samples."""
        ...
