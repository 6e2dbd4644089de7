"""When each step of a move happens with CellwrightFirmata: step k of a move when the ideal trapezoid has gone k steps.

Each axis has its own time: it speeds up with its acceleration, goes on at its speed and slows down, whatever the others
do (hardware/firmware/PROTOCOL.md). A move of N steps at speed v and acceleration a takes N/v + v/a, or 2 sqrt(N/a)
where it never gets to v. An acceleration of 0 is none: the whole move at speed v.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cellwright.hardware.model.timing import TooFast

SAME_MOMENT_S = 1e-7
"""A step that comes within this has come: clocks differ by rounding, more so after a year of seconds."""
SAME_PLACE = 1e-6
"""In steps: a way to rest that is longer than a whole number by less than this is that number."""
ROUNDING = 1e-12


class Segment(NamedTuple):
    """A part of a course with one acceleration, from ``start`` to ``end`` (true steps, in between two as well).

    direction: 1 or -1. speed, end_speed: steps/s, both in that direction. began_s: seconds since the course began.
    """

    direction: int
    start: float
    end: float
    speed: float
    end_speed: float
    began_s: float
    lasts_s: float

    @property
    def ended_s(self) -> float:
        """When it is over, in seconds since the course began."""
        return self.began_s + self.lasts_s

    def speed_at(self, at_s: float) -> float:
        """Its speed, ``at_s`` after the course began."""
        return self.speed + (self.end_speed - self.speed) * (at_s - self.began_s) / self.lasts_s

    def place_at(self, at_s: float) -> float:
        """Where it has got to, ``at_s`` after the course began."""
        since_s, left_s = at_s - self.began_s, self.ended_s - at_s
        if self.end_speed == 0.0:  # computed from the end, where it is slow and the difference would be lost
            return self.end - self.direction * self.speed * left_s * left_s / (2 * self.lasts_s)
        return self.start + self.direction * since_s * (self.speed + self.speed_at(at_s)) / 2

    def when_at(self, place: float) -> float:
        """When it gets to a place on it, in seconds since the course began."""
        if self.end_speed == 0.0:
            left = max(0.0, self.direction * (self.end - place))
            return self.ended_s - math.sqrt(2 * left * self.lasts_s / self.speed)
        gone = max(0.0, self.direction * (place - self.start))
        twice_growth = 2 * (self.end_speed - self.speed) / self.lasts_s
        speed_there = math.sqrt(max(0.0, self.speed * self.speed + twice_growth * gone))
        return self.began_s + (2 * gone / (self.speed + speed_there) if gone else 0.0)


class TrapezoidCourse(NamedTuple):
    """How an axis is on its way: the stretches of its course, and how long ago that began, s.

    stretches: none for an axis that stands at its target. max_speed: steps/s. acceleration: steps/s², 0 for none.
    """

    segments: tuple[Segment, ...]
    age_s: float
    target: int
    max_speed: float
    acceleration: float

    @property
    def position(self) -> int:
        """Where the axis is, in true steps."""
        return self.position_at(self.age_s)

    @property
    def lasts_s(self) -> float:
        """From its beginning to the last step."""
        return self.segments[-1].ended_s if self.segments else 0.0

    def segment_at(self, at_s: float) -> Segment | None:
        """The stretch that is under way ``at_s`` after it began; None once it is over."""
        return next((each for each in self.segments if at_s < each.ended_s), None)

    def position_at(self, at_s: float) -> int:
        """How far the steps have taken it, ``at_s`` after it began."""
        segment = self.segment_at(at_s + SAME_MOMENT_S)
        if segment is None:
            return self.target
        place = segment.place_at(max(at_s + SAME_MOMENT_S, segment.began_s))
        return math.floor(place) if segment.direction > 0 else math.ceil(place)

    def movement(self) -> tuple[float, float]:
        """Where on its way between two steps it is, and its speed with a sign, steps/s."""
        segment = self.segment_at(self.age_s)
        if segment is None:
            return float(self.target), 0.0
        return segment.place_at(self.age_s), segment.direction * segment.speed_at(self.age_s)


@dataclass(frozen=True, slots=True)
class TrapezoidTiming:
    """Exact trapezoids. one: the highest step rate of an axis alone, steps/s. together: that of all axes in sum."""

    name: str
    one: float
    together: float

    def ceiling(self, axes: int = 1) -> float:
        return min(self.one, self.together / axes)

    def refuse_above_ceiling(self, max_speed: float) -> None:
        if max_speed > self.one:
            raise TooFast(
                f"cannot make {max_speed:,.0f} steps/s: {self.name} refuses more than {self.one:,.0f} steps/s on one "
                "axis; lower its speed or its steps_per_mm"
            )

    def refuse_together(self, courses: Sequence[TrapezoidCourse]) -> None:
        asked = sum(course.max_speed for course in courses)  # as the firmware counts, whether reached or not
        if asked > self.together:
            raise TooFast(
                f"cannot start while others move: together that is {asked:,.0f} steps/s, and {self.name} makes at most "
                f"{self.together:,.0f} on all axes; lower their speeds, or move one after the other"
            )

    def move_time(self, steps: int, max_speed: float, acceleration: float) -> float:
        return self.begin(0, steps, max_speed, acceleration).lasts_s

    def begin(self, start: int, target: int, max_speed: float, acceleration: float) -> TrapezoidCourse:
        self.refuse_above_ceiling(max_speed)
        return _course(start, 0.0, target, max_speed, acceleration)

    def arrivals(self, courses: tuple[TrapezoidCourse, ...]) -> tuple[float, ...]:
        return tuple(max(0.0, course.lasts_s - course.age_s) for course in courses)

    def later(self, courses: tuple[TrapezoidCourse, ...], elapsed_s: float) -> tuple[TrapezoidCourse, ...]:
        elapsed_s = float(elapsed_s)
        return tuple(course._replace(age_s=course.age_s + elapsed_s) for course in courses)

    def passings(self, courses: tuple[TrapezoidCourse, ...], axis: int, at: int) -> list[tuple[float, int]]:
        course, found = courses[axis], []
        for segment in course.segments:
            step = at + 1 if segment.direction > 0 else at
            if segment.direction * segment.start < segment.direction * step <= segment.direction * segment.end:
                from_now_s = segment.when_at(step) - course.age_s
                if from_now_s > -SAME_MOMENT_S:
                    found.append((max(0.0, from_now_s), step))
        return found

    def redirected(
        self, course: TrapezoidCourse, target: int, max_speed: float | None, acceleration: float | None
    ) -> TrapezoidCourse:
        place, speed = course.movement()
        max_speed = course.max_speed if max_speed is None else max_speed
        self.refuse_above_ceiling(max_speed)
        if course.acceleration == 0.0:  # nothing has to be slowed down
            place, speed = (place if (target - place) * speed > 0 else course.position), 0.0
        acceleration = course.acceleration if acceleration is None else acceleration
        return _course(place, speed, target, max_speed, acceleration)

    def controlled_stop_target(self, course: TrapezoidCourse) -> int:
        place, speed = course.movement()
        return _rest(place, speed, course.acceleration) if course.acceleration else course.position

    def under_way(self, courses: tuple[TrapezoidCourse, ...]) -> TrapezoidsUnderWay:
        return TrapezoidsUnderWay(courses)


@dataclass(frozen=True, slots=True)
class TrapezoidsUnderWay:
    """Some axes, to be asked where they are."""

    courses: tuple[TrapezoidCourse, ...]

    def position_at(self, axis: int, elapsed_s: float) -> int:
        course = self.courses[axis]
        return course.position_at(course.age_s + float(elapsed_s))


# What the firmware itself refuses to exceed (chip.h), measured on an emulated 16 MHz ATmega328P: `make bench-firmware`.
CELLWRIGHT_FIRMATA = TrapezoidTiming("CellwrightFirmata on a 16 MHz ATmega328P", one=50_000.0, together=60_000.0)


# ---- planning ----


def _rest(place: float, speed: float, acceleration: float) -> int:
    """The first whole step at which it can stand still."""
    direction = -1 if speed < 0 else 1
    return direction * math.ceil(direction * place + speed * speed / (2 * acceleration) - SAME_PLACE)


def _course(place: float, speed: float, target: int, max_speed: float, acceleration: float) -> TrapezoidCourse:
    """From ``place`` and ``speed`` (with a sign) to rest at ``target``; past it and back if it cannot stop before."""
    segments: list[Segment] = []
    if acceleration == 0.0:
        segments.extend(_evenly(place, target, max_speed))
    else:
        rest = _rest(place, speed, acceleration)
        if speed and (rest - target) * speed > 0:
            segments.extend(_approach(place, abs(speed), rest, max_speed, acceleration, 0.0))
            place, speed = rest, 0.0
        began_s = segments[-1].ended_s if segments else 0.0
        segments.extend(_approach(place, abs(speed), target, max_speed, acceleration, began_s))
    return TrapezoidCourse(tuple(segments), 0.0, target, max_speed, acceleration)


def _evenly(place: float, target: int, max_speed: float) -> Iterator[Segment]:
    if place != target:
        direction = 1 if target > place else -1
        yield Segment(direction, place, target, max_speed, max_speed, 0.0, abs(target - place) / max_speed)


def _approach(
    place: float, speed: float, target: int, max_speed: float, acceleration: float, began_s: float
) -> Iterator[Segment]:
    """Up or down to the highest speed that there is room for, along at it, and down to rest at ``target``."""
    direction = 1 if target > place else -1
    ahead = abs(target - place)
    if ahead <= SAME_PLACE:
        return
    peak = min(max_speed, max(speed, math.sqrt(acceleration * ahead + speed * speed / 2)))
    change_s = abs(peak - speed) / acceleration
    changing = min(ahead, change_s * (peak + speed) / 2)
    stopping = min(ahead - changing, peak * peak / (2 * acceleration))
    along = ahead - changing - stopping
    if changing > 0:
        reached = place + direction * changing
        yield Segment(direction, place, reached, speed, peak, began_s, change_s)
        place, began_s = reached, began_s + change_s
    if along > ROUNDING * ahead:
        reached = target - direction * stopping
        yield Segment(direction, place, reached, peak, peak, began_s, along / peak)
        place, began_s = reached, began_s + along / peak
    if stopping > 0:
        yield Segment(direction, place, target, peak, 0.0, began_s, 2 * stopping / peak)
