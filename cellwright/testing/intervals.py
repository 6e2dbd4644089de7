"""Intervals of time during which a condition held, such as an output being on or an axis moving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

TIME_TOLERANCE_S = 1e-9
"""Events that are no further apart than this, s, count as simultaneous."""


class Interval(NamedTuple):
    """The start and end of an interval, in s of virtual time; one that still lasts ends now."""

    from_s: float
    to_s: float

    @property
    def seconds(self) -> float:
        """Its length, s."""
        return self.to_s - self.from_s


@dataclass(frozen=True)
class Intervals:
    """Disjoint intervals in order of time; iterable, and true if there is at least one.

    what: the condition as a clause, such as "trigger was on". devices: the devices whose timeline lines show it.
    """

    what: str
    devices: tuple[str, ...]
    intervals: tuple[Interval, ...]

    def __iter__(self) -> Iterator[Interval]:
        return iter(self.intervals)

    def __len__(self) -> int:
        return len(self.intervals)

    @property
    def total_s(self) -> float:
        """Their total length, s."""
        return sum(interval.seconds for interval in self.intervals)

    @property
    def longest_s(self) -> float:
        """The length of the longest, s; 0 if there is none."""
        return max((interval.seconds for interval in self.intervals), default=0.0)

    def during(self, other: Intervals) -> Intervals:
        """The intersection: when both conditions held."""
        both = (
            Interval(max(mine.from_s, theirs.from_s), min(mine.to_s, theirs.to_s)) for mine in self for theirs in other
        )
        return Intervals(f"{self.what} while {other.what}", self.devices + other.devices, _without_empty(both))

    def outside(self, other: Intervals) -> Intervals:
        """The difference: when this condition held and ``other`` did not."""
        parts: list[Interval] = []
        for mine in self:
            free_s = mine.from_s
            for theirs in other:
                parts.append(Interval(free_s, min(theirs.from_s, mine.to_s)))
                free_s = max(free_s, theirs.to_s)
            parts.append(Interval(free_s, mine.to_s))
        what = f"{self.what} outside the times when {other.what}"
        return Intervals(what, self.devices + other.devices, _without_empty(parts))


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The times that at least one of the spans covers."""
    times: list[Interval] = []
    for interval in sorted(intervals):
        if times and interval.from_s <= times[-1].to_s + TIME_TOLERANCE_S:
            times[-1] = Interval(times[-1].from_s, max(times[-1].to_s, interval.to_s))
        else:
            times.append(interval)
    return tuple(times)


def _without_empty(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The intervals of non-zero length."""
    return tuple(sorted(interval for interval in intervals if interval.seconds > TIME_TOLERANCE_S))
