"""FirmataStepper: an axis that real firmware steps, told by AccelStepper messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.firmata import accelstepper
from cellwright.hardware.firmata.accelstepper import MOVE_COMPLETE, REPORT_POSITION, StepperReply
from cellwright.hardware.stepping import CONFIGURABLE_FIRMATA, MovingAxis, StepLoop, move_time
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.board import FirmataBoard

MOST_STEPS = 2**28 - 1
"""ConfigurableFirmata loses the bits above."""
AXES_AT_ONCE = 3
"""A move's time limit allows for so many axes that share the firmware's loop, and so step more slowly."""
ANSWER_S = 1.0


class FirmataStepper:
    """One device of AccelStepper. Positions are steps, as the host counts them.

    The firmware's own count starts again after every halt (see ``halt``); ``_offset`` is the difference.
    """

    def __init__(
        self, board: FirmataBoard, number: int, device: Named, step: int, direction: int, inverted: bool
    ) -> None:
        self.board = board
        self.number = number
        self.device = device
        self.position = 0
        self._pins = (step, direction)
        self._inverted = accelstepper.INVERT_DIRECTION if inverted else 0
        self._offset = 0
        self._speed = 0.0  # as the firmware was last told
        self._acceleration = 0.0
        self._target = 0
        self._began_s = 0.0
        self._move: Wait | None = None
        self._halt: Wait | None = None
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def moving(self) -> bool:
        """Whether the firmware was told to move and has not said that it arrived or stopped."""
        return self._move is not None or self._halt is not None

    def declare(self) -> None:
        """Tell the firmware of its pins; it counts from 0, and knows no speed."""
        self._move = self._halt = None
        self._offset = self.position
        self._speed = self._acceleration = 0.0
        self.board.send(accelstepper.configure(self.number, *self._pins, inverted=self._inverted))

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move; the wait ends when the firmware says that it has arrived."""
        if self.moving:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        if target == self.position:
            return self._done
        if self.board.locked:
            raise CellFault(f"{self.device.name} cannot move: the board has been made safe; reset the cell first.")
        if abs(target - self._offset) > MOST_STEPS:
            raise CellFault(f"{self.device.name} cannot move to step {target}: the firmware counts to {MOST_STEPS}.")
        self._tell_pace(max_speed, acceleration)
        self.board.send(accelstepper.to(self.number, target - self._offset))
        self._target, self._began_s = target, self.board.env.now
        alone_s = move_time(CONFIGURABLE_FIRMATA, abs(target - self.position), max_speed, acceleration)
        self._move = Wait(self.board.env, self.device, "did not arrive", AXES_AT_ONCE * alone_s + 5.0)
        return self._move

    def _tell_pace(self, max_speed: float, acceleration: float) -> None:
        if max_speed != self._speed:
            self._speed = max_speed
            self.board.send(accelstepper.speed(self.number, max_speed))
        if acceleration != self._acceleration:
            self._acceleration = acceleration
            self.board.send(accelstepper.acceleration(self.number, acceleration))

    def halt(self) -> Wait:
        """Stop dead; the wait ends when the firmware has said where.

        A stop leaves a stale speed in the firmware, so that the next move would start at full speed: zeroing clears
        it. The position is asked for because the move may have ended, and said so, while the stop was on its way.
        """
        if not self.moving:
            return self._done
        self.board.send(accelstepper.stop(self.number))
        self.ask_where()
        assert self._halt is not None
        return self._halt

    def ask_where(self) -> None:
        """After a stop was sent: learn where it stands. The move that was under way never completes."""
        self._move = None
        if self._halt is None:
            self._halt = Wait(self.board.env, self.device, "did not stop", ANSWER_S)
        self.board.send(accelstepper.ask_position(self.number))

    def slow_down(self) -> Wait:
        """Stop as its acceleration allows: go on for as many steps as that takes from the speed it has now."""
        if self._move is None:
            return self._halt or self._done
        axis = self._axis_now()
        if axis.direction == 0 or axis.steps_ahead() <= axis.steps_to_stop() + 1:
            return self._move  # it is slowing down already
        self.board.send(accelstepper.step(self.number, (axis.steps_to_stop() + 1) * axis.direction))
        return self._move

    def _axis_now(self) -> MovingAxis:
        """Where the recurrence has got to if the axis moves alone; it is no faster with others."""
        axis = MovingAxis(self.position, self._target, self._speed, self._acceleration)
        StepLoop(CONFIGURABLE_FIRMATA, [axis]).run(until_s=self.board.env.now - self._began_s)
        return axis

    def zero(self) -> None:
        """Call the present position 0."""
        self._offset = self.position = 0
        self.board.send(accelstepper.zero(self.number))

    def hear(self, reply: StepperReply) -> None:
        """Take in what the firmware says of this device."""
        if reply.position is None:
            return
        if reply.kind == MOVE_COMPLETE and self._move is not None and self._halt is None:
            self.position = reply.position + self._offset
            move, self._move = self._move, None
            move.complete()
        elif reply.kind == REPORT_POSITION and self._halt is not None:
            self.position = self._offset = reply.position + self._offset
            self.board.send(accelstepper.zero(self.number))
            halt, self._halt = self._halt, None
            halt.complete()
