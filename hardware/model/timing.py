"""The interface of a firmware's step timing to the model board, the same for every firmware."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar


class MotionState(Protocol):
    """The state of an axis's motion at one moment. Immutable; each timing has a class of its own."""

    @property
    def position(self) -> int:
        """Where the axis is at that moment, in true steps."""
        ...


StateT = TypeVar("StateT", bound=MotionState)


class SpeedLimitError(ValueError):
    """A speed that a firmware refuses. The message is a clause that gives the reason."""


class MovesInProgress(Protocol):
    """Axes that move at once. Their positions can be queried repeatedly, at times that never go back."""

    def position_at(self, axis: int, elapsed_s: float) -> int:
        """The position of one axis ``elapsed_s`` after the given states, in true steps."""
        ...


class TimingOf(Protocol[StateT]):
    """When a firmware makes the steps of a move. Speeds are steps/s, accelerations steps/s², positions true steps.

    ``states`` are those of all axes that move at once, at one moment; times are seconds from that moment.
    """

    def __hash__(self) -> int:
        """Immutable, so that its results can be cached."""
        ...

    @property
    def name(self) -> str:
        """The firmware and its chip."""
        ...

    def ceiling(self, axes: int = 1) -> float:
        """The highest step rate, in steps/s, of each of ``axes`` axes that move at once."""
        ...

    @property
    def slows_down(self) -> bool:
        """Whether axes that are asked for more than the ceiling move more slowly; else such a move is refused."""
        ...

    def check_max_speed(self, max_speed: float) -> None:
        """Raise TooFast for a speed that the firmware would refuse."""
        ...

    def check_combined_speed(self, states: Sequence[StateT]) -> None:
        """Raise TooFast for moves whose combined speed the firmware refuses."""
        ...

    def move_time(self, steps: int, max_speed: float, acceleration: float) -> float:
        """The time from rest to the last of ``steps`` (> 0) for an axis that moves alone, s."""
        ...

    def start_from_rest(self, start: int, target: int, max_speed: float, acceleration: float) -> StateT:
        """The state of an axis that starts a move from rest. Raises TooFast for a speed that the firmware refuses."""
        ...

    def arrival_times(self, states: tuple[StateT, ...]) -> tuple[float, ...]:
        """When each axis makes its last step, s."""
        ...

    def states_after(self, states: tuple[StateT, ...], elapsed_s: float) -> tuple[StateT, ...]:
        """The states of the same axes ``elapsed_s`` later."""
        ...

    def crossings(self, states: tuple[StateT, ...], axis: int, at: int) -> Sequence[tuple[float, int]]:
        """The future steps by which an axis enters or leaves positions up to ``at``: time, s, and position reached."""
        ...

    def with_target(self, state: StateT, target: int, max_speed: float | None, acceleration: float | None) -> StateT:
        """The state with another target from the present speed, and another top speed and acceleration where given."""
        ...

    def controlled_stop_target(self, state: StateT) -> int:
        """The target for an axis that decelerates from now on until it stands still."""
        ...

    def moves_in_progress(self, states: tuple[StateT, ...]) -> MovesInProgress:
        """The same axes, for queries of their positions."""
        ...


Timing = TimingOf[Any]
