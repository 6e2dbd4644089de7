"""The loop of ``run``: until enough units are made, the cell stops for good, or a signal ends it."""

from __future__ import annotations

import math
import os
import sys
import time
from contextlib import suppress
from types import FrameType

import simpy

from cellwright.cli.interrupts import exit_code_of, reason_of, stop_signals
from cellwright.cli.loop_watchdog import LoopWatchdog, Watched, step_frame_finder
from cellwright.files import plain_text
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.sequences import FAULTED, Cell, Stop

REFRESH_INTERVAL_S = 0.2
BLOCKED_STEP_LIMIT_S = 0.5
"""A step that blocks for as long ends in a fault: a board with a communication watchdog has stopped by then."""


class RunController:
    """Runs a cell that is ready to run.

    cycles: the number of units to make; None runs until the cell is stopped. unit_times_s: the time of each unit, the
    first from the start of the run. ended_by: the fault or stop that ended the run. blocked_step_limit_s: how long a
    step may do anything but yield, in real time; by default half a second on a real board, for ever in a simulation.
    """

    def __init__(
        self,
        env: simpy.Environment,
        cell: Cell,
        cycles: int | None,
        is_simulated: bool,
        blocked_step_limit_s: float | None = None,
    ) -> None:
        self.env = env
        self.cell = cell
        self.cycles = cycles
        self.unit_times_s: list[float] = []
        self._is_simulated = is_simulated
        self._began_s = self._last_s = env.now
        self._signals: list[int] = []
        self._handled_signals = 0
        self._turns = 0
        self._last_stop = cell.last_stop
        self._line: _LiveLine | None = None
        self._step_frame = step_frame_finder(cell)
        if blocked_step_limit_s is None:
            blocked_step_limit_s = math.inf if is_simulated else BLOCKED_STEP_LIMIT_S
        self._watchdog = LoopWatchdog(
            Watched(
                progress=self._progress,
                is_idle=self._is_idle,
                step_frame=self._step_frame,
                report=self._say,
                stop=self._stop_blocked,
                end=self._end_process,
            ),
            blocked_step_limit_s,
        )

    @property
    def interrupted_by(self) -> int | None:
        """The signal that ended the run, if one did."""
        return self._signals[0] if self._signals else None

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C was pressed, or another signal ended the run."""
        return bool(self._signals)

    @property
    def ended_by(self) -> Stop | None:
        """The fault or stop that holds the cell, if one does."""
        return self.cell.last_stop if self.cell.is_stopped else None

    def run(self, shows_progress: bool = True) -> None:
        """Run to the end.

        A first Ctrl-C, or another signal, makes a controlled stop, a second stops the axes abruptly. Both work while a
        step blocks; then the first stops abruptly too, and the second ends the process if nothing else does.
        """
        self._line = _LiveLine(self.cell) if shows_progress and sys.stderr.isatty() else None
        with stop_signals(self._on_signal), self._watchdog.watching():
            while not self._is_over():
                self._turns += 1
                self.env.step()
                self._handle_signals()
                self._count_units()
                self._report_stop()
                if self._line is not None:
                    self._line.update(self.unit_times_s, self.env.now - self._began_s)
        if self._line is not None:
            self._line.clear()

    def _is_over(self) -> bool:
        if self.cycles is not None and len(self.unit_times_s) >= self.cycles:
            return True
        if not self.cell.is_stopped:
            return False
        # A person may reset a real cell with its button; in a simulation nobody does.
        return (
            self._is_simulated or self.was_interrupted or not self.cell.resets_with or not self.cell.board.is_connected
        )

    def _count_units(self) -> None:
        if self.cell.finished > len(self.unit_times_s):
            self.unit_times_s.append(self.env.now - self._last_s)
            self._last_s = self.env.now

    def _report_stop(self) -> None:
        """Say why the cell stopped as it does, where it may go on; the reason that ends a run is said at its end."""
        if self.cell.last_stop is not self._last_stop:
            self._last_stop = self.cell.last_stop
            if self._last_stop is not None and not self._is_over():
                reset = f" Reset it with {self.cell.resets_with}." if self.cell.resets_with else ""
                self._say(f"cellwright: {self._last_stop.reason}{reset}")

    def _say(self, sentence: str) -> None:
        if self._line is not None:
            self._line.clear()
        _write_to_stderr(f"{plain_text(sentence)}\n")

    # ---- signals ----

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)
        if isinstance(self.env, WallClock):
            self.env.post(lambda: None)  # wakes it if it waits for the next event
        if self._watchdog.is_blocked:
            self._watchdog.end_step(frame, stops_cell=True)

    def _handle_signals(self) -> None:
        if len(self._signals) > self._handled_signals:
            self._handled_signals = len(self._signals)
            if len(self._signals) == 1:
                self.cell.controlled_stop(self._reason())
            else:
                self._stop_abruptly()

    def _stop_blocked(self) -> None:
        """Stop at once, inside the step that blocks: the loop cannot do it."""
        self._handled_signals = len(self._signals)
        self._stop_abruptly()

    def _stop_abruptly(self) -> None:
        if self.cell.state != FAULTED:  # its reason must not be lost
            self.cell.stop(self._reason())

    def _reason(self) -> str:
        first = reason_of(self._signals[0])
        if len(self._signals) == 1:
            return f"{first}."
        return f"{first} twice." if len({*self._signals}) == 1 else f"{first}, and then {reason_of(self._signals[1])}."

    # ---- for the watchdog, on its thread ----

    def _progress(self) -> object:
        return self._turns, self.env.turns if isinstance(self.env, WallClock) else self.env.now

    def _is_idle(self) -> bool:
        return isinstance(self.env, WallClock) and self.env.is_waiting

    def _end_process(self) -> None:
        """Make the outputs safe, close what is open and end the process: the main thread does not answer."""
        board, log = self.cell.board, self.cell.log
        with suppress(Exception):
            self.cell.stop("Ctrl-C was pressed twice while a step held up the cell.")
        with suppress(Exception):
            if isinstance(board, FirmataBoard):
                board.close()
        with suppress(Exception):
            if log is not None:
                log.close()
        _write_to_stderr("cellwright: A step held up the cell; its outputs are safe and the run was ended.\n")
        os._exit(exit_code_of(self._signals[0] if self._signals else 2))


def _write_to_stderr(text: str) -> None:
    """Write to the terminal, if there still is one: a run must not end unsafe because nobody reads it."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


class _LiveLine:
    """A status line on the terminal, overwritten as it changes: state, units, rate, last stop."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._shown_s = 0.0
        self._width = 0

    def update(self, unit_times_s: list[float], elapsed_s: float) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s < REFRESH_INTERVAL_S:
            return
        self._shown_s = now_s
        rate = f", {3600 * len(unit_times_s) / elapsed_s:.1f} an hour" if unit_times_s else ""
        stop = f"  last stop: {self.cell.last_stop.reason}" if self.cell.last_stop else ""
        shown = "".join(f"  [{line.strip()}]" for line in self.cell.display_lines())
        made = f"{len(unit_times_s)} {self.cell.unit}s{rate}"
        self._write(f"{self.cell.state}{shown}  {made}  {elapsed_s:.0f} s{stop}"[:79])

    def clear(self) -> None:
        self._write("")
        _write_to_stderr("\r")

    def _write(self, text: str) -> None:
        _write_to_stderr("\r" + plain_text(text).ljust(self._width))
        self._width = len(text)
