"""The outcome of a simulated method, and the comparison of two methods under the same seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cellwright.benchmarks.uncertainty import UncertaintyBudget, UncertaintySource, around, of_sample
from cellwright.provenance import Status
from cellwright.sim import Estimate, Replication, WarmUp, check_warm_up, estimate, proportion

SIMULATION = "simulation"
"""The source of uncertainty that more replications make smaller."""
NO_BUDGET = UncertaintyBudget((), ())
_RATIO = {figure: {f"cell.{figure}": 1.0, f"manual.{figure}": -1.0} for figure in ("cycle_time_s", "labour_s")}


@dataclass(frozen=True, slots=True)
class MeasureOutcome:
    """One measure over the units of all replications, in its own unit.

    means: of each replication. p5, p50, p95: percentiles over all units. is_positive: no unit has less than 0.
    share_of: of how many units it is a share, in %; 0 if it is none.
    """

    means: tuple[float, ...]
    mean: Estimate
    p5: float
    p50: float
    p95: float
    is_positive: bool = False
    share_of: int = 0

    def with_half_width(self, half_width: float | None) -> MeasureOutcome:
        """The same with an interval of this half-width around its mean, within what the measure can be."""
        mean = self.mean.mean
        if self.share_of:
            share = proportion(mean / 100, self.share_of, None if half_width is None else half_width / 100)
            low, high = (None if end is None else 100 * end for end in (share.ci95_low, share.ci95_high))
            return replace(self, mean=Estimate(mean, low, high))
        if half_width is not None and self.is_positive and mean > 0:
            return replace(self, mean=around(mean, half_width / mean, is_positive=True))
        return replace(self, mean=around(mean, half_width, is_positive=False))

    def as_json(self) -> dict[str, Any]:
        """The figures by name."""
        return self.mean.as_json() | {"p5": self.p5, "p50": self.p50, "p95": self.p95}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one method (the cell, or manual work) in all its replications, without the warm-up.

    cycle_times_s: every cycle of all replications. means_s: the mean cycle time of each replication.
    time_in_state_s: mean seconds a cycle in each state (of the manual method: in each element).
    stops: how often each cause stopped the work, in all replications together. cycles_per_hour is 1/mean.
    labour_means_s: the person's seconds a unit in each replication. cycles_in_each: how many cycles each counted.
    """

    name: str
    cycle_times_s: np.ndarray
    means_s: tuple[float, ...]
    cycle_time_s: Estimate
    units_per_hour: Estimate
    labour_s_per_unit: Estimate
    time_in_state_s: dict[str, float]
    stops: dict[str, int]
    measures: dict[str, MeasureOutcome] = field(default_factory=dict)
    labour_means_s: tuple[float, ...] = ()
    cycles_per_replication: tuple[int, ...] = ()

    @property
    def cycles(self) -> int:
        """How many cycles were counted."""
        return len(self.cycle_times_s)

    def warm_up(self) -> WarmUp:
        """Whether the warm-up was long enough."""
        ends = np.cumsum(self.cycles_per_replication)[:-1]
        of_noise = estimate(self.means_s, are_positive=True)
        return check_warm_up(np.split(self.cycle_times_s, ends) if len(ends) else [], of_noise)

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names."""
        p5, p50, p95 = (float(value) for value in np.percentile(self.cycle_times_s, (5, 50, 95)))
        return {
            "cycles": self.cycles,
            "cycle_time_s": self.cycle_time_s.as_json() | {"p5": p5, "p50": p50, "p95": p95},
            "units_per_hour": self.units_per_hour.as_json(),
            "labour_s_per_unit": self.labour_s_per_unit.mean,
            "time_in_state_s": self.time_in_state_s,
            "stops": self.stops,
            "warm_up": self.warm_up().as_json(),
        } | ({"measures": {name: each.as_json() for name, each in self.measures.items()}} if self.measures else {})


@dataclass(frozen=True, slots=True)
class Comparison:
    """The cell against the manual method, replication by replication under common random numbers.

    less_time_percent: 100 (1 - cell / manual). more_output_percent: 100 (manual / cell - 1); both of cycle times.
    less_labour_percent: 100 (1 - cell / manual) of the person's seconds for each unit.
    less_measured: manual - cell of each measure that both have, in the measure's own unit.
    budget: the sources of uncertainty; every interval is over all of them.
    provenance: the status of each input by name. shift_hours: what "a shift" means in "per shift".
    """

    unit: str
    cell: Outcome
    manual: Outcome
    less_time_percent: Estimate
    more_output_percent: Estimate
    less_labour_percent: Estimate
    provenance: dict[str, Status]
    replications: int
    seed: int
    shift_hours: float
    less_measured: dict[str, Estimate] = field(default_factory=dict)
    budget: UncertaintyBudget = NO_BUDGET

    @property
    def less_time_noise_percent(self) -> float | None:
        """Half the interval of ``less_time_percent`` that more replications make smaller, percentage points."""
        half_width = self.budget.half_width(_RATIO["cycle_time_s"], only=SIMULATION)
        return None if half_width is None else (100 - self.less_time_percent.mean) * half_width

    @property
    def less_time_shares(self) -> dict[str, float]:
        """The share of each source in the variance of ``less_time_percent``, the largest first."""
        return self.budget.shares(_RATIO["cycle_time_s"])


def outcome(name: str, replications: list[Replication]) -> Outcome:
    """Summarise the replications of one method; its intervals are those of the simulation's noise alone."""
    cycles = [np.frombuffer(replication.cycle_times_s) for replication in replications]
    means_s = tuple(replication.mean_cycle_time_s for replication in replications)
    labour_means_s = tuple(each.labour_s / len(each.cycle_times_s) for each in replications)
    total = sum(len(times) for times in cycles)
    states = sorted({state for replication in replications for state in replication.time_in_state_s})
    causes = sorted({cause for replication in replications for cause in replication.stops})
    return Outcome(
        name=name,
        cycle_times_s=np.concatenate(cycles),
        means_s=means_s,
        cycle_time_s=estimate(means_s, are_positive=True),
        units_per_hour=estimate([3600 / mean for mean in means_s], are_positive=True),
        labour_s_per_unit=estimate(labour_means_s, are_positive=True),
        time_in_state_s={
            state: sum(each.time_in_state_s.get(state, 0.0) for each in replications) / total for state in states
        },
        stops={cause: sum(each.stops.get(cause, 0) for each in replications) for cause in causes},
        measures={name: _measure_outcome(name, replications) for name in replications[0].measures},
        labour_means_s=labour_means_s,
        cycles_per_replication=tuple(len(times) for times in cycles),
    )


