"""The outcome of a simulated method, and the comparison of two methods under the same seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cellwright.provenance import Status
from cellwright.sim import Estimate, Replication, WarmUp, check_warm_up, estimate


@dataclass(frozen=True, slots=True)
class MeasureOutcome:
    """One measure over the units of all replications, in its own unit.

    means: of each replication. p5, p50, p95: percentiles over all units.
    """

    means: tuple[float, ...]
    mean: Estimate
    p5: float
    p50: float
    p95: float

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
        return check_warm_up(np.split(self.cycle_times_s, ends) if len(ends) else [], self.cycle_time_s)

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


def outcome(name: str, replications: list[Replication]) -> Outcome:
    """Summarise the replications of one method."""
    cycles = [np.frombuffer(replication.cycle_times_s) for replication in replications]
    means_s = tuple(float(times.mean()) for times in cycles)
    labour_means_s = tuple(each.labour_s / len(each.cycle_times_s) for each in replications)
    total = sum(len(times) for times in cycles)
    states = sorted({state for replication in replications for state in replication.time_in_state_s})
    causes = sorted({cause for replication in replications for cause in replication.stops})
    return Outcome(
        name=name,
        cycle_times_s=np.concatenate(cycles),
        means_s=means_s,
        cycle_time_s=estimate(means_s),
        units_per_hour=estimate([3600 / mean for mean in means_s]),
        labour_s_per_unit=estimate(labour_means_s),
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
    means = tuple(float(each.mean()) for each in values)
    p5, p50, p95 = (float(value) for value in np.percentile(np.concatenate(values), (5, 50, 95)))
    return MeasureOutcome(means, estimate(means), p5, p50, p95)


def compare(
    unit: str,
    cell: list[Replication],
    manual: list[Replication],
    provenance: dict[str, Status],
    seed: int,
    hours: float,
) -> Comparison:
    """Pair the replications of both methods, which used the same random numbers, and state the difference."""
    of_cell, of_manual = outcome("cell", cell), outcome("manual", manual)
    pairs = list(zip(of_cell.means_s, of_manual.means_s, strict=True))
    labour = list(zip(of_cell.labour_means_s, of_manual.labour_means_s, strict=True))
    return Comparison(
        unit=unit,
        cell=of_cell,
        manual=of_manual,
        less_time_percent=estimate([100 * (1 - c / m) for c, m in pairs]),
        more_output_percent=estimate([100 * (m / c - 1) for c, m in pairs]),
        less_labour_percent=estimate([100 * (1 - c / m) for c, m in labour]),
        less_measured={
            name: estimate([m - c for c, m in zip(each.means, of_manual.measures[name].means, strict=True)])
            for name, each in of_cell.measures.items()
            if name in of_manual.measures
        },
        provenance=provenance,
        replications=len(pairs),
        seed=seed,
        shift_hours=hours,
    )
