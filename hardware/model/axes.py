"""The axes of a model board: stepper drivers, where their axes truly stand, and moves that share a firmware's loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.model.timing import Course, Timing, TooFast, UnderWay
from cellwright.hardware.waits import Named, ScheduledWait, Wait, cancel

if TYPE_CHECKING:
    from cellwright.hardware.model.board import ModelBoard


TIMEOUT_MARGIN_S = 60.0
"""How late a move may be. A model is never late; this ends a wait for an axis that somebody halted."""


@dataclass(frozen=True, slots=True)
class TripPoint:
    """A switch on an axis: ``pin`` reads ``level`` while the axis stands at or below ``at`` (true steps)."""

    pin: int
    at: int
    level: bool


class ModelStepper:
    """A stepper driver and its axis. ``true_position`` is where the axis really stands, in steps.

    The board counts from wherever it was zeroed; the plant places the axis and sees its true position.
    """

    def __init__(self, board: ModelBoard, device: Named) -> None:
        self.board = board
        self.env = board.env
        self.device = device
        self.motion = board.motion
        self.trip_points: list[TripPoint] = []
        self.rest_at = 0  # true steps; where it stands, or will once its move is over
        self.due_s = 0.0  # when its move is over
        # For Motion: the move under way, its course as of when the board last looked, and the moments, still to
        # come, at which it passes switches.
        self.move: ScheduledWait | None = None
        self.course: Course | None = None
        self.passings: Sequence[Event] = ()
        self.shares_loop = False  # with other axes, so that its arrival changes how they go on
        self._zero_at = 0
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def true_position(self) -> int:
        """Where the axis stands now, in steps from its physical origin."""
        return self.rest_at if self.due_s <= self.env._now else self.motion.position_now(self)

    @property
    def position(self) -> int:
        """Where the board thinks the axis stands, in steps from where it was zeroed."""
        return self.true_position - self._zero_at

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self.due_s > self.env.now

    def place(self, true_position: int) -> None:
        """Put the axis somewhere by hand: what a plant does before power-up."""
        self.rest_at = true_position
        self.show_trip_points(true_position)

    def slip(self, steps: int) -> None:
        """Lose steps while it stands: it is elsewhere, and the board does not know."""
        self._zero_at -= steps
        self.place(self.true_position - steps)

    def zero(self) -> None:
        """Call the present position 0."""
        self._zero_at = self.true_position

    def prepare(self, max_speed: float, acceleration: float) -> None:  # noqa: ARG002  # a model is told with each move
        """Raise CellFault for a speed that the firmware refuses."""
        self.motion.refuse_above_ceiling(self, max_speed)

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move to ``target`` steps; takes what the firmware takes."""
        if self.due_s > self.env._now:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        start = self.rest_at
        target += self._zero_at
        return self.motion.start(self, start, target, max_speed, acceleration) if target != start else self._done

    def change_target(self, target: int, max_speed: float | None = None, acceleration: float | None = None) -> Wait:
        """Give the move under way another target, as firmware does that is told in mid-move.

        max_speed (steps/s), acceleration (steps/s²): likewise, if they change. It goes on from the speed it has.
        """
        if not self.moving:
            raise CellFault(f"{self.device.name} has no move under way that could be given another target.")
        return self.motion.redirect(self, target + self._zero_at, max_speed, acceleration)

    def stop_abruptly(self) -> Wait:
        """Stop at once; the move that was under way never completes."""
        if self.moving:
            self.motion.stop_abruptly(self)
        return self._done

    def slow_down(self) -> Wait:
        """Stop as its acceleration allows, wherever that is; the wait ends when it stands still."""
        if not self.moving:
            return self._done
        return self.motion.slow_down(self)

    def come_to_rest(self, true_position: int) -> None:
        """End the move under way at ``true_position``."""
        self.due_s = self.env.now
        self.rest_at = true_position

    def shows(self, true_position: int) -> bool:
        """Whether the switches on the axis are as they are with the axis at ``true_position``."""
        return all(
            self.board.input(point.pin).level == (point.level == (true_position <= point.at))
            for point in self.trip_points
        )

    def show_trip_points(self, true_position: int) -> None:
        """Set the inputs of the switches on the axis as they are with the axis at ``true_position``."""
        for point in self.trip_points:
            self.board.set_input(point.pin, point.level if true_position <= point.at else not point.level)


def _move_from_rest(
    timing: Timing, start: int, target: int, max_speed: float, acceleration: float
) -> tuple[Course, float]:
    """A move from rest: its course, and how long it takes alone, in seconds."""
    course = timing.begin(start, target, max_speed, acceleration)
    return course, timing.move_time(abs(target - start), max_speed, acceleration)


