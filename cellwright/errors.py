"""Every error that Cellwright raises on purpose: one plain sentence each, and open to all folders.

The command line prints the sentence and ends with the error's ``exit_code``; no traceback reaches a user.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CellwrightError(Exception):
    """Root of all errors raised on purpose."""

    exit_code = 2


class InputError(CellwrightError, ValueError):
    """A file, name or number given by the user cannot be used."""


class CapabilityError(InputError):
    """A board has not what a device needs; ``need`` and ``board`` are clauses: "PWM on pin 2", "this board has 6"."""

    def __init__(self, need: str, board: str) -> None:
        super().__init__(f"needs {need}; {board}.")
        self.need = need
        self.board = board


class DescriptionError(CellwrightError, ValueError):
    """A cell's description contradicts itself, so the cell is refused before it runs."""


class CellFault(CellwrightError, RuntimeError):
    """Something went wrong while a cell ran; its outputs have been made safe."""

    exit_code = 1


class StepTimeoutError(CellFault, TimeoutError):
    """A wait reached its time limit. A step may catch it and decide what happens instead."""


class FlashError(CellwrightError, RuntimeError):
    """Firmware was not put on a board as asked. The sentence says whether the board may hold half of it."""

    exit_code = 1


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that names the known word most like ``word``, or lists what is known.

    It goes at the end of a sentence about an unknown name.
    """
    choices = sorted(known)
    alike = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    if alike:
        return f"did you mean {alike[0]!r}?"
    return "known are " + ", ".join(choices) + "." if choices else "none is known."
