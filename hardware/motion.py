"""The axes of a model board: stepper drivers, where their axes truly stand, and moves that share a firmware's loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from simpy.events import NORMAL, Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.stepping import (
    AxisKey,
    MovingAxis,
    StepLoop,
    StepTiming,
    axis_key,
    finish_times,
    keys_after,
    move_time,
    passing_time,
)
from cellwright.hardware.waits import Coming, Named, Wait, cancel

if TYPE_CHECKING:
    from cellwright.hardware.model import ModelBoard


LATE_S = 60.0
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
        # For Motion: the move under way, the axis as it was when the board last looked, and the moments, still to
        # come, at which it passes switches.
        self.move: Coming | None = None
        self.key: AxisKey = _AT_REST
        self.passings: Sequence[Event] = ()
        self.shares_loop = False  # with other axes, so that its arrival changes how they go on
        self._zero_at = 0
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def true_position(self) -> int:
        """Where the axis stands now, in steps from its physical origin."""
        return self.rest_at if self.due_s <= self.env._now else self.motion.axis_now(self).position

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

    def prepare(self, max_speed: float, acceleration: float) -> None:
        """Nothing to do: a model is told with each move."""

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move to ``target`` steps; takes what the firmware's recurrence says."""
        if self.due_s > self.env._now:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        start = self.rest_at
        target += self._zero_at
        return self.motion.start(self, start, target, max_speed, acceleration) if target != start else self._done

    def change_target(self, target: int) -> Wait:
        """Give the move under way another target, as firmware does that is told in mid-move."""
        if not self.moving:
            raise CellFault(f"{self.device.name} has no move under way that could be given another target.")
        return self.motion.change_target(self, target + self._zero_at)

    def halt(self) -> Wait:
        """Stop at once; the move that was under way never completes."""
        if self.moving:
            self.motion.halt(self)
        return self._done

    def slow_down(self) -> Wait:
        """Stop as its acceleration allows, wherever that is; the wait ends when it stands still."""
        if not self.moving:
            return self._done
        axis = self.motion.axis_now(self)
        return self.motion.change_target(self, axis.position + (axis.steps_to_stop() + 1) * axis.direction)

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


_AT_REST: AxisKey = (0, 0, 0.0, 0.0, 0.0, 0.0, 0, 0)


def _journey(
    timing: StepTiming, start: int, target: int, max_speed: float, acceleration: float
) -> tuple[AxisKey, float]:
    """A move from rest: the axis's state as it begins, and how long it takes alone, in seconds."""
    # The zeros: the recurrence begins anew.
    key = (start, target, max_speed, acceleration, 0.0, 0.0, 0, 0)
    return key, move_time(timing, abs(target - start), max_speed, acceleration)


