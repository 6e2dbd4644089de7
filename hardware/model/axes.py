"""The axes of a model board: stepper drivers, true positions, and moves that share a firmware's loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from simpy.events import NORMAL, Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.event_loop import cancel
from cellwright.hardware.model.session import ModelSession
from cellwright.hardware.model.timing import MotionState, MovesInProgress, SpeedLimitError, Timing
from cellwright.hardware.waits import LONG_AGO_S, Named, ScheduledWait, Wait

MODEL_TIMEOUT_MARGIN_S = 60.0
"""How late a move may be. A model is never late; this ends a wait for an axis that was stopped abruptly."""


@dataclass(frozen=True, slots=True)
class TripPoint:
    """A switch on an axis: ``pin`` reads ``level`` while the axis stands at or below ``at`` (true steps)."""

    pin: int
    at: int
    level: bool


class ModelStepper:
    """A stepper driver and its axis. ``true_position`` is the real position of the axis, in steps.

    The board counts from where it was zeroed; the plant sets and reads the true position.
    """

    def __init__(self, session: ModelSession, motion: MotionPlanner, device: Named) -> None:
        self.session = session
        self.env = session.env
        self.device = device
        self.motion = motion
        self.trip_points: list[TripPoint] = []
        self.limit_pin: int | None = None
        self.rest_at = 0  # true steps: the position at rest, now or after the move
        self.due_s = 0.0  # when its move is over
        # For MotionPlanner: the move in progress, its state as of the last update, and the future events at which it
        # crosses trip points.
        self.move: ScheduledWait | None = None
        self.state: MotionState | None = None
        self.crossings: Sequence[Event] = ()
        self.shares_loop = False  # with other axes, so that its arrival changes their speed
        self._zero_at = 0
        self._done = Wait(session.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def true_position(self) -> int:
        """The present position, in steps from the physical origin."""
        return self.rest_at if self.due_s <= self.env.now else self.motion.current_position(self)

    @property
    def position(self) -> int:
        """The position as the board counts it, in steps from where it was zeroed."""
        return self.true_position - self._zero_at

    @property
    def is_moving(self) -> bool:
        """Whether it moves."""
        return self.due_s > self.env.now

    def snapshot(self) -> tuple[int, int]:
        """Its state at rest, for ``restore``."""
        return self.rest_at, self._zero_at

    def restore(self, state: tuple[int, int]) -> None:
        """Take the state of a snapshot, at rest."""
        self.rest_at, self._zero_at = state
        self.due_s = LONG_AGO_S

    def set_true_position(self, true_position: int) -> None:
        """Set the true position, as a plant does before power-up."""
        self.rest_at = true_position
        self.set_trip_inputs(true_position)

    def slip(self, steps: int) -> None:
        """Lose steps at rest: the true position changes, and the board does not know."""
        self._zero_at -= steps
        self.set_true_position(self.true_position - steps)

    def zero(self) -> None:
        """Call the present position 0."""
        self._zero_at = self.true_position

    def prepare(self, max_speed: float, acceleration: float) -> None:  # noqa: ARG002  # the model takes them with each move
        """Raise CellFault for a speed that the firmware refuses."""
        self.motion.check_max_speed(self, max_speed)

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move to ``target`` steps; it takes as long as with the firmware."""
        if self.due_s > self.env.now:
            raise CellFault(f"{self.device.name} was commanded to move while it was moving; wait for its move first.")
        start = self.rest_at
        target += self._zero_at
        return self.motion.start(self, start, target, max_speed, acceleration) if target != start else self._done

    def change_target(self, target: int, max_speed: float | None = None, acceleration: float | None = None) -> Wait:
        """Change the target of the move in progress, as the firmware does on a new target during a move.

        max_speed (steps/s), acceleration (steps/s²): likewise, if they change. The speed has no jump.
        """
        if not self.is_moving:
            raise CellFault(f"{self.device.name} has no move in progress that could be given another target.")
        return self.motion.change_target(self, target + self._zero_at, max_speed, acceleration)

    def stop_abruptly(self) -> Wait:
        """Stop at once; the move in progress never completes."""
        if self.is_moving:
            self.motion.stop_abruptly(self)
        return self._done

    def slow_down(self) -> Wait:
        """Stop as fast as its acceleration allows; the wait ends at standstill."""
        if not self.is_moving:
            return self._done
        return self.motion.slow_down(self)

    def watch_limit(self, pin: int, active: bool) -> None:  # noqa: ARG002
        """A model board has no limit switches of its own; a cell looks at its inputs. Only the pin is remembered."""
        self.limit_pin = pin

    def home(self, fast: float, slow: float, acceleration: float, back_off: int, max_steps: int) -> None:
        """A model board cannot home an axis by itself; the cell does it by moves."""

    def end_move_at(self, true_position: int) -> None:
        """End the move in progress at ``true_position``."""
        self.due_s = self.env.now
        self.rest_at = true_position

    def trip_inputs_match(self, true_position: int) -> bool:
        """Whether the inputs of the trip points are as they must be with the axis at ``true_position``."""
        return all(
            self.session.input(point.pin).level == (point.level == (true_position <= point.at))
            for point in self.trip_points
        )

    def set_trip_inputs(self, true_position: int) -> None:
        """Set the inputs of the trip points for an axis at ``true_position``."""
        for point in self.trip_points:
            self.session.set_input(point.pin, point.level if true_position <= point.at else not point.level)


