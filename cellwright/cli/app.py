"""The commands and their options; what they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli.board_commands import boards
from cellwright.cli.options import (
    DEFAULT_FIRMWARE,
    Board,
    BoughtFile,
    CellName,
    Cycles,
    Hours,
    Jobs,
    Json,
    Log,
    Manual,
    Output,
    PricesFile,
    Replications,
    Seed,
    Set,
    Uploader,
    WhichFirmware,
)

app = typer.Typer(
    name="cellwright",
    help="Know what a production cell is worth before it is built, then run the same file on it.",
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(boards)


@app.command()
def cells() -> None:
    """List the cells."""
    from cellwright.cli.commands import describe

    describe.list_cells()


@app.command()
def describe(
    cell: CellName,
    diagram: Annotated[bool, typer.Option("--diagram", help="Print the state diagram as Mermaid.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --diagram: draw it to this .svg, .png or .mmd file.")
    ] = None,
) -> None:
    """Show a cell's states, devices and pins, or its state diagram."""
    from cellwright.cli.commands import describe

    if diagram or output:
        describe.show_diagram(cell, output)
    else:
        describe.describe(cell)


@app.command()
def check(
    cell: CellName,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    faults: Annotated[bool, typer.Option("--faults", help="Also let every fault strike in every state.")] = False,
    seed: Seed = 1,
) -> None:
    """Check what can be known before a cell runs, and rehearse one unit on the model board."""
    from cellwright.cli.commands import describe

    describe.check(cell, settings or [], firmware.value)
    if faults:
        from cellwright.cli.commands import check

        check.rehearse(cell, settings or [], seed, firmware.value)


