"""CellwrightStepper: an axis that CellwrightFirmata steps. It keeps count whatever stops it, and homes by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.board import BUSY
from cellwright.hardware.firmata.host.stepper import TIMEOUT_MARGIN_S, FirmataStepper, Move
from cellwright.hardware.firmata.protocol import accelstepper, cellwright
from cellwright.hardware.firmata.protocol.accelstepper import REPORT_POSITION, StepperReply
from cellwright.hardware.firmata.protocol.cellwright import (
    DID_NOT_CLOSE,
    DID_NOT_OPEN,
    HOMED,
    LOW_END,
    STOPPED,
    Features,
    Home,
)
from cellwright.hardware.model.trapezoid_timing import TrapezoidTiming
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

MAX_STEPS = 2**31 - 1
TRAPEZOID = TrapezoidTiming("CellwrightFirmata", one=math.inf, together=math.inf)
"""How long moves take, whatever the ceilings of a chip."""
AT_TARGET_STEPS = 16
"""A limit switch this near to where a move ends is where it was to end: switches repeat to a few hundredths of a mm."""


class CellwrightStepper(FirmataStepper):
    """One device of CellwrightFirmata. It and the board count the same steps as long as the board has power."""

    most_steps = MAX_STEPS
    invert_direction = accelstepper.INVERT_DIRECTION_AS_DOCUMENTED

    def __init__(
        self,
        board: FirmataBoard,
        number: int,
        device: Named,
        pins: tuple[int, int],
        inverted: bool,
        has: Features,
    ) -> None:
        super().__init__(board, number, device, *pins, inverted)
        self._has = has
        self._limit: tuple[int, bool] | None = None
        self._homing: Wait | None = None
        self._is_at_limit = False
        self._offset_before = 0  # the reset for which it is declared again

    def declare(self) -> None:
        self._offset_before = self._offset
        super().declare()
        if self._limit is not None:
            self._send_limit()

    def watch_limit(self, pin: int, active: bool) -> None:
        """Go no further down while ``pin`` is at the level ``active``."""
        self._limit = pin, active
        self._send_limit()

    def _send_limit(self) -> None:
        assert self._limit is not None
        self.board.send(accelstepper.low_limit(self.number, *self._limit))

    # ---- moves ----

    def _longest_s(self, journey: Move) -> float:
        steps = max(1, abs(journey.target - self.position))
        return TRAPEZOID.move_time(steps, journey.max_speed, journey.acceleration) + TIMEOUT_MARGIN_S

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        self._refuse_too_fast(max_speed)
        return super().move_to(target, max_speed, acceleration)

    def prepare(self, max_speed: float, acceleration: float) -> None:
        self._refuse_above_ceiling(max_speed)
        super().prepare(max_speed, acceleration)

    def _begin(self, journey: Move) -> None:
        self._is_at_limit = False
        super()._begin(journey)

    def _refuse_above_ceiling(self, speed: float) -> None:
        if speed > self._has.one_axis:
            raise CellFault(
                f"{self.device.name} cannot move at {speed:.0f} steps/s: this board makes up to {self._has.one_axis}; "
                "lower its speed, or its steps per mm."
            )

    def _refuse_too_fast(self, speed: float) -> None:
        """Say why a move that the board would refuse cannot be."""
        self._refuse_above_ceiling(speed)
        others = [each for each in self.board.steppers if each.moving and each is not self]
        together = speed + sum(each.told_speed for each in others)
        if others and together > self._has.all_axes:
            names = " and ".join(each.device.name for each in others)
            raise CellFault(
                f"{self.device.name} cannot move together with {names}: they would make {together:.0f} steps/s, "
                f"and this board makes up to {self._has.all_axes} in all; lower their speeds."
            )

    # ---- moves with a group ----

    @property
    def _is_in_group(self) -> bool:
        return self._move is not None and self._move_from_rest is None and self._next is None and self._homing is None

    def join(self, move: Wait, speed: float, acceleration: float) -> None:
        super().join(move, speed, acceleration)
        self.prepare(speed, acceleration)
        self._is_slowing = self._is_at_limit = False

    def leave(self, move: Wait, position: int) -> bool:
        was_slowed = self._is_slowing
        if not super().leave(move, position):
            return False
        if was_slowed:  # it stands wherever that was
            self.board.send(accelstepper.ask_position(self.number))
        return True

    # ---- stopping ----

    def slow_down(self) -> Wait:
        """Stop as its acceleration allows: the board does that by itself."""
        if self._stop_abruptly is not None:
            return self.stop_abruptly()
        if self._move is None:
            return self._done
        if not self._is_slowing:
            self._is_slowing = True
            self.board.send(accelstepper.stop(self.number))
        return self._move

    def _stop_dead(self) -> None:
        if self._is_in_group:
            self.board.stop_groups()  # off the line, none goes on
        self.board.send(cellwright.stop_axis_abruptly(self.number))

    def _take_stop(self, position: int) -> None:
        """It has been stopped, and counts on from where it stands."""
        self.position = position

    def zero(self) -> None:
        super().zero()
        self._is_at_limit = False

    # ---- homing ----

    def home(self, fast: float, slow: float, acceleration: float, back_off: int, most: int) -> Wait:
        """Have the board find the switch that ``watch_limit`` named (see ``Board.home``)."""
        if self.moving:
            raise CellFault(f"{self.device.name} was told to home while it was moving; wait for its move first.")
        if self.board.locked:
            raise CellFault(f"{self.device.name} cannot home: the board has been made safe; reset the cell first.")
        self._refuse_too_fast(max(fast, slow))
        self.prepare(fast, acceleration)
        slow_s = TRAPEZOID.move_time(back_off, slow, acceleration)
        longest_s = TRAPEZOID.move_time(most, fast, acceleration) + 6 * slow_s + TIMEOUT_MARGIN_S
        self._move = self._homing = Wait(self.board.env, self.device, "did not find its home switch", longest_s)
        self._is_slowing = False
        self.board.send(cellwright.home(Home(self.number, LOW_END, fast, slow, back_off, most)))
        return self._homing

    def on_home(self, how: int, position: int) -> None:
        """The board says how its search for the switch ended."""
        if how == HOMED:
            self._offset = self.position = 0
        homing, self._homing = self._homing, None
        if homing is None or self._move is not homing:
            return  # halted meanwhile, and being asked where it stands
        self._forget_move()
        self.position = position + self._offset
        if how == HOMED:
            homing.complete()
        elif how in (DID_NOT_CLOSE, DID_NOT_OPEN):
            homing.complete("close" if how == DID_NOT_CLOSE else "open")
        elif how == STOPPED:
            homing.complete(BUSY)  # refused; or the whole board was stopped, and says so
        else:
            self.board.report_trouble(f"{self.device.name} cannot home: the board does not know its home switch.")

    # ---- what the firmware says ----

    def on_limit(self) -> None:
        """The low end's switch has stopped it; where, the message after this one says, but not of a group's member."""
        self._is_at_limit = True
        if self._is_in_group:
            self.board.report_trouble(f"{self.device.name} was stopped by its limit switch while it moved with others.")

    def _end_move(self, position: int, journey: Move) -> None:
        off = abs(position - journey.target)
        if self._is_at_limit and not self._is_slowing and off > AT_TARGET_STEPS:
            self.position = position
            self.board.report_trouble(
                f"{self.device.name} was stopped by its limit switch at step {position} on its way to step "
                f"{journey.target}; home it, and check its switch and whether it has lost steps."
            )
            return
        self._is_slowing |= self._is_at_limit
        super()._end_move(position, journey)

    def hear(self, reply: StepperReply) -> None:
        if reply.kind == REPORT_POSITION and reply.position is not None:
            self.on_where(reply.position)
        super().hear(reply)

    def on_where(self, position: int) -> None:
        """The board says where it is, or was when all was stopped."""
        if self._move is None and self._stop_abruptly is None:
            self.position = position + self._offset

    def in_words(self, position: int, *, before_reset: bool = False) -> str:
        """Where it is by the board's count, in words."""
        offset = self._offset_before if before_reset else self._offset
        return f"{self.device.name} at step {position + offset}"
