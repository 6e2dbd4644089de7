"""Motors with speed control by PWM: stirrers, fans, conveyors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.errors import CellFault
from cellwright.hardware.board import Board, LevelPort
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.pins import Pin, pwm_pin


@dataclass(kw_only=True)
class Motor(Device):
    """A direct-current motor behind a transistor on a PWM output; at standstill without a signal.

    pin: PWM output pin. max_duty: the largest permitted duty (0 to 1).
    """

    state_events: ClassVar[tuple[str, ...]] = ("run",)
    state_attributes: ClassVar[tuple[str, ...] | None] = ()

    pin: int
    max_duty: float = 1.0
    level: LevelPort = field(init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        return (
            Hazard(
                "mechanical",
                "what it turns catches hair, sleeves and fingers, and runs on for a while without power",
                "a guard, or a door whose switch cuts its supply",
            ),
        )

    def pins(self) -> dict[str, Pin]:
        return {"motor": pwm_pin(self.pin)}

    def problems(self) -> Iterator[str]:
        if not 0 < self.max_duty <= 1:
            yield f"has a max_duty of {self.max_duty:g}; it must be above 0 and at most 1"

    def attach(self, board: Board) -> None:
        self.board = board
        self.level = board.declare_pwm(self.pin)

    def run(self, duty: float) -> None:
        """Run at ``duty``, the share of the supply voltage from 0 to 1. Raises CellFault above ``max_duty``."""
        if not 0 <= duty <= self.max_duty:
            raise CellFault(f"{self.name} was commanded to run at a duty of {duty:g}; it takes 0 to {self.max_duty:g}.")
        self.level.write(duty)
        self.note("run", duty)

    def stop(self) -> None:
        """Switch off the current; the motor coasts to standstill."""
        self.level.write(0.0)
        self.note("stop", None)
