"""The commands and their options; ``commands/`` holds what they do, one module for each command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli.board_commands import board_app
from cellwright.cli.decision_commands import decision_app
from cellwright.cli.options import (
    DEFAULT_FIRMWARE,
    AcceptOption,
    ArduinoName,
    CellArgument,
    CommercialOption,
    CyclesOption,
    FirmwareOption,
    HoursOption,
    JobsOption,
    JsonOption,
    LogOption,
    ManualOption,
    OptionalReplicationsOption,
    OutputOption,
    OverridesOption,
    PrecisionOption,
    ReplicationsOption,
    SchedulerOption,
    SeedOption,
    Uploader,
)
from cellwright.cli.verbose import VerboseOption
from cellwright.errors import InputError

app = typer.Typer(
    name="cellwright",
    help="Simulate a production cell and its economics before it is built, then run the same description on it.",
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(board_app)
app.add_typer(decision_app)


@app.command()
def cells() -> None:
    """List the available cells."""
    from cellwright.cli.commands import describe

    describe.list_cells()


@app.command()
def describe(
    cell: CellArgument,
    diagram: Annotated[bool, typer.Option("--diagram", help="Print the state diagram, as Mermaid.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the diagram to this .svg, .png or .mmd file.")
    ] = None,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="List all that --set takes: value, unit, status and source.")
    ] = False,
    overrides: OverridesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the states, devices, pins and hazards of a cell, its parameters, or its state diagram."""
    from cellwright.cli.commands import describe

    if parameters:
        describe.print_parameters(cell, overrides or [], as_json)
    elif as_json or overrides:
        raise InputError("Only the parameters are listed as JSON or with --set; add --parameters.")
    elif diagram or output:
        describe.show_diagram(cell, output)
    else:
        describe.describe(cell)


@app.command()
def check(
    cell: CellArgument,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    faults: Annotated[
        bool, typer.Option("--faults", help="Also inject every fault in every state and print how the cell ends.")
    ] = False,
    seed: SeedOption = 1,
    _: VerboseOption = False,
) -> None:
    """Check the description of a cell, and make one unit on the model board as a dry run."""
    from cellwright.cli.commands import describe

    describe.check(cell, overrides or [], firmware.value)
    if faults:
        from cellwright.cli.commands import check

        check.print_fault_matrix(cell, overrides or [], seed, firmware.value)


@app.command()
def simulate(
    cell: CellArgument,
    cycles: CyclesOption = None,
    hours: HoursOption = None,
    replications: OptionalReplicationsOption = None,
    precision: PrecisionOption = None,
    seed: SeedOption = 1,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    log: LogOption = None,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate a cell: cycle time, output, operator time and stops."""
    from cellwright.benchmarks.experiments.experiment import Experiment
    from cellwright.cli.commands import simulate

    experiment = Experiment(cell, cycles, hours, replications, precision, seed, overrides or [], firmware.value, jobs)
    simulate.simulate(experiment, log, as_json)


@app.command()
def compare(
    cell: CellArgument,
    manual: ManualOption = None,
    accept: AcceptOption = False,
    commercial: CommercialOption = None,
    hours: HoursOption = None,
    replications: OptionalReplicationsOption = None,
    precision: PrecisionOption = None,
    seed: SeedOption = 1,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a cell with the manual method it replaces, and with a commercial machine."""
    from cellwright.benchmarks.experiments.experiment import Experiment
    from cellwright.cli.commands import simulate

    experiment = Experiment(
        cell, None, hours, replications, precision, seed, overrides or [], firmware.value, jobs, accept
    )
    simulate.compare(experiment, manual, commercial, as_json)


@app.command()
def sweep(
    cell: CellArgument,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="DEVICE.PARAMETER=FROM:TO:N",
            help="A parameter to vary, with its range and number of values; repeatable.",
        ),
    ] = None,
    method: Annotated[str, typer.Option(help="Sampling method: grid, latin (Latin hypercube) or sobol.")] = "grid",
    samples: Annotated[int, typer.Option(help="Number of designs to sample; not used for a grid.", min=1)] = 64,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    hours: HoursOption = None,
    replications: ReplicationsOption = 20,
    seed: SeedOption = 1,
    jobs: JobsOption = None,
    scheduler: SchedulerOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="CSV file of results; an unfinished one is resumed.")
    ] = Path("sweep.csv"),
    picture: Annotated[Path | None, typer.Option(help="Draw the results to this .svg or .png file.")] = None,
    figure: Annotated[
        str, typer.Option(help="Column to draw; two columns separated by a comma draw their Pareto front.")
    ] = "less_time_percent",
) -> None:
    """Run a parameter sweep against the manual baseline; results are saved as they come and can be resumed."""
    from cellwright.benchmarks.experiments.experiment import Experiment
    from cellwright.cli.commands import sweep

    experiment = Experiment(cell, None, hours, replications, None, seed, overrides or [], firmware.value, jobs)
    sweep.sweep(sweep.SweepOptions(experiment, vary or [], method, samples, scheduler, output, picture, figure))