def _measure_outcome(name: str, replications: list[Replication]) -> MeasureOutcome:
    values = [np.frombuffer(replication.measures[name]) for replication in replications]
    every = np.concatenate(values)
    means = tuple(float(each.mean()) for each in values)
    p5, p50, p95 = (float(value) for value in np.percentile(every, (5, 50, 95)))
    noise = estimate(means)
    is_positive, is_share = bool(every.min() >= 0), name.endswith("_percent") and bool(every.max() <= 100)
    measure = MeasureOutcome(means, noise, p5, p50, p95, is_positive, len(every) if is_positive and is_share else 0)
    return measure.with_half_width(None if noise.ci95_high is None else noise.ci95_high - noise.mean)


def paired(
    unit: str,
    cell: list[Replication],
    manual: list[Replication],
    provenance: dict[str, Status],
    seed: int,
    hours: float,
    sources: Sequence[UncertaintySource] = (),
) -> Comparison:
    """Pair the replications of both methods, which used the same random numbers, and state the difference.

    sources: of uncertainty beside the simulation's noise, with the columns of ``figures_by_replication``.
    """
    of_cell, of_manual = outcome("cell", cell), outcome("manual", manual)
    columns = figures_by_replication(of_cell, of_manual)
    budget = UncertaintyBudget(tuple(columns), (_noise(columns), *sources))
    pairs = list(zip(of_cell.means_s, of_manual.means_s, strict=True))
    labour = list(zip(of_cell.labour_means_s, of_manual.labour_means_s, strict=True))
    return Comparison(
        unit=unit,
        cell=_with_whole_uncertainty(of_cell, budget, "cell"),
        manual=_with_whole_uncertainty(of_manual, budget, "manual"),
        less_time_percent=_less_percent([c / m for c, m in pairs], budget, "cycle_time_s"),
        more_output_percent=_more_percent([m / c for c, m in pairs], budget, "cycle_time_s"),
        less_labour_percent=_less_percent([c / m for c, m in labour], budget, "labour_s"),
        less_measured={
            name: around(
                _mean([m - c for c, m in zip(each.means, of_manual.measures[name].means, strict=True)]),
                budget.half_width({f"manual.{name}": 1, f"cell.{name}": -1}),
                is_positive=False,
            )
            for name, each in of_cell.measures.items()
            if name in of_manual.measures
        },
        provenance=provenance,
        replications=len(pairs),
        seed=seed,
        shift_hours=hours,
        budget=budget,
    )


