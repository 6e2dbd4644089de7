"""The cutting-stock problem solved by column generation and SciPy's MILP (HiGHS), with a proven lower bound.

Formulation: Gilmore and Gomory, A linear programming approach to the cutting-stock problem, Operations Research 9
(1961): one variable for each cutting pattern. Patterns are columns, generated as needed: the linear programme's duals
are the values of the pieces, and a knapsack problem (by dynamic programming) prices the best pattern of each kind of
log. The same duals give a proven lower bound (Lagrangian relaxation). All lengths are whole tenths of a millimetre, so
sums are exact.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from cellwright.cells.digital_tape.cutting_stock import (
    TOLERANCE,
    Knapsack,
    Pattern,
    Problem,
    Work,
    greedy,
    remove_overproduction,
    sequential_heuristic,
)
from cellwright.cells.digital_tape.exact import MAX_PIECES, solve_exactly

MAX_NODES = 100
MAX_ITERATIONS = 60
MAX_ROWS = 60
MAX_MATRIX_ENTRIES = 20_000
"""The MILP solver is given no larger problem: its nodes are counted, but there is no limit to the work of one."""
HEURISTIC_STEPS = 2e9
COLUMN_STEPS = 0.8e9
"""The steps that the search may take in all (see ``Work``): it ends by these counts, never by the clock."""
MAX_WIDTHS = 300
"""Of more kinds of piece a relaxed problem with fewer is solved for the bound."""
MAX_CELLS = 60e6
"""The same for a larger knapsack's table."""
MATRIX_ENTRY_STEPS = 150
"""What one entry of the linear programme's matrix costs in a simplex run, in steps, roughly."""
OPTIMALITY_GAP = 0.0025
"""A solution that is proven to cost at most this share more than the optimum ends the search: half a log in 200."""
EXPONENTS = (1.0, 1.02, 1.05, 1.1, 1.2, 1.01, 1.03, 1.07)
ROUNDED_SHARES = (0.5, 0.3, 0.7)
"""Patterns that the relaxation uses at least this often are kept whole, and the rest is filled anew."""
SMOOTHING = 0.7
"""The weight of the best duals so far in the duals that are priced next; needs fewer iterations (Wentges 1997)."""


@dataclass(frozen=True)
class Solution:
    """patterns: one for each log. bound: a lower bound of the cost (0.1 mm). greedy: the greedy solution's cost."""

    patterns: list[Pattern]
    bound: int
    greedy: int


def solve(problem: Problem) -> Solution:
    """The best solution found in counted work: the same on every machine. Of few pieces it is proven to be optimal."""
    best = first = greedy(problem)
    if sum(problem.demand) <= MAX_PIECES:
        best = solve_exactly(problem)
        return Solution(best, problem.cost(best), problem.cost(first))
    relaxed = _relax(problem)
    is_exact = relaxed is problem
    master = _RestrictedMaster(relaxed, [*dict.fromkeys(first if is_exact else greedy(relaxed))])
    master.price(master.best_duals)
    master.raise_bound(_material_bound(problem))
    work = Work(HEURISTIC_STEPS)
    for exponent in EXPONENTS:
        if master.is_within_gap(problem.cost(best)):
            break
        patterns = sequential_heuristic(problem, exponent, work)
        if patterns is None:
            break
        best = min(best, patterns, key=problem.cost)
        if is_exact:
            master.add(patterns)
    master.generate_columns(Work(COLUMN_STEPS), problem.cost(best))
    if is_exact:
        work = Work(HEURISTIC_STEPS / 2)
        for share in ROUNDED_SHARES:
            if not master.is_within_gap(problem.cost(best)):
                best = min(best, master.round_relaxation(share, work), key=problem.cost)
        if not master.is_within_gap(problem.cost(best)):
            best = min(best, master.solve_integer(problem.cost(best)), key=problem.cost)
    return Solution(best, master.bound, problem.cost(first))


