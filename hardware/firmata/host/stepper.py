"""FirmataStepper: an axis that the firmware steps, commanded by AccelStepper messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from cellwright.errors import CellFault
from cellwright.hardware.firmata.host.session import REPLY_TIMEOUT_S, Session
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol.accelstepper import MOVE_COMPLETE, REPORT_POSITION, StepperReply
from cellwright.hardware.waits import Named, Wait


@dataclass(frozen=True, slots=True)
class Move:
    """A move: target (step), speed (steps/s) and acceleration (steps/s²)."""

    target: int
    max_speed: float
    acceleration: float


@dataclass(slots=True)
class Idle:
    """Nothing was sent to it since it stopped."""


@dataclass(slots=True)
class Moving:
    """A move by itself, from step ``start`` at ``started_s``.

    is_braking: a controlled stop is under way, so it may end anywhere. is_at_limit: its limit switch has stopped it.
    """

    wait: Wait
    move: Move
    start: int
    started_s: float
    is_braking: bool = False
    is_at_limit: bool = False


@dataclass(slots=True)
class MovingInGroup:
    """A move with a group, whose wait this is."""

    wait: Wait
    is_braking: bool = False


@dataclass(slots=True)
class Homing:
    """The board homes it by itself."""

    wait: Wait
    is_braking: bool = False


@dataclass(slots=True)
class Stopping:
    """It was stopped abruptly, and its position was queried. next_move: starts once the position is known."""

    wait: Wait
    next_move: tuple[Move, Wait] | None = None
    replies_pending: int = 0
    queried_s: float = float("-inf")


AxisState = Idle | Moving | MovingInGroup | Homing | Stopping
TRANSITIONS: dict[type, frozenset[type]] = {
    Idle: frozenset({Moving, MovingInGroup, Homing, Stopping}),
    Moving: frozenset({Idle, Stopping}),
    MovingInGroup: frozenset({Idle, Stopping}),
    Homing: frozenset({Idle, Stopping}),
    Stopping: frozenset({Idle, Moving}),
}
"""From which state to which. To Idle: it has arrived, or the position after a stop is known, or the board was reset."""


class Axes(list["FirmataStepper"]):
    """The axes of a board, in the order of their declaration. groups: how many groups of them were declared."""

    groups = 0

    def stop_groups(self, session: Session) -> None:
        """Stop every group abruptly, since a group moves its axes whatever was sent to each of them."""
        for group in range(self.groups):
            session.send(accelstepper.stop_group(group))


class FirmataStepper(ABC):
    """One device of AccelStepper. Positions are steps, as the host counts them.

    ``_offset`` is the difference from the firmware's count. What the firmwares do differently is abstract here.
    """

    max_steps: int
    """The largest position of the firmware's count."""
    invert_direction: int
    """The bit of the configuration that inverts the direction."""

    def __init__(self, session: Session, axes: Axes, device: Named, pins: tuple[int, int], inverted: bool) -> None:
        self.session = session
        self.axes = axes
        self.number = len(axes)
        self.device = device
        self.position = 0
        self._pins = pins
        self._inverted = self.invert_direction if inverted else 0
        self._offset = 0
        self._speed = 0.0  # as last sent to the firmware
        self._acceleration = 0.0
        self._state: AxisState = Idle()
        self._done = Wait(session.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def state(self) -> AxisState:
        """What it is doing, as far as the firmware has reported."""
        return self._state

    def _enter(self, state: AxisState) -> None:
        assert type(state) in TRANSITIONS[type(self._state)] or isinstance(state, Idle), (self._state, state)
        self._state = state

    @property
    def is_moving(self) -> bool:
        """Whether a move was sent and the firmware has not reported its end."""
        return not isinstance(self._state, Idle)

    @property
    def is_safe(self) -> bool:
        """Whether no move was sent since it stopped."""
        return isinstance(self._state, Idle) or (isinstance(self._state, Stopping) and self._state.next_move is None)

    @property
    def commanded_speed(self) -> float:
        """The speed last sent to the firmware, steps/s."""
        return self._speed

    def declare(self) -> None:
        """Configure it in the firmware, which then counts from 0 and has no speed."""
        self._enter(Idle())
        self._offset = self.position
        self._speed = self._acceleration = 0.0
        step, direction = self._pins
        self.session.send(accelstepper.configure(self.number, step, direction, inverted=self._inverted))

    # ---- moves ----

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move; the wait ends when the firmware reports its end.

        After an abrupt stop it starts once the firmware has reported the position. Raises CellFault as ``check_move``.
        """
        move = Move(target, max_speed, acceleration)
        self.check_move(move)
        if self._is_there(target):
            return self._done
        wait = Wait(self.session.env, self.device, "did not arrive", self.move_timeout_s(move))
        if isinstance(self._state, Stopping):
            self._state.next_move = move, wait
        else:
            self._start(move, wait)
        return wait

    def check_move(self, move: Move) -> None:
        """Raise CellFault for a move that cannot start now, or that the firmware would refuse."""
        self._check_speed_of(move)
        if not self.is_safe:
            raise CellFault(f"{self.device.name} was commanded to move while it was moving; wait for its move first.")
        if self._is_there(move.target):
            return
        self.session.refuse_if_locked(f"{self.device.name} cannot move")
        if abs(move.target - self._offset) > self.max_steps:
            limit = self.max_steps
            raise CellFault(f"{self.device.name} cannot move to step {move.target}: the firmware counts to {limit}.")

    @abstractmethod
    def _check_speed_of(self, move: Move) -> None:
        """Raise CellFault for a speed that the firmware would refuse."""

    @abstractmethod
    def move_timeout_s(self, move: Move) -> float:
        """How long a move may take, s."""

    def _is_there(self, target: int) -> bool:
        return target == self.position and isinstance(self._state, Idle)

    def prepare(self, max_speed: float, acceleration: float) -> None:
        """Send the speed and acceleration of the next moves, where they differ from the last ones."""
        self._send_speed(max_speed)
        if acceleration != self._acceleration:
            self._acceleration = acceleration
            self.session.send(accelstepper.acceleration(self.number, acceleration))

    def _send_speed(self, speed: float) -> None:
        if speed != self._speed:
            self._speed = speed
            self.session.send(accelstepper.speed(self.number, speed))

    def _start(self, move: Move, wait: Wait) -> None:
        self.prepare(move.max_speed, move.acceleration)
        self.session.send(accelstepper.move_to(self.number, move.target - self._offset))
        self._enter(Moving(wait, move, self.position, self.session.env.now))

    # ---- moves with a group ----

    def start_group_move(self, wait: Wait, speed: float, acceleration: float) -> None:
        """Take part in a group's move until ``wait`` ends; a stop of this axis ends that too."""
        if self.is_moving:
            raise CellFault(f"{self.device.name} was commanded to move while it was moving; wait for its move first.")
        self._prepare_group_move(speed, acceleration)
        self._enter(MovingInGroup(wait))

    @abstractmethod
    def _prepare_group_move(self, speed: float, acceleration: float) -> None:
        """Send what the firmware needs for a group's move."""

    def firmware_position(self, position: int) -> int:
        """A position as the firmware counts it."""
        return position - self._offset

    def complete_group_move(self, wait: Wait, position: int) -> bool:
        """End a group's move at ``position``; false if the axis was stopped before."""
        state = self._state
        if not isinstance(state, MovingInGroup) or state.wait is not wait:
            return False
        self.position = position
        self._enter(Idle())
        if state.is_braking:  # its position is unknown
            self.session.send(accelstepper.query_position(self.number))
        return True

    # ---- homing by the board ----

    def watch_limit(self, pin: int, active: bool) -> None:  # noqa: B027  # stock firmware has no limit switches
        """Have the firmware stop it at the limit switch of the low end, active at the level ``active``, if it can."""

    def home(
        self,
        fast: float,  # noqa: ARG002
        slow: float,  # noqa: ARG002
        acceleration: float,  # noqa: ARG002
        back_off: int,  # noqa: ARG002
        max_steps: int,  # noqa: ARG002
    ) -> Wait | None:
        """Home on the switch of ``watch_limit``, if the firmware can (see ``StepperPort.home``)."""
        return None

    # ---- stopping ----

    def stop_abruptly(self) -> Wait:
        """Stop abruptly; the wait ends when the firmware has reported the position.

        The position is queried because the move may have ended, and its end been reported, before the stop arrived.
        """
        if isinstance(self._state, Idle):
            return self._done
        if isinstance(self._state, Stopping):
            self._state.next_move = None
            return self._state.wait
        self._send_abrupt_stop()
        return self.query_position()

    @abstractmethod
    def _send_abrupt_stop(self) -> None:
        """Send what stops it at once."""

    @abstractmethod
    def slow_down(self) -> Wait:
        """Controlled stop; the wait ends at standstill."""

    def query_position(self) -> Wait:
        """After a stop was sent: query the position. The wait of the move under way never completes."""
        if not isinstance(self._state, Stopping):
            self._enter(Stopping(Wait(self.session.env, self.device, "did not stop", REPLY_TIMEOUT_S)))
        stopping = self._state
        assert isinstance(stopping, Stopping)
        stopping.next_move = None
        if self._is_overdue(stopping):
            stopping.replies_pending = 0
        stopping.replies_pending += 1
        stopping.queried_s = self.session.env.now
        self.session.send(accelstepper.query_position(self.number))
        return stopping.wait

    def _is_overdue(self, stopping: Stopping) -> bool:
        return self.session.env.now - stopping.queried_s >= REPLY_TIMEOUT_S

    def query_again_if_overdue(self) -> None:
        """Stop it once more if the firmware has not reported the position in time."""
        if isinstance(self._state, Stopping) and self._is_overdue(self._state):
            self._send_abrupt_stop()
            self.query_position()

    def zero(self) -> None:
        """Set the present position to 0."""
        self._offset = self.position = 0
        self.session.send(accelstepper.zero(self.number))

    # ---- messages from the firmware ----

    def on_reply(self, reply: StepperReply) -> None:
        """Handle a report about this device."""
        state = self._state
        if reply.position is None:
            return
        if reply.kind == MOVE_COMPLETE and isinstance(state, Moving):
            self._on_arrival(reply.position + self._offset, state)
        elif reply.kind == REPORT_POSITION and isinstance(state, Stopping):
            state.replies_pending -= 1
            if state.replies_pending == 0:
                self._on_stopped(reply.position + self._offset, state)
        elif reply.kind == REPORT_POSITION:
            self.on_position(reply.position)

    def on_position(self, position: int) -> None:  # noqa: B027  # stock firmware counts anew after each stop
        """The board reports the position by its own count, while no stop is under way."""

    def _on_arrival(self, position: int, moving: Moving) -> None:
        self.position = position
        problem = self._arrival_problem(position, moving)
        if problem:
            self.session.report_trouble(f"{self.device.name} {problem}")
            return
        self._enter(Idle())
        moving.wait.complete()

    def _arrival_problem(self, position: int, moving: Moving) -> str:
        """What is wrong with a move that ended at ``position``, after the name of the axis; empty if nothing is."""
        if position == moving.move.target or moving.is_braking:
            return ""
        return f"stopped at step {position} on its way to step {moving.move.target}, though nothing commanded it to."

    def _on_stopped(self, position: int, stopping: Stopping) -> None:
        self._set_stopped_position(position)
        if stopping.next_move is None:
            self._enter(Idle())
            stopping.wait.complete()
            return
        move, wait = stopping.next_move
        if move.target == position:
            self._enter(Idle())
            stopping.wait.complete()
            wait.complete()
        else:
            self._start(move, wait)
            stopping.wait.complete()

    @abstractmethod
    def _set_stopped_position(self, position: int) -> None:
        """Record the position after an abrupt stop."""