@app.command()
def simulate(
    cell: CellName,
    cycles: Cycles = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    log: Log = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Simulate a cell: cycle time, output, the person's time, stops."""
    from cellwright.cli.commands import simulate

    asked = simulate.Asked(cell, cycles, hours, replications, seed, settings or [], jobs, firmware.value)
    simulate.simulate(asked, log, as_json)


@app.command()
def compare(
    cell: CellName,
    manual: Manual = None,
    commercial: BoughtFile = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Compare a cell with the hand work that it replaces, and with a machine that can be bought."""
    from cellwright.cli.commands import simulate

    asked = simulate.Asked(cell, None, hours, replications, seed, settings or [], jobs, firmware.value)
    simulate.compare(asked, manual, commercial, as_json)


@app.command()
def sweep(
    cell: CellName,
    vary: Annotated[
        list[str] | None, typer.Option("--vary", metavar="DEVICE.PARAMETER=FROM:TO:N", help="An input to vary; again.")
    ] = None,
    method: Annotated[str, typer.Option(help="grid, latin (Latin hypercube) or sobol.")] = "grid",
    samples: Annotated[int, typer.Option(help="Designs, unless it is a grid.", min=1)] = 64,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="A Dask scheduler, in place of processes here.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV; one that is there is gone on with.")] = Path(
        "sweep.csv"
    ),
    picture: Annotated[Path | None, typer.Option(help="Also draw it, to this .svg or .png file.")] = None,
    figure: Annotated[
        str, typer.Option(help="What to draw: a column; two, with a comma between, for the designs that win.")
    ] = "less_time_percent",
) -> None:
    """Try many designs of a cell: each simulated beside the hand, written as it comes, gone on with if interrupted."""
    from cellwright.cli.commands import sweep

    sweep.sweep(
        sweep.SweepAsked(
            cell,
            vary or [],
            method,
            samples,
            settings or [],
            hours,
            replications,
            seed,
            jobs,
            scheduler,
            output,
            picture,
            figure,
            firmware.value,
        )
    )


@app.command()
def economics(
    cell: CellName,
    prices: PricesFile = None,
    commercial: BoughtFile = None,
    manual: Manual = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    jobs: Jobs = None,
    picture: Annotated[Path | None, typer.Option(help="Draw from how many units a day it pays: .svg, .png.")] = None,
    as_json: Json = False,
) -> None:
    """What a cell is worth against the hand and a machine one could buy: savings, payback, net present value."""
    from cellwright.cli.commands import economics, simulate

    asked = simulate.Asked(cell, None, hours, replications, seed, settings or [], jobs, firmware.value)
    economics.evaluate(asked, manual, prices, commercial, picture, as_json)


@app.command()
def report(
    cell: CellName,
    lang: Annotated[str, typer.Option("--lang", metavar="nb|en", help="Norwegian bokmål or English.")] = "nb",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the report's files.")] = Path("report"),
    economics: PricesFile = None,
    commercial: BoughtFile = None,
    project: Annotated[Path | None, typer.Option(help="Milestones and budget: TOML; else the cell's own.")] = None,
    manual: Manual = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    jobs: Jobs = None,
) -> None:
    """Write a report for the firm and its funder: PDF, web page, workbook, figures, and summaries for a form."""
    from cellwright.cli.commands import report, simulate

    asked = simulate.Asked(cell, None, hours, replications, seed, settings or [], jobs, firmware.value)
    report.report(report.ReportAsked(asked, lang, output, manual, economics, commercial, project))


@app.command()
def sensitivity(
    cell: CellName,
    figure: Annotated[str, typer.Option(help="The result: a column of a sweep.")] = "less_time_percent",
    by: Annotated[float, typer.Option(help="How much smaller and larger each input is made, %.")] = 20.0,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    hours: Hours = None,
    replications: Replications = 10,
    seed: Seed = 1,
    jobs: Jobs = None,
    picture: Annotated[Path | None, typer.Option(help="Draw a tornado to this .svg or .png file.")] = None,
    as_json: Json = False,
) -> None:
    """Show which inputs the result hangs on: each alone made smaller and larger, the most important on top."""
    from cellwright.cli.commands import sweep

    sweep.analyse_sensitivity(
        sweep.SensitivityAsked(
            cell, figure, by, settings or [], hours, replications, seed, jobs, picture, as_json, firmware.value
        )
    )


@app.command()
def fit(
    cell: CellName,
    log: Annotated[Path, typer.Option(metavar="RUN", help="The run log, as --log writes it.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write what is measured to this .toml.")] = None,
    settings: Set = None,
    replications: Replications = 20,
    seed: Seed = 1,
    jobs: Jobs = None,
    picture: Annotated[Path | None, typer.Option(help="Draw prediction against run to this .svg or .png file.")] = None,
    as_json: Json = False,
) -> None:
    """Correct the model by a run: fit its parameters to the run's log, and say how far off it was, before and after."""
    from cellwright.cli.commands import fit

    fit.fit_model(fit.FitAsked(cell, log, output, settings or [], replications, seed, jobs, picture, as_json))


@app.command()
def claims(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The claims, one [[claims]] each.")],
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Check that what was promised still holds; exit 1 if a claim does not."""
    from cellwright.cli.commands import claims

    claims.check_claims(file, jobs, as_json)


@app.command()
def certificates(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A run log, as --log writes it.")],
    replication: Annotated[int, typer.Option(help="Which replication of a simulation.", min=0)] = 0,
) -> None:
    """Print what is in each unit of a run, for cells that keep such a record: asked, made, of which lot, when."""
    from cellwright.cli.commands import describe

    describe.print_certificates(log, replication)


@app.command()
def agree(
    cell: CellName,
    cycles: Annotated[int, typer.Option(help="Units to make on each target.", min=1)] = 3,
    seed: Seed = 1,
    settings: Set = None,
    as_json: Json = False,
) -> None:
    """Make the same units on the model, on a virtual Arduino and on real firmware; exit 1 if their times differ."""
    from cellwright.cli.commands import agree

    agree.agree(agree.AgreeAsked(cell, cycles, seed, settings or [], as_json))


@app.command()
def flash(
    port: Annotated[str, typer.Argument(metavar="[PORT]", help="The board's serial port, or auto.")] = "auto",
    board: Annotated[
        Board | None, typer.Option("--board", help="Which Arduino it is.", show_default="what chip and USB tell")
    ] = None,
    firmware: Annotated[
        Path | None, typer.Option(metavar="FILE.hex", help="Firmware to write.", show_default="CellwrightFirmata")
    ] = None,
    backup: Annotated[Path | None, typer.Option(metavar="FILE.hex", help="Keep what was there before here.")] = None,
    tool: Annotated[
        Uploader | None,
        typer.Option("--with", help="What writes.", show_default="avrdude if it is installed"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is there, and write nothing.")] = False,
) -> None:
    """Put firmware on an Arduino: say what was there before, write, verify, and hear it answer."""
    from cellwright.cli.commands import flash as flash_command

    flash_command.flash(
        flash_command.FlashAsked(
            port, board.value if board else None, firmware, backup, tool.value if tool else None, dry_run
        )
    )


@app.command()
def timestudy(
    cell: CellName,
    read: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Say what a study says; record none.")] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="With --read: an earlier study of the same work.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The .csv to record into; with --read: a .png or .svg to draw."),
    ] = None,
    settings: Set = None,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Time the hand at the terminal, a key for each element; or read what a stopwatch study says."""
    from cellwright.cli.commands import timestudy

    timestudy.timestudy(timestudy.TimeStudyAsked(cell, read, against, output, settings or [], seed, as_json))


@app.command()
def demo(cell: CellName = "stapler", output: Output = Path("demo"), seed: Seed = 1) -> None:
    """Simulate a shift of a cell against the hand, and write a page with pictures."""
    from cellwright.cli.commands import demo

    demo.demo(cell, output, seed)


@app.callback()
def main() -> None:
    """Know what a production cell is worth before it is built, then run the same file on it."""
