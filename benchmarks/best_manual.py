"""The cell against the best manual method as well: a third method under the same random numbers.

Where something could be done better by hand, without the cell, what the cell gains over today's way is not all the
cell's merit. Every changed input moves all three methods together, so their differences keep what they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cellwright.benchmarks.comparison import Comparison, Outcome, figures_by_replication, outcome
from cellwright.benchmarks.input_uncertainty import TRIAL, Trial
from cellwright.benchmarks.uncertainty import UncertaintySource
from cellwright.sim import Replication, Scenario, run_manual

BEST = "best."
_MANUAL = "manual."


@dataclass(frozen=True)
class Compared:
    """A cell against today's manual method, and against the best one; None where the study has none."""

    today: Comparison
    best: Comparison | None = None


@dataclass(frozen=True)
class TrialOfThree(Trial):
    """A short comparison of cell, today's manual method and the best one; the latter's figures begin with "best."."""

    def figures(self, scenario: Scenario, same_cell: Replication | None = None) -> dict[str, float]:
        """The mean of each figure."""
        figures = super().figures(scenario, same_cell)
        best = scenario.with_best_manual()
        if best is None:  # the input that was changed makes today's method the best one
            return figures | {_best_of(name): each for name, each in figures.items() if name.startswith(_MANUAL)}
        by_hand = outcome("manual", [run_manual(best, TRIAL, self.seed, 0)])
        of_best = figures_by_replication(by_hand, by_hand)
        return figures | {
            _best_of(name): float(np.mean(each)) for name, each in of_best.items() if name.startswith(_MANUAL)
        }


def _best_of(column: str) -> str:
    return BEST + column.removeprefix(_MANUAL)


def sources_of_each(
    sources: Sequence[UncertaintySource], cell: Outcome, manual: Outcome
) -> tuple[list[UncertaintySource], list[UncertaintySource]]:
    """The sources of ``TrialOfThree``, for the comparison with today's manual method and for that with the best one.

    Both keep the names of the sources and the order of their deviations, so that what is drawn for one belongs to what
    is drawn for the other.
    """
    columns = list(figures_by_replication(cell, manual))
    with_best = [*columns, *(_best_of(each) for each in columns if each.startswith(_MANUAL))]
    today = [with_best.index(each) for each in columns]
    best = [with_best.index(_best_of(each) if each.startswith(_MANUAL) else each) for each in columns]
    return _of_columns(sources, today), _of_columns(sources, best)


def _of_columns(sources: Sequence[UncertaintySource], places: list[int]) -> list[UncertaintySource]:
    return [replace(each, deviations=each.deviations[:, places]) for each in sources]
