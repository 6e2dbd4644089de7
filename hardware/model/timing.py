"""What a firmware's step timing must tell the model board, whichever firmware it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar


class Course(Protocol):
    """How an axis is on its way, at some moment; each timing has its own. It never changes."""

    @property
    def position(self) -> int:
        """Where the axis is at that moment, in true steps."""
        ...


C = TypeVar("C", bound=Course)


class TooFast(ValueError):
    """A speed that a firmware refuses; says why as a clause."""


class UnderWay(Protocol):
    """Some axes on their way, to be asked often, and later each time."""

    def position_at(self, axis: int, elapsed_s: float) -> int:
        """Where one of them is ``elapsed_s`` after it all began, in true steps."""
        ...


class TimingOf(Protocol[C]):
    """When a firmware makes the steps of moves. Speeds are steps/s, accelerations steps/s², positions true steps.

    ``courses`` are those of all axes that move at once, as they are at one moment; times are seconds from then.
    """

    def __hash__(self) -> int:
        """It never changes, so that what it says can be remembered."""
        ...

    @property
    def name(self) -> str:
        """Which firmware, on what."""
        ...

    def ceiling(self, axes: int = 1) -> float:
        """The highest step rate, in steps/s, of each of ``axes`` axes that move at once."""
        ...

    def refuse_above_ceiling(self, max_speed: float) -> None:
        """Raise TooFast for a speed that the firmware would refuse."""
        ...

    def refuse_together(self, courses: Sequence[C]) -> None:
        """Raise TooFast for moves that the firmware cannot make at once."""
        ...

    def move_time(self, steps: int, max_speed: float, acceleration: float) -> float:
        """Seconds from rest to the last of ``steps`` (> 0), for an axis that moves alone."""
        ...

    def begin(self, start: int, target: int, max_speed: float, acceleration: float) -> C:
        """The course of an axis that starts from rest. Raises TooFast for a speed that the firmware refuses."""
        ...

    def arrivals(self, courses: tuple[C, ...]) -> tuple[float, ...]:
        """When each makes its last step, s."""
        ...

    def later(self, courses: tuple[C, ...], elapsed_s: float) -> tuple[C, ...]:
        """The same axes ``elapsed_s`` later."""
        ...

    def passings(self, courses: tuple[C, ...], axis: int, at: int) -> Sequence[tuple[float, int]]:
        """The steps to come by which an axis leaves positions up to ``at``, or enters them: when, s, and whereto."""
        ...

    def redirected(self, course: C, target: int, max_speed: float | None, acceleration: float | None) -> C:
        """Another target from the present speed, and another speed and acceleration where they are given."""
        ...

    def controlled_stop_target(self, course: C) -> int:
        """The target at which an axis slows down at once and stands still."""
        ...

    def under_way(self, courses: tuple[C, ...]) -> UnderWay:
        """The same axes, to be asked where they are."""
        ...


Timing = TimingOf[Any]
