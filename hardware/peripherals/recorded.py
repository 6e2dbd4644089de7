"""Questions and answers of peripherals in a recording: written beside the bytes of the line, and replayed alike.

    30.500000000 ? scale "S"
    31.250000000 = scale "S S     1204.50 g"
    62.000000000 x scanner it was lost

``?`` is a question, with the name of the peripheral and what was asked as JSON; ``=`` its answer, ``x`` its failure. A
question that was not answered stands alone.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import simpy
from simpy.events import Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.peripherals.interfaces import AnsweringStep, Peripherals, PluggedIn, fail
from cellwright.hardware.waits import Named, Wait

QUESTION, ANSWER, FAILURE = "?", "=", "x"


class Recording(Protocol):
    """A file that is being written."""

    def note(self, direction: str, what: str) -> None:
        """Write a line at the present time."""
        ...


class RecordedPeripherals(Peripherals):
    """Peripherals whose questions and answers are recorded; ``peripherals`` answers them."""

    def __init__(self, peripherals: Peripherals, recording: Recording) -> None:
        self._peripherals = peripherals
        self._recording = recording

    def plug_in(self, peripheral: PluggedIn) -> None:
        self._peripherals.plug_in(peripheral)

    def answer_with(self, peripheral: Named, step: AnsweringStep) -> None:
        self._peripherals.answer_with(peripheral, step)

    def unplug(self, peripheral: Named) -> None:
        self._peripherals.unplug(peripheral)

    def close(self) -> None:
        self._peripherals.close()

    def ask(self, peripheral: PluggedIn, question: Any, within_s: float) -> Wait:
        self._recording.note(QUESTION, f"{peripheral.name} {_in_json(peripheral, question, 'a question')}")
        answering = self._peripherals.ask(peripheral, question, within_s)
        wait = Wait(answering.env, peripheral, "did not answer", within_s)
        answering.callbacks.append(lambda end: self._note_and_pass_on(peripheral, end, wait))
        return wait

    def _note_and_pass_on(self, peripheral: PluggedIn, end: Event, wait: Wait) -> None:
        if not end.ok:
            end.defused = True
            self._recording.note(FAILURE, f"{peripheral.name} {' '.join(str(end.value).split())}")
            fail(wait, CellFault(str(end.value)))
            return
        try:
            text = _in_json(peripheral, peripheral.to_json(end.value), "an answer")
        except CellFault as fault:
            fail(wait, fault)
        else:
            self._recording.note(ANSWER, f"{peripheral.name} {text}")
            wait.complete(end.value)


def _in_json(peripheral: Named, value: Any, what: str) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        raise CellFault(
            f"{what} of {peripheral.name} cannot be recorded: {type(value).__name__} is not known to JSON; give its "
            "class to_json() and from_json()."
        ) from None


class RecordedExchange(NamedTuple):
    """A question out of a recording and what became of it. after_s: from the question on; inf if nothing came."""

    question: Any
    outcome: str = ""
    text: str = ""
    after_s: float = float("inf")


def exchanges_of(entries: Iterable[tuple[float, str, str]]) -> dict[str, deque[RecordedExchange]]:
    """The exchanges of each peripheral, in their order, from the lines of a recording: time, direction and text.

    An instrument answers one question after the other, so that each end belongs to its oldest open question.
    Raises ValueError for a line that is none.
    """
    exchanges: dict[str, deque[RecordedExchange]] = {}
    open_ones: dict[str, deque[tuple[int, float]]] = {}
    for at_s, direction, text in entries:
        name, _, rest = text.partition(" ")
        own = exchanges.setdefault(name, deque())
        if direction == QUESTION:
            open_ones.setdefault(name, deque()).append((len(own), at_s))
            own.append(RecordedExchange(json.loads(rest)))
        elif waiting := open_ones.get(name):
            number, asked_s = waiting.popleft()
            if direction == ANSWER:
                json.loads(rest)
            own[number] = own[number]._replace(outcome=direction, text=rest, after_s=at_s - asked_s)
    return exchanges


class ReplayedPeripherals(Peripherals):
    """Answers each question as it was recorded, as long after it. Another question is a difference."""

    def __init__(
        self,
        env: simpy.Environment,
        exchanges: dict[str, deque[RecordedExchange]],
        report_difference: Callable[[str], None],
    ) -> None:
        self.env = env
        self._exchanges = exchanges
        self._report_difference = report_difference

    def plug_in(self, peripheral: PluggedIn) -> None:
        """There is nothing to open."""

    def ask(self, peripheral: PluggedIn, question: Any, within_s: float) -> Wait:
        wait = Wait(self.env, peripheral, "did not answer", within_s)
        own = self._exchanges.get(peripheral.name)
        if not own:
            return wait  # the recording is over
        recorded = own.popleft()
        if recorded.question != question:
            self._report_difference(
                f"at {self.env.now:.6f} s {peripheral.name} was asked {question!r}, "
                f"where the recording has {recorded.question!r}"
            )
        elif recorded.outcome:
            Timeout(self.env, recorded.after_s).callbacks.append(lambda _: _end(peripheral, wait, recorded))
        return wait


def _end(peripheral: PluggedIn, wait: Wait, recorded: RecordedExchange) -> None:
    if recorded.outcome == ANSWER:
        wait.complete(peripheral.from_json(json.loads(recorded.text)))
    else:
        fail(wait, CellFault(recorded.text))
