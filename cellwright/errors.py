"""The errors that Cellwright raises on purpose, with one plain sentence each; all folders may import them.

The command line prints the sentence and exits with the error's ``exit_code``, without a traceback.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path


class CellwrightError(Exception):
    """Base class of all errors raised on purpose."""

    exit_code = 2


class InputError(CellwrightError, ValueError):
    """A file, name or number given by the user cannot be used."""


class NoRoomError(InputError):
    """A file cannot be written for want of room: nothing was wrong with what the user gave."""

    exit_code = 1


class CapabilityError(InputError):
    """A board lacks what a device needs; ``need`` and ``board`` are clauses: "PWM on pin 2", "this board has 6"."""

    def __init__(self, need: str, board: str) -> None:
        super().__init__(f"needs {need}; {board}.")
        self.need = need
        self.board = board


class DescriptionError(CellwrightError, ValueError):
    """The description of a cell contradicts itself; the cell is refused before it runs."""


class CellFault(CellwrightError, RuntimeError):
    """Something went wrong while a cell ran; its outputs have been made safe."""

    exit_code = 1


class StepTimeoutError(CellFault, TimeoutError):
    """A wait exceeded its time limit. A step may catch it and handle it."""


class FlashError(CellwrightError, RuntimeError):
    """Writing firmware failed. The sentence states whether the board may hold part of it."""

    exit_code = 1


_VALIDATOR_MARKS = re.compile(r"\b(?:Value error|Assertion failed), ")
"""What pydantic puts before the sentence of a validator; Typer's options pass through pydantic too."""


def clause(message: str) -> str:
    """A validator's message as a clause: without pydantic's words and without a full stop.

    Example:
        >>> clause("Invalid value for '--seed': Input should be a valid integer")
        "invalid value for '--seed': input should be a valid integer"
    """
    plain = re.sub(r"(?<=: )Input\b", "input", _VALIDATOR_MARKS.sub("", message.partition("\n")[0])).rstrip(".")
    return plain if plain[1:2].isupper() else plain[:1].lower() + plain[1:]  # an abbreviation keeps its capitals


def describe_unexpected(error: BaseException) -> str:
    """An error that nobody foresaw as one sentence: what, in which file and line, and the nearest name if one is wrong.

    The line is the innermost of a file outside Cellwright's packages and the libraries: of a user's own cell, if one is
    at work. Otherwise it is Cellwright's own mistake.
    """
    import traceback

    while error.__cause__ is not None:  # SimPy raises a copy of what a process raised
        error = error.__cause__
    if isinstance(error, CellwrightError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_of_a_library(frame.filename)]
    said = " ".join(str(error).split()) or "no reason was given"
    hint = ""
    if isinstance(error, (AttributeError, NameError)) and error.name:
        known = dir(error.obj) if isinstance(error, AttributeError) else ()
        matches = difflib.get_close_matches(error.name, known, n=1, cutoff=0.5)
        hint = f"; did you mean {matches[0]!r}?" if matches else ""
    sentence = f"{type(error).__name__}: {said}{hint}".rstrip(".")
    end = "" if sentence.endswith("?") else "."
    if own:
        return f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {sentence}{end}"
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{sentence}{where}. This is a mistake in Cellwright: please report it, with the command."


def _is_of_a_library(path: str) -> bool:
    """Whether a file belongs to Python, to a library or to Cellwright's engine; its shipped cells are as users' own."""
    parts = Path(path).parts
    if "site-packages" in parts or path.startswith("<") or Path(path).is_relative_to(Path(os.__file__).parent):
        return True
    house = ("actuators", "sensors", "sequences", "sim", "benchmarks", "hardware", "cellwright")
    here = Path(__file__).parent
    if Path(path).match("cells/__init__.py"):
        return True
    return any(Path(path).is_relative_to(folder / room) for folder in (here, here.parent) for room in house)


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that suggests the known word most similar to ``word``, or lists the known words.

    It goes at the end of a sentence about an unknown name.
    """
    choices = sorted(known)
    matches = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return "known are " + ", ".join(choices) + "." if choices else "none is known."
