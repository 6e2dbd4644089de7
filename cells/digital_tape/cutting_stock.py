"""The cutting-stock problem in whole tenths of a millimetre, and heuristics that need no solver."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, replace

import numpy as np

Pattern = tuple[int, tuple[tuple[int, ...], ...]]
"""A cutting pattern of one log: the index of its kind, and for each of its sections the indices of the pieces."""

TOLERANCE = 1e-6
FEW_KINDS = 200
CANDIDATES = 60
"""From more kinds of piece the sequential heuristic fills each log with some of them: half of these the longest."""
FILL_CELLS = (2_000_000, 300_000)
"""Of few kinds, of many: it fills a log on a grid so coarse that the knapsack's table has at most this many cells."""
ROW_STEPS = 3000
"""What it costs to begin a row of a knapsack's table, in cells, roughly."""


class Work:
    """The search's effort, counted in steps, so that the search ends at the same point on every machine.

    A step is one cell of a knapsack's table; a machine of 2020 takes about 2 ns for one.
    """

    def __init__(self, steps: float) -> None:
        self.left = steps

    def spend(self, steps: float) -> bool:
        """Use ``steps``; False, and nothing is used, if fewer are left."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


@dataclass(frozen=True)
class LogKind:
    """Identical logs: their length, the capacity of each clear section, and their number (lengths in 0.1 mm)."""

    length: int
    capacities: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class Problem:
    """widths: the length of each kind of piece with its kerf (0.1 mm). demand: the number of pieces of each kind."""

    widths: tuple[int, ...]
    demand: tuple[int, ...]
    kinds: tuple[LogKind, ...]

    @property
    def cost_step(self) -> int:
        """Every cost is a multiple of this."""
        return math.gcd(*(kind.length for kind in self.kinds))

    @property
    def penalty(self) -> int:
        """The cost of a piece that is not cut: above any log's length, so that no piece is omitted to save a log."""
        return 2 * max(kind.length for kind in self.kinds) // self.cost_step * self.cost_step

    def cost(self, patterns: list[Pattern]) -> int:
        """The length of the logs that are used, and the penalty of the unmet demand."""
        unmet = sum(self.unmet_demand(patterns))
        return sum(self.kinds[kind].length for kind, _ in patterns) + unmet * self.penalty

    def unmet_demand(self, patterns: list[Pattern]) -> list[int]:
        """The number of pieces of each kind that ``patterns`` do not yield."""
        cut = [0] * len(self.demand)
        for _, sections in patterns:
            for section in sections:
                for piece in section:
                    cut[piece] += 1
        return [demand - yielded for demand, yielded in zip(self.demand, cut, strict=True)]


def greedy(problem: Problem) -> list[Pattern]:
    """Best-fit decreasing: the longest piece first, into the section with the least capacity left.

    Long logs first or short logs first, whichever costs less.
    """
    return min((_best_fit(problem, sign) for sign in (-1, 1)), key=problem.cost)


def _best_fit(problem: Problem, sign: int) -> list[Pattern]:
    kinds = problem.kinds
    unused = [kind.count for kind in kinds]
    order = sorted(range(len(kinds)), key=lambda k: sign * kinds[k].length)
    opened: list[tuple[int, list[list[int]]]] = []  # kind, and the pieces of each section
    free: list[tuple[int, int, int]] = []  # capacity left, number of the log, section; sorted
    for piece in sorted(range(len(problem.widths)), key=lambda i: -problem.widths[i]):
        width = problem.widths[piece]
        for _ in range(problem.demand[piece]):
            at = bisect.bisect_left(free, (width, 0, 0))
            if at == len(free):
                kind = next((k for k in order if unused[k] and max(kinds[k].capacities, default=0) >= width), None)
                if kind is None:
                    break  # nor for the next piece of this kind
                unused[kind] -= 1
                for section, capacity in enumerate(kinds[kind].capacities):
                    bisect.insort(free, (capacity, len(opened), section))
                opened.append((kind, [[] for _ in kinds[kind].capacities]))
                at = bisect.bisect_left(free, (width, 0, 0))
            left, n, section = free.pop(at)
            bisect.insort(free, (left - width, n, section))
            opened[n][1][section].append(piece)
    return [(kind, tuple(tuple(section) for section in sections)) for kind, sections in opened]


