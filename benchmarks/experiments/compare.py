"""A comparison that runs by itself: a study is simulated against the manual methods, replication by replication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellwright.benchmarks.best_manual import Compared, TrialOfThree, sources_of_each
from cellwright.benchmarks.comparison import Comparison, Outcome, outcome, paired
from cellwright.benchmarks.economics.cell_files import read_commercial_machine
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.experiments.comparison_json import (
    best_manual_json,
    comparison_json,
    without_outliers_json,
)
from cellwright.benchmarks.experiments.experiment import SHIFT_HOURS, Experiment, Progress, no_progress, steps
from cellwright.benchmarks.experiments.manual_times import ManualTimes, TimedScenario, with_times
from cellwright.benchmarks.experiments.replicating import replicate_best_manual, replicate_both
from cellwright.benchmarks.input_uncertainty import Trial, input_sources, uncertain_inputs
from cellwright.benchmarks.uncertainty import UncertaintySource
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.sim import Estimate, Replication, Scenario, Study
from cellwright.sim.replication import workers


@dataclass(frozen=True, kw_only=True)
class StudyComparison(Compared):
    """A study compared with manual work; the figures without "best" are against today's manual method.

    Attributes:
        today: The cell against today's manual method, with every figure.
        best: The cell against the best manual method; None where the study has none.
        experiment: What was simulated, and how.
        timed: The scenario with the times of the manual method, and the stopwatch study that they are from.
        commercial: The commercial machine; None if no file describes one.
        without_outliers: The comparison without the outliers of the stopwatch study; None where there are none.
    """

    experiment: Experiment
    timed: TimedScenario
    commercial: Commercial | None = None
    without_outliers: Comparison | None = None

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""
        return self.timed.scenario

    @property
    def cell(self) -> Outcome:
        """The cell's figures."""
        return self.today.cell

    @property
    def manual(self) -> Outcome:
        """The figures of today's manual method."""
        return self.today.manual

    @property
    def less_time_percent(self) -> Estimate:
        """How much less time the cell takes, %."""
        return self.today.less_time_percent

    @property
    def more_output_percent(self) -> Estimate:
        """How much more the cell makes in the same time, %."""
        return self.today.more_output_percent

    @property
    def less_labour_percent(self) -> Estimate:
        """How much less labour time a unit takes, %."""
        return self.today.less_labour_percent

    def as_json(self) -> dict[str, Any]:
        """All figures by name, units in the names: what ``cellwright compare --json`` prints."""
        manual_s = self.manual.cycle_time_s.mean
        return (
            comparison_json(self.experiment, self.scenario, self.today)
            | {"best_manual": best_manual_json(self.scenario, self)}
            | {"commercial": self.commercial.as_json(manual_s) if self.commercial else None}
            | self.timed.as_json()
            | without_outliers_json(self.without_outliers)
        )


def compare(
    study: Study | str | Path,
    *,
    manual: ManualTimes | None = None,
    commercial: Path | str | None = None,
    hours: float | None = None,
    cycles: int | None = None,
    replications: int | None = None,
    precision: float | None = None,
    seed: int = 1,
    overrides: Sequence[str] = (),
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
    jobs: int | None = None,
    accept: bool = False,
    progress: Progress = no_progress,
) -> StudyComparison:
    """Simulate a cell and the manual methods under the same random numbers, and compare them.

    The same as ``cellwright compare``, whose options have the same names (``overrides`` is its ``--set``).

    Args:
        study: A study, or the name of a cell or its file, as on the command line.
        manual: A stopwatch study of the manual method: its file, or the elements that were timed.
        commercial: The file of a commercial machine; commercial.toml in the cell's folder by default.
        hours: Hours after the warm-up; one shift of 7.5 h if neither they nor cycles are given.
        cycles: Units after the warm-up, instead.
        replications: So many; 20 if neither they nor a precision are given.
        precision: Instead, until the simulation's noise is at most so many per cent (10 to 200 replications).
        seed: Of the random streams; the same seed gives the same result on any number of cores.
        overrides: Of parameters: "carriage.max_speed=200", or a TOML file of them.
        firmware: What steps the axes: "cellwright" or "configurable".
        jobs: Processes; all cores by default. With 1, everything is computed in this process.
        accept: Whether implausible times and unknown elements are taken as they are.
        progress: Called as ``progress(what, done, total)`` while it runs.

    Returns:
        The comparison: ``less_time_percent``, ``cell``, ``manual`` and the rest; ``as_json()`` has all of it.

    Raises:
        InputError: There is no such cell, or a file or a value cannot be used; before anything is simulated.
        CellFault: The cell stops with nobody there to reset it.

    Example::

        found = compare(STUDY, hours=8, seed=1, manual="times.csv")
        found.less_time_percent.mean, found.less_time_percent.ci95_low
    """
    experiment = Experiment(study, cycles, hours, replications, precision, seed, overrides, firmware, jobs, accept)
    return run_comparison(experiment, manual, commercial, progress)