class Motion:
    """All axes of a board that are on their way, as its firmware steps them."""

    def __init__(self, board: ModelBoard, timing: Timing) -> None:
        self.env = board.env
        self.board = board
        self.timing = timing
        self.moving: list[ModelStepper] = []
        """Every axis under way; their courses hold as of when the board last looked. See ``settle``."""
        self._looked_s = 0.0
        self._under_way: UnderWay | None = None  # the same axes, as far on as somebody last asked; see ``position_now``
        self._alone = lru_cache(maxsize=4096)(partial(_move_from_rest, timing))

    def settle(self) -> None:
        """Forget an axis that arrived alone: nobody else's move changes by that, so it has no event."""
        if len(self.moving) == 1 and self.moving[0].due_s <= self.env.now:
            self.moving.clear()
            self._under_way = None

    def start(self, stepper: ModelStepper, start: int, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move of one axis; those on their way already go on, at the rate that all together allow."""
        if self.board.locked:
            raise CellFault(f"{stepper.device.name} cannot move: the board has been made safe; reset the cell first.")
        env, moving = self.env, self.moving
        now_s = env._now
        with_others = moving and (moving[0].due_s > now_s or len(moving) > 1)
        try:
            course, duration_s = self._alone(start, target, max_speed, acceleration)
            if with_others:
                self._look()
                self.timing.refuse_together((*self._courses(), course))
        except TooFast as refused:
            raise CellFault(f"{stepper.device.name} {refused}.") from None
        stepper.course = course
        stepper.rest_at = target
        stepper.passings = ()
        stepper.shares_loop = False
        if with_others:
            moving.append(stepper)
            stepper.move = ScheduledWait(env, stepper.device, "did not arrive", now_s, TIMEOUT_MARGIN_S)
            self._plan_anew()
            return stepper.move
        self._looked_s, self._under_way = now_s, None
        moving[:] = (stepper,)
        for point in stepper.trip_points:
            if start > point.at >= target or start <= point.at < target:
                self._foresee_trips(stepper, point, duration_s)
        stepper.due_s = due_s = now_s + duration_s
        stepper.move = move = ScheduledWait(env, stepper.device, "did not arrive", due_s, duration_s + TIMEOUT_MARGIN_S)
        return move

    def refuse_above_ceiling(self, stepper: ModelStepper, max_speed: float) -> None:
        """Raise CellFault for a speed, in steps/s, that the firmware refuses."""
        try:
            self.timing.refuse_above_ceiling(max_speed)
        except TooFast as refused:
            raise CellFault(f"{stepper.device.name} {refused}.") from None

    def redirect(
        self, stepper: ModelStepper, target: int, max_speed: float | None = None, acceleration: float | None = None
    ) -> Wait:
        """Plan the rest of a move towards another target, at another speed and acceleration where they are given."""
        assert stepper.move is not None
        if max_speed is not None:
            self.refuse_above_ceiling(stepper, max_speed)
        self._look()
        stepper.course = self.timing.redirected(stepper.course, target, max_speed, acceleration)
        stepper.rest_at = target
        self._plan_anew()
        return stepper.move

    def slow_down(self, stepper: ModelStepper) -> Wait:
        """Plan the rest of a move so that it ends as soon as the acceleration allows."""
        self._look()
        return self.redirect(stepper, self.timing.controlled_stop_target(stepper.course))

    def stop_abruptly(self, stepper: ModelStepper) -> None:
        """Stop an axis dead; its move never completes."""
        self._look()
        cancel(self.env, stepper.move, *stepper.passings)
        self._leave(stepper)

    def stop_all_abruptly(self) -> None:
        """Stop every axis dead."""
        self.settle()
        for stepper in list(self.moving):
            self.stop_abruptly(stepper)

    def position_now(self, stepper: ModelStepper) -> int:
        """Where a moving axis is at this moment, in true steps.

        A plant may ask many times in a move, so what is under way goes on from where it was asked last.
        """
        if self._under_way is None:
            self._under_way = self.timing.under_way(self._courses())
        return self._under_way.position_at(self.moving.index(stepper), self.env.now - self._looked_s)

    def _arrive(self, stepper: ModelStepper, _: Event) -> None:
        """An axis that moved with others has arrived; those go on at another rate."""
        if stepper in self.moving:
            self._look()
            self._leave(stepper)

    def _leave(self, stepper: ModelStepper) -> None:
        assert stepper.course is not None
        self.moving.remove(stepper)
        self._under_way = None
        position = stepper.course.position
        stepper.come_to_rest(position)
        self._show_soon(stepper, position)
        self._plan_anew()

    def _courses(self) -> tuple[Any, ...]:
        return tuple(stepper.course for stepper in self.moving)

    def _look(self) -> None:
        """Bring the record of all moving axes up to this moment."""
        courses = self.timing.later(self._courses(), self.env.now - self._looked_s)
        for stepper, course in zip(self.moving, courses, strict=True):
            stepper.course = course
        self._looked_s, self._under_way = self.env.now, None

    def _plan_anew(self) -> None:
        """Plan anew when each axis arrives, for all that are on their way."""
        moving = self.moving
        if not moving:
            return
        cancel(self.env, *(event for stepper in moving for event in (stepper.move, *stepper.passings)))
        for stepper, duration_s in zip(moving, self.timing.arrivals(self._courses()), strict=True):
            move = stepper.move
            assert move is not None and stepper.course is not None
            stepper.passings = ()
            stepper.due_s = self.env.now + duration_s
            move.limit_s = max(move.limit_s, duration_s + TIMEOUT_MARGIN_S)
            if not stepper.shares_loop:
                stepper.shares_loop = True
                move.callbacks.insert(0, partial(self._arrive, stepper))
            for point in stepper.trip_points:
                self._foresee_trips(stepper, point, duration_s)
            self._show_soon(stepper, stepper.course.position)
            self.env.schedule(move, NORMAL, duration_s)

    def _show_soon(self, stepper: ModelStepper, position: int) -> None:
        """Show a switch that was passed just before the plan was made anew, and whose moment went with the old plan."""
        if not stepper.shows(position):
            Timeout(self.env, 0).callbacks.append(lambda _: stepper.show_trip_points(position))

    def _foresee_trips(self, stepper: ModelStepper, point: TripPoint, duration_s: float) -> None:
        """Schedule the moments at which a moving axis passes a switch; if it stops there, just before its arrival."""
        for at_s, position in self.timing.passings(self._courses(), self.moving.index(stepper), point.at):
            passing = Timeout(self.env, min(at_s, duration_s))
            passing.callbacks.append(partial(self._show_passing, stepper, position))
            stepper.passings = (*stepper.passings, passing)

    @staticmethod
    def _show_passing(stepper: ModelStepper, position: int, _: Event) -> None:
        stepper.show_trip_points(position)
