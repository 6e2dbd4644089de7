"""The digital tape with a length stop behind the blade, so that nobody has to correct the log's position."""

from __future__ import annotations

from typing import Any

from cellwright.actuators import Stepper
from cellwright.cells.digital_tape import DigitalTape, display_text
from cellwright.provenance import assumed, vendor
from cellwright.sequences import home
from cellwright.sequences.supervision import Step

CONFIRMATION_TOLERANCE_MM = 0.6
"""The largest difference of wheel and stop: above both errors together, below a chip between log and stop."""
RETREAT_MM = 8.0
"""How far the stop retreats before the saw cuts: a piece held between blade and stop would jam the blade."""
CLEARANCE_MM = 50.0
"""The distance of the stop behind an end cut, for which the wheel is exact enough."""
OVERSHOOT_MM = 0.5
"""A log that has overshot its cut by more than this blocks the stop; then the display guides alone."""


class DigitalTapeWithStop(DigitalTape):
    """Sets a stop to each piece's length; the log is pushed against it, and the wheel confirms that it lies there.

    Its home switch is at the far end, so that homing moves it away from the blade and from a log that lies there.
    """

    length_stop = Stepper(
        step=12,
        dir=13,
        home_pin=14,
        steps_per_mm=vendor(10, "HTD 5M belt, 16 teeth, 80 mm a revolution, 200-step motor at 1/4 step"),
        max_speed=assumed(300, "a light carriage on a long belt, as fast as belt axes of printer class"),
        max_acceleration=assumed(600, "a light carriage on a long belt"),
        homing_speed=assumed(150, "a light carriage on a long belt"),
        travel=(0, 6000),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_stop_set = False

    def problems(self) -> list[str]:
        """As without a stop, and cuts further behind the blade than the stop reaches, which it would block."""
        distances_mm = [
            cut.at_mm - before_mm
            for log in self.cut_record.plan.logs
            for cut, before_mm in zip(
                log.cuts, [0.0, *(cut.at_mm + self.saw.kerf_mm for cut in log.cuts)], strict=False
            )
        ]
        longest_mm = max(distances_mm, default=0.0)
        reach_mm = self.stop_at(self.length_stop.travel[0])
        if longest_mm <= reach_mm:
            return super().problems()
        problem = f"the stop reaches {reach_mm:g} mm behind the blade, and {longest_mm:g} mm are to be cut"
        return [*super().problems(), f"{self.name()}: {problem}; give it more travel, or use the tape without a stop."]

    def stop_at(self, length_mm: float) -> float:
        """The axis position at which the stop is ``length_mm`` behind the blade; its home is the far end."""
        return self.length_stop.travel[1] - length_mm

    @property
    def _tolerance_mm(self) -> float:
        return CONFIRMATION_TOLERANCE_MM if self.is_stop_set else self.saw.tolerance_mm

    def _before_approaching(self) -> Step:
        """Set the stop to the next piece; at an end cut only move it out of the way.

        The pedal has confirmed that the previous piece is off the table, where the stop moves. A log that has overshot
        blocks the stop; then the display guides alone.
        """
        self.is_stop_set = False
        self._lamps(self.red)
        to_go_mm = self.cut_record.target_mm - self.wheel.position_mm
        self._show("approaching", say=display_text.WAIT, to_go=to_go_mm)
        if not self.length_stop.is_homed:
            yield from home(self.length_stop)
        if to_go_mm < -OVERSHOOT_MM:
            return
        stop_position_mm = self.stop_at(self.cut_record.target_mm - self.cut_record.front_mm)
        self.is_stop_set = self.cut_record.next_cut is not None and self.cut_record.next_cut.piece is not None
        if not self.is_stop_set:
            stop_position_mm = max(
                self.length_stop.travel[0], min(stop_position_mm - CLEARANCE_MM, self.length_stop.position)
            )
        yield self.length_stop.move_to(stop_position_mm)

    def _before_sawing(self) -> Step:
        if self.is_stop_set:
            yield self.length_stop.move_to(max(self.length_stop.travel[0], self.length_stop.position - RETREAT_MM))
