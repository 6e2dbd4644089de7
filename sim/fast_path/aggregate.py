"""Many paths in a row as NumPy arrays: from which paths a run took, and its draws, to cycle times and totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cellwright.sim.fast_path.conditions import NotThisTime
from cellwright.sim.fast_path.draws import DrawnStreams
from cellwright.sim.fast_path.recorder import ELAPSED, LABOUR, Path, Piece
from cellwright.sim.streams import Source

Array = np.ndarray[Any, Any]


class _Rows:
    """Rows that belong to paths, a few to each, in one table: all rows of a run are found without a loop."""

    def __init__(self) -> None:
        self._count: Array = np.zeros(0, dtype=np.int64)
        self._start = self._count

    def extend(self, per_path: Sequence[int]) -> None:
        """Further paths have so many rows each."""
        self._count = np.concatenate([self._count, np.array(per_path, dtype=np.int64)])
        self._start = np.cumsum(self._count) - self._count

    def of(self, paths: Array) -> tuple[Array, Array, Array]:
        """For paths in a row: each of their rows, which of them it belongs to, and where each path's rows begin."""
        count = self._count[paths]
        begins = np.cumsum(count) - count
        owner = np.repeat(np.arange(len(paths)), count)
        return np.arange(len(owner)) + (self._start[paths] - begins)[owner], owner, begins


class Tables:
    """Paths as arrays, a row for each piece, each draw, and each share that a draw has in a piece's amount."""

    def __init__(self, states: Sequence[str]) -> None:
        self.amounts = [ELAPSED, LABOUR, *states]
        self.causes: list[str] = []
        self.sources: list[Source] = []
        self.size = 0
        self.pieces, self.draws, self.shares = _Rows(), _Rows(), _Rows()
        self.constants = np.zeros((0, len(self.amounts)))
        self.stops = np.zeros((0, 0), dtype=np.int64)
        self.longest_s, self.shortest_s = np.zeros(0), np.zeros(0)
        self.source_of_draw = np.zeros(0, dtype=np.int64)
        self.share_of = np.zeros((0, 3), dtype=np.int64)  # number of the draw, of the piece, of the amount
        self.share_factor = np.zeros(0)

    def extend(self, paths: Sequence[Path]) -> None:
        """Further paths, whose ids follow on."""
        if not paths:
            return
        self.size += len(paths)
        pieces = [piece for path in paths for piece in path.pieces]
        shares = [_shares(path, self.amounts) for path in paths]
        self._extend_stops(pieces)
        self.pieces.extend([len(path.pieces) for path in paths])
        self.draws.extend([len(path.draws) for path in paths])
        self.shares.extend([len(each) for each in shares])
        self.constants = _longer(
            self.constants, [[_constant(piece, name) for name in self.amounts] for piece in pieces]
        )
        self.longest_s = _longer(self.longest_s, [path.guard.longest_s for path in paths])
        self.shortest_s = _longer(self.shortest_s, [each for path in paths for each in _shortest(path)])
        drawn = [source for path in paths for source in path.draws]
        self.sources.extend({source: None for source in drawn if source not in self.sources})
        self.source_of_draw = _longer(self.source_of_draw, [self.sources.index(source) for source in drawn])
        self.share_of = _longer(self.share_of, [share[:3] for each in shares for share in each])
        self.share_factor = _longer(self.share_factor, [share[3] for each in shares for share in each])

    def _extend_stops(self, pieces: Sequence[Piece]) -> None:
        new = sorted({cause for piece in pieces for cause in piece.stops} - set(self.causes))
        self.causes.extend(new)
        wider = np.pad(self.stops, ((0, 0), (0, len(new))))
        self.stops = _longer(wider, [[piece.stops.get(cause, 0) for cause in self.causes] for piece in pieces])


def _longer(table: Array, rows: Sequence[Any]) -> Array:
    return np.concatenate([table, np.array(rows, dtype=table.dtype).reshape(len(rows), *table.shape[1:])])


def _shortest(path: Path) -> list[float]:
    return [path.guard.shortest_s.get(number, 0.0) for number in range(len(path.draws))]


def _constant(piece: Piece, amount: str) -> float:
    return piece.amounts[amount].constant if amount in piece.amounts else 0.0


def _shares(path: Path, amounts: Sequence[str]) -> list[tuple[int, int, int, float]]:
    """What each draw adds: number of the draw, of the piece, of the amount, and its factor."""
    return [
        (draw, number, amounts.index(name), by)
        for number, piece in enumerate(path.pieces)
        for name, amount in piece.amounts.items()
        for draw, by in amount.draws
    ]


class ConstantSegment(NamedTuple):
    """Some paths in a row added up: a row for each cycle, of which the last is not over, a column for each amount."""

    causes: list[str]
    amounts: Array
    stops: Array


def aggregate(tables: Tables, paths: Array, streams: DrawnStreams, used: dict[str, int]) -> ConstantSegment:
    """Add up ``paths`` (ids, in the order taken), whose durations come after those ``used``, which it moves on.

    Raises NotThisTime if a draw lies outside the limits within which a path was recorded.
    """
    columns = len(tables.amounts)
    pieces, piece_owner, piece_begins = tables.pieces.of(paths)
    amounts = tables.constants[pieces]
    drawn_s, draw_begins = _durations(tables, paths, streams, used)
    shares, share_owner, _ = tables.shares.of(paths)
    draw, piece, amount = tables.share_of[shares].T
    seconds = drawn_s[draw_begins[share_owner] + draw] * tables.share_factor[shares]
    places = (piece_begins[share_owner] + piece) * columns + amount
    amounts = amounts + np.bincount(places, seconds, len(pieces) * columns).reshape(-1, columns)
    begins_cycle = np.flatnonzero(np.arange(len(pieces)) > piece_begins[piece_owner])
    begins_cycle = np.concatenate([[0], begins_cycle])
    return ConstantSegment(
        tables.causes, np.add.reduceat(amounts, begins_cycle), np.add.reduceat(tables.stops[pieces], begins_cycle)
    )


def _durations(tables: Tables, paths: Array, streams: DrawnStreams, used: dict[str, int]) -> tuple[Array, Array]:
    """The draws of all ``paths``, s, and where those of each begin."""
    draws, owner, begins = tables.draws.of(paths)
    drawn_s = np.empty(len(draws))
    for number, source in enumerate(tables.sources):
        places = np.flatnonzero(tables.source_of_draw[draws] == number)
        streams.expect(source)
        first = used.get(source.name, 0)
        used[source.name] = first + len(places)
        drawn_s[places] = streams.durations(source.name, first, used[source.name])
    is_too_long = np.bincount(owner, drawn_s, len(paths)) >= tables.longest_s[paths]
    if is_too_long.any() or (drawn_s < tables.shortest_s[draws]).any():
        raise NotThisTime("a draw is so long or so short that things happen in another order")
    return drawn_s, begins


def constant_segment(path: Path, states: Sequence[str]) -> ConstantSegment:
    """A path without draws added up."""
    tables = Tables(states)
    tables.extend([path])
    return aggregate(tables, np.zeros(1, dtype=np.int64), DrawnStreams(0, 0), {})
