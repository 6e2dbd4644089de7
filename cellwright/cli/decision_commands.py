"""The commands that a decision rests on, economics and report, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli.options import (
    DEFAULT_FIRMWARE,
    AcceptOption,
    CellArgument,
    CommercialOption,
    EconomicsOption,
    FirmwareOption,
    HoursOption,
    JobsOption,
    JsonOption,
    ManualOption,
    OptionalCellArgument,
    OptionalReplicationsOption,
    OverridesOption,
    PrecisionOption,
    SeedOption,
)
from cellwright.errors import InputError

decision_app = typer.Typer()
"""Added to the app without a name: its commands stand beside the others."""
SecondsOption = Annotated[
    str | None,
    typer.Option(
        metavar="S|LOW:LIKELY:HIGH", help="Without CELL: a guess at the cell's seconds for a unit.", show_default=False
    ),
]
LabourOption = Annotated[
    str | None,
    typer.Option(
        metavar="S|LOW:LIKELY:HIGH", help="Without CELL: the person's seconds for a unit.", show_default="all of them"
    ),
]


@decision_app.command()
def economics(
    cell: OptionalCellArgument = None,
    prices: EconomicsOption = None,
    commercial: CommercialOption = None,
    manual: ManualOption = None,
    accept: AcceptOption = False,
    hours: HoursOption = None,
    replications: OptionalReplicationsOption = None,
    precision: PrecisionOption = None,
    seed: SeedOption = 1,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    jobs: JobsOption = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the break-even chart to this .svg or .png file.")] = None,
    seconds: SecondsOption = None,
    labour: LabourOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute savings, payback and net present value against manual work and a commercial machine.

    Without CELL: from a stopwatch study (--manual), prices (--economics) and a guess at the cell's --seconds.
    """
    from cellwright.benchmarks.experiments.experiment import Experiment
    from cellwright.cli.commands import economics

    given = economics.EconomicsFiles(manual, prices, commercial)
    if (cell is None) == (seconds is None) or (labour and seconds is None):
        raise InputError("Name a cell, or guess at its --seconds (and --labour) without one; one of the two.")
    if cell is None:
        guess = (seconds or "", labour)
        economics.evaluate_without_cell(given, guess, seed, accept, picture, as_json)
        return
    experiment = Experiment(
        cell, None, hours, replications, precision, seed, overrides or [], firmware.value, jobs, accept
    )
    economics.evaluate(experiment, given, picture, as_json)


@decision_app.command()
def report(
    cell: CellArgument,
    lang: Annotated[
        str,
        typer.Option("--lang", metavar="nb|en", help="Language of the report: nb (Norwegian bokmål) or en (English)."),
    ] = "nb",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the files of the report.")] = Path(
        "report"
    ),
    economics: EconomicsOption = None,
    commercial: CommercialOption = None,
    project: Annotated[
        Path | None,
        typer.Option(help="Milestones and budget, as TOML.", show_default="project.toml in the cell's folder"),
    ] = None,
    manual: ManualOption = None,
    accept: AcceptOption = False,
    hours: HoursOption = None,
    replications: OptionalReplicationsOption = None,
    precision: PrecisionOption = None,
    seed: SeedOption = 1,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    jobs: JobsOption = None,
) -> None:
    """Write a report for a firm and its funder: PDF, web page, workbook, figures and summaries for a form."""
    from cellwright.benchmarks.experiments.experiment import Experiment
    from cellwright.cli.commands import report

    experiment = Experiment(
        cell, None, hours, replications, precision, seed, overrides or [], firmware.value, jobs, accept
    )
    report.report(report.ReportOptions(experiment, lang, output, manual, economics, commercial, project))
