"""FirmataStepper: an axis that the firmware steps, commanded by AccelStepper messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.firmata.host.ports import REPLY_TIMEOUT_S, TIMEOUT_MARGIN_S
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol.accelstepper import MOVE_COMPLETE, REPORT_POSITION, StepperReply
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA, MovingAxis, StepLoop, move_time
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

CONFIGURABLE_MAX_STEPS = 2**28 - 1
"""ConfigurableFirmata drops the bits above."""
LATENCY_ALLOWANCE_S = 0.01
"""How much longer the command of a controlled stop may take than that of the move, on a busy line."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move: target (step), speed (steps/s) and acceleration (steps/s²); once started, its start and time."""

    target: int
    max_speed: float
    acceleration: float
    start: int = 0
    started_s: float = 0.0


class FirmataStepper:
    """One device of AccelStepper. Positions are steps, as the host counts them.

    The firmware's own count starts again after every abrupt stop (see ``stop_abruptly``);
    ``_offset`` is the difference.
    """

    max_steps = CONFIGURABLE_MAX_STEPS
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
        self._speed = 0.0  # as last sent to the firmware
        self._acceleration = 0.0
        self._move_from_rest: Move | None = None  # under way
        self._queued_move: Move | None = None  # starts once the firmware has reported where the axis stopped
        self._is_braking = False  # a controlled stop is under way: the move may end anywhere
        self._move_wait: Wait | None = None
        self._stop_wait: Wait | None = None
        self._replies_pending = 0  # to queries of the position after a stop
        self._queried_s = 0.0
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def is_moving(self) -> bool:
        """Whether a move was sent and the firmware has not reported its end."""
        return self._move_wait is not None or self._stop_wait is not None

    @property
    def commanded_speed(self) -> float:
        """The speed last sent to the firmware, steps/s."""
        return self._speed

    @property
    def is_safe(self) -> bool:
        """Whether no move was sent since it stopped."""
        return self._move_wait is None

    def declare(self) -> None:
        """Configure it in the firmware, which then counts from 0 and has no speed."""
        self._clear_move()
        self._stop_wait = None
        self._offset = self.position
        self._speed = self._acceleration = 0.0
        self.board.send(accelstepper.configure(self.number, *self._pins, inverted=self._inverted))

    def _clear_move(self) -> None:
        self._move_wait = self._move_from_rest = self._queued_move = None

    # ---- moves ----

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move; the wait ends when the firmware reports its end.

        After an abrupt stop it starts once the firmware has reported the position.
        """
        if self._move_wait is not None:
            raise CellFault(f"{self.device.name} was commanded to move while it was moving; wait for its move first.")
        if target == self.position and self._stop_wait is None:
            return self._done
        if self.board.locked:
            raise CellFault(f"{self.device.name} cannot move: the board has been made safe; reset the cell first.")
        if abs(target - self._offset) > self.max_steps:
            limit = self.max_steps
            raise CellFault(f"{self.device.name} cannot move to step {target}: the firmware counts to {limit}.")
        move = Move(target, max_speed, acceleration)
        self._move_wait = Wait(self.board.env, self.device, "did not arrive", self._timeout_s(move))
        if self._stop_wait is None:
            self._start(move)
        else:
            self._queued_move = move
        return self._move_wait

    def _timeout_s(self, move: Move) -> float:
        """How long a move may take: axes that share the firmware's loop step more slowly."""
        steps = max(1, abs(move.target - self.position))
        alone_s = move_time(CONFIGURABLE_FIRMATA, steps, move.max_speed, move.acceleration)
        return len(self.board.steppers) * alone_s + TIMEOUT_MARGIN_S

    def prepare(self, max_speed: float, acceleration: float) -> None:
        """Send the speed and acceleration of the next moves, where they differ from the last ones."""
        if max_speed != self._speed:
            self._speed = max_speed
            self.board.send(accelstepper.speed(self.number, max_speed))
        if acceleration != self._acceleration:
            self._acceleration = acceleration
            self.board.send(accelstepper.acceleration(self.number, acceleration))

    def _start(self, move: Move) -> None:
        self.prepare(move.max_speed, move.acceleration)
        self.board.send(accelstepper.move_to(self.number, move.target - self._offset))
        self._move_from_rest = replace(move, start=self.position, started_s=self.board.env.now)
        self._is_braking = False

    # ---- moves with a group ----

    def start_group_move(self, wait: Wait, speed: float, acceleration: float) -> None:  # noqa: ARG002
        """Take part in a group's move until ``wait`` ends; a stop of this axis ends that too."""
        if self.is_moving:
            raise CellFault(f"{self.device.name} was commanded to move while it was moving; wait for its move first.")
        self._move_wait = wait
        if speed != self._speed:
            self._speed = speed
            self.board.send(accelstepper.speed(self.number, speed))

    def firmware_position(self, position: int) -> int:
        """A position as the firmware counts it."""
        return position - self._offset

    def complete_group_move(self, wait: Wait, position: int) -> bool:
        """End a group's move at ``position``; false if the axis was stopped before."""
        if self._move_wait is not wait:
            return False
        self.position = position
        self._clear_move()
        return True

    # ---- stopping ----

    def stop_abruptly(self) -> Wait:
        """Stop abruptly; the wait ends when the firmware has reported the position.

        A stop leaves a stale speed in the firmware, so the next move would start at full speed: zeroing clears it. The
        position is queried because the move may have ended, and its end been reported, before the stop arrived.
        """
        if self._stop_wait is not None:
            self._clear_move()
            return self._stop_wait
        if self._move_wait is None:
            return self._done
        self._send_abrupt_stop()
        return self.query_position()

    def _send_abrupt_stop(self) -> None:
        self.board.stop_groups()
        self.board.send(accelstepper.stop(self.number))

    def query_position(self) -> Wait:
        """After a stop was sent: query the position. The wait of the move under way never completes."""
        self._clear_move()
        if self._stop_wait is None:
            self._stop_wait = Wait(self.board.env, self.device, "did not stop", REPLY_TIMEOUT_S)
            self._replies_pending = 0
        elif self._is_overdue:
            self._replies_pending = 0
        self._replies_pending += 1
        self._queried_s = self.board.env.now
        self.board.send(accelstepper.query_position(self.number))
        return self._stop_wait

    @property
    def _is_overdue(self) -> bool:
        return self.board.env.now - self._queried_s >= REPLY_TIMEOUT_S

    def query_again_if_overdue(self) -> None:
        """Stop it once more if the firmware has not reported the position in time."""
        if self._stop_wait is not None and self._is_overdue:
            self._send_abrupt_stop()
            self.query_position()

    def slow_down(self) -> Wait:
        """Controlled stop: a new target as many steps ahead as braking from the present speed takes."""
        if self._stop_wait is not None:
            return self.stop_abruptly()
        if self._move_wait is None or self._move_from_rest is None:
            return self._done
        axis = self._predict_axis(self._move_from_rest)
        if not self._is_braking and axis.direction and axis.steps_ahead() > axis.steps_to_stop() + 1:
            self._is_braking = True
            self.board.send(accelstepper.move_by(self.number, (axis.steps_to_stop() + 1) * axis.direction))
        return self._move_wait  # otherwise it is braking already

    def _predict_axis(self, move: Move) -> MovingAxis:
        """The state of the axis when the message arrives, by the firmware's recurrence for all axes of its loop."""
        under_way = (each._move_from_rest for each in self.board.steppers)
        moves = sorted((each for each in under_way if each is not None), key=lambda each: each.started_s)
        first_s = moves[0].started_s
        loop = StepLoop(CONFIGURABLE_FIRMATA, [])
        for each in moves:
            if loop.axes:
                loop.run(until_s=each.started_s - first_s)
            loop.now_s = max(loop.now_s, each.started_s - first_s)
            loop.axes.append(MovingAxis(each.start, each.target, each.max_speed, each.acceleration))
            loop.axes[-1].due_s = loop.now_s
            loop.finished_s.append(0.0)
        loop.run(until_s=self.board.env.now + LATENCY_ALLOWANCE_S - first_s)
        return loop.axes[moves.index(move)]

    def zero(self) -> None:
        """Set the present position to 0."""
        self._offset = self.position = 0
        self.board.send(accelstepper.zero(self.number))

    # ---- messages from the firmware ----

    def on_reply(self, reply: StepperReply) -> None:
        """Handle a report about this device."""
        if reply.position is None:
            return
        if reply.kind == MOVE_COMPLETE and self._move_from_rest is not None:
            self._end_move(reply.position + self._offset, self._move_from_rest)
        elif reply.kind == REPORT_POSITION and self._stop_wait is not None:
            self._replies_pending -= 1
            if self._replies_pending == 0:
                self._on_stopped(reply.position + self._offset, self._stop_wait)

    def _end_move(self, position: int, move: Move) -> None:
        self.position = position
        if position != move.target and not self._is_braking:
            where = f"at step {position} on its way to step {move.target}"
            self.board.report_trouble(f"{self.device.name} stopped {where}, though nothing commanded it to.")
            return
        wait = self._move_wait
        self._clear_move()
        if wait is not None:
            wait.complete()

    def _set_stopped_position(self, position: int) -> None:
        """Zero the device: that clears the stale speed in the firmware."""
        self.position = self._offset = position
        self.board.send(accelstepper.zero(self.number))

    def _on_stopped(self, position: int, stop_wait: Wait) -> None:
        self._stop_wait = None
        self._set_stopped_position(position)
        move, self._queued_move = self._queued_move, None
        stop_wait.complete()
        if move is None or self._move_wait is None:
            return
        if move.target == position:
            wait, self._move_wait = self._move_wait, None
            wait.complete()
        else:
            self._start(move)
