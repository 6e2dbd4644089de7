"""Load cells behind an HX711, for boards whose firmware can read one."""

from __future__ import annotations

from dataclasses import dataclass

from cellwright.errors import Lacking
from cellwright.hardware.board import Board
from cellwright.hardware.device import Device


@dataclass(kw_only=True)
class Hx711LoadCell(Device):
    """A load cell on an HX711, which is clocked bit by bit: too fast for messages over a line.

    So the firmware itself must read it. Neither StandardFirmata nor ConfigurableFirmata does; until a firmware with
    that support is there, this device refuses every board and says so. ``LoadCell`` with an NAU7802 needs none.

    data, clock: pins of the HX711.
    """

    data: int
    clock: int

    def pins(self) -> dict[str, int]:
        return {"data": self.data, "clock": self.clock}

    def attach(self, board: Board) -> None:  # noqa: ARG002  # no board can
        raise Lacking("firmware that reads an HX711", "no board has it yet: use a LoadCell on an NAU7802")
