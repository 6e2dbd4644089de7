"""When each step of a move happens with CellwrightFirmata: step k comes when the ideal trapezoid has covered k steps.

Axes are independent: each accelerates, cruises at its top speed and decelerates, whatever the others do
(hardware/firmware/PROTOCOL.md). A move of N steps at speed v and acceleration a takes N/v + v/a, or 2 sqrt(N/a) where
it does not reach v. An acceleration of 0 means none: the whole move is at speed v.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cellwright.hardware.model.timing import SpeedLimitError

TIME_TOLERANCE_S = 1e-7
"""A step due within this time counts as made: clocks differ by rounding, more so after a year of seconds."""
POSITION_TOLERANCE = 1e-6
"""In steps: a stopping distance that exceeds a whole number by less than this is that number."""
ROUNDING_ERROR = 1e-12


class Segment(NamedTuple):
    """A part of a move with constant acceleration, from ``start`` to ``end`` (true steps, fractions included).

    direction: 1 or -1. speed, end_speed: steps/s, both in that direction. began_s: seconds since the move began.
    """

    direction: int
    start: float
    end: float
    speed: float
    end_speed: float
    began_s: float
    duration_s: float

    @property
    def ended_s(self) -> float:
        """When it ends, in seconds since the move began."""
        return self.began_s + self.duration_s

    def speed_at(self, at_s: float) -> float:
        """The speed ``at_s`` after the move began."""
        return self.speed + (self.end_speed - self.speed) * (at_s - self.began_s) / self.duration_s

    def exact_position_at(self, at_s: float) -> float:
        """The position ``at_s`` after the move began, between two steps as well."""
        since_s, left_s = at_s - self.began_s, self.ended_s - at_s
        if (
            self.end_speed == 0.0
        ):  # computed from the end, where it is slow: a difference from the start would lose digits
            return self.end - self.direction * self.speed * left_s * left_s / (2 * self.duration_s)
        return self.start + self.direction * since_s * (self.speed + self.speed_at(at_s)) / 2

    def time_at(self, position: float) -> float:
        """When it reaches a position within it, in seconds since the move began."""
        if self.end_speed == 0.0:
            left = max(0.0, self.direction * (self.end - position))
            return self.ended_s - math.sqrt(2 * left * self.duration_s / self.speed)
        covered = max(0.0, self.direction * (position - self.start))
        twice_acceleration = 2 * (self.end_speed - self.speed) / self.duration_s
        speed_at_position = math.sqrt(max(0.0, self.speed * self.speed + twice_acceleration * covered))
        return self.began_s + (2 * covered / (self.speed + speed_at_position) if covered else 0.0)


class TrapezoidState(NamedTuple):
    """The state of an axis's motion: the segments of its move, and how long ago the move began, s.

    segments: none for an axis that stands at its target. max_speed: steps/s. acceleration: steps/s², 0 for none.
    """

    segments: tuple[Segment, ...]
    age_s: float
    target: int
    max_speed: float
    acceleration: float

    @property
    def position(self) -> int:
        """The position, in true steps."""
        return self.position_at(self.age_s)

    @property
    def duration_s(self) -> float:
        """From the beginning of the move to its last step, s."""
        return self.segments[-1].ended_s if self.segments else 0.0

    def segment_at(self, at_s: float) -> Segment | None:
        """The segment in progress ``at_s`` after the move began; None once the move is over."""
        return next((each for each in self.segments if at_s < each.ended_s), None)

    def position_at(self, at_s: float) -> int:
        """The position in whole steps ``at_s`` after the move began."""
        segment = self.segment_at(at_s + TIME_TOLERANCE_S)
        if segment is None:
            return self.target
        position = segment.exact_position_at(max(at_s + TIME_TOLERANCE_S, segment.began_s))
        return math.floor(position) if segment.direction > 0 else math.ceil(position)

    def exact_position_and_speed(self) -> tuple[float, float]:
        """The position, fractions of a step included, and the speed with its sign, steps/s."""
        segment = self.segment_at(self.age_s)
        if segment is None:
            return float(self.target), 0.0
        return segment.exact_position_at(self.age_s), segment.direction * segment.speed_at(self.age_s)


@dataclass(frozen=True, slots=True)
class TrapezoidTiming:
    """Exact trapezoids. one: the highest step rate of one axis, steps/s. together: of all axes in sum, steps/s."""

    name: str
    one: float
    together: float

    def ceiling(self, axes: int = 1) -> float:
        return min(self.one, self.together / axes)

    @property
    def slows_down(self) -> bool:
        return False

    def check_max_speed(self, max_speed: float) -> None:
        if max_speed > self.one:
            raise SpeedLimitError(
                f"cannot make {max_speed:,.0f} steps/s: {self.name} refuses more than {self.one:,.0f} steps/s on one "
                "axis; lower its speed or its steps_per_mm"
            )

    def check_combined_speed(self, states: Sequence[TrapezoidState]) -> None:
        total = sum(state.max_speed for state in states)  # as the firmware counts: top speeds, whether reached or not
        if total > self.together:
            raise SpeedLimitError(
                f"cannot start while others move: together that is {total:,.0f} steps/s, and {self.name} makes at most "
                f"{self.together:,.0f} on all axes; lower their speeds, or move one after the other"
            )

    def move_time(self, steps: int, max_speed: float, acceleration: float) -> float:
        return self.start_from_rest(0, steps, max_speed, acceleration).duration_s

    def start_from_rest(self, start: int, target: int, max_speed: float, acceleration: float) -> TrapezoidState:
        self.check_max_speed(max_speed)
        return _plan_move(start, 0.0, target, max_speed, acceleration)

    def arrival_times(self, states: tuple[TrapezoidState, ...]) -> tuple[float, ...]:
        return tuple(max(0.0, state.duration_s - state.age_s) for state in states)

    def states_after(self, states: tuple[TrapezoidState, ...], elapsed_s: float) -> tuple[TrapezoidState, ...]:
        elapsed_s = float(elapsed_s)
        return tuple(state._replace(age_s=state.age_s + elapsed_s) for state in states)

    def crossings(self, states: tuple[TrapezoidState, ...], axis: int, at: int) -> list[tuple[float, int]]:
        state, crossings = states[axis], []
        for segment in state.segments:
            step = at + 1 if segment.direction > 0 else at
            if segment.direction * segment.start < segment.direction * step <= segment.direction * segment.end:
                from_now_s = segment.time_at(step) - state.age_s
                if from_now_s > -TIME_TOLERANCE_S:
                    crossings.append((max(0.0, from_now_s), step))
        return crossings

    def with_target(
        self, state: TrapezoidState, target: int, max_speed: float | None, acceleration: float | None
    ) -> TrapezoidState:
        position, speed = state.exact_position_and_speed()
        max_speed = state.max_speed if max_speed is None else max_speed
        self.check_max_speed(max_speed)
        if state.acceleration == 0.0:  # there is nothing to decelerate
            position, speed = (position if (target - position) * speed > 0 else state.position), 0.0
        acceleration = state.acceleration if acceleration is None else acceleration
        return _plan_move(position, speed, target, max_speed, acceleration)

    def controlled_stop_target(self, state: TrapezoidState) -> int:
        position, speed = state.exact_position_and_speed()
        return _stop_position(position, speed, state.acceleration) if state.acceleration else state.position

    def moves_in_progress(self, states: tuple[TrapezoidState, ...]) -> TrapezoidsInProgress:
        return TrapezoidsInProgress(states)


@dataclass(frozen=True, slots=True)
class TrapezoidsInProgress:
    """Axes that move at once, for queries of their positions."""

    states: tuple[TrapezoidState, ...]

    def position_at(self, axis: int, elapsed_s: float) -> int:
        state = self.states[axis]
        return state.position_at(state.age_s + float(elapsed_s))


# The limits that the firmware enforces (chip.h), measured on an emulated 16 MHz ATmega328P: `make bench-firmware`.
CELLWRIGHT_FIRMATA = TrapezoidTiming("CellwrightFirmata on a 16 MHz ATmega328P", one=50_000.0, together=60_000.0)


# ---- planning ----


def _stop_position(position: float, speed: float, acceleration: float) -> int:
    """The first whole step at which the axis can stand still."""
    direction = -1 if speed < 0 else 1
    return direction * math.ceil(direction * position + speed * speed / (2 * acceleration) - POSITION_TOLERANCE)


def _plan_move(position: float, speed: float, target: int, max_speed: float, acceleration: float) -> TrapezoidState:
    """Plan from ``position`` and ``speed`` (signed) to rest at ``target``; overshoot and return if it cannot stop."""
    segments: list[Segment] = []
    if acceleration == 0.0:
        segments.extend(_constant_speed_segment(position, target, max_speed))
    else:
        stop = _stop_position(position, speed, acceleration)
        if speed and (stop - target) * speed > 0:
            segments.extend(_trapezoid_segments(position, abs(speed), stop, max_speed, acceleration, 0.0))
            position, speed = stop, 0.0
        began_s = segments[-1].ended_s if segments else 0.0
        segments.extend(_trapezoid_segments(position, abs(speed), target, max_speed, acceleration, began_s))
    return TrapezoidState(tuple(segments), 0.0, target, max_speed, acceleration)


def _constant_speed_segment(position: float, target: int, max_speed: float) -> Iterator[Segment]:
    if position != target:
        direction = 1 if target > position else -1
        yield Segment(direction, position, target, max_speed, max_speed, 0.0, abs(target - position) / max_speed)


def _trapezoid_segments(
    position: float, speed: float, target: int, max_speed: float, acceleration: float, began_s: float
) -> Iterator[Segment]:
    """Change to the highest speed that the distance allows, cruise at it, and decelerate to rest at ``target``."""
    direction = 1 if target > position else -1
    distance = abs(target - position)
    if distance <= POSITION_TOLERANCE:
        return
    peak = min(max_speed, max(speed, math.sqrt(acceleration * distance + speed * speed / 2)))
    change_s = abs(peak - speed) / acceleration
    speed_change = min(distance, change_s * (peak + speed) / 2)
    braking = min(distance - speed_change, peak * peak / (2 * acceleration))
    cruise = distance - speed_change - braking
    if speed_change > 0:
        reached = position + direction * speed_change
        yield Segment(direction, position, reached, speed, peak, began_s, change_s)
        position, began_s = reached, began_s + change_s
    if cruise > ROUNDING_ERROR * distance:
        reached = target - direction * braking
        yield Segment(direction, position, reached, peak, peak, began_s, cruise / peak)
        position, began_s = reached, began_s + cruise / peak
    if braking > 0:
        yield Segment(direction, position, target, peak, 0.0, began_s, 2 * braking / peak)
