"""Push buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cellwright.hardware.board import Board
from cellwright.hardware.pins import Pin, contact_pin
from cellwright.hardware.waits import Wait
from cellwright.sensors.switch import Switch


@dataclass(kw_only=True)
class Button(Switch):
    """A push button on one input; wired and read like a switch, with waits for a press.

    stops_cell: True for a stop button: a press stops the cell at once, in any state.
    """

    state_attributes: ClassVar[tuple[str, ...] | None] = ()

    stops_cell: bool = False

    def pins(self) -> dict[str, Pin]:
        return {"button": contact_pin(self.pin, active_low=self.active_low)}

    def attach(self, board: Board) -> None:
        super().attach(board)
        if self.stops_cell:
            board.declare_stop_input(self.pin, active=not self.active_low)

    def stops_cell_when_closed(self) -> bool:
        return self.stops_cell

    def demands_stop(self) -> bool:
        return self.stops_cell and self.is_closed

    def pressed(self, *, within_s: float) -> Wait:
        """A wait for the next press, within ``within_s`` seconds; a button that is already held down does not count."""
        return self.input.wait_for_edge(not self.active_low, self, "was not pressed", within_s)