def _move_from_rest(
    timing: Timing, start: int, target: int, max_speed: float, acceleration: float
) -> tuple[MotionState, float]:
    """A move from rest: its first state, and its duration if no other axis moves, s."""
    state = timing.start_from_rest(start, target, max_speed, acceleration)
    return state, timing.move_time(abs(target - start), max_speed, acceleration)


class MotionPlanner:
    """Plans the moves of all axes of a board, as its firmware steps them."""

    def __init__(self, session: ModelSession, timing: Timing) -> None:
        self.env = session.env
        self.session = session
        self.timing = timing
        self.moving: list[ModelStepper] = []
        """Every axis that moves; their states are as of the last update. See ``settle``."""
        self._updated_s = 0.0
        self._in_progress: MovesInProgress | None = None  # see ``current_position``
        self._plan_alone = lru_cache(maxsize=4096)(partial(_move_from_rest, timing))

    def settle(self) -> None:
        """Remove an axis that moved alone and has arrived: that changes no other move, so it has no event."""
        if len(self.moving) == 1 and self.moving[0].due_s <= self.env.now:
            self.moving.clear()
            self._in_progress = None

    def start(self, stepper: ModelStepper, start: int, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move of one axis; those in progress continue, at the step rate that all together allow."""
        if self.session.is_locked:
            raise CellFault(f"{stepper.device.name} cannot move: the board has been made safe; reset the cell first.")
        env, moving = self.env, self.moving
        now_s = env.now
        with_others = moving and (moving[0].due_s > now_s or len(moving) > 1)
        try:
            state, duration_s = self._plan_alone(start, target, max_speed, acceleration)
            if with_others:
                self._update_states()
                self.timing.check_combined_speed((*self._states(), state))
        except SpeedLimitError as error:
            raise CellFault(f"{stepper.device.name} {error}.") from None
        stepper.state = state
        stepper.rest_at = target
        stepper.crossings = ()
        stepper.shares_loop = False
        if with_others:
            moving.append(stepper)
            stepper.move = ScheduledWait(env, stepper.device, "did not arrive", now_s, MODEL_TIMEOUT_MARGIN_S)
            self._replan()
            return stepper.move
        self._updated_s, self._in_progress = now_s, None
        moving[:] = (stepper,)
        for point in stepper.trip_points:
            if start > point.at >= target or start <= point.at < target:
                self._schedule_crossings(stepper, point, duration_s)
        stepper.due_s = due_s = now_s + duration_s
        stepper.move = move = ScheduledWait(
            env, stepper.device, "did not arrive", due_s, duration_s + MODEL_TIMEOUT_MARGIN_S
        )
        return move

    def check_max_speed(self, stepper: ModelStepper, max_speed: float) -> None:
        """Raise CellFault for a speed, in steps/s, that the firmware refuses."""
        try:
            self.timing.check_max_speed(max_speed)
        except SpeedLimitError as error:
            raise CellFault(f"{stepper.device.name} {error}.") from None

    def change_target(
        self, stepper: ModelStepper, target: int, max_speed: float | None = None, acceleration: float | None = None
    ) -> Wait:
        """Plan the rest of a move to another target, at another speed and acceleration where given."""
        assert stepper.move is not None
        if max_speed is not None:
            self.check_max_speed(stepper, max_speed)
        self._update_states()
        stepper.state = self.timing.with_target(stepper.state, target, max_speed, acceleration)
        stepper.rest_at = target
        self._replan()
        return stepper.move

    def slow_down(self, stepper: ModelStepper) -> Wait:
        """Plan the rest of a move to end as soon as the acceleration allows."""
        self._update_states()
        return self.change_target(stepper, self.timing.controlled_stop_target(stepper.state))

    def stop_abruptly(self, stepper: ModelStepper) -> None:
        """Stop an axis at once; its move never completes."""
        self._update_states()
        cancel(self.env, stepper.move, *stepper.crossings)
        self._remove_axis(stepper)

    def stop_all_abruptly(self) -> None:
        """Stop every axis at once."""
        self.settle()
        for stepper in list(self.moving):
            self.stop_abruptly(stepper)

    def current_position(self, stepper: ModelStepper) -> int:
        """The present position of a moving axis, in true steps.

        A plant may query it many times during a move, so the simulation of the moves continues from the last query.
        """
        if self._in_progress is None:
            self._in_progress = self.timing.moves_in_progress(self._states())
        return self._in_progress.position_at(self.moving.index(stepper), self.env.now - self._updated_s)

    def _on_arrival(self, stepper: ModelStepper, _: Event) -> None:
        """An axis that moved with others has arrived; those continue at another step rate."""
        if stepper in self.moving:
            self._update_states()
            self._remove_axis(stepper)

    def _remove_axis(self, stepper: ModelStepper) -> None:
        assert stepper.state is not None
        self.moving.remove(stepper)
        self._in_progress = None
        position = stepper.state.position
        stepper.end_move_at(position)
        self._schedule_missed_trip(stepper, position)
        self._replan()

    def _states(self) -> tuple[Any, ...]:
        return tuple(stepper.state for stepper in self.moving)

    def _update_states(self) -> None:
        """Bring the states of all moving axes up to now."""
        states = self.timing.states_after(self._states(), self.env.now - self._updated_s)
        for stepper, state in zip(self.moving, states, strict=True):
            stepper.state = state
        self._updated_s, self._in_progress = self.env.now, None

    def _replan(self) -> None:
        """Compute again when each moving axis arrives, and schedule its events."""
        moving = self.moving
        if not moving:
            return
        cancel(self.env, *(event for stepper in moving for event in (stepper.move, *stepper.crossings)))
        for stepper, duration_s in zip(moving, self.timing.arrival_times(self._states()), strict=True):
            move = stepper.move
            assert move is not None and stepper.state is not None
            stepper.crossings = ()
            stepper.due_s = self.env.now + duration_s
            move.limit_s = max(move.limit_s, duration_s + MODEL_TIMEOUT_MARGIN_S)
            if not stepper.shares_loop:
                stepper.shares_loop = True
                move.callbacks.insert(0, partial(self._on_arrival, stepper))
            for point in stepper.trip_points:
                self._schedule_crossings(stepper, point, duration_s)
            self._schedule_missed_trip(stepper, stepper.state.position)
            self.env.schedule(move, NORMAL, duration_s)

    def _schedule_missed_trip(self, stepper: ModelStepper, position: int) -> None:
        """Set a trip point that was crossed just before replanning, whose event was cancelled with the old plan."""
        if not stepper.trip_inputs_match(position):
            Timeout(self.env, 0).callbacks.append(lambda _: stepper.set_trip_inputs(position))

    def _schedule_crossings(self, stepper: ModelStepper, point: TripPoint, duration_s: float) -> None:
        """Schedule the events at which an axis crosses a trip point; if it stops there, just before its arrival."""
        for at_s, position in self.timing.crossings(self._states(), self.moving.index(stepper), point.at):
            crossing = Timeout(self.env, min(at_s, duration_s))
            crossing.callbacks.append(partial(self._on_crossing, stepper, position))
            stepper.crossings = (*stepper.crossings, crossing)

    @staticmethod
    def _on_crossing(stepper: ModelStepper, position: int, _: Event) -> None:
        stepper.set_trip_inputs(position)
