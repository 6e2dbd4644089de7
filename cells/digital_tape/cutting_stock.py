"""The cutting-stock problem in whole tenths of a millimetre, and ways to answer it without a solver."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

Filled = tuple[int, tuple[tuple[int, ...], ...]]
"""A log and what is cut from it: the number of its kind, and for each of its sections the numbers of the pieces."""

TINY = 1e-6


@dataclass(frozen=True)
class LogKind:
    """Logs that are alike: length, the room in each section, and how many there are (lengths in 0.1 mm)."""

    length: int
    rooms: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class Problem:
    """widths: what each kind of piece takes, its kerf included (0.1 mm). demand: how many of each are wanted."""

    widths: tuple[int, ...]
    demand: tuple[int, ...]
    kinds: tuple[LogKind, ...]

    @property
    def grain(self) -> int:
        """Every cost is a multiple of this."""
        return math.gcd(*(kind.length for kind in self.kinds))

    @property
    def penalty(self) -> int:
        """What a piece that is not cut costs: more than any log, so that none is left out to save one."""
        return 2 * max(kind.length for kind in self.kinds) // self.grain * self.grain

    def cost(self, logs: list[Filled]) -> int:
        """The length of the logs that are used, and the penalty of the pieces that are left over."""
        left = sum(self.left_over(logs))
        return sum(self.kinds[kind].length for kind, _ in logs) + left * self.penalty

    def left_over(self, logs: list[Filled]) -> list[int]:
        """How many of each kind of piece no log gives."""
        cut = [0] * len(self.demand)
        for _, sections in logs:
            for section in sections:
                for piece in section:
                    cut[piece] += 1
        return [wanted - had for wanted, had in zip(self.demand, cut, strict=True)]


def greedy(problem: Problem) -> list[Filled]:
    """The longest piece first, into the log with the least room left; the better of short and long logs first."""
    return min((_best_fit(problem, sign) for sign in (-1, 1)), key=problem.cost)


def _best_fit(problem: Problem, sign: int) -> list[Filled]:
    kinds = problem.kinds
    unused = [kind.count for kind in kinds]
    order = sorted(range(len(kinds)), key=lambda k: sign * kinds[k].length)
    opened: list[tuple[int, list[int], list[list[int]]]] = []  # kind, room left and pieces of each section
    for piece in sorted(range(len(problem.widths)), key=lambda i: -problem.widths[i]):
        width = problem.widths[piece]
        for _ in range(problem.demand[piece]):
            places = [(left, n, s) for n, (_, rooms, _) in enumerate(opened) for s, left in enumerate(rooms)]
            fitting = min((place for place in places if place[0] >= width), default=None)
            if fitting is None:
                kind = next((k for k in order if unused[k] and max(kinds[k].rooms, default=0) >= width), None)
                if kind is None:
                    continue
                unused[kind] -= 1
                opened.append((kind, list(kinds[kind].rooms), [[] for _ in kinds[kind].rooms]))
                section = min((left, s) for s, left in enumerate(kinds[kind].rooms) if left >= width)[1]
                fitting = (0, len(opened) - 1, section)
            _, n, section = fitting
            opened[n][1][section] -= width
            opened[n][2][section].append(piece)
    return [(kind, tuple(tuple(section) for section in sections)) for kind, _, sections in opened]


def one_by_one(problem: Problem, exponent: float, until_s: float) -> list[Filled] | None:
    """Fill one log after the other as full as can be; None if there is no time for it.

    exponent: above 1, long pieces are worth more for their length, so that they are not left for last.
    """
    worth = np.array(problem.widths, dtype=float) ** exponent
    kinds = list(problem.kinds)
    demand = list(problem.demand)
    logs: list[Filled] = []
    while any(demand):
        if time.monotonic() > until_s:
            return None
        left = replace(problem, demand=tuple(demand), kinds=tuple(kinds))
        knapsack = Knapsack(left)
        values = knapsack.fill(worth)
        gains = [
            sum(values[room] for room in rooms) / kind.length if kind.count else 0.0
            for kind, rooms in zip(kinds, knapsack.rooms, strict=True)
        ]
        k = int(np.argmax(gains))
        if gains[k] <= 0:
            break
        (way,) = without_surplus(left, [(k, tuple(knapsack.pieces(room) for room in knapsack.rooms[k]))])
        kinds[k] = replace(kinds[k], count=kinds[k].count - 1)
        for section in way[1]:
            for piece in section:
                demand[piece] -= 1
        logs.append(way)
    return logs


def without_surplus(problem: Problem, logs: list[Filled]) -> list[Filled]:
    """The same logs without pieces that nobody wants, and without logs that give none then."""
    wanted = list(problem.demand)
    kept: list[Filled] = []
    for kind, sections in logs:
        trimmed = []
        for section in sections:
            pieces = []
            for piece in section:
                if wanted[piece]:
                    wanted[piece] -= 1
                    pieces.append(piece)
            trimmed.append(tuple(pieces))
        if any(trimmed):
            kept.append((kind, tuple(trimmed)))
    return kept


class Knapsack:
    """The most worth that fits into a room, for every room at once."""

    def __init__(self, problem: Problem) -> None:
        step = math.gcd(*problem.widths)
        self.rooms = [[room // step for room in kind.rooms] for kind in problem.kinds]
        largest = max((room for rooms in self.rooms for room in rooms), default=0)
        self._items: list[tuple[int, int, int]] = []  # piece, how many of it at once, width of them together
        for piece, (width, count) in enumerate(zip(problem.widths, problem.demand, strict=True)):
            left = min(count, largest // (width // step))
            batch = 1
            while left > 0:  # 1, 2, 4, … and the rest: any number up to the demand is a sum of these
                taken = min(batch, left)
                self._items.append((piece, taken, taken * width // step))
                left -= taken
                batch *= 2
        self._taken = np.zeros((len(self._items), largest + 1), dtype=bool)

    def fill(self, worth: np.ndarray) -> np.ndarray:
        """The most worth for each room from 0 on, with pieces worth ``economics`` each."""
        best = np.zeros(self._taken.shape[1])
        self._taken[:] = False
        for row, (piece, count, width) in enumerate(self._items):
            with_it = best[: len(best) - width] + worth[piece] * count
            better = with_it > best[width:] + TINY
            self._taken[row, width:] = better
            best[width:][better] = with_it[better]
        return best

    def pieces(self, room: int) -> tuple[int, ...]:
        """What was put into ``room``."""
        found: list[int] = []
        for row in range(len(self._items) - 1, -1, -1):
            if self._taken[row, room]:
                piece, count, width = self._items[row]
                found += [piece] * count
                room -= width
        return tuple(sorted(found))
