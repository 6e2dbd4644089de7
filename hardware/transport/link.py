"""Links: the host's end of a byte line to a board, over any medium."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable


def _ignore(_: object) -> None:
    """The default callback."""


class Link(ABC):
    """One end of a byte line. All its calls and callbacks are on the thread that runs the environment.

    name: the line in the user's words, such as "/dev/ttyACM0". on_bytes: called with bytes as they arrive, in
    chunks of any size. on_lost: called once, with the reason as a clause ("the cable was pulled"), when the line
    is lost; nothing arrives after that, and what is written is dropped.
    """

    name: str
    problem: str | None = None
    """What went wrong beside the line, such as with the record of it; a sentence."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_bytes: Callable[[bytes], None] = _ignore
        self.on_lost: Callable[[str], None] = _ignore

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes. Never blocks and never raises; the order is kept."""

    def try_another_rate(self) -> None:  # noqa: B027  (most lines have one rate)
        """Change to the next baud rate, where the line has several: the board does not answer at this one."""

    @abstractmethod
    def close(self) -> None:
        """Close the line once what was written is sent. May be called twice."""
