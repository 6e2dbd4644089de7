"""Solenoids: short pulses with a rest after each, and a limit to the time on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.errors import CellFault
from cellwright.hardware.board import Board, OutputPort
from cellwright.hardware.device import Device, FittedPulse, Hazard
from cellwright.hardware.pins import Pin, output_pin
from cellwright.hardware.waits import Wait


@dataclass(kw_only=True)
class Solenoid(Device):
    """A solenoid or valve that fires in pulses.

    pin: output pin. pulse_s: how long it is on. rest_s: how long it must be off before it is used again.
    max_on_s: the longest permitted time on. max_duty: the largest permitted share of the time on (0 to 1).
    active_low: True if it is on when the pin is low.
    """

    pulse_events: ClassVar[tuple[str, ...]] = ("fire",)
    state_attributes: ClassVar[tuple[str, ...] | None] = ("_rested_at_s",)

    pin: int
    pulse_s: float
    rest_s: float
    max_on_s: float
    max_duty: float = 1.0
    active_low: bool = False
    output: OutputPort = field(init=False, repr=False)
    _rested_at_s: float = field(default=0.0, init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        return (
            Hazard(
                "mechanical",
                f"it strikes or shoots within {self.pulse_s:g} s, also by air that is left when the power is off",
                "a guard round its nose; the stop cuts its supply and vents the air",
            ),
        )

    def pins(self) -> dict[str, Pin]:
        return {"solenoid": output_pin(self.pin, active_low=self.active_low)}

    def fitted_pulse(self) -> FittedPulse:
        return FittedPulse("fire", "pulse_s", "rest_s")

    @property
    def duty(self) -> float:
        """The share of the time on when it is fired repeatedly without a break."""
        return self.pulse_s / (self.pulse_s + self.rest_s)

    def problems(self) -> Iterator[str]:
        if self.pulse_s <= 0 or self.rest_s < 0:
            yield f"has a pulse of {self.pulse_s:g} s and a rest of {self.rest_s:g} s; give a pulse above 0 and a rest"
            return
        if self.pulse_s > self.max_on_s:
            yield f"has a pulse of {self.pulse_s:g} s, longer than its max_on_s of {self.max_on_s:g} s"
        if self.duty > self.max_duty + 1e-9:
            yield (
                f"would be on {self.duty:.0%} of the time when fired again and again, over its duty of "
                f"{self.max_duty:.0%}; lengthen rest_s to {self.pulse_s / self.max_duty - self.pulse_s:.3g} s"
            )

    def attach(self, board: Board) -> None:
        self.board = board
        self.output = board.declare_output(
            self.pin, safe=self.active_low, max_on_s=float(self.max_on_s), max_duty=float(self.max_duty)
        )
        self._on_level = not self.active_low
        self._env = board.env
        self._on_s = float(self.pulse_s)
        self._off_s = float(self.rest_s)
        self._period_s = self._on_s + self._off_s

    def fire(self) -> Wait:
        """One pulse; the wait ends when the rest after it is over.

        Raises CellFault if it is fired again before that, as its duty would be exceeded.
        """
        now_s = self._env.now
        # Kept over a stop and a reset: the coil does not cool faster.
        if now_s < self._rested_at_s - 1e-9:
            raise CellFault(f"{self.name} was fired before its rest was over; wait for fire() to end.")
        fired = self.output.pulse(self, self._on_level, self._on_s, self._off_s)
        self._rested_at_s = now_s + self._period_s
        if self.record is not None:
            self.note("fire", self._on_s, until=fired)
        return fired
