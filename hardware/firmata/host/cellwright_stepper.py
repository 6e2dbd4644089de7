"""CellwrightStepper: an axis of CellwrightFirmata, which keeps its position whatever stops it, and homes by itself."""

from __future__ import annotations

import math

from cellwright.errors import CellFault
from cellwright.hardware.board import BUSY
from cellwright.hardware.firmata.host.session import TIMEOUT_MARGIN_S, Session
from cellwright.hardware.firmata.host.stepper import (
    Axes,
    FirmataStepper,
    Homing,
    Idle,
    Move,
    Moving,
    MovingInGroup,
    Stopping,
)
from cellwright.hardware.firmata.protocol import accelstepper, cellwright
from cellwright.hardware.firmata.protocol.cellwright import (
    DID_NOT_CLOSE,
    DID_NOT_OPEN,
    HOMED,
    HOMING_STOPPED,
    LOW_END,
    Features,
    HomingRequest,
)
from cellwright.hardware.model.trapezoid_timing import TrapezoidTiming
from cellwright.hardware.waits import Named, Wait

CELLWRIGHT_MAX_STEPS = 2**31 - 1
TRAPEZOID = TrapezoidTiming("CellwrightFirmata", one=math.inf, together=math.inf)
"""Move times without the rate limits of a chip."""
LIMIT_TOLERANCE_STEPS = 16
"""A limit switch this close to the target counts as arrival: switches repeat to a few hundredths of a mm."""


