"""What a report rests on: a study compared and priced, and the sensitivity of the result to each of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellwright import __version__
from cellwright.benchmarks.best_manual import Compared
from cellwright.benchmarks.economics.cell_files import Prices, file_of, read_prices
from cellwright.benchmarks.economics.inputs import Economics
from cellwright.benchmarks.economics.model import economics_as_given, evaluate_economics
from cellwright.benchmarks.economics.project import Project, read_project
from cellwright.benchmarks.experiments.compare import run_both
from cellwright.benchmarks.experiments.economics import input_hash
from cellwright.benchmarks.experiments.experiment import Experiment, Progress, no_progress, steps
from cellwright.benchmarks.experiments.manual_times import ManualTimes, TimedScenario, with_times
from cellwright.benchmarks.report.inputs import Money, ReportInputs
from cellwright.benchmarks.sweeps.screening import (
    ScreeningExperiment,
    ScreeningResult,
    figure_reader,
    progress_steps,
    screen,
)
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.sim import FreeTime, Scenario, Study, observe_free_time
from cellwright.sim.replication import workers

SENSITIVITY_SHARE = 0.2
"""By how much each input is decreased and increased in the sensitivity analysis, as a share."""
SENSITIVITY_REPLICATIONS = 3


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The files of a report as they were read, before anything is simulated.

    prices: None if the cell has no economics and no file was given; project: likewise.
    """

    experiment: Experiment
    timed: TimedScenario
    prices: Prices | None
    project: Project | None


def report_inputs(
    study: Study | str | Path,
    *,
    economics: Path | str | None = None,
    commercial: Path | str | None = None,
    project: Path | str | None = None,
    manual: ManualTimes | None = None,
    hours: float | None = None,
    replications: int | None = None,
    precision: float | None = None,
    seed: int = 1,
    overrides: Sequence[str] = (),
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
    jobs: int | None = None,
    accept: bool = False,
    progress: Progress = no_progress,
    command: str = "",
) -> ReportInputs:
    """Simulate and compute all that a report of ``cellwright report`` rests on; ``write_report`` makes it files.

    Args:
        study: A study, or the name of a cell or its file.
        economics: The file of costs and prices; economics.toml in the cell's folder by default.
        commercial: The file of a commercial machine; commercial.toml in the cell's folder by default.
        project: The file of milestones and budget; project.toml in the cell's folder by default.
        manual: A stopwatch study of the manual method: its file, or the elements that were timed.
        hours: As the rest, of ``compare``.
        replications: So many, or
        precision: until the simulation's noise is at most so many per cent.
        seed: Of the random streams.
        overrides: Of parameters.
        firmware: What steps the axes.
        jobs: Processes.
        accept: Whether implausible times and rates are taken as they are.
        progress: Called as ``progress(what, done, total)`` while it runs.
        command: What makes the report again, as it is printed there; this call by default.

    Raises:
        InputError: A file or a value cannot be used; before anything is simulated.
        CellFault: The cell stops with nobody there to reset it.
    """
    experiment = Experiment(study, None, hours, replications, precision, seed, overrides, firmware, jobs, accept)
    elements = None if manual is None or isinstance(manual, (str, Path)) else tuple(manual)
    read = read_report_files(experiment, manual if elements is None else elements, economics, commercial, project)
    given = {"economics": economics, "commercial": commercial, "project": project, "manual": manual}
    if elements is not None:
        given["manual"] = "the elements that were timed"
    return run_report(read, command or _call(experiment, given), progress)


def _call(experiment: Experiment, given: Mapping[str, object]) -> str:
    """The call that reproduces a report, defaults included."""
    often = "replications" if experiment.precision is None else "precision"
    arguments = {
        **given,
        "hours": experiment.length.hours,
        often: experiment.max_replications if experiment.precision is None else experiment.precision,
        "seed": experiment.seed,
        "overrides": list(experiment.overrides) or None,
        "firmware": None if experiment.firmware == DEFAULT_FIRMWARE else experiment.firmware,
        "accept": experiment.accept or None,
    }
    texts = {name: str(each) if isinstance(each, Path) else each for name, each in arguments.items()}
    words = [f"{name}={each!r}" for name, each in texts.items() if each is not None]
    return f"report_inputs({', '.join([repr(experiment.cell), *words])})"


def read_report_files(
    experiment: Experiment,
    manual: ManualTimes | None = None,
    economics: Path | str | None = None,
    commercial: Path | str | None = None,
    project: Path | str | None = None,
) -> ReportFiles:
    """Read all files of a report. Raises InputError for one that cannot be used."""
    timed = with_times(experiment.scenario(), manual, experiment.accept)
    scenario, prices = timed.scenario, None
    if file_of(scenario, economics, "economics.toml") is not None:
        prices = read_prices(scenario, experiment.cell, economics, commercial, experiment.accept)
    project_file = file_of(scenario, project, "project.toml")
    return ReportFiles(experiment, timed, prices, None if project_file is None else read_project(project_file))


def run_report(read: ReportFiles, command: str = "", progress: Progress = no_progress) -> ReportInputs:
    """Simulate, and compute the economics and the sensitivity."""
    experiment, scenario, prices = read.experiment, read.timed.scenario, read.prices
    measures = scenario.study.measures
    compared = run_both(experiment, scenario, progress)
    free = observe_free_time(scenario, experiment.length, experiment.seed)
    money = None
    if prices is not None:
        found = evaluate_economics(compared.today, *prices, measures, free=free, best=compared.best)
        as_given = economics_as_given(compared.today, *prices, measures, free=free, best=compared.best)
        money = Money(*prices, found, as_given)
    return ReportInputs(
        cell=experiment.cell,
        scenario=scenario,
        comparison=compared.today,
        best=compared.best,
        hours=experiment.length.hours or 0.0,
        money=money,
        project=read.project,
        screening=_screen(experiment, scenario, compared, prices[0] if prices else None, free, progress),
        share=SENSITIVITY_SHARE,
        sensitivity_replications=_sensitivity_replications(experiment),
        command=command,
        version=__version__,
        input_hash=input_hash(scenario, *(prices or (None, None)), read.project),
        study=read.timed.study,
        precision=experiment.rule,
    )


def _sensitivity_replications(experiment: Experiment) -> int:
    return min(experiment.max_replications, SENSITIVITY_REPLICATIONS)


def _screen(
    experiment: Experiment,
    scenario: Scenario,
    compared: Compared,
    economics: Economics | None,
    free: FreeTime,
    progress: Progress,
) -> ScreeningResult:
    """The sensitivity of the result to each input, including the times of a stopwatch study.

    The result is that against the best manual method, where there is one and there are prices.
    """
    best = scenario.with_best_manual() if economics is not None and compared.best is not None else None
    scenario, comparison = best or scenario, compared.best if best and compared.best else compared.today
    is_best = best is not None
    read = figure_reader(economics, scenario.study.measures, free, is_best)
    question = ScreeningExperiment(
        scenario, experiment.length, _sensitivity_replications(experiment), experiment.seed, read
    )
    advance = steps(progress, f"the inputs of {experiment.cell}, one at a time", progress_steps(scenario))
    with workers(experiment.jobs) as executor:
        return screen(question, comparison, economics, SENSITIVITY_SHARE, executor, advance, free, is_best)
