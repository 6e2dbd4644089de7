"""The conditions under which a path holds, put so that they are quick to look up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["clock", "kept", "draw", "number"]


class NotExact(BaseException):
    """The fast path would not be exact, and why. No Exception, or a cell would take it for a fault of its own."""


class NotThisTime(NotExact):
    """One replication lies outside of what is known; another may not."""


class Symbol(NamedTuple):
    """What a traced number stands for, and which one of its kind.

    clock: the time at which the recording began. kept: a whole number that cell or plant keep. draw: a drawn duration,
    s. number: another drawn number, which decides what happens.
    """

    kind: Kind
    number: int


@dataclass(slots=True)
class Range:
    """What a number may be: from ``low`` to ``high``, but none of ``never``."""

    low: float = -math.inf
    high: float = math.inf
    never: set[float] = field(default_factory=set)

    def narrow(self, other: Range) -> None:
        """Let it be only what ``other`` allows too."""
        self.low, self.high = max(self.low, other.low), min(self.high, other.high)
        self.never |= other.never

    def moved(self, by: float) -> Range:
        """The same for a number that is greater by ``by``."""
        return Range(self.low + by, self.high + by, {each + by for each in self.never})

    def below(self, edge: float, is_whole: bool, or_at_it: bool) -> None:
        """Let it lie below ``edge``, or at it."""
        if is_whole:
            self.high = min(self.high, math.floor(edge) if or_at_it else math.ceil(edge) - 1)
        else:
            self.high = min(self.high, edge if or_at_it else math.nextafter(edge, -math.inf))

    def above(self, edge: float, is_whole: bool, or_at_it: bool) -> None:
        """Let it lie above ``edge``, or at it."""
        if is_whole:
            self.low = max(self.low, math.ceil(edge) if or_at_it else math.floor(edge) + 1)
        else:
            self.low = max(self.low, edge if or_at_it else math.nextafter(edge, math.inf))


@dataclass(slots=True)
class Guard:
    """When a path holds.

    ranges: what each whole number, kept or drawn on the way, may be. longest_s: what all its draws together must stay
    below. shortest_s: what each draw must be at least. For draws these are stricter than what was met, and simpler.
    """

    ranges: dict[Symbol, Range] = field(default_factory=dict)
    longest_s: float = math.inf
    shortest_s: dict[int, float] = field(default_factory=dict)

    def allows(self, drawn_s: Sequence[float]) -> bool:
        """Whether a path may be taken with these durations."""
        if sum(drawn_s) >= self.longest_s:
            return False
        return all(drawn_s[number] >= least_s for number, least_s in self.shortest_s.items())

    def add_number(self, symbol: Symbol, by: float, constant: float, op: Literal["eq", "lt"], holds: bool) -> None:
        """``by`` x symbol + ``constant`` is zero ("eq") or below zero ("lt"), or is not."""
        allowed = self.ranges.get(symbol)
        if allowed is None:
            allowed = self.ranges[symbol] = Range()
        edge = -constant * by if by in (1, -1) else -constant / by  # whole where it can be, in less memory
        if op == "eq":
            if holds:
                allowed.narrow(Range(edge, edge))
            else:
                allowed.never.add(edge)
        elif (by > 0) == holds:
            allowed.below(edge, symbol.kind == "kept", or_at_it=not holds)
        else:
            allowed.above(edge, symbol.kind == "kept", or_at_it=not holds)

    def add_duration(self, terms: dict[Symbol, float], constant: float, holds: bool) -> None:
        """The sum of coefficient x draw + ``constant`` is below zero, or is not; no draw is ever negative."""
        rising = all(by > 0 for by in terms.values())
        if not rising and any(by > 0 for by in terms.values()):
            raise NotExact("of two drawn durations either may be over first")
        limit_s = -constant if rising else constant
        symbol, largest = max(((symbol, abs(by)) for symbol, by in terms.items()), key=lambda term: term[1])
        if rising == holds:  # the sum must stay below a limit
            self.longest_s = min(self.longest_s, limit_s / largest)
        elif limit_s > 0:  # the sum must reach a limit: it is enough if one of its draws alone does
            self.shortest_s[symbol.number] = max(self.shortest_s.get(symbol.number, 0.0), limit_s / largest)