class CellwrightStepper(FirmataStepper):
    """One device of CellwrightFirmata. Host and board count the same steps as long as the board has power."""

    max_steps = CELLWRIGHT_MAX_STEPS
    invert_direction = accelstepper.INVERT_DIRECTION_AS_DOCUMENTED

    def __init__(
        self, session: Session, axes: Axes, device: Named, pins: tuple[int, int], inverted: bool, features: Features
    ) -> None:
        super().__init__(session, axes, device, pins, inverted)
        self._features = features
        self._limit: tuple[int, bool] | None = None
        self._offset_before_reset = 0  # the offset before the reset after which it is declared again

    def declare(self) -> None:
        self._offset_before_reset = self._offset
        super().declare()
        if self._limit is not None:
            self._send_limit(*self._limit)

    def watch_limit(self, pin: int, active: bool) -> None:
        """Declare the limit switch of the low end, active at the level ``active``."""
        self._limit = pin, active
        self._send_limit(pin, active)

    def _send_limit(self, pin: int, active: bool) -> None:
        self.session.send(accelstepper.low_limit(self.number, pin, active))

    # ---- moves ----

    def move_timeout_s(self, move: Move) -> float:
        """How long a move may take, s."""
        steps = max(1, abs(move.target - self.position))
        return TRAPEZOID.move_time(steps, move.max_speed, move.acceleration) + TIMEOUT_MARGIN_S

    def prepare(self, max_speed: float, acceleration: float) -> None:
        self._check_speed(max_speed)
        super().prepare(max_speed, acceleration)

    def _prepare_group_move(self, speed: float, acceleration: float) -> None:
        self.prepare(speed, acceleration)

    def _check_speed_of(self, move: Move) -> None:
        self._check_step_rates(move.max_speed)

    def _check_speed(self, speed: float) -> None:
        if speed > self._features.one_axis:
            raise CellFault(
                f"{self.device.name} cannot move at {speed:.0f} steps/s: "
                f"this board makes up to {self._features.one_axis}; lower its speed, or its steps per mm."
            )

    def _check_step_rates(self, speed: float) -> None:
        """Raise a CellFault for a move that the board would refuse."""
        self._check_speed(speed)
        others = [each for each in self.axes if each.is_moving and each is not self]
        together = speed + sum(each.commanded_speed for each in others)
        if others and together > self._features.all_axes:
            names = " and ".join(each.device.name for each in others)
            raise CellFault(
                f"{self.device.name} cannot move together with {names}: they would make {together:.0f} steps/s, "
                f"and this board makes up to {self._features.all_axes} in all; lower their speeds."
            )

    # ---- stopping ----

    def slow_down(self) -> Wait:
        """Controlled stop, which the board does by itself."""
        state = self._state
        if isinstance(state, Idle):
            return self._done
        if isinstance(state, Stopping):
            return self.stop_abruptly()
        if not state.is_braking:
            state.is_braking = True
            self.session.send(accelstepper.stop(self.number))
        return state.wait

    def _send_abrupt_stop(self) -> None:
        if isinstance(self._state, MovingInGroup):
            self.axes.stop_groups(self.session)  # off the straight line, no member continues
        self.session.send(cellwright.stop_axis_abruptly(self.number))

    def _set_stopped_position(self, position: int) -> None:
        """The firmware keeps its count, so there is nothing to zero."""
        self.position = position

    # ---- homing ----

    def home(self, fast: float, slow: float, acceleration: float, back_off: int, max_steps: int) -> Wait:
        """Home on the switch of ``watch_limit`` (see ``StepperPort.home``)."""
        self._check_homing(max(fast, slow))
        self.prepare(fast, acceleration)
        slow_s = TRAPEZOID.move_time(back_off, slow, acceleration)
        timeout_s = TRAPEZOID.move_time(max_steps, fast, acceleration) + 6 * slow_s + TIMEOUT_MARGIN_S
        homing = Wait(self.session.env, self.device, "did not find its home switch", timeout_s)
        self._enter(Homing(homing))
        self.session.send(cellwright.home(HomingRequest(self.number, LOW_END, fast, slow, back_off, max_steps)))
        return homing

    def _check_homing(self, speed: float) -> None:
        """Raise CellFault if homing cannot start now, or the firmware would refuse its speed."""
        if self.is_moving:
            raise CellFault(f"{self.device.name} was commanded to home while it was moving; wait for its move first.")
        self.session.refuse_if_locked(f"{self.device.name} cannot home")
        self._check_step_rates(speed)

    def on_home(self, result: int, position: int) -> None:
        """The board reports the result of homing."""
        if result == HOMED:
            self._offset = self.position = 0
        state = self._state
        if not isinstance(state, Homing):
            return  # stopped meanwhile, and its position is being queried
        self._enter(Idle())
        self.position = position + self._offset
        if result == HOMED:
            state.wait.complete()
        elif result in (DID_NOT_CLOSE, DID_NOT_OPEN):
            state.wait.complete("close" if result == DID_NOT_CLOSE else "open")
        elif result == HOMING_STOPPED:
            state.wait.complete(BUSY)  # refused, or the whole board was stopped and reports it
        else:
            self.session.report_trouble(f"{self.device.name} cannot home: the board does not know its home switch.")

    # ---- messages from the firmware ----

    def on_limit(self) -> None:
        """The low limit switch has stopped it; the next message reports where, but not for a group's member."""
        if isinstance(self._state, Moving):
            self._state.is_at_limit = True
        elif isinstance(self._state, MovingInGroup):
            self.session.report_trouble(
                f"{self.device.name} was stopped by its limit switch while it moved with others."
            )

    def on_position(self, position: int) -> None:
        """The board reports the position by its own count, or the one at the last stop."""
        if isinstance(self._state, Idle):
            self.position = position + self._offset

    def _arrival_problem(self, position: int, moving: Moving) -> str:
        if not moving.is_at_limit or moving.is_braking:
            return super()._arrival_problem(position, moving)
        if abs(position - moving.move.target) <= LIMIT_TOLERANCE_STEPS:
            return ""
        return (
            f"was stopped by its limit switch at step {position} on its way to step {moving.move.target}; home it, "
            "and check its switch and whether it has lost steps."
        )

    def position_text(self, position: int, *, before_reset: bool = False) -> str:
        """The position by the board's count, as text."""
        offset = self._offset_before_reset if before_reset else self._offset
        return f"{self.device.name} at step {position + offset}"
