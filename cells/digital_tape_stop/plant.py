"""The stop's world: the log cannot go on beyond it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cellwright.cells.digital_tape import DigitalTapePlant, TapePlantParameters
from cellwright.errors import CellFault
from cellwright.provenance import assumed

RAN_INTO_MM = 1.0


@dataclass(kw_only=True)
class StopPlantParameters(TapePlantParameters):
    """What is not known of the stop before it is built.

    stop_off_mm: standard deviation of how far it stands from where it was set up to be, from its home switch on.
    rest_mm: standard deviation of the gap that the log leaves, by bouncing or by sawdust between.
    """

    stop_off_mm: float = assumed(0.1, "set up with a piece that was measured; stop systems of today: about 0.1 mm")
    rest_mm: float = assumed(0.1, "a log of 60 kg against a stop with a rubber buffer behind it")


class StopPlant(DigitalTapePlant):
    """Holds the log at the stop; notices if the stop runs into the log."""

    green_within_s = 2.0

    def connect(self) -> None:
        super().connect()
        self.axis = self.board.axis(self.cell.length_stop.step)
        self.place_axis(self.cell.length_stop, self.streams["stop at power-up"].uniform(*self.cell.length_stop.travel))
        self._off_mm = self.streams["stop"].normal(0, self.parameters.stop_off_mm)
        self._rest_mm = 0.0
        self._touches = False

    def _room_mm(self) -> float:
        """How far the log can still go: to the stop, less the gap that it leaves this time."""
        if not self.has_log:
            return math.inf
        at_mm = self.axis.true_position / self.cell.length_stop.steps_per_mm
        behind_mm = self.cell.length_stop.travel[1] - at_mm + self._off_mm
        room_mm = behind_mm - (self.front_mm - self._begins_mm)
        if room_mm < -RAN_INTO_MM:
            raise CellFault(f"{self.cell.name()}: the stop ran {-room_mm:.1f} mm into the log.")
        return float(max(0.0, room_mm))

    def _roll(self, mm: float) -> None:
        room_mm = self._room_mm()
        touches = mm >= room_mm
        if touches and not self._touches:
            self._rest_mm = abs(self.streams["stop bounce"].normal(0, self.parameters.rest_mm))
        self._touches = touches
        super()._roll(room_mm - self._rest_mm if touches else mm)
