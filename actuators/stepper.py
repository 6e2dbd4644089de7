"""Stepper axes in millimetres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from cellwright.errors import CellFault
from cellwright.hardware.board import Board, OutputPort, StepperPort
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.linear_axis import LinearAxis
from cellwright.hardware.pins import Pin, contact_pin, output_pin, stepper_pins
from cellwright.hardware.waits import Wait

MAX_CACHED_TARGETS = 10_000


@dataclass(kw_only=True)
class Stepper(Device):
    """A linear axis driven by a stepper motor, with a home switch at the low end of its travel.

    step, dir: pins of the driver. enable: its enable pin, if it is wired. home_pin: input of the home
    switch. steps_per_mm: steps for one mm. max_speed: mm/s. max_acceleration: mm/s². travel: lowest and
    highest position, mm. homing_speed: mm/s. inverted: True if the axis runs the wrong way round.
    home_active_low: True if the home switch connects its pin to ground (with the pull-up on).
    """

    units: ClassVar[Mapping[str, str]] = {
        "max_speed": "mm/s",
        "max_acceleration": "mm/s²",
        "travel": "mm",
        "homing_speed": "mm/s",
    }
    state_events: ClassVar[tuple[str, ...]] = ("move", "jog")
    state_attributes: ClassVar[tuple[str, ...] | None] = ("is_homed",)

    step: int
    dir: int
    steps_per_mm: float
    max_speed: float
    max_acceleration: float
    travel: tuple[float, float]
    home_pin: int
    homing_speed: float = 80.0
    enable: int | None = None
    inverted: bool = False
    home_active_low: bool = True
    is_homed: bool = field(default=False, init=False)
    port: StepperPort = field(init=False, repr=False)
    driver: OutputPort | None = field(default=None, init=False, repr=False)
    home: DigitalInput = field(init=False, repr=False)
    _steps_at: dict[float, int] = field(default_factory=dict, init=False, repr=False)
    _last_mm: float | None = field(default=None, init=False, repr=False)
    _last_move: Wait | None = field(default=None, init=False, repr=False)

    def hazards(self) -> tuple[Hazard, ...]:
        low, high = self.travel
        return (
            Hazard(
                "mechanical",
                f"it can crush, shear or draw in along {high - low:g} mm, at up to {self.max_speed:g} mm/s",
                "guards, or room at its ends for a hand or an arm (ISO 13854); the stop cuts its driver's supply",
            ),
        )

    def pins(self) -> dict[str, Pin]:
        pins = stepper_pins(
            self.step,
            self.dir,
            inverted=self.inverted,
            max_steps_per_s=max(self.max_speed, self.homing_speed) * self.steps_per_mm,
        )
        pins["home switch"] = contact_pin(
            self.home_pin, active_low=self.home_active_low, faults=("open", "closed"), fault_prefix="home_"
        )
        if self.enable is not None:
            pins["enable"] = output_pin(self.enable, active_low=True, faults=())  # a driver is on when the pin is low
        return pins

    def linear_axis(self) -> LinearAxis:
        return LinearAxis(
            self.step,
            self.home_pin,
            not self.home_active_low,
            self.steps_per_mm,
            self.max_speed,
            self.max_acceleration,
            self.travel,
        )

    def problems(self) -> Iterator[str]:
        for parameter in ("steps_per_mm", "max_speed", "max_acceleration", "homing_speed"):
            if getattr(self, parameter) <= 0:
                yield f"has a {parameter} of {getattr(self, parameter):g}; it must be above 0"
        if self.travel[0] >= self.travel[1]:
            yield f"has a travel from {self.travel[0]:g} to {self.travel[1]:g} mm; the first must be the lower"

    def attach(self, board: Board) -> None:
        self.board = board
        self.port = board.declare_stepper(self, self.step, self.dir, self.inverted)
        if self.enable is not None:
            self.driver = board.declare_output(self.enable, safe=True)  # a driver is on when the pin is low
        self.home = board.declare_input(self.home_pin, at_rest=self.home_active_low)
        self.port.watch_limit(self.home_pin, active=not self.home_active_low)
        self._per_mm = float(self.steps_per_mm)
        self._lowest, self._highest = float(self.travel[0]), float(self.travel[1])
        self._steps_at = {}
        self._speed = self.max_speed * self.steps_per_mm
        self._acceleration = self.max_acceleration * self.steps_per_mm

    def reset(self) -> None:
        self.is_homed = False
        self._last_mm = None

    def forget_last_move(self) -> None:
        self._last_mm = self._last_move = None

    @property
    def position(self) -> float:
        """The position, in mm from its home switch; valid once homed."""
        return self.port.position / self._per_mm

    def refusal(self, mm: float) -> str | None:
        """Why a target is refused, as a clause, or None."""
        if self._lowest <= mm <= self._highest:
            return None
        return f"cannot move to {mm:g} mm; its travel is {self._lowest:g} to {self._highest:g} mm"

    def move_to(self, mm: float) -> Wait:
        """Move to a position, in mm; the wait ends on arrival.

        Raises CellFault before homing and outside the travel.
        """
        if mm == self._last_mm:
            last = self._last_move
            if last is not None and last.callbacks is None and self.is_homed:
                return last  # it is there already: its last move is over
        if not self.is_homed:
            raise CellFault(f"{self.name} was commanded to move before it was homed; home it first.")
        steps = self._steps_at.get(mm)
        if steps is None:
            steps = self._steps_of(mm)
        wait = self.port.move_to(steps, self._speed, self._acceleration)
        self._last_mm, self._last_move = mm, wait
        if self.record is not None and wait.callbacks is not None:
            self.note("move", mm, until=wait)
        return wait

    def _steps_of(self, mm: float) -> int:
        """A target in steps; cached, as a cell moves to the same positions unit after unit."""
        if not self._lowest <= mm <= self._highest:
            raise CellFault(f"{self.name} {self.refusal(mm)}.")
        if len(self._steps_at) > MAX_CACHED_TARGETS:
            self._steps_at.clear()
        steps = self._steps_at[mm] = round(mm * self._per_mm)
        return steps

    # ---- for homing (see sequences/homing.py) ----

    def jog(self, mm: float, speed: float) -> Wait:
        """Move by ``mm`` from the present position, at up to ``speed`` mm/s, homed or not."""
        self._last_mm = None
        if self.driver is not None:
            self.driver.write(False)  # a jog for homing is the first move after power-up
        target = self.port.position + round(mm * self._per_mm)
        wait = self.port.move_to(target, speed * self._per_mm, self._acceleration)
        self.note("jog", mm, until=wait)
        return wait

    @property
    def is_at_home(self) -> bool:
        """Whether the home switch is closed."""
        return self.home.level != self.home_active_low

    def home_switch(self, closed: bool, within_s: float) -> Wait:
        """A wait for the home switch to be closed, or open."""
        verb = "did not close its home switch" if closed else "did not open its home switch"
        return self.home.wait_for_level(closed != self.home_active_low, self, verb, within_s)

    def stop_abruptly(self) -> Wait:
        """Stop at once; the wait ends when the board has reported the position."""
        self._last_mm = None
        return self.port.stop_abruptly()

    def slow_down(self) -> Wait:
        """Decelerate to a stop; the wait ends at standstill."""
        self._last_mm = None
        return self.port.slow_down()

    def home_on_board(self, reach_mm: float, back_off_mm: float, slow_share: float) -> Wait | None:
        """Have the board home the axis by itself, if it can (see ``StepperPort.home``); ``set_home`` comes after."""
        self._last_mm = None
        if self.driver is not None:
            self.driver.write(False)
        fast = self.homing_speed * self._per_mm
        back_off, reach = round(back_off_mm * self._per_mm), round(reach_mm * self._per_mm)
        return self.port.home(fast, slow_share * fast, self._acceleration, back_off, reach)

    def set_home(self, *, is_zero: bool = False) -> None:
        """Set the present position as the low end of its travel, and permit moves.

        is_zero: the board has set its position to 0 already.
        """
        self._last_mm = None
        if not is_zero:
            self.port.zero()
        self.port.prepare(self._speed, self._acceleration)  # now, rather than when four axes start their moves at once
        self.is_homed = True
        self.note("homed", None)
