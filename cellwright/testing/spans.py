"""Spans: the times during which something was so, such as an output being on or an axis moving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

AT_ONCE_S = 1e-9
"""Things that are no further apart than this happened at the same moment."""


class Span(NamedTuple):
    """From when to when, in seconds of virtual time; what goes on still ends now."""

    from_s: float
    to_s: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.to_s - self.from_s


@dataclass(frozen=True)
class Spans:
    """Spans in the order of time, none overlapping another; true when there are any, and can be iterated over.

    what: a clause, such as "trigger was on". devices: whose lines in the timeline tell of it.
    """

    what: str
    devices: tuple[str, ...]
    spans: tuple[Span, ...]

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def total_s(self) -> float:
        """How long they were together."""
        return sum(span.seconds for span in self.spans)

    @property
    def longest_s(self) -> float:
        """How long the longest was; 0 if there is none."""
        return max((span.seconds for span in self.spans), default=0.0)

    def during(self, other: Spans) -> Spans:
        """When both were so."""
        both = (Span(max(mine.from_s, theirs.from_s), min(mine.to_s, theirs.to_s)) for mine in self for theirs in other)
        return Spans(f"{self.what} while {other.what}", self.devices + other.devices, _lasting(both))

    def outside(self, other: Spans) -> Spans:
        """When this was so and ``other`` was not."""
        parts: list[Span] = []
        for mine in self:
            free_s = mine.from_s
            for theirs in other:
                parts.append(Span(free_s, min(theirs.from_s, mine.to_s)))
                free_s = max(free_s, theirs.to_s)
            parts.append(Span(free_s, mine.to_s))
        what = f"{self.what} outside the times when {other.what}"
        return Spans(what, self.devices + other.devices, _lasting(parts))


def covered(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The times that at least one of the spans covers."""
    times: list[Span] = []
    for span in sorted(spans):
        if times and span.from_s <= times[-1].to_s + AT_ONCE_S:
            times[-1] = Span(times[-1].from_s, max(times[-1].to_s, span.to_s))
        else:
            times.append(span)
    return tuple(times)


def _lasting(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Those that took any time."""
    return tuple(sorted(span for span in spans if span.seconds > AT_ONCE_S))
