"""The base class of peripherals: devices that are plugged into the computer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from cellwright.hardware.board import Board
from cellwright.hardware.device import Device
from cellwright.hardware.peripherals.interfaces import AnsweringStep, Instrument
from cellwright.hardware.pins import Pin
from cellwright.hardware.waits import Wait


@dataclass(kw_only=True)
class Peripheral(Device):
    """A device that is plugged into the computer and not into the Arduino, and answers questions.

    On a port ``open`` gives the real instrument, which a thread of its own asks. On the model board, a virtual and an
    emulated Arduino the plant answers, by ``answer_with``. A recording keeps questions and answers, and replays them.

    Example:
        >>> from cellwright.hardware.peripherals.peripheral import Peripheral
        >>> class Scanner(Peripheral):
        ...     def code(self):
        ...         return self.ask("code", within_s=30)
    """

    is_plugged_into_computer: ClassVar[bool] = True

    def pins(self) -> dict[str, Pin]:
        return {}

    def attach(self, board: Board) -> None:
        self.board = board
        board.peripherals.plug_in(self)

    def open(self) -> Instrument:
        """Open the real thing, for a run on a port.

        Raises:
            InputError: It is not there; the sentence says what to do.
        """
        raise NotImplementedError

    def ask(self, question: Any, *, within_s: float) -> Wait:
        """A wait for the answer to ``question``, at most ``within_s`` seconds; the answer is its value.

        A question is made of what JSON knows: text, numbers, lists, dictionaries.
        """
        return self.board.peripherals.ask(self, question, within_s)

    def answer_with(self, step: AnsweringStep) -> None:
        """Let a plant answer: ``step(question)`` is a step that takes the time of the real thing.

        It returns the answer, or None for no answer.
        """
        self.board.peripherals.answer_with(self, step)

    def to_json(self, answer: Any) -> Any:
        """An answer as a recording keeps it, made of what JSON knows; by default as it is."""
        return answer

    def from_json(self, data: Any) -> Any:
        """An answer out of a recording: the inverse of ``to_json``."""
        return data
