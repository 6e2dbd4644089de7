"""When each step of a move happens: the step-interval recurrence of AccelStepper inside a firmware's loop.

The recurrence is that of D. Austin, "Generate stepper-motor speed profiles in real time" (2005), as
AccelStepper uses it: the first interval is c0 = 0.676 sqrt(2/a), each next one is c - 2c / (4n + 1), never
shorter than 1 / max speed; it slows down once the steps needed to stop reach the steps still to go. The
firmware looks at each axis once a loop, so an interval ends only at the first look after it is over, and a
step itself takes time. That sets a ceiling on the step rate, shared by all axes that move at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class StepTiming:
    """What one turn of a firmware's loop costs.

    poll_s: a turn in which one axis moves and does not step, in seconds.
    step_s: what each step adds to the turn, in seconds.
    look_s: what the look at each further moving axis adds to the turn, in seconds.
    """

    name: str
    poll_s: float
    step_s: float
    look_s: float = 0.0

    def turn_s(self, axes: int, steps: int = 0) -> float:
        """How long a turn takes in which ``axes`` axes move and ``steps`` of them step, in seconds."""
        return self.poll_s + (axes - 1) * self.look_s + steps * self.step_s

    def ceiling(self, axes: int = 1) -> float:
        """The highest step rate, in steps/s, of each of ``axes`` axes that move at once."""
        return 1 / self.turn_s(axes, axes)

    def refuse_above_ceiling(self, max_speed: float) -> None:
        """Nothing is refused: above the ceiling it steps as fast as it can."""

    def refuse_together(self, courses: Sequence[AxisKey]) -> None:
        """Nothing is refused: axes that move at once slow each other down."""

    def move_time(self, steps: int, max_speed: float, acceleration: float) -> float:
        return move_time(self, steps, max_speed, acceleration)

    def begin(self, start: int, target: int, max_speed: float, acceleration: float) -> AxisKey:
        return AxisKey(start, target, max_speed, acceleration)

    def arrivals(self, courses: tuple[AxisKey, ...]) -> tuple[float, ...]:
        return finish_times(self, courses)

    def later(self, courses: tuple[AxisKey, ...], elapsed_s: float) -> tuple[AxisKey, ...]:
        return keys_after(self, courses, elapsed_s)

    def passings(self, courses: tuple[AxisKey, ...], axis: int, at: int) -> tuple[tuple[float, int], ...]:
        start, target = courses[axis].position, courses[axis].target
        if start > at >= target:
            return ((passing_time(self, courses, axis, at), at),)
        if start <= at < target:
            return ((passing_time(self, courses, axis, at + 1), at + 1),)
        return ()

    def redirected(self, course: AxisKey, target: int, max_speed: float | None, acceleration: float | None) -> AxisKey:
        axis = MovingAxis(*course)
        axis.max_speed = axis.max_speed if max_speed is None else max_speed
        axis.acceleration = axis.acceleration if acceleration is None else acceleration
        axis.change_target(target)
        return axis_key(axis)

    def controlled_stop_target(self, course: AxisKey) -> int:
        axis = MovingAxis(*course)
        return axis.position + (axis.steps_to_stop() + 1) * axis.direction

    def under_way(self, courses: tuple[AxisKey, ...]) -> StepLoop:
        return StepLoop(self, [MovingAxis(*course) for course in courses])


# poll_s: once round all features of ConfigurableFirmata 3.4.0, with a look at the line and at one moving axis. step_s:
# the pins are written, then AccelStepper divides in software floats. look_s: a look at an axis that is not due. Fitted
# to eleven moves of one and two axes measured on an emulated 16 MHz ATmega328P, and within 0.9 % of each (status:
# measured; the moves are in tests/hardware/model/test_accelstepper_timing.py). Three axes at once were not among them.
CONFIGURABLE_FIRMATA = StepTiming(
    "ConfigurableFirmata on a 16 MHz ATmega328P", poll_s=68.25e-6, step_s=224.5e-6, look_s=2.5e-6
)


@dataclass(slots=True)
class MovingAxis:
    """One axis on its way: where it is, where it goes, and the recurrence's state.

    position, target: steps. max_speed: steps/s. acceleration: steps/s². interval_s: the recurrence's c.
    due_s: when the next step may come. count: the recurrence's n, negative while slowing down.
    """

    position: int
    target: int
    max_speed: float
    acceleration: float
    interval_s: float = 0.0
    due_s: float = 0.0
    count: int = 0
    direction: int = 0

    def __post_init__(self) -> None:
        if self.moving and self.interval_s == 0.0:
            self.plan_next_interval()
            self.due_s = 0.0  # an axis at rest steps at the next look

    @property
    def moving(self) -> bool:
        """Whether there is a further step to make."""
        return self.position != self.target or self.direction != 0

    @property
    def shortest_interval_s(self) -> float:
        """The interval at full speed."""
        return 1 / self.max_speed

    def steps_to_stop(self) -> int:
        """How many steps it takes to come to rest from the present speed."""
        if self.direction == 0:
            return 0
        return int(1 / (2 * self.acceleration * self.interval_s * self.interval_s))

    def steps_ahead(self) -> int:
        """Steps still to go in the present direction; negative once past the target."""
        return (self.target - self.position) * self.direction

    def change_target(self, target: int) -> None:
        """Head for another target from the present speed, as AccelStepper's moveTo does in mid-move."""
        since_s = self.due_s - self.interval_s
        self.target = target
        self.plan_next_interval()
        self.due_s = since_s + self.interval_s

    def step(self, now_s: float) -> None:
        """Make one step at ``now_s`` and plan when the next may come."""
        self.position += self.direction
        self.plan_next_interval()
        self.due_s = now_s + self.interval_s

    def plan_next_interval(self) -> None:
        """Advance the recurrence by one step."""
        distance = self.target - self.position
        to_stop = self.steps_to_stop()
        if distance == 0 and to_stop <= 1:
            self.direction, self.count, self.interval_s = 0, 0, 0.0
            return
        ahead = distance * self.direction
        if self.count > 0 and distance and to_stop >= ahead:
            self.count = -to_stop
        elif self.count < 0 and to_stop < ahead:
            self.count = -self.count
        if self.count == 0:
            self.interval_s = 0.676 * math.sqrt(2 / self.acceleration)
            self.direction = 1 if distance > 0 else -1
        else:
            self.interval_s -= 2 * self.interval_s / (4 * self.count + 1)
            self.interval_s = max(self.interval_s, self.shortest_interval_s)
        self.count += 1


