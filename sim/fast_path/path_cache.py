"""The paths recorded so far, by the state in which they begin, and the one that a run takes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cellwright.sim.fast_path.conditions import Range, Symbol
from cellwright.sim.fast_path.draws import Asked, DrawnStreams
from cellwright.sim.fast_path.recorder import Change, Path
from cellwright.sim.fast_path.snapshot import State

Limits = tuple[float, float, Container[float]]


class Leg(NamedTuple):
    """A path, or some in a row, made ready to be taken again and again.

    paths: their ids. end: where it leads. finished: units finished on the way. kept: for each whole number that matters
    its index and limits. numbers: what is drawn on the way, each with how many of its stream come before it, and its
    limits or None. moved: indices of whole numbers and what is added to them; fixed: of others and what they become;
    computed: changes that depend on more. drawn: how many durations of each source it takes.
    """

    paths: tuple[int, ...]
    end: Place
    finished: int
    kept: tuple[tuple[int, *Limits], ...]
    numbers: tuple[tuple[Asked, int, Limits | None], ...]
    moved: tuple[tuple[int, int], ...]
    fixed: tuple[tuple[int, int], ...]
    computed: tuple[Change, ...]
    drawn: tuple[tuple[str, int], ...]

    def holds(self, numbers: Sequence[int], streams: DrawnStreams) -> bool:
        """Whether a run with these whole numbers and these draws to come goes this way."""
        for index, low, high, never in self.kept:
            value = numbers[index]
            if not low <= value <= high or value in never:
                return False
        for asked, ahead, limits in self.numbers:
            if limits is not None:
                drawn = streams.peek(asked, streams.used.get(asked.stream, 0) + ahead)
                if not limits[0] <= drawn <= limits[1] or drawn in limits[2]:
                    return False
        return True

    def take(self, numbers: list[int], streams: DrawnStreams) -> None:
        """Do to the whole numbers, and to the streams of numbers, what the path does."""
        if self.numbers or self.computed:
            self._compute(numbers, streams)
        for index, by in self.moved:
            numbers[index] += by
        for index, value in self.fixed:
            numbers[index] = value

    def _compute(self, numbers: list[int], streams: DrawnStreams) -> None:
        drawn = [streams.peek(asked, streams.used.get(asked.stream, 0) + ahead) for asked, ahead, _ in self.numbers]
        for asked, _, _ in self.numbers:
            streams.used[asked.stream] = streams.used.get(asked.stream, 0) + 1
        values = {"kept": list(numbers), "number": drawn}
        for change in self.computed:
            numbers[change.place] = round(
                change.constant + sum(by * values[symbol.kind][symbol.number] for symbol, by in change.terms)
            )


@dataclass(slots=True)
class Place:
    """A state at rest, and the legs that begin in it, those first that hold for one value of a whole number only."""

    state: State
    by_value: dict[tuple[int, float], list[Leg]] = field(default_factory=dict)
    others: list[Leg] = field(default_factory=list)
    telling: list[int] = field(default_factory=list)

    def add(self, leg: Leg) -> None:
        """Let runs take this leg from now on; a longer one before a shorter one."""
        for index, low, high, _ in leg.kept:
            if low == high:
                if index not in self.telling:
                    self.telling.append(index)
                self.by_value.setdefault((index, low), []).insert(0, leg)
                return
        self.others.insert(0, leg)

    def leg(self, numbers: Sequence[int], streams: DrawnStreams, also: Callable[[Leg], bool] | None) -> Leg | None:
        """The leg that a run with these numbers and draws takes, if it is known and ``also`` holds for it."""
        for index in self.telling:
            for leg in self.by_value.get((index, numbers[index]), ()):
                if leg.holds(numbers, streams) and (also is None or also(leg)):
                    return leg
        for leg in self.others:
            if leg.holds(numbers, streams) and (also is None or also(leg)):
                return leg
        return None


@dataclass(slots=True)
class PathCache:
    """Places and legs of one scenario. paths: their ids are their places in the list. The rest: see ``Snapshot``."""

    places: dict[State, Place] = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)
    whole_numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    names: set[tuple[int, str]] = field(default_factory=set)

    def place(self, state: State) -> Place:
        """The place for a state, new or known."""
        if state not in self.places:
            self.places[state] = Place(state)
        return self.places[state]

    def add(self, start: Place, path: Path) -> Leg:
        """Put a path where it begins."""
        self.paths.append(path)
        ranges, changes = path.guard.ranges, {change.place: change for change in path.changes}
        counted: Counter[str] = Counter()
        numbers = []
        for number, asked in enumerate(path.numbers):
            allowed = ranges.get(Symbol("number", number))
            numbers.append((asked, counted[asked.stream], None if allowed is None else _limits(allowed)))
            counted[asked.stream] += 1
        ids, end = (len(self.paths) - 1,), self.place(path.ends_in)
        path.ends_in = end.state  # one copy of what is equal
        leg = self._leg(ids, end, ranges, changes)._replace(numbers=tuple(numbers))
        start.add(leg)
        return leg

    def join(self, start: Place, legs: Sequence[Leg]) -> None:
        """Offer some legs in a row, that draw no numbers, as one, if it can be said beforehand when it holds."""
        ranges: dict[Symbol, Range] = {}
        now: dict[int, Change] = {}
        for leg in legs:
            for number in leg.paths:
                path = self.paths[number]
                if not _narrow(ranges, now, path.guard.ranges):
                    return
                now |= {change.place: _after(now, change) for change in path.changes}
        ids = tuple(number for leg in legs for number in leg.paths)
        start.add(self._leg(ids, legs[-1].end, ranges, now))

    def _leg(
        self, ids: tuple[int, ...], end: Place, ranges: Mapping[Symbol, Range], changes: Mapping[int, Change]
    ) -> Leg:
        paths = [self.paths[number] for number in ids]
        moved = {place: change for place, change in changes.items() if change.terms == ((Symbol("kept", place), 1),)}
        return Leg(
            paths=ids,
            end=end,
            finished=sum(len(path.pieces) - 1 for path in paths),
            kept=tuple((symbol.number, *_limits(each)) for symbol, each in ranges.items() if symbol.kind == "kept"),
            numbers=(),
            moved=tuple((place, change.constant) for place, change in moved.items() if change.constant),
            fixed=tuple((place, change.constant) for place, change in changes.items() if not change.terms),
            computed=tuple(each for place, each in changes.items() if each.terms and place not in moved),
            drawn=tuple(Counter(source.name for path in paths for source in path.draws).items()),
        )


def _limits(allowed: Range) -> Limits:
    never = allowed.never
    in_a_row = range(int(min(never)), int(max(never)) + 1) if never else range(0)  # in less memory than a set
    return allowed.low, allowed.high, in_a_row if never == set(in_a_row) else frozenset(never)


def _narrow(ranges: dict[Symbol, Range], now: Mapping[int, Change], more: Mapping[Symbol, Range]) -> bool:
    """Let ``ranges``, of the numbers before the changes ``now``, allow only what ``more`` allows after them."""
    for symbol, allowed in more.items():
        change = now.get(symbol.number, Change(symbol.number, ((symbol, 1),), 0))
        if len(change.terms) > 1 or any(by != 1 for _, by in change.terms):
            return False
        for start, _ in change.terms:  # none: the number was set on the way, and it was found to be allowed
            ranges.setdefault(start, Range()).narrow(allowed.moved(-change.constant))
    return True


def _after(now: Mapping[int, Change], change: Change) -> Change:
    """A change that comes after the changes ``now``, in terms of what was before all of them."""
    terms: dict[Symbol, float] = {}
    constant: float = change.constant
    for symbol, by in change.terms:
        before = now.get(symbol.number, Change(symbol.number, ((symbol, 1),), 0))
        constant += by * before.constant
        for start, factor in before.terms:
            terms[start] = terms.get(start, 0) + by * factor
    return Change(change.place, tuple((start, by) for start, by in terms.items() if by), round(constant))
