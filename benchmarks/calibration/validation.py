"""The deviation of a model's prediction from a run: cycle time and time in each state, before and after the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cellwright.benchmarks.calibration.run_log_reader import RunLogData
from cellwright.benchmarks.comparison import outcome
from cellwright.sim import Difference, Estimate, Length, Scenario, estimate, replicate, run_cell, welch

MIN_SIMULATED_CYCLES, MAX_SIMULATED_CYCLES = 20, 100
"""Limits on the cycles of each simulated replication, which has as many as the run."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Figures of a cycle, measured in the run or predicted by the model; s. line_s: the part of the line, if known.

    times_s: the values behind the mean: the run's cycles, or the mean of each replication.
    """

    cycle_time_s: Estimate
    time_in_state_s: dict[str, float]
    n: int
    line_s: float = 0.0
    times_s: tuple[float, ...] = ()

    def off_s(self, run: Prediction) -> Difference:
        """The difference of its cycle time from the run's, by Welch's test: they share no random numbers."""
        return welch(run.times_s, self.times_s)

    def off_percent(self, run: Prediction) -> float:
        """The difference of its cycle time from the run's, %."""
        return 100 * (self.cycle_time_s.mean / run.cycle_time_s.mean - 1)

    def as_json(self, run: Prediction | None = None) -> dict[str, Any]:
        """The figures by name; ``run`` is the reference."""
        figures: dict[str, Any] = {
            "cycle_time_s": self.cycle_time_s.as_json(),
            "time_in_state_s": self.time_in_state_s,
            "cycles" if run is None else "replications": self.n,
        }
        if run is None:
            return figures
        off = {"off_percent": self.off_percent(run), "off_s": self.off_s(run).mean.as_json()}
        return figures | {"line_s": self.line_s} | off


def measured_by_run(observed: RunLogData) -> Prediction:
    """The run's own figures; the interval treats cycles as independent."""
    count = len(observed.cycle_times_s)
    return Prediction(
        estimate(observed.cycle_times_s, are_positive=True),
        {state: seconds / count for state, seconds in observed.time_in_state_s.items()},
        count,
        times_s=tuple(observed.cycle_times_s),
    )


def predicted_by_model(
    scenario: Scenario,
    observed: RunLogData,
    *,
    seed: int,
    replications: int,
    jobs: int | None = None,
    move_line_s: float = 0.0,
) -> Prediction:
    """The model's figures for as many cycles as the run has; ``move_line_s`` is added for each of the run's moves.

    If the run was simulated under the same seed, the next seed is used: with the same draws a model would agree too
    well.
    """
    if observed.facts["seed"] == str(seed):
        seed += 1
    cycles = min(max(len(observed.cycle_times_s), MIN_SIMULATED_CYCLES), MAX_SIMULATED_CYCLES)
    runs = replicate(run_cell, scenario, Length(cycles=cycles), seed=seed, replications=replications, jobs=jobs)
    result = outcome(scenario.study.cell.name(), list(runs))
    line_s, time_s = move_line_s * observed.moves_per_cycle, result.cycle_time_s
    return Prediction(
        Estimate(
            time_s.mean + line_s,
            None if time_s.ci95_low is None else time_s.ci95_low + line_s,
            None if time_s.ci95_high is None else time_s.ci95_high + line_s,
        ),
        {state: seconds for state, seconds in result.time_in_state_s.items() if seconds > 0},
        replications,
        line_s,
        tuple(mean_s + line_s for mean_s in result.means_s),
    )
