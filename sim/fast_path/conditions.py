"""The conditions under which a recorded path applies, in a form that is quick to evaluate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

SymbolKind = Literal["clock", "counter", "draw", "number"]


class NotExact(BaseException):
    """The fast path would not be exact; the message says why.

    It is no ``Exception``: a cell would handle that as a fault of its own.
    """


class ReplicationNotExact(NotExact):
    """The fast path is not exact for this replication; it may be for others."""


class Symbol(NamedTuple):
    """What a traced number stands for, and which one of its kind.

    clock: the time at which the recording began. counter: a whole number among the attributes of cell or plant. draw:
    a drawn duration, s. number: another drawn number, which decides what happens.
    """

    kind: SymbolKind
    number: int


@dataclass(slots=True)
class Range:
    """The values that a number may have: from ``low`` to ``high``, except ``excluded``."""

    low: float = -math.inf
    high: float = math.inf
    excluded: set[float] = field(default_factory=set)

    def narrow(self, other: Range) -> None:
        """Intersect with ``other``."""
        self.low, self.high = max(self.low, other.low), min(self.high, other.high)
        self.excluded |= other.excluded

    def shifted(self, by: float) -> Range:
        """The range of a number that is greater by ``by``."""
        return Range(self.low + by, self.high + by, {each + by for each in self.excluded})

    def below(self, edge: float, is_whole: bool, inclusive: bool) -> None:
        """Restrict to values below ``edge``; ``inclusive``: or equal to it."""
        if is_whole:
            self.high = min(self.high, math.floor(edge) if inclusive else math.ceil(edge) - 1)
        else:
            self.high = min(self.high, edge if inclusive else math.nextafter(edge, -math.inf))

    def above(self, edge: float, is_whole: bool, inclusive: bool) -> None:
        """Restrict to values above ``edge``; ``inclusive``: or equal to it."""
        if is_whole:
            self.low = max(self.low, math.ceil(edge) if inclusive else math.floor(edge) + 1)
        else:
            self.low = max(self.low, edge if inclusive else math.nextafter(edge, math.inf))


@dataclass(slots=True)
class Guard:
    """When a path applies.

    ranges: of each counter, and of each number drawn on the path. max_total_s: the sum of all its draws must stay below
    this. min_draw_s: each draw must be at least this. The conditions on draws are sufficient, not necessary: they are
    stricter and simpler than those recorded.
    """

    ranges: dict[Symbol, Range] = field(default_factory=dict)
    max_total_s: float = math.inf
    min_draw_s: dict[int, float] = field(default_factory=dict)

    def allows(self, drawn_s: Sequence[float]) -> bool:
        """Whether the path may be taken with these durations."""
        if sum(drawn_s) >= self.max_total_s:
            return False
        return all(drawn_s[number] >= min_s for number, min_s in self.min_draw_s.items())

    def add_number(self, symbol: Symbol, by: float, constant: float, op: Literal["eq", "lt"], holds: bool) -> None:
        """``by`` x symbol + ``constant`` is zero ("eq") or below zero ("lt"), or is not."""
        allowed = self.ranges.get(symbol)
        if allowed is None:
            allowed = self.ranges[symbol] = Range()
        edge = -constant * by if by in (1, -1) else -constant / by  # an int where possible: it needs less memory
        if op == "eq":
            if holds:
                allowed.narrow(Range(edge, edge))
            else:
                allowed.excluded.add(edge)
        elif (by > 0) == holds:
            allowed.below(edge, symbol.kind == "counter", inclusive=not holds)
        else:
            allowed.above(edge, symbol.kind == "counter", inclusive=not holds)

    def add_duration(self, terms: dict[Symbol, float], constant: float, holds: bool) -> None:
        """The sum of coefficient x draw + ``constant`` is below zero, or is not; no draw is ever negative."""
        rising = all(by > 0 for by in terms.values())
        if not rising and any(by > 0 for by in terms.values()):
            raise NotExact("of two drawn durations either may be over first")
        limit_s = -constant if rising else constant
        symbol, largest = max(((symbol, abs(by)) for symbol, by in terms.items()), key=lambda term: term[1])
        if rising == holds:  # the sum must stay below a limit
            self.max_total_s = min(self.max_total_s, limit_s / largest)
        elif limit_s > 0:  # the sum must reach a limit: one draw that reaches it alone is sufficient
            self.min_draw_s[symbol.number] = max(self.min_draw_s.get(symbol.number, 0.0), limit_s / largest)
