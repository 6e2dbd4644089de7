"""When each step of a move happens: the step-interval recurrence of AccelStepper inside a firmware's loop.

The recurrence is that of D. Austin, "Generate stepper-motor speed profiles in real time" (2005), as
AccelStepper uses it: the first interval is c0 = 0.676 sqrt(2/a), each next one is c - 2c / (4n + 1), never
shorter than 1 / max speed; the axis slows down once the steps needed to stop reach the steps still to go. The
firmware polls each axis once per loop, so a step comes with the first poll after its interval, and a step itself
takes time. That sets a ceiling on the step rate, shared by all axes that move at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class StepTiming:
    """The duration of one pass of a firmware's loop.

    poll_s: a pass in which one axis moves and does not step, s. step_s: added by each step, s.
    further_axis_s: added by polling each further moving axis, s.
    """

    name: str
    poll_s: float
    step_s: float
    further_axis_s: float = 0.0

    def loop_s(self, axes: int, steps: int = 0) -> float:
        """The duration of a pass in which ``axes`` axes move and ``steps`` of them step, s."""
        return self.poll_s + (axes - 1) * self.further_axis_s + steps * self.step_s

    def ceiling(self, axes: int = 1) -> float:
        """The highest step rate, in steps/s, of each of ``axes`` axes that move at once."""
        return 1 / self.loop_s(axes, axes)

    @property
    def slows_down(self) -> bool:
        return True

    def check_max_speed(self, max_speed: float) -> None:
        """Accept every speed: above its ceiling the firmware steps as fast as it can."""

    def check_combined_speed(self, states: Sequence[AxisState]) -> None:
        """Accept every combination: axes that move at once slow each other down."""

    def move_time(self, steps: int, max_speed: float, acceleration: float) -> float:
        return move_time(self, steps, max_speed, acceleration)

    def start_from_rest(self, start: int, target: int, max_speed: float, acceleration: float) -> AxisState:
        return AxisState(start, target, max_speed, acceleration)

    def arrival_times(self, states: tuple[AxisState, ...]) -> tuple[float, ...]:
        return finish_times(self, states)

    def states_after(self, states: tuple[AxisState, ...], elapsed_s: float) -> tuple[AxisState, ...]:
        return axis_states_after(self, states, elapsed_s)

    def crossings(self, states: tuple[AxisState, ...], axis: int, at: int) -> tuple[tuple[float, int], ...]:
        start, target = states[axis].position, states[axis].target
        if start > at >= target:
            return ((crossing_time(self, states, axis, at), at),)
        if start <= at < target:
            return ((crossing_time(self, states, axis, at + 1), at + 1),)
        return ()

    def with_target(
        self, state: AxisState, target: int, max_speed: float | None, acceleration: float | None
    ) -> AxisState:
        axis = MovingAxis(*state)
        axis.max_speed = axis.max_speed if max_speed is None else max_speed
        axis.acceleration = axis.acceleration if acceleration is None else acceleration
        axis.change_target(target)
        return axis_state(axis)

    def controlled_stop_target(self, state: AxisState) -> int:
        axis = MovingAxis(*state)
        return axis.position + (axis.steps_to_stop() + 1) * axis.direction

    def moves_in_progress(self, states: tuple[AxisState, ...]) -> StepLoop:
        return StepLoop(self, [MovingAxis(*state) for state in states])


# poll_s: a pass through all features of ConfigurableFirmata 3.4.0, with a poll of the line and of one moving axis.
# step_s: the pins are written, then AccelStepper divides in software floats. further_axis_s: a poll of an axis that is
# not due. Fitted to eleven moves of one and two axes measured on an emulated 16 MHz ATmega328P, and within 0.9 % of
# each (status: measured; the moves are in tests/hardware/model/test_accelstepper_timing.py). Three axes at once were
# not among them.
CONFIGURABLE_FIRMATA = StepTiming(
    "ConfigurableFirmata on a 16 MHz ATmega328P", poll_s=68.25e-6, step_s=224.5e-6, further_axis_s=2.5e-6
)


@dataclass(slots=True)
class MovingAxis:
    """A moving axis: its position, its target, and the state of the recurrence.

    position, target: steps. max_speed: steps/s. acceleration: steps/s². interval_s: the recurrence's c.
    due_s: the earliest time of the next step. count: the recurrence's n, negative while slowing down.
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
        if self.is_moving and self.interval_s == 0.0:
            self.plan_next_interval()
            self.due_s = 0.0  # an axis at rest steps at the next poll

    @property
    def is_moving(self) -> bool:
        """Whether there is a further step to make."""
        return self.position != self.target or self.direction != 0

    @property
    def shortest_interval_s(self) -> float:
        """The interval at full speed."""
        return 1 / self.max_speed

    def steps_to_stop(self) -> int:
        """The number of steps to come to rest from the present speed."""
        if self.direction == 0:
            return 0
        return int(1 / (2 * self.acceleration * self.interval_s * self.interval_s))

    def steps_ahead(self) -> int:
        """Steps still to go in the present direction; negative once past the target."""
        return (self.target - self.position) * self.direction

    def change_target(self, target: int) -> None:
        """Set another target during a move, as AccelStepper's moveTo does; the speed continues from the present one."""
        since_s = self.due_s - self.interval_s
        self.target = target
        self.plan_next_interval()
        self.due_s = since_s + self.interval_s

    def step(self, now_s: float) -> None:
        """Make one step at ``now_s`` and compute when the next is due."""
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
    """Simulates the firmware's loop with some moving axes, up to a given time or position; ``now_s`` starts at 0.

    Steps at constant speed are advanced in one go; everything else is simulated step by step.
    """

    def __init__(self, timing: StepTiming, axes: list[MovingAxis]) -> None:
        self.timing = timing
        self.axes = axes
        self.now_s = 0.0
        self.finished_s = [0.0] * len(axes)

    def run(self, until_s: float = math.inf, axis: int = -1, position: int | None = None) -> float:
        """Advance to ``until_s``, to the end of all moves, or until ``axis`` reaches ``position``.

        Returns the time at which it stopped, in seconds since the loop began.
        """
        timing = self.timing
        while moving := [index for index, each in enumerate(self.axes) if each.is_moving]:
            self._advance_at_constant_speed(moving, until_s, axis, position)
            polled_s = self._next_poll(moving)
            if polled_s > until_s + 1e-7:  # clocks differ by rounding, more so after a year
                return until_s
            for index in moving:
                each = self.axes[index]
                self.now_s = polled_s
                if polled_s >= each.due_s - 1e-12:
                    each.step(polled_s)
                    self.now_s += timing.step_s
                    self.finished_s[index] = polled_s
                    if index == axis and each.position == position:
                        return polled_s
                polled_s = self.now_s + timing.further_axis_s
        return max(self.finished_s)

    def _next_poll(self, moving: list[int]) -> float:
        """When the next pass with a step polls its first axis; the passes before it only poll."""
        timing = self.timing
        first_s = self.now_s + timing.poll_s
        wait_s = self.axes[moving[0]].due_s - first_s
        after_s = 0.0  # from the poll of the first axis to the poll of this one
        for index in moving[1:]:
            after_s += timing.further_axis_s
            wait_s = min(wait_s, self.axes[index].due_s - first_s - after_s)
        if wait_s <= 0:
            return first_s
        loop_s = timing.poll_s + after_s
        return first_s + math.ceil(wait_s / loop_s - 1e-9) * loop_s

    def position_at(self, axis: int, elapsed_s: float) -> int:
        """The position of one axis at ``elapsed_s``, which must not be earlier than in the previous call."""
        self.run(until_s=elapsed_s)
        return self.axes[axis].position

    def _advance_at_constant_speed(self, moving: list[int], until_s: float, axis: int, position: int | None) -> None:
        """Advance in one go over all steps that are certain to come at even intervals, at full speed."""
        axes = [self.axes[index] for index in moving]
        for each in axes:
            if each.count <= 0 or each.interval_s != 1 / each.max_speed:
                return
        timing = self.timing
        period_s = timing.loop_s(len(axes), len(axes))
        if len(axes) == 1:
            period_s += max(0, math.ceil((axes[0].interval_s - period_s) / timing.poll_s - 1e-9)) * timing.poll_s
        # Within a pass one axis steps after the other; from then on all of them step in every pass.
        first_s = self._next_poll(moving)
        polls_s = [first_s + n * (timing.further_axis_s + timing.step_s) for n in range(len(axes))]
        if any(
            each.interval_s > period_s + 1e-12 or each.due_s > at + 1e-12
            for each, at in zip(axes, polls_s, strict=True)
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
        for index, each, at in zip(moving, axes, polls_s, strict=True):
            each.position += steps * each.direction
            each.count += steps
            self.finished_s[index] = at + (steps - 1) * period_s
            each.due_s = self.finished_s[index] + each.interval_s
        self.now_s = self.finished_s[moving[-1]] + timing.step_s


@lru_cache(maxsize=4096)
def move_time(timing: StepTiming, steps: int, max_speed: float, acceleration: float) -> float:
    """The time for ``steps`` (> 0) of a single axis from rest, at up to ``max_speed`` steps/s, in seconds."""
    return StepLoop(timing, [MovingAxis(0, steps, max_speed, acceleration)]).run()


class AxisState(NamedTuple):
    """The complete state of a moving axis, by default of one that starts from rest; see ``MovingAxis``.

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


def axis_state(axis: MovingAxis) -> AxisState:
    """The state of an axis as a hashable value, for the caches below."""
    return AxisState(
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
def finish_times(timing: StepTiming, axes: tuple[AxisState, ...]) -> tuple[float, ...]:
    """When each of several axes that move at once makes its last step, in seconds from now."""
    loop = StepLoop(timing, [MovingAxis(*state) for state in axes])
    loop.run()
    return tuple(loop.finished_s)


@lru_cache(maxsize=1024)
def axis_states_after(timing: StepTiming, axes: tuple[AxisState, ...], elapsed_s: float) -> tuple[AxisState, ...]:
    """The states of several axes that move at once, ``elapsed_s`` later; ``due_s`` counts from then."""
    loop = StepLoop(timing, [MovingAxis(*state) for state in axes])
    loop.run(until_s=elapsed_s)
    for axis in loop.axes:
        axis.due_s -= elapsed_s
    return tuple(axis_state(axis) for axis in loop.axes)


@lru_cache(maxsize=1024)
def crossing_time(timing: StepTiming, axes: tuple[AxisState, ...], axis: int, position: int) -> float:
    """When one of several axes that move at once reaches ``position``, in seconds from now."""
    return StepLoop(timing, [MovingAxis(*state) for state in axes]).run(axis=axis, position=position)
