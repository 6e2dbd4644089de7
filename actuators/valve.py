"""Valves that are held open for a limited time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.hardware.board import Board, OutputPort
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.pins import Pin, output_pin
from cellwright.hardware.waits import leave_running


@dataclass(kw_only=True)
class Valve(Device):
    """A solenoid valve, such as a pinch valve: open while its coil is on, closed without current.

    pin: output pin. max_open_s: after this time it closes by itself, even if the step that opened it has failed.
    active_low: True if it opens when the pin is low (a relay board, often).
    """

    state_events: ClassVar[tuple[str, ...]] = ("open",)

    pin: int
    max_open_s: float
    active_low: bool = False
    output: OutputPort = field(init=False, repr=False)
    _closes_at_s: float = field(default=0.0, init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        return (
            Hazard(
                "substance",
                f"it lets out liquid or air for up to {self.max_open_s:g} s, and more if it sticks",
                "a valve that closes without power, a tray, and a tap by hand before it",
            ),
        )

    def pins(self) -> dict[str, Pin]:
        return {"solenoid": output_pin(self.pin, active_low=self.active_low)}

    def problems(self) -> Iterator[str]:
        if self.max_open_s <= 0:
            yield f"has a max_open_s of {self.max_open_s:g} s; it must be above 0"

    def attach(self, board: Board) -> None:
        self.board = board
        self.output = board.declare_output(self.pin, safe=self.active_low)

    def reset(self) -> None:
        self._closes_at_s = 0.0  # the board has closed it

    @property
    def is_open(self) -> bool:
        """Whether it is open: neither closed since nor past its time limit."""
        return self.open_for_s > 0

    @property
    def open_for_s(self) -> float:
        """The time left until it closes by itself, s."""
        return max(0.0, self._closes_at_s - self.board.env.now)

    def open(self) -> None:
        """Open it, or hold it open, for ``max_open_s`` from now."""
        # A pulse, because the board's own timer ends it: the valve closes even if the step has ended.
        was_open = self.is_open
        leave_running(self.output.pulse(self, not self.active_low, float(self.max_open_s), 0.0))
        self._closes_at_s = self.board.env.now + self.max_open_s
        if not was_open:
            self.note("open", None)

    def hold(self) -> None:
        """Keep an open valve open: to be called repeatedly by the step that needs it."""
        if self.open_for_s < self.max_open_s / 2:
            self.open()

    def close(self) -> None:
        """Close it."""
        if self.is_open:
            self._closes_at_s = 0.0
            self.note("closed", None)
        self.output.write(self.active_low)
