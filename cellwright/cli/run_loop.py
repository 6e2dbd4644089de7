"""Attending to a run until it has made enough, stops for good, or Ctrl-C is pressed; with a live line meanwhile."""

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

SHOWN_EVERY_S = 0.2


class RunController:
    """Runs a cell that is ready to run.

    cycles: how many units to make; None is until it is stopped. unit_times_s: how long each took, the first from
    the start. ended_by: the fault or stop that ended it.
    """

    def __init__(self, env: simpy.Environment, cell: Cell, cycles: int | None, is_simulated: bool) -> None:
        self.env = env
        self.cell = cell
        self.cycles = cycles
        self.unit_times_s: list[float] = []
        self._is_simulated = is_simulated
        self._began_s = self._last_s = env.now
        self._presses = self._heeded = 0

    @property
    def was_asked_to_end(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._presses > 0

    @property
    def ended_by(self) -> Stop | None:
        """Why the cell stands still, if it does."""
        return self.cell.last_stop if self.cell.is_stopped else None

    def run(self, shows: bool = True) -> None:
        """Run until it is over. A first Ctrl-C lets the axes slow down, a second stops everything at once."""
        line = _LiveLine(self.cell) if shows and sys.stderr.isatty() else None
        with self._heeding_ctrl_c():
            while not self._is_over():
                self.env.step()
                self._heed()
                self._count()
                if line is not None:
                    line.show(self.unit_times_s, self.env.now - self._began_s)
        if line is not None:
            line.clear()

    def _is_over(self) -> bool:
        if self.cycles is not None and len(self.unit_times_s) >= self.cycles:
            return True
        if not self.cell.is_stopped:
            return False
        # A person may reset a real cell by its button; in a simulation nobody does.
        return self._is_simulated or self.was_asked_to_end or not self.cell.resets_with or not self.cell.board.is_there

    def _count(self) -> None:
        if self.cell.finished > len(self.unit_times_s):
            self.unit_times_s.append(self.env.now - self._last_s)
            self._last_s = self.env.now

    def _heed(self) -> None:
        if self._presses > self._heeded:
            self._heeded = self._presses
            if self._presses == 1:
                self.cell.controlled_stop("Ctrl-C was pressed.")
            else:
                self.cell.stop("Ctrl-C was pressed twice.")

    @contextmanager
    def _heeding_ctrl_c(self) -> Iterator[None]:
        def press(_: int, __: FrameType | None) -> None:
            self._presses += 1
            if isinstance(self.env, WallClock):
                self.env.post(lambda: None)  # it may be waiting for the next event

        before = signal.signal(signal.SIGINT, press)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


class _LiveLine:
    """One line on the terminal, written again and again: state, units, pace, last stop."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._shown_s = 0.0
        self._width = 0

    def show(self, unit_times_s: list[float], elapsed_s: float) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s < SHOWN_EVERY_S:
            return
        self._shown_s = now_s
        pace = f", {3600 * len(unit_times_s) / elapsed_s:.1f} an hour" if unit_times_s else ""
        stop = f"  last stop: {self.cell.last_stop.reason}" if self.cell.last_stop else ""
        shown = "".join(f"  [{line.strip()}]" for line in self.cell.display_lines())
        made = f"{len(unit_times_s)} {self.cell.unit}s{pace}"
        self._write(f"{self.cell.state}{shown}  {made}  {elapsed_s:.0f} s{stop}"[:79])

    def clear(self) -> None:
        self._write("")
        sys.stderr.write("\r")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)
