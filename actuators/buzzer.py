"""Buzzers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.hardware.board import Board, OutputPort
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.pins import Pin, output_pin
from cellwright.hardware.waits import Wait


@dataclass(kw_only=True)
class Buzzer(Device):
    """A buzzer with its own tone on one output; it beeps in pulses.

    pin: output pin. beep_s: how long a beep is. pause_s: the silence after it.
    """

    pulse_events: ClassVar[tuple[str, ...]] = ("beep",)
    state_attributes: ClassVar[tuple[str, ...] | None] = ()

    pin: int
    beep_s: float = 0.15
    pause_s: float = 0.1
    active_low: bool = False
    output: OutputPort = field(init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        return ()  # at the low voltage of such a part

    def pins(self) -> dict[str, Pin]:
        return {"buzzer": output_pin(self.pin, active_low=self.active_low, faults=())}

    def problems(self) -> Iterator[str]:
        if self.beep_s <= 0 or self.pause_s < 0:
            yield f"beeps for {self.beep_s:g} s with a pause of {self.pause_s:g} s; give a beep above 0 and a pause"

    def attach(self, board: Board) -> None:
        self.board = board
        self.output = board.declare_output(self.pin, safe=self.active_low)

    def beep(self, seconds: float | None = None) -> Wait:
        """One beep, of ``beep_s`` or of ``seconds``; the wait ends after the pause. Waiting for it is optional."""
        duration_s = float(self.beep_s if seconds is None else seconds)
        pulse = self.output.pulse(self, not self.active_low, duration_s, float(self.pause_s))
        self.note("beep", duration_s)
        return pulse