class StepLoop:
    """The firmware's loop with some axes on their way, advanced to wherever is asked; ``now_s`` starts at 0.

    At full speed steps come evenly, so a stretch of them is taken at once; everything else goes step by step.
    """

    def __init__(self, timing: StepTiming, axes: list[MovingAxis]) -> None:
        self.timing = timing
        self.axes = axes
        self.now_s = 0.0
        self.finished_s = [0.0] * len(axes)

    def run(self, until_s: float = math.inf, axis: int = -1, position: int | None = None) -> float:
        """Advance to ``until_s``, to the end of all moves, or until ``axis`` reaches ``position``.

        Returns the time, in seconds since the loop began, at which it ended.
        """
        timing = self.timing
        while moving := [index for index, each in enumerate(self.axes) if each.moving]:
            self._take_even_steps(moving, until_s, axis, position)
            looked_s = self._next_look(moving)
            if looked_s > until_s + 1e-7:  # clocks differ by rounding, more so after a year
                return until_s
            for index in moving:
                each = self.axes[index]
                self.now_s = looked_s
                if looked_s >= each.due_s - 1e-12:
                    each.step(looked_s)
                    self.now_s += timing.step_s
                    self.finished_s[index] = looked_s
                    if index == axis and each.position == position:
                        return looked_s
                looked_s = self.now_s + timing.look_s
        return max(self.finished_s)

    def _next_look(self, moving: list[int]) -> float:
        """When the next turn in which an axis steps looks at its first axis; the turns before it cost only looks."""
        timing = self.timing
        first_s = self.now_s + timing.poll_s
        wait_s = self.axes[moving[0]].due_s - first_s
        after_s = 0.0  # how long after the first axis the turn looks at this one
        for index in moving[1:]:
            after_s += timing.look_s
            wait_s = min(wait_s, self.axes[index].due_s - first_s - after_s)
        if wait_s <= 0:
            return first_s
        turn_s = timing.poll_s + after_s
        return first_s + math.ceil(wait_s / turn_s - 1e-9) * turn_s

    def position_at(self, axis: int, elapsed_s: float) -> int:
        """Where one axis is at ``elapsed_s``, which must not be before the moment that was asked for last."""
        self.run(until_s=elapsed_s)
        return self.axes[axis].position

    def _take_even_steps(self, moving: list[int], until_s: float, axis: int, position: int | None) -> None:
        """Take all the steps at once that are sure to come at even intervals at full speed."""
        axes = [self.axes[index] for index in moving]
        for each in axes:
            if each.count <= 0 or each.interval_s != 1 / each.max_speed:
                return
        timing = self.timing
        period_s = timing.turn_s(len(axes), len(axes))
        if len(axes) == 1:
            period_s += max(0, math.ceil((axes[0].interval_s - period_s) / timing.poll_s - 1e-9)) * timing.poll_s
        # One axis after the other steps in a turn; from then on all of them do in every turn.
        first_s = self._next_look(moving)
        looks_s = [first_s + n * (timing.look_s + timing.step_s) for n in range(len(axes))]
        if any(
            each.interval_s > period_s + 1e-12 or each.due_s > at + 1e-12
            for each, at in zip(axes, looks_s, strict=True)
        ):
            return
        steps = min(each.steps_ahead() - each.steps_to_stop() - 1 for each in axes)
        if position is not None and axis in moving:
            watched = self.axes[axis]
            ahead = (position - watched.position) * watched.direction
            if ahead > 0:
                steps = min(steps, ahead - 1)
        if until_s < math.inf:
            steps = min(steps, int((until_s - self.now_s) / period_s) - 1)
        if steps < 2:
            return
        for index, each, at in zip(moving, axes, looks_s, strict=True):
            each.position += steps * each.direction
            each.count += steps
            self.finished_s[index] = at + (steps - 1) * period_s
            each.due_s = self.finished_s[index] + each.interval_s
        self.now_s = self.finished_s[moving[-1]] + timing.step_s


