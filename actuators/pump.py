"""Dosing pumps on stepper drivers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.errors import CellFault
from cellwright.hardware.board import Board, StepperPort
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.pins import Pin, stepper_pins
from cellwright.hardware.waits import Wait


@dataclass(kw_only=True)
class Pump(Device):
    """A peristaltic or gear pump turned by a stepper motor. It has no home position: only rotation counts.

    step, dir: pins of the driver. steps_per_rev: steps for one turn of the pump. ml_per_rev: the nominal volume of
    one turn, mL; the real one must be measured with a scale. max_rpm: turns a minute. max_acceleration: turns/s².
    inverted: True if it pumps backwards.
    """

    units: ClassVar[Mapping[str, str]] = {"max_acceleration": "rev/s²"}
    state_events: ClassVar[tuple[str, ...]] = ("dispense",)

    step: int
    dir: int
    steps_per_rev: float
    ml_per_rev: float
    max_rpm: float
    max_acceleration: float
    inverted: bool = False
    port: StepperPort = field(init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        return (
            Hazard("mechanical", "its rollers draw fingers in", "a cover that needs a tool"),
            Hazard(
                "substance",
                f"it goes on pumping, up to {self.max_rpm * self.ml_per_rev / 60:.3g} mL/s; what it pumps may burn, "
                "harm the skin or harm who breathes it",
                "a tray, air that is drawn off, and no source of ignition where the safety data sheet asks for it",
            ),
        )

    def pins(self) -> dict[str, Pin]:
        rate = self.max_rpm / 60 * self.steps_per_rev
        return stepper_pins(self.step, self.dir, inverted=self.inverted, max_steps_per_s=rate)

    def problems(self) -> Iterator[str]:
        for parameter in ("steps_per_rev", "ml_per_rev", "max_rpm", "max_acceleration"):
            if getattr(self, parameter) <= 0:
                yield f"has a {parameter} of {getattr(self, parameter):g}; it must be above 0"

    def attach(self, board: Board) -> None:
        self.board = board
        self.port = board.declare_stepper(self, self.step, self.dir, self.inverted)
        self._steps_per_ml = float(self.steps_per_rev / self.ml_per_rev)
        self._acceleration = float(self.max_acceleration * self.steps_per_rev)

    @property
    def pumped_ml(self) -> float:
        """The nominal volume since it was zeroed, mL; while it turns, the last known value."""
        return self.port.position / self._steps_per_ml

    def flow_ml_per_s(self, rpm: float) -> float:
        """The nominal flow at ``rpm``, mL/s."""
        return rpm / 60 * float(self.ml_per_rev)

    def smallest_ml(self) -> float:
        """The nominal volume of one step, mL."""
        return 1 / self._steps_per_ml

    def dispense(self, ml: float, rpm: float) -> Wait:
        """Turn for ``ml`` mL, to the nearest step, at ``rpm`` turns a minute; the wait ends with the last step.

        Raises CellFault for a negative volume or a speed outside the pump's range.
        """
        if ml < 0:
            raise CellFault(f"{self.name} was commanded to dispense {ml:g} ml; it only pumps forwards.")
        if not 0 < rpm <= self.max_rpm:
            raise CellFault(f"{self.name} was commanded to turn at {rpm:g} rpm; it turns at up to {self.max_rpm:g}.")
        target = self.port.position + round(ml * self._steps_per_ml)
        wait = self.port.move_to(target, rpm / 60 * self.steps_per_rev, self._acceleration)
        self.note("dispense", ml, until=wait)
        return wait

    def stop_abruptly(self) -> Wait:
        """Stop at once; the wait ends when the board has reported the position, as ``pumped_ml`` needs."""
        self.note("stopped", None)
        return self.port.stop_abruptly()

    def slow_down(self) -> Wait:
        """Decelerate to a stop; the wait ends at standstill."""
        return self.port.slow_down()

    def zero(self) -> None:
        """Set the position to 0, at standstill only. So the count stays far below the firmware's largest number."""
        self.port.zero()
