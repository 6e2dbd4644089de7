"""The loop of ``run``: until enough units are made, the cell stops for good, or Ctrl-C is pressed."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import simpy

from cellwright.hardware.clock import WallClock
from cellwright.sequences import Cell, Stop

REFRESH_INTERVAL_S = 0.2


class RunController:
    """Runs a cell that is ready to run.

    cycles: the number of units to make; None runs until the cell is stopped. unit_times_s: the time of each unit, the
    first from the start of the run. ended_by: the fault or stop that ended the run.
    """

    def __init__(self, env: simpy.Environment, cell: Cell, cycles: int | None, is_simulated: bool) -> None:
        self.env = env
        self.cell = cell
        self.cycles = cycles
        self.unit_times_s: list[float] = []
        self._is_simulated = is_simulated
        self._began_s = self._last_s = env.now
        self._interrupts = self._handled_interrupts = 0

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._interrupts > 0

    @property
    def ended_by(self) -> Stop | None:
        """The fault or stop that holds the cell, if one does."""
        return self.cell.last_stop if self.cell.is_stopped else None

    def run(self, shows_progress: bool = True) -> None:
        """Run to the end. A first Ctrl-C makes a controlled stop, a second stops the axes abruptly."""
        line = _LiveLine(self.cell) if shows_progress and sys.stderr.isatty() else None
        with self._counting_interrupts():
            while not self._is_over():
                self.env.step()
                self._handle_interrupts()
                self._count_units()
                if line is not None:
                    line.update(self.unit_times_s, self.env.now - self._began_s)
        if line is not None:
            line.clear()

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

    def _handle_interrupts(self) -> None:
        if self._interrupts > self._handled_interrupts:
            self._handled_interrupts = self._interrupts
            if self._interrupts == 1:
                self.cell.controlled_stop("Ctrl-C was pressed.")
            else:
                self.cell.stop("Ctrl-C was pressed twice.")

    @contextmanager
    def _counting_interrupts(self) -> Iterator[None]:
        def count_interrupt(_: int, __: FrameType | None) -> None:
            self._interrupts += 1
            if isinstance(self.env, WallClock):
                self.env.post(lambda: None)  # wakes it if it waits for the next event

        before = signal.signal(signal.SIGINT, count_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


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
        sys.stderr.write("\r")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)
