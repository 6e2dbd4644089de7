"""The interfaces round a peripheral: the instrument itself, and who answers in its place on a target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from typing import Any, Protocol

from simpy.events import Event

from cellwright.hardware.waits import Named, Wait

AnsweringStep = Callable[[Any], Generator[Event, Any, Any]]
"""A plant's part in place of an instrument: a step that takes a question and returns the answer; None is no answer."""


class Instrument(Protocol):
    """The real thing, open. Both methods are called on a thread of its own, so they may block."""

    def ask(self, question: Any, within_s: float) -> Any:
        """The answer to ``question``; None if none came within ``within_s`` seconds. May raise OSError."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class PluggedIn(Named, Protocol):
    """A peripheral, as far as those who answer for it know it."""

    def open(self) -> Instrument:
        """Open the real thing. Raises InputError if it is not there."""
        ...

    def to_json(self, answer: Any) -> Any:
        """An answer as a recording keeps it."""
        ...

    def from_json(self, data: Any) -> Any:
        """An answer out of a recording."""
        ...


class Peripherals(ABC):
    """All that is plugged into the computer, on one target: who answers its questions."""

    @abstractmethod
    def plug_in(self, peripheral: PluggedIn) -> None:
        """Make ``peripheral`` ready for questions; called once. Raises InputError if it is not there."""

    @abstractmethod
    def ask(self, peripheral: PluggedIn, question: Any, within_s: float) -> Wait:
        """A wait for the answer, which is its value. It fails with CellFault if the peripheral is lost."""

    def answer_with(self, peripheral: Named, step: AnsweringStep) -> None:  # noqa: B027  # the real thing needs no plant
        """Let a plant answer, where it does."""

    @property
    def answering_steps(self) -> Mapping[str, AnsweringStep]:
        """What answers, by the names of the peripherals, where a plant does."""
        return {}

    def unplug(self, peripheral: Named) -> None:
        """Inject a fault: it does not answer any more."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027  # most have nothing open
        """Let go of everything that is open; may be called twice."""


def fail(wait: Wait, failure: Exception) -> None:
    """Fail a wait, if somebody still waits: SimPy raises the failure of an event for which nobody waits."""
    if wait.callbacks:
        wait.fail(failure)