def sequential_heuristic(problem: Problem, exponent: float, work: Work) -> list[Pattern] | None:
    """Fill one log after the other by a knapsack; None if there is not enough ``work`` left for it.

    exponent: the value of a piece is its width to this power. Above 1 long pieces are preferred, so that they are not
    left for last.
    """
    values = np.array(problem.widths, dtype=float) ** exponent
    kinds = list(problem.kinds)
    demand = list(problem.demand)
    longest_first = sorted((n for n in range(len(demand)) if demand[n]), key=lambda piece: -problem.widths[piece])
    max_cells = FILL_CELLS[len(demand) > FEW_KINDS]
    patterns: list[Pattern] = []
    while longest_first:
        candidates = _candidates(longest_first)
        residual = Problem(
            tuple(problem.widths[piece] for piece in candidates),
            tuple(demand[piece] for piece in candidates),
            tuple(kinds),
        )
        knapsack = Knapsack(residual, max_cells)
        if not work.spend(knapsack.steps):
            return None
        optima = knapsack.solve(values[candidates])
        value_rates = [
            sum(optima[capacity] for capacity in capacities) / kind.length if kind.count else 0.0
            for kind, capacities in zip(kinds, knapsack.capacities, strict=True)
        ]
        k = int(np.argmax(value_rates))
        if value_rates[k] <= 0:
            # None of the candidates fits a log that is left; shorter pieces may.
            too_long = set(candidates)
            longest_first = [piece for piece in longest_first if piece not in too_long]
            continue
        chosen = (k, tuple(knapsack.pieces(capacity) for capacity in knapsack.capacities[k]))
        ((_, sections),) = remove_overproduction(residual, [chosen])
        kinds[k] = replace(kinds[k], count=kinds[k].count - 1)
        patterns.append((k, tuple(tuple(candidates[piece] for piece in section) for section in sections)))
        for section in patterns[-1][1]:
            for piece in section:
                demand[piece] -= 1
        longest_first = [piece for piece in longest_first if demand[piece]]
    return patterns


def _candidates(longest_first: list[int]) -> list[int]:
    """The pieces from which a log is filled: all, or the longest and some of every other length."""
    if len(longest_first) <= FEW_KINDS:
        return sorted(longest_first)
    half = CANDIDATES // 2
    rest = len(longest_first) - half
    return sorted([*longest_first[:half], *(longest_first[half + n * rest // half] for n in range(half))])


def remove_overproduction(problem: Problem, patterns: list[Pattern]) -> list[Pattern]:
    """The same patterns without pieces beyond the demand, and without patterns that are then empty."""
    demand = list(problem.demand)
    kept: list[Pattern] = []
    for kind, sections in patterns:
        trimmed = []
        for section in sections:
            pieces = []
            for piece in section:
                if demand[piece]:
                    demand[piece] -= 1
                    pieces.append(piece)
            trimmed.append(tuple(pieces))
        if any(trimmed):
            kept.append((kind, tuple(trimmed)))
    return kept


class Knapsack:
    """The bounded knapsack problem, by dynamic programming, for every capacity at once.

    capacities: those of each kind of log's sections, in units of the grid. The grid is the widths' greatest common
    divisor, on which the solution is exact, or with ``max_cells`` a multiple of it, with widths rounded up.
    """

    def __init__(self, problem: Problem, max_cells: float = math.inf) -> None:
        step = math.gcd(*problem.widths)
        largest = max((capacity for kind in problem.kinds for capacity in kind.capacities), default=0)
        step *= max(1, math.ceil(len(problem.widths) * (largest // step) / max_cells))
        self.capacities = [[capacity // step for capacity in kind.capacities] for kind in problem.kinds]
        largest //= step
        self._items: list[tuple[int, int, int]] = []  # piece, number of copies, width of the copies together
        for piece, (width, count) in enumerate(zip(problem.widths, problem.demand, strict=True)):
            units = -(-width // step)
            left = min(count, largest // units)
            batch = 1
            while left > 0:  # binary splitting: 1, 2, 4, … and the rest sum up to any number up to the demand
                copies = min(batch, left)
                self._items.append((piece, copies, copies * units))
                left -= copies
                batch *= 2
        self._is_chosen = np.zeros((len(self._items), largest + 1), dtype=bool)

    @property
    def steps(self) -> int:
        """What a solution costs of a search's work."""
        rows, cells = self._is_chosen.shape
        return rows * (cells + ROW_STEPS)

    def solve(self, values: np.ndarray) -> np.ndarray:
        """The greatest total value for each capacity from 0 on. values: the value of one piece of each kind."""
        best = np.zeros(self._is_chosen.shape[1])
        self._is_chosen[:] = False
        for row, (piece, copies, width) in enumerate(self._items):
            with_item = best[: len(best) - width] + values[piece] * copies
            is_better = with_item > best[width:] + TOLERANCE
            self._is_chosen[row, width:] = is_better
            best[width:][is_better] = with_item[is_better]
        return best

    def pieces(self, capacity: int) -> tuple[int, ...]:
        """The pieces of the solution for ``capacity``."""
        chosen: list[int] = []
        for row in range(len(self._items) - 1, -1, -1):
            if self._is_chosen[row, capacity]:
                piece, copies, width = self._items[row]
                chosen += [piece] * copies
                capacity -= width
        return tuple(sorted(chosen))
