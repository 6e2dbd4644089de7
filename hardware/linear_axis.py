"""A linear axis, as the device that moves it describes it: what a plant, a fit and a history of a test need of it."""

from __future__ import annotations

from dataclasses import dataclass

from cellwright.hardware.model.axes import TripPoint
from cellwright.hardware.model.world import World


@dataclass(frozen=True, slots=True)
class LinearAxis:
    """An axis on a stepper driver, with a home switch at the low end of its travel.

    Its device has the parameters ``max_speed`` and ``max_acceleration``, which a fit corrects, and notes "homed",
    "move" and "jog" with their targets, mm, and "move done" and "jog done".

    step: the driver's step pin. home_pin: input of the home switch. home_closed_level: its level when closed.
    steps_per_mm: steps for one mm. max_speed: mm/s. max_acceleration: mm/s². travel: lowest and highest position, mm.
    """

    step: int
    home_pin: int
    home_closed_level: bool
    steps_per_mm: float
    max_speed: float
    max_acceleration: float
    travel: tuple[float, float]

    def place(self, world: World, mm: float) -> None:
        """Place it ``mm`` from its home switch, as at power-up, and connect the switch."""
        axis = world.axis(self.step)
        axis.trip_points.append(TripPoint(self.home_pin, at=0, level=self.home_closed_level))
        axis.set_true_position(round(mm * self.steps_per_mm))