@app.command()
def sensitivity(
    cell: CellArgument,
    figure: Annotated[
        str, typer.Option(help="The result to analyse: a column of the sweep's CSV file.")
    ] = "less_time_percent",
    by: Annotated[float, typer.Option(help="Change applied to each parameter, down and up, %.")] = 20.0,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    hours: HoursOption = None,
    replications: ReplicationsOption = 10,
    seed: SeedOption = 1,
    jobs: JobsOption = None,
    picture: Annotated[Path | None, typer.Option(help="Draw a tornado chart to this .svg or .png file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the parameters by their effect on the result, each decreased and increased alone."""
    from cellwright.benchmarks.experiments.experiment import Experiment
    from cellwright.cli.commands import sweep

    experiment = Experiment(cell, None, hours, replications, None, seed, overrides or [], firmware.value, jobs)
    sweep.analyse_sensitivity(sweep.SensitivityOptions(experiment, figure, by, picture, as_json))


@app.command()
def fit(
    cell: CellArgument,
    log: Annotated[Path, typer.Option(metavar="RUN", help="Run log, as written by --log.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the fitted parameters to this .toml file.")
    ] = None,
    overrides: OverridesOption = None,
    replications: ReplicationsOption = 20,
    seed: SeedOption = 1,
    jobs: JobsOption = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw the predictions against the run to this .svg or .png file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the parameters of the model to a run log, and show the model's error before and after."""
    from cellwright.cli.commands import fit

    fit.fit_model(fit.FitOptions(cell, log, output, overrides or [], replications, seed, jobs, picture, as_json))


@app.command()
def claims(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.toml", help="File with one \\[\\[claims]] table for each claim.")
    ],
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that published claims about a cell still hold; exit with 1 if one does not."""
    from cellwright.cli.commands import claims

    claims.check_claims(file, jobs, as_json)


@app.command()
def certificates(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Run log, as written by --log.")],
    replication: Annotated[int, typer.Option(help="Replication to print, if the log is of a simulation.", min=0)] = 0,
) -> None:
    """Print the batch certificates of a run: what was ordered, what was made, from which lot, and when."""
    from cellwright.cli.commands import describe

    describe.print_certificates(log, replication)


@app.command()
def agree(
    cell: CellArgument,
    cycles: Annotated[int, typer.Option(help="Number of units to make on each target.", min=1)] = 3,
    seed: SeedOption = 1,
    overrides: OverridesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the same units on the model, the virtual Arduino and the emulated firmware; exit with 1 if times differ."""
    from cellwright.cli.commands import agree

    agree.agree(agree.AgreeOptions(cell, cycles, seed, overrides or [], as_json))


@app.command()
def flash(
    port: Annotated[str, typer.Argument(metavar="[PORT]", help="Serial port of the board, or auto.")] = "auto",
    board: Annotated[
        ArduinoName | None,
        typer.Option("--board", help="Model of the Arduino.", show_default="found by chip and USB identifiers"),
    ] = None,
    firmware: Annotated[
        Path | None, typer.Option(metavar="FILE.hex", help="Firmware file to write.", show_default="CellwrightFirmata")
    ] = None,
    backup: Annotated[
        Path | None, typer.Option(metavar="FILE.hex", help="Save the previous firmware to this file.")
    ] = None,
    tool: Annotated[
        Uploader | None,
        typer.Option("--with", help="Program that writes the firmware.", show_default="avrdude if it is installed"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Identify the board and its firmware, and write nothing.")
    ] = False,
    _: VerboseOption = False,
) -> None:
    """Write firmware to an Arduino: identify the previous firmware, write, verify, and wait for the new one's reply."""
    from cellwright.cli.commands import flash as flash_command

    flash_command.flash(
        flash_command.FlashOptions(
            port, board.value if board else None, firmware, backup, tool.value if tool else None, dry_run
        )
    )


@app.command()
def timestudy(
    cell: CellArgument,
    read: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Analyse this study instead of recording one.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="With --read: an earlier study to compare with.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The .csv file to record to; with --read, a .png or .svg chart to draw."),
    ] = None,
    overrides: OverridesOption = None,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Record a stopwatch time study of manual work at the terminal, or analyse one with --read."""
    from cellwright.cli.commands import timestudy

    timestudy.timestudy(timestudy.TimeStudyOptions(cell, read, against, output, overrides or [], seed, as_json))


@app.command()
def demo(cell: CellArgument = "stapler", output: OutputOption = Path("demo"), seed: SeedOption = 1) -> None:
    """Simulate a shift of a cell and of the manual method, and write a web page with charts."""
    from cellwright.cli.commands import demo

    demo.demo(cell, output, seed)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from cellwright import __version__

        print(f"cellwright {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Simulate a production cell and its economics before it is built, then run the same description on it."""
