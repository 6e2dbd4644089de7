"""Indicator lamps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.hardware.board import Board, OutputPort
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.pins import Pin, output_pin


@dataclass(kw_only=True)
class Lamp(Device):
    """A lamp on one output.

    pin: output pin. active_low: True if the lamp lights when the pin is low (a relay board, often).
    """

    state_events: ClassVar[tuple[str, ...]] = ("on",)
    state_attributes: ClassVar[tuple[str, ...] | None] = ()

    pin: int
    active_low: bool = False
    output: OutputPort = field(init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        return ()  # at the low voltage of such a part

    def pins(self) -> dict[str, Pin]:
        return {"lamp": output_pin(self.pin, active_low=self.active_low)}

    def attach(self, board: Board) -> None:
        self.board = board
        self.output = board.declare_output(self.pin, safe=self.active_low)

    def on(self) -> None:
        """Switch it on."""
        self._show(True)

    def off(self) -> None:
        """Switch it off."""
        self._show(False)

    def _show(self, lit: bool) -> None:
        self.output.write(lit != self.active_low)
        self.note("on" if lit else "off", None)
