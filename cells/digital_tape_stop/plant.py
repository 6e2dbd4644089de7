"""The stop's plant: the log cannot pass the stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cellwright.cells.digital_tape import DigitalTapePlant, TapePlantParameters
from cellwright.errors import CellFault
from cellwright.provenance import assumed

COLLISION_TOLERANCE_MM = 1.0


@dataclass(kw_only=True)
class StopPlantParameters(TapePlantParameters):
    """What is not known about the stop before it is built.

    stop_off_mm: standard deviation of the stop's set-up error, from its home switch on.
    rest_mm: standard deviation of the gap between log and stop, from bouncing or sawdust.
    """

    stop_off_mm: float = assumed(0.1, "set up with a piece that was measured; stop systems of today: about 0.1 mm")
    rest_mm: float = assumed(0.1, "a log of 60 kg against a stop with a rubber buffer behind it")


class StopPlant(DigitalTapePlant):
    """Holds the log at the stop; notices if the stop runs into the log."""

    green_timeout_s = 2.0

    def connect(self) -> None:
        super().connect()
        self.axis = self.board.axis(self.cell.length_stop.step)
        self.place_axis(self.cell.length_stop, self.streams["stop at power-up"].uniform(*self.cell.length_stop.travel))
        self._stop_error_mm = self.streams["stop"].normal(0, self.parameters.stop_off_mm)
        self._gap_mm = 0.0
        self._is_touching = False

    def _free_travel_mm(self) -> float:
        """How far the log can advance until it meets the stop, mm."""
        if not self.has_log:
            return math.inf
        at_mm = self.axis.true_position / self.cell.length_stop.steps_per_mm
        behind_mm = self.cell.length_stop.travel[1] - at_mm + self._stop_error_mm
        free_mm = behind_mm - (self.front_mm - self._log_start_mm)
        if free_mm < -COLLISION_TOLERANCE_MM:
            raise CellFault(f"{self.cell.name()}: the stop ran {-free_mm:.1f} mm into the log.")
        return float(max(0.0, free_mm))

    def _roll(self, mm: float) -> None:
        free_mm = self._free_travel_mm()
        is_touching = mm >= free_mm
        if is_touching and not self._is_touching:
            self._gap_mm = abs(self.streams["stop bounce"].normal(0, self.parameters.rest_mm))
        self._is_touching = is_touching
        super()._roll(free_mm - self._gap_mm if is_touching else mm)
