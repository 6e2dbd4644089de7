"""The cutting-stock problem answered by column generation and SciPy's MILP (HiGHS), with a proven bound.

Formulation: Gilmore and Gomory, A linear programming approach to the cutting-stock problem, Operations Research 9
(1961): one variable for each way to fill a log. Ways are found one by one: the linear programme's duals say what a
piece is worth, and a knapsack (by dynamic programming) finds the log filled with the most worth. The same duals give
a proven lower bound (Lagrange). All lengths are whole tenths of a millimetre, so sums are exact.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np

from cellwright.cells.digital_tape.cutting_stock import (
    TINY,
    Filled,
    Knapsack,
    Problem,
    greedy,
    one_by_one,
    without_surplus,
)

MAX_NODES = 100
MAX_ROUNDS = 60
"""The search ends after so many nodes and rounds, so that it seldom has to end after seconds."""
GOOD_ENOUGH = 0.0025
"""An answer proven to cost at most this share more than the best ends the search: half a log in 200."""
EXPONENTS = (1.0, 1.02, 1.05, 1.1, 1.2, 1.01, 1.03, 1.07)
SMOOTHING = 0.7
"""How much of the best duals so far is in those that are priced next: fewer rounds (Wentges 1997)."""


@dataclass(frozen=True)
class Answer:
    """logs: what is cut from which. bound: no answer costs less (0.1 mm). greedy: what the greedy answer costs."""

    logs: list[Filled]
    bound: int
    greedy: int


def solve(problem: Problem, limit_s: float = 6.0) -> Answer:
    """The best answer found. limit_s: a guarantee; after so many seconds it looks for no better one.

    Unless that limit strikes, which rounds and nodes are set to prevent, the same problem has the same answer on every
    machine. If it strikes, a faster machine may find a better answer; the bound holds on each.
    """
    until_s = time.monotonic() + limit_s
    best = first = greedy(problem)
    columns = _Columns(problem, [*dict.fromkeys(first)])
    columns.price(columns.worth)
    for exponent in EXPONENTS:
        if columns.show_good(problem.cost(best)):
            break
        filled = one_by_one(problem, exponent, until_s - 0.4 * limit_s)
        if filled is not None:
            best = min(best, filled, key=problem.cost)
            columns.add(filled)
    columns.generate(until_s - 0.2 * limit_s, problem.cost(best))
    if not columns.show_good(problem.cost(best)):
        best = min(best, columns.choose(max(1.0, until_s - time.monotonic())), key=problem.cost)
    return Answer(best, columns.bound, problem.cost(first))


@dataclass
class _Columns:
    """The ways to fill a log that are known so far.

    worth: what each kind of piece is worth, by the duals with the highest bound so far. bound: the highest proven.
    """

    problem: Problem
    ways: list[Filled]
    worth: np.ndarray = field(init=False)
    bound: int = field(default=0, init=False)
    _lagrange: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        self._known = set(self.ways)
        self._knapsack = Knapsack(self.problem)
        self.worth = self._worth_by_length()

    def _worth_by_length(self) -> np.ndarray:
        """EconomicResult in proportion to length, so that no log can be filled with more than it costs."""
        widths = np.array(self.problem.widths, dtype=float)
        values = self._knapsack.fill(widths)
        filled = [sum(values[room] for room in rooms) for rooms in self._knapsack.rooms]
        rates = [kind.length / mm for kind, mm in zip(self.problem.kinds, filled, strict=True) if mm > 0]
        return widths * min(rates, default=0.0)

    def price(self, worth: np.ndarray) -> bool:
        """Find the log filled with the most ``economics`` of each kind; whether that gave a new way."""
        problem, knapsack = self.problem, self._knapsack
        values = knapsack.fill(worth)
        gains = [
            sum(values[room] for room in rooms) - kind.length
            for kind, rooms in zip(problem.kinds, knapsack.rooms, strict=True)
        ]
        lagrange = float(worth @ np.array(problem.demand)) - sum(
            kind.count * max(0.0, gain) for kind, gain in zip(problem.kinds, gains, strict=True)
        )
        if lagrange > self._lagrange:
            self._lagrange, self.worth = lagrange, worth
            self.bound = math.ceil(lagrange / problem.grain - TINY) * problem.grain
        found = [
            (k, tuple(knapsack.pieces(room) for room in knapsack.rooms[k]))
            for k, gain in enumerate(gains)
            if gain > -TINY * problem.kinds[k].length
        ]
        return self.add(found)

    def add(self, ways: list[Filled]) -> bool:
        """Know these ways too; whether any was new."""
        new = [way for way in dict.fromkeys(ways) if way not in self._known]
        self._known.update(new)
        self.ways += new
        return bool(new)

    def show_good(self, cost: int) -> bool:
        """Whether the bound shows that ``cost`` is the least, or all but."""
        return cost <= self.bound * (1 + GOOD_ENOUGH)

    def generate(self, until_s: float, cost: int) -> None:
        """Add ways until none makes the linear programme better, or the bound shows that ``cost`` is good enough."""
        for _ in range(MAX_ROUNDS):
            if self.show_good(cost) or time.monotonic() > until_s:
                return
            duals = self._duals()
            if not self.price(SMOOTHING * self.worth + (1 - SMOOTHING) * duals) and not self.price(duals):
                return

    def _matrix(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pieces a way, kinds a way, and what each costs; then a column for each kind of piece that is left out."""
        problem = self.problem
        pieces = np.zeros((len(problem.widths), len(self.ways)))
        kinds = np.zeros((len(problem.kinds), len(self.ways)))
        for column, (kind, sections) in enumerate(self.ways):
            kinds[kind, column] = 1
            for section in sections:
                np.add.at(pieces[:, column], list(section), 1)
        left_out = len(problem.widths)
        cost = [problem.kinds[kind].length for kind, _ in self.ways] + [problem.penalty] * left_out
        return (
            np.hstack([pieces, np.eye(left_out)]),
            np.hstack([kinds, np.zeros((len(problem.kinds), left_out))]),
            np.array(cost, dtype=float),
        )

    def _duals(self) -> np.ndarray:
        from scipy.optimize import linprog

        pieces, kinds, cost = self._matrix()
        counts = np.array([kind.count for kind in self.problem.kinds], dtype=float)
        demand = np.array(self.problem.demand, dtype=float)
        found = linprog(cost, np.vstack([-pieces, kinds]), np.concatenate([-demand, counts]), method="highs")
        return np.clip(-found.ineqlin.marginals[: len(demand)], 0.0, self.problem.penalty)

    def choose(self, limit_s: float) -> list[Filled]:
        """The best whole number of each way, by MILP."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        pieces, kinds, cost = self._matrix()
        demand = np.array(self.problem.demand, dtype=float)
        counts = np.array([kind.count for kind in self.problem.kinds], dtype=float)
        found = milp(
            cost,
            integrality=np.ones_like(cost),
            bounds=Bounds(0, np.inf),
            constraints=[LinearConstraint(pieces, demand, np.inf), LinearConstraint(kinds, -np.inf, counts)],
            options={"node_limit": MAX_NODES, "mip_rel_gap": GOOD_ENOUGH, "time_limit": limit_s},
        )
        if found.x is None:
            return []
        times = np.rint(found.x[: len(self.ways)]).astype(int)
        return without_surplus(self.problem, [way for way, n in zip(self.ways, times, strict=True) for _ in range(n)])