def _relax(problem: Problem) -> Problem:
    """A problem whose optimum costs no more, small enough for column generation: widths are rounded down to a grid."""
    step = math.gcd(*problem.widths)
    largest = max((capacity for kind in problem.kinds for capacity in kind.capacities), default=0)
    grid, relaxed = step, problem
    while len(relaxed.widths) > MAX_WIDTHS or len(relaxed.widths) * largest / grid > MAX_CELLS:
        grid *= 2
        demand: Counter[int] = Counter()
        for width, count in zip(problem.widths, problem.demand, strict=True):
            demand[max(step, width // grid * grid)] += count
        widths = sorted(demand, reverse=True)
        relaxed = replace(problem, widths=tuple(widths), demand=tuple(demand[width] for width in widths))
    return relaxed


def _material_bound(problem: Problem) -> float:
    """What the pieces cost if no log has a remainder: each at the least length of log for a length of clear wood."""
    rates = [kind.length / sum(kind.capacities) for kind in problem.kinds if sum(kind.capacities) > 0]
    return min(rates, default=0.0) * sum(w * n for w, n in zip(problem.widths, problem.demand, strict=True))


@dataclass
class _RestrictedMaster:
    """The restricted master problem: the patterns that are known so far.

    best_duals: the dual value of each kind of piece that gave the highest bound so far. bound: the highest proven.
    """

    problem: Problem
    patterns: list[Pattern]
    best_duals: np.ndarray = field(init=False)
    bound: int = field(default=0, init=False)
    _lagrangian_bound: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        self._known = set(self.patterns)
        self._knapsack = Knapsack(self.problem)
        self.best_duals = self._initial_duals()

    def _initial_duals(self) -> np.ndarray:
        """Duals in proportion to length, so that no pattern's value exceeds its log's cost."""
        widths = np.array(self.problem.widths, dtype=float)
        optima = self._knapsack.solve(widths)
        filled = [sum(optima[capacity] for capacity in capacities) for capacities in self._knapsack.capacities]
        rates = [kind.length / mm for kind, mm in zip(self.problem.kinds, filled, strict=True) if mm > 0]
        return widths * min(rates, default=0.0)

    def price(self, duals: np.ndarray) -> bool:
        """Solve the pricing problem: the pattern of the least reduced cost for each kind of log. Whether any is new."""
        problem, knapsack = self.problem, self._knapsack
        reduced_costs = self._least_reduced_costs(duals)
        lagrangian_bound = float(duals @ np.array(problem.demand)) - sum(
            kind.count * max(0.0, -reduced_cost)
            for kind, reduced_cost in zip(problem.kinds, reduced_costs, strict=True)
        )
        if lagrangian_bound > self._lagrangian_bound:
            self._lagrangian_bound, self.best_duals = lagrangian_bound, duals
            self.raise_bound(lagrangian_bound)
        columns = [
            (k, tuple(knapsack.pieces(capacity) for capacity in knapsack.capacities[k]))
            for k, reduced_cost in enumerate(reduced_costs)
            if reduced_cost < TOLERANCE * problem.kinds[k].length
        ]
        return self.add(columns)

    def _least_reduced_costs(self, duals: np.ndarray) -> list[float]:
        """The least reduced cost of a pattern of each kind of log."""
        optima = self._knapsack.solve(duals)
        return [
            kind.length - float(sum(optima[capacity] for capacity in capacities))
            for kind, capacities in zip(self.problem.kinds, self._knapsack.capacities, strict=True)
        ]

    def raise_bound(self, cost: float) -> None:
        """Note that no solution costs less than ``cost``, nor less than the next multiple of the cost's step."""
        step = self.problem.cost_step
        self.bound = max(self.bound, math.ceil(cost / step - TOLERANCE) * step)

    def add(self, patterns: list[Pattern]) -> bool:
        """Add patterns as columns; whether any was new."""
        new = [pattern for pattern in dict.fromkeys(patterns) if pattern not in self._known]
        self._known.update(new)
        self.patterns += new
        return bool(new)

    def is_within_gap(self, cost: int) -> bool:
        """Whether the bound proves that ``cost`` is optimal within the gap."""
        return cost <= self.bound * (1 + OPTIMALITY_GAP)

    def generate_columns(self, work: Work, cost: int) -> None:
        """Add columns until none improves the linear programme, or the bound proves ``cost`` optimal within the gap.

        Ends earlier if there is not enough ``work`` left.
        """
        rows = len(self.problem.widths) + len(self.problem.kinds)
        for _ in range(MAX_ITERATIONS):
            steps = 2 * self._knapsack.steps + MATRIX_ENTRY_STEPS * rows * (len(self.patterns) + rows)
            if self.is_within_gap(cost) or not work.spend(steps):
                return
            duals, _ = self._solve_relaxation()
            if not self.price(SMOOTHING * self.best_duals + (1 - SMOOTHING) * duals) and not self.price(duals):
                return

    def _matrix(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pieces and kind of log of each column, and its cost; with a slack column for each kind of piece."""
        problem = self.problem
        pieces = np.zeros((len(problem.widths), len(self.patterns)))
        kinds = np.zeros((len(problem.kinds), len(self.patterns)))
        for column, (kind, sections) in enumerate(self.patterns):
            kinds[kind, column] = 1
            for section in sections:
                np.add.at(pieces[:, column], list(section), 1)
        slacks = len(problem.widths)
        cost = [problem.kinds[kind].length for kind, _ in self.patterns] + [problem.penalty] * slacks
        return (
            np.hstack([pieces, np.eye(slacks)]),
            np.hstack([kinds, np.zeros((len(problem.kinds), slacks))]),
            np.array(cost, dtype=float),
        )

    def _solve_relaxation(self) -> tuple[np.ndarray, np.ndarray]:
        """The linear relaxation: the duals of the demand constraints, and how often each pattern is used."""
        from scipy.optimize import linprog

        pieces, kinds, cost = self._matrix()
        counts = np.array([kind.count for kind in self.problem.kinds], dtype=float)
        demand = np.array(self.problem.demand, dtype=float)
        result = linprog(cost, np.vstack([-pieces, kinds]), np.concatenate([-demand, counts]), method="highs")
        duals = np.clip(-result.ineqlin.marginals[: len(demand)], 0.0, self.problem.penalty)
        return duals, np.asarray(result.x)[: len(self.patterns)]

    def round_relaxation(self, share: float, work: Work) -> list[Pattern]:
        """A solution that begins with the patterns that the relaxation uses more than ``share`` of a time."""
        problem = self.problem
        _, uses = self._solve_relaxation()
        demand, logs = list(problem.demand), [kind.count for kind in problem.kinds]
        kept: list[Pattern] = []
        for n in np.argsort(-uses, kind="stable"):
            kind, sections = self.patterns[n]
            needed = Counter(piece for section in sections for piece in section)
            for _ in range(math.floor(uses[n] + 1 - share + TOLERANCE)):
                if logs[kind] and all(demand[piece] >= count for piece, count in needed.items()):
                    logs[kind] -= 1
                    for piece, count in needed.items():
                        demand[piece] -= count
                    kept.append(self.patterns[n])
        rest = replace(
            problem,
            demand=tuple(demand),
            kinds=tuple(replace(kind, count=count) for kind, count in zip(problem.kinds, logs, strict=True)),
        )
        filled = [sequential_heuristic(rest, exponent, work) or greedy(rest) for exponent in EXPONENTS[:4]]
        return kept + min(filled, key=rest.cost)

    def solve_integer(self, cost: int) -> list[Pattern]:
        """The best whole number of logs for each pattern, by MILP; no patterns if none is found in counted work.

        cost: of the best solution so far. Of too many patterns those are left out whose reduced cost shows that no
        solution below it uses them, and then those of the greatest reduced cost.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        if len(self.problem.widths) + len(self.problem.kinds) > MAX_ROWS:
            return []
        self.patterns = self._promising_patterns(cost)
        pieces, kinds, costs = self._matrix()
        demand = np.array(self.problem.demand, dtype=float)
        counts = np.array([kind.count for kind in self.problem.kinds], dtype=float)
        result = milp(
            costs,
            integrality=np.ones_like(costs),
            bounds=Bounds(0, np.inf),
            constraints=[LinearConstraint(pieces, demand, np.inf), LinearConstraint(kinds, -np.inf, counts)],
            options={"node_limit": MAX_NODES, "mip_rel_gap": OPTIMALITY_GAP},
        )
        if result.x is None:
            return []
        counts_used = np.rint(result.x[: len(self.patterns)]).astype(int)
        used = [pattern for pattern, n in zip(self.patterns, counts_used, strict=True) for _ in range(n)]
        return remove_overproduction(self.problem, used)

    def _promising_patterns(self, cost: int) -> list[Pattern]:
        pieces, _, costs = self._matrix()
        number, limit = len(self.patterns), MAX_MATRIX_ENTRIES // len(pieces)
        if number <= limit:
            return self.patterns
        reduced_costs = costs[:number] - self.best_duals @ pieces[:, :number]
        best = [max(0.0, -reduced_cost) for reduced_cost in self._least_reduced_costs(self.best_duals)]
        least_costs = self._lagrangian_bound + reduced_costs + np.array([best[kind] for kind, _ in self.patterns])
        order = np.argsort(least_costs, kind="stable")[:limit]
        return [self.patterns[n] for n in sorted(order) if least_costs[n] < cost]
