"""Caches recorded paths by the state in which they begin, and finds the path that a run takes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cellwright.sim.fast_path.conditions import Range, Symbol
from cellwright.sim.fast_path.draws import DrawnStreams, DrawRequest
from cellwright.sim.fast_path.recorder import CounterUpdate, Path
from cellwright.sim.fast_path.snapshot import Snapshot

Limits = tuple[float, float, Container[float]]


class CompiledPath(NamedTuple):
    """A path, or several consecutive ones, prepared for repeated use.

    paths: their ids. end: the node where it ends. finished: units finished on it. counter_limits: index and limits of
    each counter that matters. draw_requests: the numbers drawn, each with the number of earlier draws from its stream,
    and its limits or None. increments: index of a counter and what is added. assignments: index of a counter and its
    new value. computed: updates that depend on more. durations_used: how many durations of each source it uses.
    """

    paths: tuple[int, ...]
    end: PathNode
    finished: int
    counter_limits: tuple[tuple[int, *Limits], ...]
    draw_requests: tuple[tuple[DrawRequest, int, Limits | None], ...]
    increments: tuple[tuple[int, int], ...]
    assignments: tuple[tuple[int, int], ...]
    computed: tuple[CounterUpdate, ...]
    durations_used: tuple[tuple[str, int], ...]

    def matches(self, counters: Sequence[int], streams: DrawnStreams) -> bool:
        """Whether a run with these counters and the next draws of ``streams`` takes this path."""
        for index, low, high, excluded in self.counter_limits:
            value = counters[index]
            if not low <= value <= high or value in excluded:
                return False
        for request, offset, limits in self.draw_requests:
            if limits is not None:
                drawn = streams.peek(request, streams.used.get(request.stream, 0) + offset)
                if not limits[0] <= drawn <= limits[1] or drawn in limits[2]:
                    return False
        return True

    def apply(self, counters: list[int], streams: DrawnStreams) -> None:
        """Update the counters and the streams of numbers as the path does."""
        if self.draw_requests or self.computed:
            self._compute(counters, streams)
        for index, by in self.increments:
            counters[index] += by
        for index, value in self.assignments:
            counters[index] = value

    def _compute(self, counters: list[int], streams: DrawnStreams) -> None:
        drawn = [
            streams.peek(request, streams.used.get(request.stream, 0) + offset)
            for request, offset, _ in self.draw_requests
        ]
        for request, _, _ in self.draw_requests:
            streams.used[request.stream] = streams.used.get(request.stream, 0) + 1
        values = {"counter": list(counters), "number": drawn}
        for update in self.computed:
            counters[update.counter] = round(
                update.constant + sum(by * values[symbol.kind][symbol.number] for symbol, by in update.terms)
            )


@dataclass(slots=True)
class PathNode:
    """A snapshot, and the compiled paths that begin in it; those that apply to one value of a counter are indexed."""

    snapshot: Snapshot
    by_counter_value: dict[tuple[int, float], list[CompiledPath]] = field(default_factory=dict)
    unindexed: list[CompiledPath] = field(default_factory=list)
    indexed_counters: list[int] = field(default_factory=list)

    def add(self, compiled: CompiledPath) -> None:
        """Add a path. The last added is tried first: combined paths before the single ones that they consist of."""
        for index, low, high, _ in compiled.counter_limits:
            if low == high:
                if index not in self.indexed_counters:
                    self.indexed_counters.append(index)
                self.by_counter_value.setdefault((index, low), []).insert(0, compiled)
                return
        self.unindexed.insert(0, compiled)

    def find(
        self, counters: Sequence[int], streams: DrawnStreams, accepts: Callable[[CompiledPath], bool] | None
    ) -> CompiledPath | None:
        """The path that a run with these counters and draws takes, if it is cached and ``accepts`` allows it."""
        for index in self.indexed_counters:
            for compiled in self.by_counter_value.get((index, counters[index]), ()):
                if compiled.matches(counters, streams) and (accepts is None or accepts(compiled)):
                    return compiled
        for compiled in self.unindexed:
            if compiled.matches(counters, streams) and (accepts is None or accepts(compiled)):
                return compiled
        return None


@dataclass(slots=True)
class PathCache:
    """Nodes and paths of one scenario. The id of a path is its position in ``paths``. For the rest see ``RigState``."""

    nodes: dict[Snapshot, PathNode] = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)
    counter_index: dict[tuple[int, str], int] = field(default_factory=dict)
    names: set[tuple[int, str]] = field(default_factory=set)

    def node(self, snapshot: Snapshot) -> PathNode:
        """The node of a snapshot, new or cached."""
        if snapshot not in self.nodes:
            self.nodes[snapshot] = PathNode(snapshot)
        return self.nodes[snapshot]

    def add(self, start: PathNode, path: Path) -> CompiledPath:
        """Add a recorded path to the node where it begins."""
        self.paths.append(path)
        ranges, updates = path.guard.ranges, {update.counter: update for update in path.updates}
        counted: Counter[str] = Counter()
        requests = []
        for number, request in enumerate(path.draw_requests):
            allowed = ranges.get(Symbol("number", number))
            requests.append((request, counted[request.stream], None if allowed is None else _limits(allowed)))
            counted[request.stream] += 1
        ids, end = (len(self.paths) - 1,), self.node(path.ends_in)
        path.ends_in = end.snapshot  # share one copy of equal snapshots
        compiled = self._compile(ids, end, ranges, updates)._replace(draw_requests=tuple(requests))
        start.add(compiled)
        return compiled

    def add_combined(self, start: PathNode, compiled_paths: Sequence[CompiledPath]) -> None:
        """Combine consecutive paths that draw no numbers into one, if its conditions can be stated at its beginning."""
        ranges: dict[Symbol, Range] = {}
        updates: dict[int, CounterUpdate] = {}
        for compiled in compiled_paths:
            for number in compiled.paths:
                path = self.paths[number]
                if not _narrow(ranges, updates, path.guard.ranges):
                    return
                updates |= {update.counter: _compose(updates, update) for update in path.updates}
        ids = tuple(number for compiled in compiled_paths for number in compiled.paths)
        start.add(self._compile(ids, compiled_paths[-1].end, ranges, updates))

    def _compile(
        self, ids: tuple[int, ...], end: PathNode, ranges: Mapping[Symbol, Range], updates: Mapping[int, CounterUpdate]
    ) -> CompiledPath:
        paths = [self.paths[number] for number in ids]
        increments = {
            index: update for index, update in updates.items() if update.terms == ((Symbol("counter", index), 1),)
        }
        return CompiledPath(
            paths=ids,
            end=end,
            finished=sum(len(path.segments) - 1 for path in paths),
            counter_limits=tuple(
                (symbol.number, *_limits(each)) for symbol, each in ranges.items() if symbol.kind == "counter"
            ),
            draw_requests=(),
            increments=tuple((index, update.constant) for index, update in increments.items() if update.constant),
            assignments=tuple((index, update.constant) for index, update in updates.items() if not update.terms),
            computed=tuple(each for index, each in updates.items() if each.terms and index not in increments),
            durations_used=tuple(Counter(source.name for path in paths for source in path.draws).items()),
        )


def _limits(allowed: Range) -> Limits:
    excluded = allowed.excluded
    in_a_row = (
        range(int(min(excluded)), int(max(excluded)) + 1) if excluded else range(0)
    )  # needs less memory than a set
    return allowed.low, allowed.high, in_a_row if excluded == set(in_a_row) else frozenset(excluded)


def _narrow(ranges: dict[Symbol, Range], updates: Mapping[int, CounterUpdate], more: Mapping[Symbol, Range]) -> bool:
    """Narrow ``ranges``, of the counters before ``updates``, to what ``more`` allows after them; False if it cannot."""
    for symbol, allowed in more.items():
        update = updates.get(symbol.number, CounterUpdate(symbol.number, ((symbol, 1),), 0))
        if len(update.terms) > 1 or any(by != 1 for _, by in update.terms):
            return False
        for start, _ in update.terms:  # no terms: the counter was set on the path, to an allowed value
            ranges.setdefault(start, Range()).narrow(allowed.shifted(-update.constant))
    return True


def _compose(updates: Mapping[int, CounterUpdate], update: CounterUpdate) -> CounterUpdate:
    """``update``, which follows ``updates``, in terms of the counters before all of them."""
    terms: dict[Symbol, float] = {}
    constant: float = update.constant
    for symbol, by in update.terms:
        before = updates.get(symbol.number, CounterUpdate(symbol.number, ((symbol, 1),), 0))
        constant += by * before.constant
        for start, factor in before.terms:
            terms[start] = terms.get(start, 0) + by * factor
    return CounterUpdate(update.counter, tuple((start, by) for start, by in terms.items() if by), round(constant))
