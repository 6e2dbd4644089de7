"""The optimum of a cutting-stock problem with few pieces, by dynamic programming over the sets of pieces.

A set of pieces is a row of counts, one for each kind of piece; twelve pieces have at most 4096 sets, and 531,441 pairs
of a set and a subset of it. So every way to share the pieces out among the logs is looked at, and the result is proven.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from cellwright.cells.digital_tape.cutting_stock import Pattern, Problem, greedy

MAX_PIECES = 12
"""Up to this many pieces the optimum is sought."""
FIRST_LOGS = 40
"""It is first sought with the most promising logs, so that most of the others need not be looked at."""
NONE = np.iinfo(np.int64).max // 4
"""The cost of what cannot be cut."""


def solve_exactly(problem: Problem) -> list[Pattern]:
    """The patterns that cut as many pieces as possible from the least length of log."""
    sets = _Sets(problem)
    logs = _useful_logs(problem, sets)
    patterns = greedy(problem)
    for number in (FIRST_LOGS, len(logs)):
        # No log is used with which even a plan that has every kind of log at will costs more than a known one.
        limit = math.inf if any(problem.unmet_demand(patterns)) else problem.cost(patterns)
        within = sorted(((cost, kind) for cost, kind in logs if cost <= limit))[:number]
        patterns = _best_patterns(problem, sets, [kind for _, kind in within])
        if len(within) < number:
            break
    return patterns


def _best_patterns(problem: Problem, sets: _Sets, logs: list[int]) -> list[Pattern]:
    """The optimum with these logs, each given by its kind."""
    costs = [np.where(np.arange(sets.count) == 0, 0, NONE)]
    for k in logs:
        kind = problem.kinds[k]
        with_log = np.where(sets.fits(kind.capacities)[sets.subset], costs[-1][sets.rest], NONE)
        costs.append(np.minimum(costs[-1], sets.least(with_log) + kind.length))
    cut = costs[-1] < NONE
    most = sets.sizes[cut].max()
    best = int(np.where(cut & (sets.sizes == most), costs[-1], NONE).argmin())
    patterns: list[Pattern] = []
    for n in range(len(logs), 0, -1):  # back from the last log to the first
        if costs[n][best] == costs[n - 1][best]:
            continue
        kind = problem.kinds[logs[n - 1]]
        pairs = sets.pairs(best)
        fits = sets.fits(kind.capacities)[sets.subset[pairs]]
        is_chosen = fits & (costs[n - 1][sets.rest[pairs]] + kind.length == costs[n][best])
        chosen = pairs[np.flatnonzero(is_chosen)[0]]
        patterns.append((logs[n - 1], sets.by_section(int(sets.subset[chosen]), kind.capacities)))
        best = int(sets.rest[chosen])
    return patterns[::-1]


def _useful_logs(problem: Problem, sets: _Sets) -> list[tuple[int, int]]:
    """The kind of every log that the best plan may use, with the least that a plan costs in which it is used.

    That plan has every kind of log at will. Of logs that hold the same sets of pieces, the shortest are enough: as many
    as there are pieces.
    """
    logs: list[tuple[int, int]] = []
    taken: Counter[bytes] = Counter()
    pieces = sum(problem.demand)
    others = _costs_at_will(problem, sets)[::-1]  # of the set that holds what a set does not
    for k in sorted(range(len(problem.kinds)), key=lambda k: problem.kinds[k].length):
        kind = problem.kinds[k]
        fits = sets.fits(kind.capacities)
        held = fits.tobytes()
        number = min(kind.count, pieces - taken[held]) if fits[1:].any() else 0
        taken[held] += number
        cost = int(np.where(fits, others, NONE)[1:].min()) + kind.length
        logs += [(cost, k)] * number
    return logs


def _costs_at_will(problem: Problem, sets: _Sets) -> np.ndarray:
    """What it would cost to cut each set if there were logs of every kind without number."""
    costs = np.full(sets.count, NONE)
    for kind in problem.kinds:
        costs = np.where(sets.fits(kind.capacities), np.minimum(costs, kind.length), costs)
    costs[0] = 0
    while True:
        with_two = np.minimum(NONE, sets.least(costs[sets.subset] + costs[sets.rest]))
        if (with_two >= costs).all():
            return costs
        costs = np.minimum(costs, with_two)


class _Sets:
    """Every set of pieces, numbered, and every pair of a set and a subset of it, sorted by the set.

    subset, rest: the numbers of each pair's subset and of what the set holds beside it. sizes: pieces of each set.
    """

    def __init__(self, problem: Problem) -> None:
        counts = np.zeros((1, 0), dtype=np.int64)
        whole = subset = np.zeros(1, dtype=np.int64)
        for demand in problem.demand:  # a set's number has one digit for each kind of piece
            digits = np.arange(demand + 1)
            counts = np.hstack([np.repeat(counts, demand + 1, axis=0), np.tile(digits, len(counts))[:, None]])
            of_whole, of_subset = np.array([(a, b) for a in digits for b in range(a + 1)]).T
            whole = (whole[:, None] * (demand + 1) + of_whole).ravel()
            subset = (subset[:, None] * (demand + 1) + of_subset).ravel()
        order = np.argsort(whole, kind="stable")
        self.count = len(counts)
        self.sizes = counts.sum(axis=1)
        self.subset = subset[order]
        self.rest = whole[order] - self.subset
        self._counts = counts
        self._starts = np.searchsorted(whole[order], np.arange(self.count + 1))
        self._widths = counts @ np.array(problem.widths, dtype=np.int64)
        self._fits: dict[tuple[int, ...], np.ndarray] = {}

    def pairs(self, whole: int) -> np.ndarray:
        """The numbers of the pairs of one set."""
        return np.arange(self._starts[whole], self._starts[whole + 1])

    def least(self, values: np.ndarray) -> np.ndarray:
        """The least of the values of each set's pairs."""
        return np.asarray(np.minimum.reduceat(values, self._starts[:-1]))

    def fits(self, capacities: tuple[int, ...]) -> np.ndarray:
        """Whether each set fits into sections of these capacities."""
        if capacities not in self._fits:
            if len(capacities) < 2:
                self._fits[capacities] = self._widths <= sum(capacities)
            else:
                fits = self.fits(capacities[:1])[self.subset] & self.fits(capacities[1:])[self.rest]
                self._fits[capacities] = np.maximum.reduceat(fits, self._starts[:-1])
        return self._fits[capacities]

    def by_section(self, whole: int, capacities: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The pieces of a set, shared out among sections of these capacities."""
        sections = []
        for n in range(len(capacities)):
            pairs = self.pairs(whole)
            fits = (
                self.fits(capacities[n : n + 1])[self.subset[pairs]] & self.fits(capacities[n + 1 :])[self.rest[pairs]]
            )
            chosen = pairs[np.flatnonzero(fits)[-1]]
            sections.append(
                tuple(int(i) for i in np.repeat(np.arange(self._counts.shape[1]), self._counts[self.subset[chosen]]))
            )
            whole = int(self.rest[chosen])
        return tuple(sections)
