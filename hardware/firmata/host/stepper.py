"""FirmataStepper: an axis that real firmware steps, told by AccelStepper messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol.accelstepper import MOVE_COMPLETE, REPORT_POSITION, StepperReply
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA, MovingAxis, StepLoop, move_time
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

MAX_STEPS = 2**28 - 1
"""ConfigurableFirmata loses the bits above."""
TIMEOUT_MARGIN_S = 5.0
REPLY_TIMEOUT_S = 1.0
ON_THE_LINE_S = 0.01
"""How far ahead a soft stop looks: so much longer than the move's own command it may take, on a busy line."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move: to which step, at what speed (steps/s) and acceleration (steps/s²); once begun, from where and when."""

    target: int
    max_speed: float
    acceleration: float
    start: int = 0
    began_s: float = 0.0


class FirmataStepper:
    """One device of AccelStepper. Positions are steps, as the host counts them.

    The firmware's own count starts again after every halt (see ``stop_abruptly``); ``_offset`` is the difference.
    """

    most_steps = MAX_STEPS
    invert_direction = accelstepper.INVERT_DIRECTION

    def __init__(
        self, board: FirmataBoard, number: int, device: Named, step: int, direction: int, inverted: bool
    ) -> None:
        self.board = board
        self.number = number
        self.device = device
        self.position = 0
        self._pins = (step, direction)
        self._inverted = self.invert_direction if inverted else 0
        self._offset = 0
        self._speed = 0.0  # as the firmware was last told
        self._acceleration = 0.0
        self._move_from_rest: Move | None = None  # under way
        self._next: Move | None = None  # begins once the firmware has said where the axis was halted
        self._is_slowing = False  # so that it may end anywhere
        self._move: Wait | None = None
        self._stop_abruptly: Wait | None = None
        self._answers_due = 0  # to questions where it was halted
        self._asked_s = 0.0
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def moving(self) -> bool:
        """Whether the firmware was told to move and has not said that it arrived or stopped."""
        return self._move is not None or self._stop_abruptly is not None

    @property
    def told_speed(self) -> float:
        """The speed that the firmware was last told, steps/s."""
        return self._speed

    @property
    def is_safe(self) -> bool:
        """Whether it was told to stand still, and not to move since."""
        return self._move is None

    def declare(self) -> None:
        """Tell the firmware of its pins; it counts from 0, and knows no speed."""
        self._forget_move()
        self._stop_abruptly = None
        self._offset = self.position
        self._speed = self._acceleration = 0.0
        self.board.send(accelstepper.configure(self.number, *self._pins, inverted=self._inverted))

    def _forget_move(self) -> None:
        self._move = self._move_from_rest = self._next = None

    # ---- moves ----

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move; the wait ends when the firmware says that it has arrived.

        An axis that was halted starts once the firmware has said where it stands.
        """
        if self._move is not None:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        if target == self.position and self._stop_abruptly is None:
            return self._done
        if self.board.locked:
            raise CellFault(f"{self.device.name} cannot move: the board has been made safe; reset the cell first.")
        if abs(target - self._offset) > self.most_steps:
            most = self.most_steps
            raise CellFault(f"{self.device.name} cannot move to step {target}: the firmware counts to {most}.")
        journey = Move(target, max_speed, acceleration)
        self._move = Wait(self.board.env, self.device, "did not arrive", self._longest_s(journey))
        if self._stop_abruptly is None:
            self._begin(journey)
        else:
            self._next = journey
        return self._move

    def _longest_s(self, journey: Move) -> float:
        """How long a move may take: all axes may share the firmware's loop, and so step more slowly."""
        steps = max(1, abs(journey.target - self.position))
        alone_s = move_time(CONFIGURABLE_FIRMATA, steps, journey.max_speed, journey.acceleration)
        return len(self.board.steppers) * alone_s + TIMEOUT_MARGIN_S

    def prepare(self, max_speed: float, acceleration: float) -> None:
        """Say how the moves to come will be, where that is new to the firmware."""
        if max_speed != self._speed:
            self._speed = max_speed
            self.board.send(accelstepper.speed(self.number, max_speed))
        if acceleration != self._acceleration:
            self._acceleration = acceleration
            self.board.send(accelstepper.acceleration(self.number, acceleration))

    def _begin(self, journey: Move) -> None:
        self.prepare(journey.max_speed, journey.acceleration)
        self.board.send(accelstepper.to(self.number, journey.target - self._offset))
        self._move_from_rest = replace(journey, start=self.position, began_s=self.board.env.now)
        self._is_slowing = False

    # ---- moves with a group ----

    def join(self, move: Wait, speed: float, acceleration: float) -> None:  # noqa: ARG002
        """Be moved by a group until ``move`` is over; a stop of its own ends that too."""
        if self.moving:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        self._move = move
        if speed != self._speed:
            self._speed = speed
            self.board.send(accelstepper.speed(self.number, speed))

    def in_firmware(self, position: int) -> int:
        """A position as the firmware counts it."""
        return position - self._offset

    def leave(self, move: Wait, position: int) -> bool:
        """Stand where the group took it; whether it was not halted before."""
        if self._move is not move:
            return False
        self.position = position
        self._forget_move()
        return True

    # ---- stopping ----

    def stop_abruptly(self) -> Wait:
        """Stop dead; the wait ends when the firmware has said where.

        A stop leaves a stale speed in the firmware, so that the next move would start at full speed: zeroing clears
        it. The position is asked for because the move may have ended, and said so, while the stop was on its way.
        """
        if self._stop_abruptly is not None:
            self._forget_move()
            return self._stop_abruptly
        if self._move is None:
            return self._done
        self._stop_dead()
        return self.query_position()

    def _stop_dead(self) -> None:
        self.board.stop_groups()
        self.board.send(accelstepper.stop(self.number))

    def query_position(self) -> Wait:
        """After a stop was sent: learn where it stands. The move that was under way never completes."""
        self._forget_move()
        if self._stop_abruptly is None:
            self._stop_abruptly = Wait(self.board.env, self.device, "did not stop", REPLY_TIMEOUT_S)
            self._answers_due = 0
        elif self._is_overdue:
            self._answers_due = 0
        self._answers_due += 1
        self._asked_s = self.board.env.now
        self.board.send(accelstepper.ask_position(self.number))
        return self._stop_abruptly

    @property
    def _is_overdue(self) -> bool:
        return self.board.env.now - self._asked_s >= REPLY_TIMEOUT_S

    def ask_again_if_unanswered(self) -> None:
        """Stop it once more if the firmware has not said where it stands, though it had time to."""
        if self._stop_abruptly is not None and self._is_overdue:
            self._stop_dead()
            self.query_position()

    def slow_down(self) -> Wait:
        """Stop as its acceleration allows: go on for as many steps as that takes from the speed it has now."""
        if self._stop_abruptly is not None:
            return self.stop_abruptly()
        if self._move is None or self._move_from_rest is None:
            return self._done
        axis = self._axis_soon(self._move_from_rest)
        if not self._is_slowing and axis.direction and axis.steps_ahead() > axis.steps_to_stop() + 1:
            self._is_slowing = True
            self.board.send(accelstepper.step(self.number, (axis.steps_to_stop() + 1) * axis.direction))
        return self._move  # which otherwise is slowing down already

    def _axis_soon(self, journey: Move) -> MovingAxis:
        """Where the recurrence will have got to by the time the firmware hears, all axes sharing its loop."""
        under_way = (each._move_from_rest for each in self.board.steppers)
        journeys = sorted((each for each in under_way if each is not None), key=lambda each: each.began_s)
        first_s = journeys[0].began_s
        loop = StepLoop(CONFIGURABLE_FIRMATA, [])
        for each in journeys:
            if loop.axes:
                loop.run(until_s=each.began_s - first_s)
            loop.now_s = max(loop.now_s, each.began_s - first_s)
            loop.axes.append(MovingAxis(each.start, each.target, each.max_speed, each.acceleration))
            loop.axes[-1].due_s = loop.now_s
            loop.finished_s.append(0.0)
        loop.run(until_s=self.board.env.now + ON_THE_LINE_S - first_s)
        return loop.axes[journeys.index(journey)]

    def zero(self) -> None:
        """Call the present position 0."""
        self._offset = self.position = 0
        self.board.send(accelstepper.zero(self.number))

    # ---- what the firmware says ----

    def hear(self, reply: StepperReply) -> None:
        """Take in what the firmware says of this device."""
        if reply.position is None:
            return
        if reply.kind == MOVE_COMPLETE and self._move_from_rest is not None:
            self._end_move(reply.position + self._offset, self._move_from_rest)
        elif reply.kind == REPORT_POSITION and self._stop_abruptly is not None:
            self._answers_due -= 1
            if self._answers_due == 0:
                self._end_halt(reply.position + self._offset, self._stop_abruptly)

    def _end_move(self, position: int, journey: Move) -> None:
        self.position = position
        if position != journey.target and not self._is_slowing:
            where = f"at step {position} on its way to step {journey.target}"
            self.board.report_trouble(f"{self.device.name} stopped {where}, though it was not told to.")
            return
        move = self._move
        self._forget_move()
        if move is not None:
            move.complete()

    def _take_stop(self, position: int) -> None:
        """Zeroing makes the firmware forget the speed that it had."""
        self.position = self._offset = position
        self.board.send(accelstepper.zero(self.number))

    def _end_halt(self, position: int, stop_abruptly: Wait) -> None:
        self._stop_abruptly = None
        self._take_stop(position)
        journey, self._next = self._next, None
        stop_abruptly.complete()
        if journey is None or self._move is None:
            return
        if journey.target == position:
            move, self._move = self._move, None
            move.complete()
        else:
            self._begin(journey)
