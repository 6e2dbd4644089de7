"""``report``: all that a firm and its funder ask of a cell, in files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cellwright
from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.inputs import Economics
from cellwright.benchmarks.economics.model import evaluate_economics
from cellwright.benchmarks.economics.project import Project, read_project
from cellwright.benchmarks.sweeps.screening import Question, ScreeningResult, reader, screen, steps
from cellwright.benchmarks.time_study.stopwatch_csv import read_dates
from cellwright.cli import tables
from cellwright.cli.cell_files import home_of
from cellwright.cli.commands.economics import input_hash, read_files
from cellwright.cli.commands.simulate import Asked, run_comparison
from cellwright.cli.progress import progress
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE
from cellwright.sim import Scenario
from cellwright.sim.replication import cores, process_pool

if TYPE_CHECKING:
    from cellwright.benchmarks.report.inputs import ReportInputs

SHARE = 0.2
"""How much smaller and larger each input is made, to see what the result hangs on."""
SWING_REPLICATIONS = 3


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """What the user asked to have reported, in which language, and where to."""

    asked: Asked
    language: str
    folder: Path
    manual: Path | None
    economics: Path | None
    commercial: Path | None
    project: Path | None = None

    def command(self) -> str:
        """The command that gives the same report again, whatever was left to the defaults."""
        asked = self.asked
        words = ["cellwright", "report", asked.cell, "--lang", self.language, "-R", str(asked.replications)]
        words += ["--hours", f"{asked.length.hours:g}", "--seed", str(asked.seed)]
        for option in ("manual", "economics", "commercial", "project"):
            path = getattr(self, option)
            words += [f"--{option}", str(path)] if path else []
        for setting in asked.settings:
            words += ["--set", setting]
        if asked.firmware != DEFAULT_FIRMWARE:
            words += ["--firmware", asked.firmware]
        return shlex.join([*words, "-o", str(self.folder)])


def report(wanted: ReportAsked) -> None:
    """Simulate cell and hand, work out what the cell is worth and hangs on, and write every file.

    Raises InputError for a language that there is not, and for a folder that cannot be written, before anything runs.
    """
    from cellwright.benchmarks import read_stopwatch
    from cellwright.benchmarks.report.translations import read_translations
    from cellwright.benchmarks.report.writer import make_folder, write_report

    scenario = wanted.asked.scenario(read_stopwatch(wanted.manual) if wanted.manual else [])
    words = read_translations(wanted.language, wanted.asked.cell, home_of(scenario))
    prices, project = _prices(wanted, scenario), _project(wanted, scenario)
    make_folder(wanted.folder)
    found = _material(wanted, scenario, prices, project)
    with tables.busy("Writing the report"):
        written = write_report(wanted.folder, found, words)
    out = tables.console()
    if found.money is None:
        out.print(f"{wanted.asked.cell} has no economics.toml beside it: the report says nothing of money.")
    if project is None:
        out.print(f"{wanted.asked.cell} has no project.toml beside it: the report has no milestones and no budget.")
    out.print(f"Wrote {written[0]}; beside it are {', '.join(path.name for path in written[1:])}.")


Prices = tuple[Economics, Commercial | None]


def _material(wanted: ReportAsked, scenario: Scenario, prices: Prices | None, project: Project | None) -> ReportInputs:
    """Simulate, work out what the cell is worth, and what that hangs on."""
    from cellwright.benchmarks.report.inputs import Money, ReportInputs

    asked, measures = wanted.asked, scenario.study.measures
    comparison = run_comparison(asked, scenario)
    money = Money(*prices, evaluate_economics(comparison, *prices, measures)) if prices else None
    return ReportInputs(
        cell=asked.cell,
        scenario=scenario,
        comparison=comparison,
        hours=asked.length.hours or 0.0,
        money=money,
        project=project,
        screening=_screened(asked, scenario, comparison, prices[0] if prices else None),
        share=SHARE,
        sensitivity_replications=_swing_replications(asked),
        command=wanted.command(),
        version=cellwright.__version__,
        input_hash=input_hash(scenario, *(prices or (None, None)), project),
        timed_on=read_dates(wanted.manual) if wanted.manual else (),
    )


def _prices(wanted: ReportAsked, scenario: Scenario) -> Prices | None:
    """The economics and the machine to buy; None if the cell has no economics and none was named."""
    if wanted.economics is None and not (home_of(scenario) / "economics.toml").exists():
        return None
    return read_files(wanted.asked, scenario, wanted.economics, wanted.commercial)


def _project(wanted: ReportAsked, scenario: Scenario) -> Project | None:
    """The plan and budget; None if the cell has none and none was named."""
    beside = home_of(scenario) / "project.toml"
    if wanted.project is None and not beside.exists():
        return None
    return read_project(wanted.project or beside)


def _swing_replications(asked: Asked) -> int:
    return min(asked.replications, SWING_REPLICATIONS)


def _screened(asked: Asked, scenario: Scenario, comparison: Comparison, economics: Economics | None) -> ScreeningResult:
    """What the result hangs on, with the times that a stopwatch showed, if any."""
    read = reader(economics, scenario.study.measures)
    question = Question(scenario, asked.length, _swing_replications(asked), asked.seed, read)
    total = steps(scenario)
    with (
        process_pool(asked.jobs or cores()) as pool,
        progress(f"the inputs of {asked.cell}, one at a time", total) as advance,
    ):
        return screen(question, comparison, economics, SHARE, pool, advance)
