"""The cutting-stock problem in whole tenths of a millimetre, and heuristics that need no solver."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

Pattern = tuple[int, tuple[tuple[int, ...], ...]]
"""A cutting pattern of one log: the index of its kind, and for each of its sections the indices of the pieces."""

TOLERANCE = 1e-6


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
    opened: list[tuple[int, list[int], list[list[int]]]] = []  # kind, capacity left and pieces of each section
    for piece in sorted(range(len(problem.widths)), key=lambda i: -problem.widths[i]):
        width = problem.widths[piece]
        for _ in range(problem.demand[piece]):
            candidates = [
                (left, n, s) for n, (_, capacities, _) in enumerate(opened) for s, left in enumerate(capacities)
            ]
            best = min((candidate for candidate in candidates if candidate[0] >= width), default=None)
            if best is None:
                kind = next((k for k in order if unused[k] and max(kinds[k].capacities, default=0) >= width), None)
                if kind is None:
                    continue
                unused[kind] -= 1
                opened.append((kind, list(kinds[kind].capacities), [[] for _ in kinds[kind].capacities]))
                section = min((left, s) for s, left in enumerate(kinds[kind].capacities) if left >= width)[1]
                best = (0, len(opened) - 1, section)
            _, n, section = best
            opened[n][1][section] -= width
            opened[n][2][section].append(piece)
    return [(kind, tuple(tuple(section) for section in sections)) for kind, _, sections in opened]


def sequential_heuristic(problem: Problem, exponent: float, deadline_s: float) -> list[Pattern] | None:
    """Fill one log after the other by a knapsack; None if there is no time for it.

    exponent: the value of a piece is its width to this power. Above 1 long pieces are preferred, so that they are not
    left for last.
    """
    values = np.array(problem.widths, dtype=float) ** exponent
    kinds = list(problem.kinds)
    demand = list(problem.demand)
    patterns: list[Pattern] = []
    while any(demand):
        if time.monotonic() > deadline_s:
            return None
        residual = replace(problem, demand=tuple(demand), kinds=tuple(kinds))
        knapsack = Knapsack(residual)
        optima = knapsack.solve(values)
        value_rates = [
            sum(optima[capacity] for capacity in capacities) / kind.length if kind.count else 0.0
            for kind, capacities in zip(kinds, knapsack.capacities, strict=True)
        ]
        k = int(np.argmax(value_rates))
        if value_rates[k] <= 0:
            break
        chosen = (k, tuple(knapsack.pieces(capacity) for capacity in knapsack.capacities[k]))
        (pattern,) = remove_overproduction(residual, [chosen])
        kinds[k] = replace(kinds[k], count=kinds[k].count - 1)
        for section in pattern[1]:
            for piece in section:
                demand[piece] -= 1
        patterns.append(pattern)
    return patterns


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

    capacities: those of each kind of log's sections, in units of the widths' greatest common divisor.
    """

    def __init__(self, problem: Problem) -> None:
        step = math.gcd(*problem.widths)
        self.capacities = [[capacity // step for capacity in kind.capacities] for kind in problem.kinds]
        largest = max((capacity for capacities in self.capacities for capacity in capacities), default=0)
        self._items: list[tuple[int, int, int]] = []  # piece, number of copies, width of the copies together
        for piece, (width, count) in enumerate(zip(problem.widths, problem.demand, strict=True)):
            left = min(count, largest // (width // step))
            batch = 1
            while left > 0:  # binary splitting: 1, 2, 4, … and the rest sum up to any number up to the demand
                copies = min(batch, left)
                self._items.append((piece, copies, copies * width // step))
                left -= copies
                batch *= 2
        self._is_chosen = np.zeros((len(self._items), largest + 1), dtype=bool)

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
