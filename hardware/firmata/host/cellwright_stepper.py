"""CellwrightStepper: an axis of CellwrightFirmata, which keeps its position whatever stops it, and homes by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.board import BUSY
from cellwright.hardware.firmata.host.ports import TIMEOUT_MARGIN_S
from cellwright.hardware.firmata.host.stepper import FirmataStepper, Move
from cellwright.hardware.firmata.protocol import accelstepper, cellwright
from cellwright.hardware.firmata.protocol.accelstepper import REPORT_POSITION, StepperReply
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

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

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
        self,
        board: FirmataBoard,
        number: int,
        device: Named,
        pins: tuple[int, int],
        inverted: bool,
        features: Features,
    ) -> None:
        super().__init__(board, number, device, *pins, inverted)
        self._features = features
        self._limit: tuple[int, bool] | None = None
        self._homing: Wait | None = None
        self._is_at_limit = False
        self._offset_before_reset = 0  # the offset before the reset after which it is declared again

    def declare(self) -> None:
        self._offset_before_reset = self._offset
        super().declare()
        if self._limit is not None:
            self._send_limit()

    def watch_limit(self, pin: int, active: bool) -> None:
        """Declare the limit switch of the low end, active at the level ``active``."""
        self._limit = pin, active
        self._send_limit()

    def _send_limit(self) -> None:
        assert self._limit is not None
        self.board.send(accelstepper.low_limit(self.number, *self._limit))

    # ---- moves ----

    def _timeout_s(self, move: Move) -> float:
        steps = max(1, abs(move.target - self.position))
        return TRAPEZOID.move_time(steps, move.max_speed, move.acceleration) + TIMEOUT_MARGIN_S

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        self._check_step_rates(max_speed)
        return super().move_to(target, max_speed, acceleration)

    def prepare(self, max_speed: float, acceleration: float) -> None:
        self._check_speed(max_speed)
        super().prepare(max_speed, acceleration)

    def _start(self, move: Move) -> None:
        self._is_at_limit = False
        super()._start(move)

    def _check_speed(self, speed: float) -> None:
        if speed > self._features.one_axis:
            raise CellFault(
                f"{self.device.name} cannot move at {speed:.0f} steps/s: "
                f"this board makes up to {self._features.one_axis}; lower its speed, or its steps per mm."
            )

    def _check_step_rates(self, speed: float) -> None:
        """Raise a CellFault for a move that the board would refuse."""
        self._check_speed(speed)
        others = [each for each in self.board.steppers if each.is_moving and each is not self]
        together = speed + sum(each.commanded_speed for each in others)
        if others and together > self._features.all_axes:
            names = " and ".join(each.device.name for each in others)
            raise CellFault(
                f"{self.device.name} cannot move together with {names}: they would make {together:.0f} steps/s, "
                f"and this board makes up to {self._features.all_axes} in all; lower their speeds."
            )

    # ---- moves with a group ----

    @property
    def _is_in_group(self) -> bool:
        return (
            self._move_wait is not None
            and self._move_from_rest is None
            and self._queued_move is None
            and self._homing is None
        )

    def start_group_move(self, wait: Wait, speed: float, acceleration: float) -> None:
        super().start_group_move(wait, speed, acceleration)
        self.prepare(speed, acceleration)
        self._is_braking = self._is_at_limit = False

    def complete_group_move(self, wait: Wait, position: int) -> bool:
        was_slowed = self._is_braking
        if not super().complete_group_move(wait, position):
            return False
        if was_slowed:  # its position is unknown
            self.board.send(accelstepper.query_position(self.number))
        return True

    # ---- stopping ----

    def slow_down(self) -> Wait:
        """Controlled stop, which the board does by itself."""
        if self._stop_wait is not None:
            return self.stop_abruptly()
        if self._move_wait is None:
            return self._done
        if not self._is_braking:
            self._is_braking = True
            self.board.send(accelstepper.stop(self.number))
        return self._move_wait

    def _send_abrupt_stop(self) -> None:
        if self._is_in_group:
            self.board.stop_groups()  # off the straight line, no member continues
        self.board.send(cellwright.stop_axis_abruptly(self.number))

    def _set_stopped_position(self, position: int) -> None:
        """The firmware keeps its count, so there is nothing to zero."""
        self.position = position

    def zero(self) -> None:
        super().zero()
        self._is_at_limit = False

    # ---- homing ----

    def home(self, fast: float, slow: float, acceleration: float, back_off: int, max_steps: int) -> Wait:
        """Home on the switch of ``watch_limit`` (see ``Board.home``)."""
        if self.is_moving:
            raise CellFault(f"{self.device.name} was commanded to home while it was moving; wait for its move first.")
        if self.board.locked:
            raise CellFault(f"{self.device.name} cannot home: the board has been made safe; reset the cell first.")
        self._check_step_rates(max(fast, slow))
        self.prepare(fast, acceleration)
        slow_s = TRAPEZOID.move_time(back_off, slow, acceleration)
        timeout_s = TRAPEZOID.move_time(max_steps, fast, acceleration) + 6 * slow_s + TIMEOUT_MARGIN_S
        self._move_wait = self._homing = Wait(self.board.env, self.device, "did not find its home switch", timeout_s)
        self._is_braking = False
        self.board.send(cellwright.home(HomingRequest(self.number, LOW_END, fast, slow, back_off, max_steps)))
        return self._homing

    def on_home(self, result: int, position: int) -> None:
        """The board reports the result of homing."""
        if result == HOMED:
            self._offset = self.position = 0
        homing, self._homing = self._homing, None
        if homing is None or self._move_wait is not homing:
            return  # stopped meanwhile, and its position is being queried
        self._clear_move()
        self.position = position + self._offset
        if result == HOMED:
            homing.complete()
        elif result in (DID_NOT_CLOSE, DID_NOT_OPEN):
            homing.complete("close" if result == DID_NOT_CLOSE else "open")
        elif result == HOMING_STOPPED:
            homing.complete(BUSY)  # refused, or the whole board was stopped and reports it
        else:
            self.board.report_trouble(f"{self.device.name} cannot home: the board does not know its home switch.")

    # ---- messages from the firmware ----

    def on_limit(self) -> None:
        """The low limit switch has stopped it; the next message reports where, but not for a group's member."""
        self._is_at_limit = True
        if self._is_in_group:
            self.board.report_trouble(f"{self.device.name} was stopped by its limit switch while it moved with others.")

    def _end_move(self, position: int, move: Move) -> None:
        off = abs(position - move.target)
        if self._is_at_limit and not self._is_braking and off > LIMIT_TOLERANCE_STEPS:
            self.position = position
            self.board.report_trouble(
                f"{self.device.name} was stopped by its limit switch at step {position} on its way to step "
                f"{move.target}; home it, and check its switch and whether it has lost steps."
            )
            return
        self._is_braking |= self._is_at_limit
        super()._end_move(position, move)

    def on_reply(self, reply: StepperReply) -> None:
        if reply.kind == REPORT_POSITION and reply.position is not None:
            self.on_position(reply.position)
        super().on_reply(reply)

    def on_position(self, position: int) -> None:
        """The board reports the position, or the one at the last stop."""
        if self._move_wait is None and self._stop_wait is None:
            self.position = position + self._offset

    def position_text(self, position: int, *, before_reset: bool = False) -> str:
        """The position by the board's count, as text."""
        offset = self._offset_before_reset if before_reset else self._offset
        return f"{self.device.name} at step {position + offset}"
