"""Watches the loop of a run from a thread beside it: a step that blocks must not hold up Ctrl-C and the stop.

A step blocks while it does anything but yield: ``time.sleep``, a busy loop, a slow call. Meanwhile no message is read
or sent, the keep-alive neither, so that a board with a communication watchdog stops by itself after half a second.
"""

from __future__ import annotations

import math
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import simpy

from cellwright.cli.interrupts import STOP_SIGNALS, exit_code_of
from cellwright.sequences import Cell
from cellwright.sequences.forgotten_yield import own_methods
from cellwright.sequences.supervision import BlockedStep

LOOK_INTERVAL_S = 0.05
"""How often the thread looks. It counts its looks, not seconds: a program that was suspended has not blocked."""
NOTICED_AFTER_S = 0.25
ENDED_AFTER_S = 0.6
"""A second Ctrl-C that the loop does not follow within this ends the process."""
ADVICE = "wait with yield self.env.timeout(…), and give long work to yield from self.offload(…)."
WAKE_SIGNAL = getattr(signal, "SIGUSR1", signal.SIGINT)


FrameFinder = Callable[[FrameType | None], FrameType | None]


def step_frame_finder(cell: Cell) -> FrameFinder:
    """A function that finds the innermost frame of the cell's own methods on a stack."""
    codes = {method.__code__ for method in own_methods(type(cell))}

    def find(frame: FrameType | None) -> FrameType | None:
        while frame is not None and frame.f_code not in codes:
            frame = frame.f_back
        return frame

    return find


@dataclass(slots=True)
class Watched:
    """What the thread watches, and does.

    progress: something that is another with each turn of the loop. is_idle: whether it waits for something to come.
    step_frame: finds the frame of the running step among those on the stack. report: says a sentence to the person.
    stop: stops the cell; called on the main thread, inside the step that blocks, after Ctrl-C.
    end: makes all outputs safe and ends the process; called on the thread, when the loop does not answer.
    """

    progress: Callable[[], object]
    is_idle: Callable[[], bool]
    step_frame: FrameFinder
    report: Callable[[str], None]
    stop: Callable[[], None]
    end: Callable[[], Any]


class LoopWatchdog:
    """The thread. Used as a context manager round the loop, on the main thread.

    interrupts_after_s: how long a step may block until it is ended; inf never ends one and says nothing, as in a
    simulation, whose result must not depend on how fast the computer is. Ctrl-C works all the same.
    """

    def __init__(self, watched: Watched, interrupts_after_s: float) -> None:
        self._watched = watched
        self._interrupts_after_s = interrupts_after_s
        self._main = threading.main_thread()
        self._blocked_s = 0.0
        self._is_over = threading.Event()
        self._interrupts = 0
        self._thread = threading.Thread(target=self._watch, name="loop watchdog", daemon=True)
        self._signals, self._signals_in = socket.socketpair()

    @property
    def is_blocked(self) -> bool:
        """Whether the loop stands now."""
        return self._blocked_s >= NOTICED_AFTER_S

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch within the block. Outside the main thread nothing is watched, as Python handles signals there alone."""
        if threading.current_thread() is not self._main:
            yield
            return
        self._signals_in.setblocking(False)
        before_fd = signal.set_wakeup_fd(self._signals_in.fileno(), warn_on_full_buffer=False)
        before = signal.signal(WAKE_SIGNAL, self._on_wake) if WAKE_SIGNAL != signal.SIGINT else None
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join()
            signal.set_wakeup_fd(before_fd)
            if WAKE_SIGNAL != signal.SIGINT:
                signal.signal(WAKE_SIGNAL, before)
            self._signals.close()
            self._signals_in.close()

    def end_step(self, frame: FrameType | None, stops_cell: bool) -> None:
        """Raise BlockedStep in the running step, if there is one on the stack. Called by a handler of a signal."""
        step = self._watched.step_frame(frame)
        if step is not None:
            self._blocked_s = 0.0  # no other signal shall disturb this
            if stops_cell:
                self._watched.stop()
            raise BlockedStep(f"the step held up the cell {self._where(step)}; {ADVICE}")

    def _where(self, step: FrameType) -> str:
        return f"in {Path(step.f_code.co_filename).name}, line {step.f_lineno}"

    def _on_wake(self, _: int, frame: FrameType | None) -> None:
        if self._may_end_step():  # unless it has turned in the meantime
            self.end_step(frame, stops_cell=self._interrupts > 0)

    def _may_end_step(self) -> bool:
        return self._blocked_s >= self._interrupts_after_s or (self.is_blocked and self._interrupts > 0)

    # ---- on the thread ----

    def _watch(self) -> None:
        last: object = None
        unanswered_s = 0.0
        is_reported = self._interrupts_after_s == math.inf
        while not self._is_over.is_set():
            self._await_signals()
            progress = self._watched.progress()
            if progress != last or self._watched.is_idle():
                last, self._blocked_s, unanswered_s = progress, 0.0, 0.0
                continue
            self._blocked_s += LOOK_INTERVAL_S
            if self.is_blocked and not is_reported:
                is_reported = True
                self._report()
            if self._interrupts >= 2:
                unanswered_s += LOOK_INTERVAL_S
                if unanswered_s >= ENDED_AFTER_S:
                    self._watched.end()
            if self._may_end_step():
                self._wake_main()

    def _await_signals(self) -> None:
        """Wait for the next look; count the signals that came, which the main thread may be too busy to see."""
        readable, _, _ = select.select([self._signals], [], [], LOOK_INTERVAL_S)
        if readable:
            numbers = self._signals.recv(4096)
            self._interrupts += sum(number in STOP_SIGNALS for number in numbers)
            self._is_over.wait(LOOK_INTERVAL_S)

    def _report(self) -> None:
        frame = sys._current_frames().get(self._main.ident or 0)  # the documented way to see another thread's line
        step = self._watched.step_frame(frame)
        where = "" if step is None else f" {self._where(step)}"
        self._watched.report(f"A step has held up the cell for {NOTICED_AFTER_S:g} s{where}; {ADVICE}")

    def _wake_main(self) -> None:
        with suppress(ProcessLookupError):
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(self._main.ident or 0, WAKE_SIGNAL)
            else:
                import _thread

                _thread.interrupt_main(WAKE_SIGNAL)


@contextmanager
def blocked_steps_ended(env: simpy.Environment, cell: Cell, after_s: float) -> Iterator[None]:
    """End each step of a simulated cell that blocks for so long, in real time, by a fault, within the block."""
    watched = Watched(
        progress=lambda: env.now,
        is_idle=lambda: False,
        step_frame=step_frame_finder(cell),
        report=lambda _: None,
        stop=lambda: None,
        end=lambda: os._exit(exit_code_of(signal.SIGINT)),
    )
    with LoopWatchdog(watched, after_s).watching():
        yield
