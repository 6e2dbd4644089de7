"""Links: the host's end of a byte line to a board, whatever the line is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable


def _ignore(_: object) -> None:
    """What happens to bytes and losses before anybody listens."""


class Link(ABC):
    """One end of a byte line. All its calls and callbacks are on the thread that runs the environment.

    name: the line in the user's words, such as "/dev/ttyACM0". on_bytes: called with bytes as they arrive, in
    pieces of any size. on_lost: called once, with the reason as a clause ("the cable was pulled"), when the line
    is gone; nothing arrives after that and what is written is dropped.
    """

    name: str

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_bytes: Callable[[bytes], None] = _ignore
        self.on_lost: Callable[[str], None] = _ignore

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes. Never blocks and never raises; what is written first arrives first."""

    def try_another_rate(self) -> None:  # noqa: B027  (most lines have one rate)
        """Nobody answers: go on at another rate, where the line has several."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the line once what was written is on its way. May be called twice."""
