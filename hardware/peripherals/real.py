"""Peripherals in real time: each has a thread of its own, so that a slow one stops neither the cell nor its stop."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple

from cellwright.errors import CellFault
from cellwright.hardware.clock import WallClock
from cellwright.hardware.peripherals.interfaces import Instrument, Peripherals, PluggedIn, fail
from cellwright.hardware.waits import Wait

CLOSE_TIMEOUT_S = 0.5
"""How long closing waits for each instrument; one that blocks for longer is left to the end of the process."""


class _Question(NamedTuple):
    """A question under way. overdue_at_s: when nobody waits for its answer any more, by ``time.monotonic``."""

    question: Any
    within_s: float
    overdue_at_s: float
    wait: Wait


class RealPeripherals(Peripherals):
    """The real instruments, opened as the cell is put on its board."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._threads: dict[str, _InstrumentThread] = {}

    def plug_in(self, peripheral: PluggedIn) -> None:
        self._threads[peripheral.name] = _InstrumentThread(self._clock, peripheral.name, peripheral.open())

    def ask(self, peripheral: PluggedIn, question: Any, within_s: float) -> Wait:
        wait = Wait(self._clock, peripheral, "did not answer", within_s)
        self._threads[peripheral.name].put(question, within_s, wait)
        return wait

    def close(self) -> None:
        for thread in self._threads.values():
            thread.close()


class _InstrumentThread:
    """Asks one instrument, a question after the other, and passes the answers on to the clock's thread."""

    def __init__(self, clock: WallClock, name: str, instrument: Instrument) -> None:
        self._clock = clock
        self._name = name
        self._instrument = instrument
        self._questions: SimpleQueue[_Question | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"peripheral {name}", daemon=True)
        self._thread.start()

    def put(self, question: Any, within_s: float, wait: Wait) -> None:
        self._questions.put(_Question(question, within_s, time.monotonic() + within_s, wait))

    def close(self) -> None:
        self._questions.put(None)
        self._thread.join(CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while (next_one := self._questions.get()) is not None:
            remaining_s = next_one.overdue_at_s - time.monotonic()
            if remaining_s <= 0:
                continue  # one that blocked for too long: whoever asked has given up
            try:
                answer = self._instrument.ask(next_one.question, remaining_s)
            except Exception as error:  # whatever a driver raises: the cell must learn of it, not the thread end
                lost = CellFault(f"{self._name} was lost ({_describe_error(error)}).")
                self._clock.post(fail, next_one.wait, lost)
            else:
                if answer is not None:
                    self._clock.post(next_one.wait.complete, answer)
        with suppress(Exception):  # one that is gone may not even close
            self._instrument.close()


def _describe_error(error: Exception) -> str:
    """An error in words, or by its kind where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
