"""Switches: limit switches, proximity sensors, reed contacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.hardware.board import Board
from cellwright.hardware.device import Device
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.pins import Pin, contact_pin
from cellwright.hardware.waits import Wait


@dataclass(kw_only=True)
class Switch(Device):
    """A contact on one input.

    pin: input pin. active_low: True if the closed switch connects the pin to ground (with the pull-up on).
    """

    state_events: ClassVar[tuple[str, ...]] = ("closed",)
    state_attributes: ClassVar[tuple[str, ...] | None] = ()

    pin: int
    active_low: bool = True
    input: DigitalInput = field(init=False, repr=False)

    def pins(self) -> dict[str, Pin]:
        return {"switch": contact_pin(self.pin, active_low=self.active_low)}

    def action_events(self) -> tuple[str, ...]:
        return ()  # it senses

    def attach(self, board: Board) -> None:
        self.board = board
        self.input = board.declare_input(self.pin, at_rest=self.active_low)
        self.input.on_change = self._changed

    def _changed(self, level: bool) -> None:
        closed = level != self.active_low
        self.note("closed" if closed else "open", None)
        if closed and self.when_closed is not None:
            self.when_closed()

    @property
    def is_closed(self) -> bool:
        """Whether it is closed now."""
        return self.input.level != self.active_low

    def closed(self, *, within_s: float) -> Wait:
        """A wait for it to be closed, at most ``within_s`` seconds; over at once if it is."""
        return self.input.wait_for_level(not self.active_low, self, "did not close", within_s)

    def open(self, *, within_s: float) -> Wait:
        """A wait for it to be open, at most ``within_s`` seconds; over at once if it is."""
        return self.input.wait_for_level(self.active_low, self, "did not open", within_s)
