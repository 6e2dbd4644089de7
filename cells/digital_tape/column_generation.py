"""The cutting-stock problem solved by column generation and SciPy's MILP (HiGHS), with a proven lower bound.

Formulation: Gilmore and Gomory, A linear programming approach to the cutting-stock problem, Operations Research 9
(1961): one variable for each cutting pattern. Patterns are columns, generated as needed: the linear programme's duals
are the values of the pieces, and a knapsack problem (by dynamic programming) prices the best pattern of each kind of
log. The same duals give a proven lower bound (Lagrangian relaxation). All lengths are whole tenths of a millimetre, so
sums are exact.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np

from cellwright.cells.digital_tape.cutting_stock import (
    TOLERANCE,
    Knapsack,
    Pattern,
    Problem,
    greedy,
    remove_overproduction,
    sequential_heuristic,
)

MAX_NODES = 100
MAX_ITERATIONS = 60
"""The search ends after this many nodes and iterations, so that the time limit is seldom reached."""
OPTIMALITY_GAP = 0.0025
"""A solution that is proven to cost at most this share more than the optimum ends the search: half a log in 200."""
EXPONENTS = (1.0, 1.02, 1.05, 1.1, 1.2, 1.01, 1.03, 1.07)
SMOOTHING = 0.7
"""The weight of the best duals so far in the duals that are priced next; needs fewer iterations (Wentges 1997)."""


@dataclass(frozen=True)
class Solution:
    """patterns: one for each log. bound: a lower bound of the cost (0.1 mm). greedy: the greedy solution's cost."""

    patterns: list[Pattern]
    bound: int
    greedy: int


def solve(problem: Problem, limit_s: float = 6.0) -> Solution:
    """The best solution found. limit_s: a time limit, s; after it no better solution is sought.

    Unless that limit is reached, which the limits on iterations and nodes should prevent, the same problem has the same
    solution on every machine. If it is reached, a faster machine may find a better solution; the bound holds on each.
    """
    deadline_s = time.monotonic() + limit_s
    best = first = greedy(problem)
    master = _RestrictedMaster(problem, [*dict.fromkeys(first)])
    master.price(master.best_duals)
    for exponent in EXPONENTS:
        if master.is_within_gap(problem.cost(best)):
            break
        patterns = sequential_heuristic(problem, exponent, deadline_s - 0.4 * limit_s)
        if patterns is not None:
            best = min(best, patterns, key=problem.cost)
            master.add(patterns)
    master.generate_columns(deadline_s - 0.2 * limit_s, problem.cost(best))
    if not master.is_within_gap(problem.cost(best)):
        best = min(best, master.solve_integer(max(1.0, deadline_s - time.monotonic())), key=problem.cost)
    return Solution(best, master.bound, problem.cost(first))


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
        optima = knapsack.solve(duals)
        reduced_costs = [
            kind.length - sum(optima[capacity] for capacity in capacities)
            for kind, capacities in zip(problem.kinds, knapsack.capacities, strict=True)
        ]
        lagrangian_bound = float(duals @ np.array(problem.demand)) - sum(
            kind.count * max(0.0, -reduced_cost)
            for kind, reduced_cost in zip(problem.kinds, reduced_costs, strict=True)
        )
        if lagrangian_bound > self._lagrangian_bound:
            self._lagrangian_bound, self.best_duals = lagrangian_bound, duals
            self.bound = math.ceil(lagrangian_bound / problem.cost_step - TOLERANCE) * problem.cost_step
        columns = [
            (k, tuple(knapsack.pieces(capacity) for capacity in knapsack.capacities[k]))
            for k, reduced_cost in enumerate(reduced_costs)
            if reduced_cost < TOLERANCE * problem.kinds[k].length
        ]
        return self.add(columns)

    def add(self, patterns: list[Pattern]) -> bool:
        """Add patterns as columns; whether any was new."""
        new = [pattern for pattern in dict.fromkeys(patterns) if pattern not in self._known]
        self._known.update(new)
        self.patterns += new
        return bool(new)

    def is_within_gap(self, cost: int) -> bool:
        """Whether the bound proves that ``cost`` is optimal within the gap."""
        return cost <= self.bound * (1 + OPTIMALITY_GAP)

    def generate_columns(self, deadline_s: float, cost: int) -> None:
        """Add columns until none improves the linear programme, or the bound proves ``cost`` optimal within the gap."""
        for _ in range(MAX_ITERATIONS):
            if self.is_within_gap(cost) or time.monotonic() > deadline_s:
                return
            duals = self._solve_relaxation()
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

    def _solve_relaxation(self) -> np.ndarray:
        """The duals of the demand constraints in the linear relaxation."""
        from scipy.optimize import linprog

        pieces, kinds, cost = self._matrix()
        counts = np.array([kind.count for kind in self.problem.kinds], dtype=float)
        demand = np.array(self.problem.demand, dtype=float)
        result = linprog(cost, np.vstack([-pieces, kinds]), np.concatenate([-demand, counts]), method="highs")
        return np.clip(-result.ineqlin.marginals[: len(demand)], 0.0, self.problem.penalty)

    def solve_integer(self, limit_s: float) -> list[Pattern]:
        """The best whole number of logs for each pattern, by MILP; no patterns if none is found in time."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        pieces, kinds, cost = self._matrix()
        demand = np.array(self.problem.demand, dtype=float)
        counts = np.array([kind.count for kind in self.problem.kinds], dtype=float)
        result = milp(
            cost,
            integrality=np.ones_like(cost),
            bounds=Bounds(0, np.inf),
            constraints=[LinearConstraint(pieces, demand, np.inf), LinearConstraint(kinds, -np.inf, counts)],
            options={"node_limit": MAX_NODES, "mip_rel_gap": OPTIMALITY_GAP, "time_limit": limit_s},
        )
        if result.x is None:
            return []
        counts_used = np.rint(result.x[: len(self.patterns)]).astype(int)
        used = [pattern for pattern, n in zip(self.patterns, counts_used, strict=True) for _ in range(n)]
        return remove_overproduction(self.problem, used)