@lru_cache(maxsize=4096)
def move_time(timing: StepTiming, steps: int, max_speed: float, acceleration: float) -> float:
    """Seconds that a single axis at rest takes for ``steps`` (> 0) at up to ``max_speed`` steps/s."""
    return StepLoop(timing, [MovingAxis(0, steps, max_speed, acceleration)]).run()


class AxisKey(NamedTuple):
    """All that decides how an axis goes on, by default one that starts from rest: see ``MovingAxis``.

    step: its count.
    """

    position: int
    target: int
    max_speed: float
    acceleration: float
    interval_s: float = 0.0
    due_s: float = 0.0
    step: int = 0
    direction: int = 0


def axis_key(axis: MovingAxis) -> AxisKey:
    """How an axis is on its way, for the cache of ``finish_times``."""
    return AxisKey(
        axis.position,
        axis.target,
        axis.max_speed,
        axis.acceleration,
        axis.interval_s,
        axis.due_s,
        axis.count,
        axis.direction,
    )


@lru_cache(maxsize=1024)
def finish_times(timing: StepTiming, axes: tuple[AxisKey, ...]) -> tuple[float, ...]:
    """When each of several axes that move at once makes its last step, in seconds from now."""
    loop = StepLoop(timing, [MovingAxis(*key) for key in axes])
    loop.run()
    return tuple(loop.finished_s)


@lru_cache(maxsize=1024)
def keys_after(timing: StepTiming, axes: tuple[AxisKey, ...], elapsed_s: float) -> tuple[AxisKey, ...]:
    """How several axes that move at once are on their way ``elapsed_s`` later, ``due_s`` counted from then."""
    loop = StepLoop(timing, [MovingAxis(*key) for key in axes])
    loop.run(until_s=elapsed_s)
    for axis in loop.axes:
        axis.due_s -= elapsed_s
    return tuple(axis_key(axis) for axis in loop.axes)


@lru_cache(maxsize=1024)
def passing_time(timing: StepTiming, axes: tuple[AxisKey, ...], axis: int, position: int) -> float:
    """When one of several axes that move at once reaches ``position``, in seconds from now."""
    return StepLoop(timing, [MovingAxis(*key) for key in axes]).run(axis=axis, position=position)
