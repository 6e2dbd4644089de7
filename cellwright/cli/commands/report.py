"""``report``: a report on a cell for a firm and its funder, as files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from cellwright.benchmarks.economics.cell_files import cell_folder
from cellwright.benchmarks.experiments.experiment import Experiment
from cellwright.benchmarks.experiments.report import read_report_files, run_report
from cellwright.cli import tables
from cellwright.cli.manual_study import print_study
from cellwright.cli.progress import progress_bars
from cellwright.cli.terminal import console, spinner
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The options of ``report``: what to simulate, the language, the folder and the input files."""

    simulation: Experiment
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

    experiment = options.simulation
    read = read_report_files(experiment, options.manual, options.economics, options.commercial, options.project)
    translations = read_translations(options.language, experiment.cell, cell_folder(read.timed.scenario))
    make_folder(options.folder)
    with progress_bars() as progress:
        inputs = run_report(read, options.command(), progress)
    with spinner("Writing the report"):
        written = write_report(options.folder, inputs, translations)
    out = console()
    print_study(read.timed)
    tables.print_comparison_precision(experiment.rule, inputs.comparison)
    if inputs.money is None:
        out.print(f"{experiment.cell} has no economics.toml in its folder: the report has no section on economics.")
    if read.project is None:
        out.print(f"{experiment.cell} has no project.toml in its folder: the report has no milestones and no budget.")
    out.print(f"Wrote {written[0]}, and in the same folder {', '.join(path.name for path in written[1:])}.")