def run_comparison(
    experiment: Experiment,
    manual: ManualTimes | None = None,
    commercial: Path | str | None = None,
    progress: Progress = no_progress,
) -> StudyComparison:
    """The same for an experiment."""
    timed = with_times(experiment.scenario(), manual, experiment.accept)
    machine = read_commercial_machine(timed.scenario, commercial)
    compared = run_both(experiment, timed.scenario, progress)
    kept_out = timed.without_outliers()
    without = None
    if kept_out is not None:
        without = _noise_only(experiment, kept_out, compared.today.replications, progress)
    return StudyComparison(
        compared.today,
        compared.best,
        experiment=experiment,
        timed=timed,
        commercial=machine,
        without_outliers=without,
    )


def run_both(experiment: Experiment, scenario: Scenario, progress: Progress) -> Compared:
    """The cell against today's manual method and, where the study has one, against the best manual method."""
    best = scenario.with_best_manual()
    if best is None:
        return Compared(run_today(experiment, scenario, progress))
    of_cell, of_manual = replicate_both(experiment, scenario, progress)
    of_best = replicate_best_manual(_so_often(experiment, len(of_cell)), best, progress)
    sources = _sources(experiment, TrialOfThree(scenario, experiment.seed), progress)
    today, beyond = sources_of_each(sources, outcome("cell", of_cell), outcome("manual", of_manual))
    return Compared(
        _paired(experiment, scenario, of_cell, of_manual, today), _paired(experiment, best, of_cell, of_best, beyond)
    )


def run_today(experiment: Experiment, scenario: Scenario, progress: Progress) -> Comparison:
    """The cell against today's manual method alone."""
    of_cell, of_manual = replicate_both(experiment, scenario, progress)
    sources = _sources(experiment, Trial(scenario, experiment.seed), progress)
    return _paired(experiment, scenario, of_cell, of_manual, sources)


def _noise_only(experiment: Experiment, scenario: Scenario, replications: int, progress: Progress) -> Comparison:
    """A comparison beside the main one: its intervals leave out what the inputs leave open."""
    of_cell, of_manual = replicate_both(_so_often(experiment, replications), scenario, progress)
    return _paired(experiment, scenario, of_cell, of_manual, [])


def _so_often(experiment: Experiment, replications: int) -> Experiment:
    return replace(experiment, replications=replications, precision=None)


def _sources(experiment: Experiment, trial: Trial, progress: Progress) -> list[UncertaintySource]:
    """How far the comparison may be off because its inputs are."""
    advance = steps(progress, "what the inputs leave open", uncertain_inputs(trial.scenario))
    with workers(experiment.jobs) as executor:
        return input_sources(trial, executor, advance)


def _paired(
    experiment: Experiment,
    scenario: Scenario,
    of_cell: list[Replication],
    of_manual: list[Replication],
    sources: Sequence[UncertaintySource],
) -> Comparison:
    unit, provenance = scenario.study.cell.unit, scenario.provenance(compared=True)
    return paired(unit, of_cell, of_manual, provenance, experiment.seed, SHIFT_HOURS, sources)