class Motion:
    """All axes of a board that are on their way, as one loop of the firmware steps them."""

    def __init__(self, board: ModelBoard, timing: StepTiming) -> None:
        self.env = board.env
        self.board = board
        self.timing = timing
        self.moving: list[ModelStepper] = []
        """Every axis under way; their keys hold as of when the board last looked. See ``settle``."""
        self._looked_s = 0.0
        self._under_way: StepLoop | None = None  # the same axes, as far on as somebody last asked; see ``axis_now``
        self._alone = lru_cache(maxsize=4096)(partial(_journey, timing))

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
        stepper.key, duration_s = self._alone(start, target, max_speed, acceleration)
        stepper.rest_at = target
        stepper.passings = ()
        stepper.shares_loop = False
        if moving and (moving[0].due_s > now_s or len(moving) > 1):
            self._look()
            moving.append(stepper)
            stepper.move = Coming(env, stepper.device, "did not arrive", now_s, LATE_S)
            self._plan_anew()
            return stepper.move
        self._looked_s, self._under_way = now_s, None
        moving[:] = (stepper,)
        for point in stepper.trip_points:
            if start > point.at >= target or start <= point.at < target:
                self._foresee_trip(stepper, point, duration_s)
        stepper.due_s = due_s = now_s + duration_s
        stepper.move = move = Coming(env, stepper.device, "did not arrive", due_s, duration_s + LATE_S)
        return move

    def change_target(self, stepper: ModelStepper, target: int) -> Wait:
        """Plan the rest of a move towards another target."""
        assert stepper.move is not None
        self._look()
        axis = MovingAxis(*stepper.key)
        axis.change_target(target)
        stepper.key = axis_key(axis)
        stepper.rest_at = target
        self._plan_anew()
        return stepper.move

    def halt(self, stepper: ModelStepper) -> None:
        """Stop an axis dead; its move never completes."""
        self._look()
        cancel(self.env, stepper.move, *stepper.passings)
        self._leave(stepper)

    def halt_all(self) -> None:
        """Stop every axis dead."""
        self.settle()
        for stepper in list(self.moving):
            self.halt(stepper)

    def axis_now(self, stepper: ModelStepper) -> MovingAxis:
        """How a moving axis is on its way at this moment, to be read only; positions in true steps.

        A plant may ask many times in a move, so the loop goes on from where it was asked last.
        """
        if self._under_way is None:
            self._under_way = StepLoop(self.timing, [MovingAxis(*key) for key in self._keys()])
        self._under_way.run(until_s=self.env.now - self._looked_s)
        return self._under_way.axes[self.moving.index(stepper)]

    def _arrive(self, stepper: ModelStepper, _: Event) -> None:
        """An axis that moved with others has arrived; those go on at another rate."""
        if stepper in self.moving:
            self._look()
            self._leave(stepper)

    def _leave(self, stepper: ModelStepper) -> None:
        self.moving.remove(stepper)
        self._under_way = None
        stepper.come_to_rest(stepper.key[0])
        self._show_soon(stepper, stepper.key[0])
        self._plan_anew()

    def _keys(self) -> tuple[AxisKey, ...]:
        return tuple(stepper.key for stepper in self.moving)

    def _look(self) -> None:
        """Bring the record of all moving axes up to this moment."""
        keys = keys_after(self.timing, self._keys(), self.env.now - self._looked_s)
        for stepper, key in zip(self.moving, keys, strict=True):
            stepper.key = key
        self._looked_s, self._under_way = self.env.now, None

    def _plan_anew(self) -> None:
        """Plan anew when each axis arrives, for all that are on their way."""
        moving = self.moving
        if not moving:
            return
        cancel(self.env, *(event for stepper in moving for event in (stepper.move, *stepper.passings)))
        for stepper, duration_s in zip(moving, finish_times(self.timing, self._keys()), strict=True):
            move = stepper.move
            assert move is not None
            stepper.passings = ()
            stepper.due_s = self.env.now + duration_s
            move.limit_s = max(move.limit_s, duration_s + LATE_S)
            if not stepper.shares_loop:
                stepper.shares_loop = True
                move.callbacks.insert(0, partial(self._arrive, stepper))
            start, target = stepper.key[0], stepper.key[1]
            for point in stepper.trip_points:
                if start > point.at >= target or start <= point.at < target:
                    self._foresee_trip(stepper, point, duration_s)
            self._show_soon(stepper, start)
            self.env.schedule(move, NORMAL, duration_s)

    def _show_soon(self, stepper: ModelStepper, position: int) -> None:
        """Show a switch that was passed just before the plan was made anew, and whose moment went with the old plan."""
        if not stepper.shows(position):
            Timeout(self.env, 0).callbacks.append(lambda _: stepper.show_trip_points(position))

    def _foresee_trip(self, stepper: ModelStepper, point: TripPoint, duration_s: float) -> None:
        """Schedule the moment at which a moving axis passes a switch; if it stops there, just before its arrival."""
        position = point.at if stepper.key[0] > stepper.key[1] else point.at + 1
        at_s = passing_time(self.timing, self._keys(), self.moving.index(stepper), position)
        passing = Timeout(self.env, min(at_s, duration_s))
        passing.callbacks.append(lambda _: stepper.show_trip_points(position))
        stepper.passings = (*stepper.passings, passing)