def figures_by_replication(cell: Outcome, manual: Outcome) -> dict[str, tuple[float, ...]]:
    """The means of each replication by figure: "manual.cycle_time_s", "manual.labour_s", the measures, and the cell's.

    Times stand in a budget as shares of their means, measures in their own units.
    """
    return {
        f"{method}.{figure}": means
        for method, each in (("manual", manual), ("cell", cell))
        for figure, means in (
            ("cycle_time_s", each.means_s),
            ("labour_s", each.labour_means_s),
            *((name, measure.means) for name, measure in each.measures.items()),
        )
    }


def replicated_figures(comparison: Comparison) -> dict[str, np.ndarray]:
    """Each figure of the cell, and how much less it is than by hand, in each replication; names as in a sweep.

    Two scenarios under the same random numbers differ in pairs of these.
    """
    cell, manual = comparison.cell, comparison.manual
    (cell_s, manual_s), (labour_s, manual_labour_s) = (
        (np.array(cell.means_s), np.array(manual.means_s)),
        (np.array(cell.labour_means_s), np.array(manual.labour_means_s)),
    )
    return {
        "cycle_time_s": cell_s,
        "units_per_hour": 3600 / cell_s,
        "labour_s_per_unit": labour_s,
        "less_time_percent": 100 * (1 - cell_s / manual_s),
        "less_labour_percent": 100 * (1 - labour_s / manual_labour_s),
        **{name: np.array(measure.means) for name, measure in cell.measures.items()},
    }


def is_time(column: str) -> bool:
    """Whether a column is a time, whose deviations are shares of its mean."""
    return column.endswith((".cycle_time_s", ".labour_s"))


def deviations(columns: Mapping[str, tuple[float, ...]]) -> np.ndarray:
    """The columns less their means, shape (replications, columns); times as shares of their means."""
    rows = []
    for name, values in columns.items():
        mean = _mean(values)
        scale = mean if is_time(name) and mean > 0 else 1.0
        rows.append((np.asarray(values) - mean) / scale)
    return np.array(rows).T


def _noise(columns: Mapping[str, tuple[float, ...]]) -> UncertaintySource:
    return of_sample(SIMULATION, SIMULATION, deviations(columns))


def _with_whole_uncertainty(each: Outcome, budget: UncertaintyBudget, method: str) -> Outcome:
    time = budget.half_width({f"{method}.cycle_time_s": 1})
    return replace(
        each,
        cycle_time_s=around(each.cycle_time_s.mean, time, is_positive=True),
        units_per_hour=around(each.units_per_hour.mean, time, is_positive=True),
        labour_s_per_unit=around(
            each.labour_s_per_unit.mean, budget.half_width({f"{method}.labour_s": 1}), is_positive=True
        ),
        measures={
            name: measure.with_half_width(budget.half_width({f"{method}.{name}": 1}))
            for name, measure in each.measures.items()
        },
    )


def _less_percent(ratios: list[float], budget: UncertaintyBudget, figure: str) -> Estimate:
    """100 (1 - cell / manual), from the ratio in each replication."""
    ratio = around(_mean(ratios), budget.half_width(_RATIO[figure]), is_positive=True)
    low, high = (None if end is None else 100 * (1 - end) for end in (ratio.ci95_high, ratio.ci95_low))
    return Estimate(100 * (1 - ratio.mean), low, high)


def _more_percent(ratios: list[float], budget: UncertaintyBudget, figure: str) -> Estimate:
    """100 (manual / cell - 1), from the ratio in each replication."""
    ratio = around(_mean(ratios), budget.half_width(_RATIO[figure]), is_positive=True)
    low, high = (None if end is None else 100 * (end - 1) for end in (ratio.ci95_low, ratio.ci95_high))
    return Estimate(100 * (ratio.mean - 1), low, high)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
