"""``report``: a report on a cell for a firm and its funder, as files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cellwright
from cellwright.benchmarks.best_manual import Compared
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.inputs import Economics
from cellwright.benchmarks.economics.model import economics_as_given, evaluate_economics
from cellwright.benchmarks.economics.project import Project, read_project
from cellwright.benchmarks.sweeps.screening import (
    ScreeningExperiment,
    ScreeningResult,
    figure_reader,
    progress_steps,
    screen,
)
from cellwright.cli import tables
from cellwright.cli.cell_files import cell_folder
from cellwright.cli.commands.economics import input_hash, read_economics_files
from cellwright.cli.commands.simulate import SimulationOptions, run_comparisons
from cellwright.cli.manual_study import TimedScenario
from cellwright.cli.progress import progress
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE
from cellwright.sim import FreeTime, Scenario, observe_free_time
from cellwright.sim.replication import cores, process_pool

if TYPE_CHECKING:
    from cellwright.benchmarks.report.inputs import ReportInputs

SENSITIVITY_SHARE = 0.2
"""By how much each input is decreased and increased in the sensitivity analysis, as a share."""
SENSITIVITY_REPLICATIONS = 3


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The options of ``report``: what to simulate, the language, the folder and the input files."""

    simulation: SimulationOptions
    language: str
    folder: Path
    manual: Path | None
    economics: Path | None
    commercial: Path | None
    project: Path | None = None

    def _how_often(self) -> list[str]:
        precision = self.simulation.precision
        if precision is not None:
            return ["--precision", f"{precision:g}"]
        return ["-R", str(self.simulation.max_replications)]

    def command(self) -> str:
        """The command that reproduces the report, defaults included."""
        simulation = self.simulation
        words = ["cellwright", "report", simulation.cell, "--lang", self.language, *self._how_often()]
        words += ["--hours", f"{simulation.length.hours:g}", "--seed", str(simulation.seed)]
        for option in ("manual", "economics", "commercial", "project"):
            path = getattr(self, option)
            words += [f"--{option}", str(path)] if path else []
        for override in simulation.overrides:
            words += ["--set", override]
        words += ["--accept"] if simulation.accept else []
        if simulation.firmware != DEFAULT_FIRMWARE:
            words += ["--firmware", simulation.firmware]
        return shlex.join([*words, "-o", str(self.folder)])


def report(options: ReportOptions) -> None:
    """Simulate the cell and the manual method, compute economics and sensitivity, and write every file.

    Raises:
        InputError: The language is unknown, a file cannot be used, or the folder cannot be written. It is raised before
            anything is simulated.
    """
    from cellwright.benchmarks.report.translations import read_translations
    from cellwright.benchmarks.report.writer import make_folder, write_report

    timed = options.simulation.timed_scenario(options.manual)
    scenario = timed.scenario
    translations = read_translations(options.language, options.simulation.cell, cell_folder(scenario))
    prices, project = _prices(options, scenario), _project(options, scenario)
    make_folder(options.folder)
    inputs = _report_inputs(options, timed, prices, project)
    with tables.spinner("Writing the report"):
        written = write_report(options.folder, inputs, translations)
    out = tables.console()
    timed.print_lines()
    tables.print_comparison_precision(options.simulation.rule, inputs.comparison)
    if inputs.money is None:
        out.print(
            f"{options.simulation.cell} has no economics.toml in its folder: the report has no section on economics."
        )
    if project is None:
        out.print(
            f"{options.simulation.cell} has no project.toml in its folder: the report has no milestones and no budget."
        )
    out.print(f"Wrote {written[0]}, and in the same folder {', '.join(path.name for path in written[1:])}.")


Prices = tuple[Economics, Commercial | None]


def _report_inputs(
    options: ReportOptions, timed: TimedScenario, prices: Prices | None, project: Project | None
) -> ReportInputs:
    """Simulate, and compute the economics and the sensitivity."""
    from cellwright.benchmarks.report.inputs import Money, ReportInputs

    scenario = timed.scenario
    simulation, measures = options.simulation, scenario.study.measures
    compared = run_comparisons(simulation, scenario)
    free = observe_free_time(scenario, simulation.length, simulation.seed)
    money = None
    if prices is not None:
        found = evaluate_economics(compared.today, *prices, measures, free=free, best=compared.best)
        as_given = economics_as_given(compared.today, *prices, measures, free=free, best=compared.best)
        money = Money(*prices, found, as_given)
    return ReportInputs(
        cell=simulation.cell,
        scenario=scenario,
        comparison=compared.today,
        best=compared.best,
        hours=simulation.length.hours or 0.0,
        money=money,
        project=project,
        screening=_screen(simulation, scenario, compared, prices[0] if prices else None, free),
        share=SENSITIVITY_SHARE,
        sensitivity_replications=_sensitivity_replications(simulation),
        command=options.command(),
        version=cellwright.__version__,
        input_hash=input_hash(scenario, *(prices or (None, None)), project),
        study=timed.study,
        precision=simulation.rule,
    )


def _prices(options: ReportOptions, scenario: Scenario) -> Prices | None:
    """The economics and the commercial machine; None if the cell has no economics and no file was given."""
    if options.economics is None and not (cell_folder(scenario) / "economics.toml").exists():
        return None
    return read_economics_files(options.simulation, scenario, options.economics, options.commercial)


def _project(options: ReportOptions, scenario: Scenario) -> Project | None:
    """The plan and budget; None if the cell has none and no file was given."""
    default = cell_folder(scenario) / "project.toml"
    if options.project is None and not default.exists():
        return None
    return read_project(options.project or default)


def _sensitivity_replications(simulation: SimulationOptions) -> int:
    return min(simulation.max_replications, SENSITIVITY_REPLICATIONS)


def _screen(
    simulation: SimulationOptions,
    scenario: Scenario,
    compared: Compared,
    economics: Economics | None,
    free: FreeTime,
) -> ScreeningResult:
    """The sensitivity of the result to each input, including the times of a stopwatch study.

    The result is that against the best manual method, where there is one and there are prices.
    """
    best = scenario.with_best_manual() if economics is not None and compared.best is not None else None
    scenario, comparison = best or scenario, compared.best if best and compared.best else compared.today
    is_best = best is not None
    read = figure_reader(economics, scenario.study.measures, free, is_best)
    question = ScreeningExperiment(
        scenario, simulation.length, _sensitivity_replications(simulation), simulation.seed, read
    )
    total = progress_steps(scenario)
    with (
        process_pool(simulation.jobs or cores()) as pool,
        progress(f"the inputs of {simulation.cell}, one at a time", total) as advance,
    ):
        return screen(question, comparison, economics, SENSITIVITY_SHARE, pool, advance, free, is_best)
