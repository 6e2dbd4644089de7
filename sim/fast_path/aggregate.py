"""Aggregates consecutive paths with NumPy: from the paths of a run and its draws to cycle times and totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cellwright.sim.fast_path.conditions import ReplicationNotExact
from cellwright.sim.fast_path.draws import DrawnStreams
from cellwright.sim.fast_path.recorder import LABOUR, Path, PathSegment
from cellwright.sim.streams import Distribution

Array = np.ndarray[Any, Any]


class _RowIndex:
    """Index of a table in which each path has a few rows; finds all rows of a run without a loop."""

    def __init__(self) -> None:
        self._count: Array = np.zeros(0, dtype=np.int64)
        self._start = self._count

    def extend(self, per_path: Sequence[int]) -> None:
        """Append paths that have so many rows each."""
        self._count = np.concatenate([self._count, np.array(per_path, dtype=np.int64)])
        self._start = np.cumsum(self._count) - self._count

    def of(self, paths: Array) -> tuple[Array, Array, Array]:
        """Of consecutive paths: the number of each row, the path that owns it, where the rows of each path begin."""
        count = self._count[paths]
        begins = np.cumsum(count) - count
        owner = np.repeat(np.arange(len(paths)), count)
        return np.arange(len(owner)) + (self._start[paths] - begins)[owner], owner, begins


class Tables:
    """Paths as arrays: a row for each segment, each draw, and each share that a draw has in an amount of a segment.

    And a row for each step of the clock, and each share that a draw has in a step.
    """

    def __init__(self, states: Sequence[str]) -> None:
        self.amounts = [LABOUR, *states]
        self.causes: list[str] = []
        self.sources: list[Distribution] = []
        self.size = 0
        self.segments, self.draws, self.shares = _RowIndex(), _RowIndex(), _RowIndex()
        self.constants = np.zeros((0, len(self.amounts)))
        self.stops = np.zeros((0, 0), dtype=np.int64)
        self.max_total_s, self.min_draw_s = np.zeros(0), np.zeros(0)
        self.source_of_draw = np.zeros(0, dtype=np.int64)
        self.share_of = np.zeros((0, 3), dtype=np.int64)  # number of the draw, of the segment, of the amount
        self.share_factor = np.zeros(0)
        self.steps, self.step_shares = _RowIndex(), _RowIndex()
        self.steps_of_segment = np.zeros(0, dtype=np.int64)
        self.step_s = np.zeros(0)
        self.step_share_of = np.zeros((0, 2), dtype=np.int64)  # number of the draw, of the step
        self.step_share_factor = np.zeros(0)

    def extend(self, paths: Sequence[Path]) -> None:
        """Append paths; their ids continue those of the paths before."""
        if not paths:
            return
        self.size += len(paths)
        segments = [segment for path in paths for segment in path.segments]
        shares = [_shares(path, self.amounts) for path in paths]
        self._extend_stops(segments)
        self.segments.extend([len(path.segments) for path in paths])
        self.draws.extend([len(path.draws) for path in paths])
        self.shares.extend([len(each) for each in shares])
        self.constants = _append_rows(
            self.constants, [[_constant(segment, name) for name in self.amounts] for segment in segments]
        )
        self.max_total_s = _append_rows(self.max_total_s, [path.guard.max_total_s for path in paths])
        self.min_draw_s = _append_rows(self.min_draw_s, [each for path in paths for each in _min_draws(path)])
        drawn = [source for path in paths for source in path.draws]
        self.sources.extend({source: None for source in drawn if source not in self.sources})
        self.source_of_draw = _append_rows(self.source_of_draw, [self.sources.index(source) for source in drawn])
        self.share_of = _append_rows(self.share_of, [share[:3] for each in shares for share in each])
        self.share_factor = _append_rows(self.share_factor, [share[3] for each in shares for share in each])
        self._extend_steps(paths)

    def _extend_steps(self, paths: Sequence[Path]) -> None:
        counts = [[len(segment.steps.constants_s) for segment in path.segments] for path in paths]
        shares = [_step_shares(path) for path in paths]
        self.steps.extend([sum(each) for each in counts])
        self.step_shares.extend([len(each) for each in shares])
        self.steps_of_segment = _append_rows(self.steps_of_segment, [count for each in counts for count in each])
        constants_s = [segment.steps.constants_s for path in paths for segment in path.segments]
        self.step_s = np.concatenate([self.step_s, *constants_s])
        self.step_share_of = _append_rows(self.step_share_of, [share[:2] for each in shares for share in each])
        self.step_share_factor = _append_rows(self.step_share_factor, [share[2] for each in shares for share in each])

    def _extend_stops(self, segments: Sequence[PathSegment]) -> None:
        new = sorted({cause for segment in segments for cause in segment.stops} - set(self.causes))
        self.causes.extend(new)
        wider = np.pad(self.stops, ((0, 0), (0, len(new))))
        self.stops = _append_rows(
            wider, [[segment.stops.get(cause, 0) for cause in self.causes] for segment in segments]
        )


def _append_rows(table: Array, rows: Sequence[Any]) -> Array:
    return np.concatenate([table, np.array(rows, dtype=table.dtype).reshape(len(rows), *table.shape[1:])])


def _min_draws(path: Path) -> list[float]:
    return [path.guard.min_draw_s.get(number, 0.0) for number in range(len(path.draws))]


def _constant(segment: PathSegment, amount: str) -> float:
    return segment.amounts[amount].constant if amount in segment.amounts else 0.0


def _shares(path: Path, amounts: Sequence[str]) -> list[tuple[int, int, int, float]]:
    """What each draw adds: number of the draw, of the segment, of the amount, and its factor."""
    return [
        (draw, number, amounts.index(name), by)
        for number, segment in enumerate(path.segments)
        for name, amount in segment.amounts.items()
        for draw, by in amount.draws
    ]


def _step_shares(path: Path) -> list[tuple[int, int, float]]:
    """What each draw adds to the clock's steps: number of the draw, of the path's step, and its factor."""
    shares, before = [], 0
    for segment in path.segments:
        shares += [(draw, before + step, by) for step, draw, by in segment.steps.draws]
        before += len(segment.steps.constants_s)
    return shares


class CycleTotals(NamedTuple):
    """Totals of consecutive paths: a row for each cycle, the last of which is unfinished; a column for each amount.

    ends_s: the clock at the end of each row.
    """

    causes: list[str]
    ends_s: Array
    amounts: Array
    stops: Array


def aggregate(
    tables: Tables, paths: Array, streams: DrawnStreams, used: dict[str, int], clock_s: float = 0.0
) -> CycleTotals:
    """Add up ``paths``, ids in the order taken, from a time of the clock on.

    Their durations follow those ``used``, which is updated.

    Raises ReplicationNotExact if a draw lies outside the limits within which a path was recorded.
    """
    columns = len(tables.amounts)
    segments, segment_owner, segment_begins = tables.segments.of(paths)
    amounts = tables.constants[segments]
    drawn_s, draw_begins = _durations(tables, paths, streams, used)
    shares, share_owner, _ = tables.shares.of(paths)
    draw, segment, amount = tables.share_of[shares].T
    seconds = drawn_s[draw_begins[share_owner] + draw] * tables.share_factor[shares]
    places = (segment_begins[share_owner] + segment) * columns + amount
    amounts = amounts + np.bincount(places, seconds, len(segments) * columns).reshape(-1, columns)
    begins_cycle = np.flatnonzero(np.arange(len(segments)) > segment_begins[segment_owner])
    begins_cycle = np.concatenate([[0], begins_cycle])
    ends_s = _segment_ends(tables, paths, segments, drawn_s, draw_begins, clock_s)
    return CycleTotals(
        tables.causes,
        ends_s[np.append(begins_cycle[1:], len(segments)) - 1],
        np.add.reduceat(amounts, begins_cycle),
        np.add.reduceat(tables.stops[segments], begins_cycle),
    )


def _segment_ends(
    tables: Tables, paths: Array, segments: Array, drawn_s: Array, draw_begins: Array, clock_s: float
) -> Array:
    """The clock at the end of each segment: step by step, as the clock of the events is rounded."""
    steps, _, step_begins = tables.steps.of(paths)
    step_s = tables.step_s[steps]
    shares, owner, _ = tables.step_shares.of(paths)
    draw, step = tables.step_share_of[shares].T
    seconds = drawn_s[draw_begins[owner] + draw] * tables.step_share_factor[shares]
    np.add.at(step_s, step_begins[owner] + step, seconds)
    clock = np.cumsum(np.append(clock_s, step_s))  # one addition after the other
    return np.asarray(clock[np.cumsum(tables.steps_of_segment[segments])])


def _durations(tables: Tables, paths: Array, streams: DrawnStreams, used: dict[str, int]) -> tuple[Array, Array]:
    """The draws of all ``paths``, s, and where the draws of each path begin."""
    draws, owner, begins = tables.draws.of(paths)
    drawn_s = np.empty(len(draws))
    for number, source in enumerate(tables.sources):
        places = np.flatnonzero(tables.source_of_draw[draws] == number)
        streams.register(source)
        first = used.get(source.name, 0)
        used[source.name] = first + len(places)
        drawn_s[places] = streams.durations(source.name, first, used[source.name])
    is_too_long = np.bincount(owner, drawn_s, len(paths)) >= tables.max_total_s[paths]
    if is_too_long.any() or (drawn_s < tables.min_draw_s[draws]).any():
        raise ReplicationNotExact("a draw is so long or so short that things happen in another order")
    return drawn_s, begins


def totals_of_path(path: Path, states: Sequence[str]) -> CycleTotals:
    """The totals of one path without draws."""
    tables = Tables(states)
    tables.extend([path])
    return aggregate(tables, np.zeros(1, dtype=np.int64), DrawnStreams(0, 0), {})
