"""The commands and their options; what they do is in the modules beside this one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    name="cellwright",
    help="Know what a production cell is worth before it is built, then run the same file on it.",
    no_args_is_help=True,
    add_completion=False,
)

SET_HELP = "Change an input, or all that 'fit' wrote to a file; may be given again and again."


class Board(StrEnum):
    """The Arduinos that there are as virtual ones."""

    UNO = "uno"
    NANO = "nano"
    MEGA = "mega"


CellName = Annotated[str, typer.Argument(metavar="CELL", help="Name of the cell; 'cellwright cells' lists them.")]
Cycles = Annotated[int | None, typer.Option(help="Units to make after the warm-up.", show_default=False)]
Hours = Annotated[float | None, typer.Option(help="Hours to simulate after the warm-up.", show_default="7.5: a shift")]
Replications = Annotated[int, typer.Option("--replications", "-R", help="Independent repetitions, for the interval.")]
Seed = Annotated[int, typer.Option(help="Start of the random streams: the same seed, the same result.", min=0)]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", "--measured", metavar="DEVICE.PARAMETER=VALUE|FILE.toml", help=SET_HELP),
]
Jobs = Annotated[int | None, typer.Option(help="Processes to use.", min=1, show_default="all cores")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Log = Annotated[Path | None, typer.Option(help="Write every event and cycle to this SQLite file.")]
Manual = Annotated[Path | None, typer.Option(help="Stopwatch times of the hand: cycle,element,seconds[,note].")]
PricesFile = Annotated[Path | None, typer.Option("--economics", help="Costs and prices: TOML; else the cell's own.")]
BoughtFile = Annotated[Path | None, typer.Option("--commercial", help="The machine to buy; else the cell's own.")]
Target = Annotated[
    str, typer.Option("--on", metavar="TARGET", help="model, virtual, a serial PORT, auto, or replay:FILE.")
]
Kind = Annotated[
    Board | None, typer.Option("--board", help="Which Arduino, if it is virtual.", show_default="the cell's own")
]
Baud = Annotated[int, typer.Option(help="Bits a second on the line.", min=300, max=2_000_000)]
Latency = Annotated[float, typer.Option(help="What comes on top each way, as of a USB adapter, ms.", min=0, max=1000)]
Faults = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="FAULT", help="Let something go wrong; may be given again and again."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the page and the pictures.")]


@app.command()
def cells() -> None:
    """List the cells."""
    from cellwright.cli import describing

    describing.list_cells()


@app.command()
def describe(
    cell: CellName,
    diagram: Annotated[bool, typer.Option("--diagram", help="Print the state diagram as Mermaid.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --diagram: draw it to this .svg, .png or .mmd file.")
    ] = None,
) -> None:
    """Show a cell's states, devices and pins, or its state diagram."""
    from cellwright.cli import describing

    if diagram or output:
        describing.show_diagram(cell, output)
    else:
        describing.describe(cell)


@app.command()
def check(
    cell: CellName,
    settings: Set = None,
    faults: Annotated[bool, typer.Option("--faults", help="Also let every fault strike in every state.")] = False,
    seed: Seed = 1,
) -> None:
    """Check what can be known before a cell runs, and rehearse one unit on the model board."""
    from cellwright.cli import describing

    describing.check(cell, settings or [])
    if faults:
        from cellwright.cli import faulting

        faulting.rehearse(cell, settings or [], seed)


@app.command()
def simulate(
    cell: CellName,
    cycles: Cycles = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    log: Log = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Simulate a cell: cycle time, output, the person's time, stops."""
    from cellwright.cli import simulating

    asked = simulating.Asked(cell, cycles, hours, replications, seed, settings or [], jobs)
    simulating.simulate(asked, log, as_json)


@app.command()
def compare(
    cell: CellName,
    manual: Manual = None,
    commercial: BoughtFile = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Compare a cell with the hand work that it replaces, and with a machine that can be bought."""
    from cellwright.cli import simulating

    asked = simulating.Asked(cell, None, hours, replications, seed, settings or [], jobs)
    simulating.compare(asked, manual, commercial, as_json)


@app.command()
def sweep(
    cell: CellName,
    vary: Annotated[
        list[str] | None, typer.Option("--vary", metavar="DEVICE.PARAMETER=FROM:TO:N", help="An input to vary; again.")
    ] = None,
    method: Annotated[str, typer.Option(help="grid, latin (Latin hypercube) or sobol.")] = "grid",
    samples: Annotated[int, typer.Option(help="Designs, unless it is a grid.", min=1)] = 64,
    settings: Set = None,
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
    from cellwright.cli import sweeping

    sweeping.sweep(
        sweeping.SweepAsked(
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
        )
    )


@app.command()
def worth(
    cell: CellName,
    economics: PricesFile = None,
    commercial: BoughtFile = None,
    manual: Manual = None,
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    jobs: Jobs = None,
    picture: Annotated[Path | None, typer.Option(help="Draw from how many units a day it pays: .svg, .png.")] = None,
    as_json: Json = False,
) -> None:
    """What a cell is worth against the hand and a machine one could buy: savings, payback, net present value."""
    from cellwright.cli import simulating, worthing

    asked = simulating.Asked(cell, None, hours, replications, seed, settings or [], jobs)
    worthing.worth_of(asked, manual, economics, commercial, picture, as_json)


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
    jobs: Jobs = None,
) -> None:
    """Write a report for the firm and its funder: PDF, web page, workbook, figures, and summaries for a form."""
    from cellwright.cli import reporting, simulating

    asked = simulating.Asked(cell, None, hours, replications, seed, settings or [], jobs)
    reporting.report(reporting.ReportAsked(asked, lang, output, manual, economics, commercial, project))


@app.command()
def sensitivity(
    cell: CellName,
    figure: Annotated[str, typer.Option(help="The result: a column of a sweep.")] = "less_time_percent",
    by: Annotated[float, typer.Option(help="How much smaller and larger each input is made, %.")] = 20.0,
    settings: Set = None,
    hours: Hours = None,
    replications: Replications = 10,
    seed: Seed = 1,
    jobs: Jobs = None,
    picture: Annotated[Path | None, typer.Option(help="Draw a tornado to this .svg or .png file.")] = None,
    as_json: Json = False,
) -> None:
    """Show which inputs the result hangs on: each alone made smaller and larger, the most important on top."""
    from cellwright.cli import sweeping

    sweeping.weigh_inputs(
        sweeping.SensitivityAsked(cell, figure, by, settings or [], hours, replications, seed, jobs, picture, as_json)
    )


@app.command()
def run(
    cell: CellName,
    target: Target,
    cycles: Annotated[int | None, typer.Option(help="Units to make.", show_default="3; on a port until Ctrl-C")] = None,
    seed: Seed = 1,
    settings: Set = None,
    faults: Faults = None,
    log: Log = None,
    record: Annotated[Path | None, typer.Option(help="Write every byte on the line, with its time, here.")] = None,
    board: Kind = None,
    baud: Baud = 115200,
    latency_ms: Latency = 0.0,
    as_json: Json = False,
) -> None:
    """Run a cell: on the model board, on a virtual Arduino through every byte, or on a real one."""
    from cellwright.cli import running
    from cellwright.sim import VirtualLine

    line = VirtualLine(board.value if board else None, baud, latency_ms / 1000)
    running.run(running.RunAsked(cell, target, cycles, seed, settings or [], faults or [], log, record, line, as_json))


@app.command()
def calibrate(
    cell: CellName,
    sensor: Annotated[str, typer.Argument(metavar="SENSOR", help="Name of the sensor, such as scale or wheel.")],
    target: Annotated[str, typer.Option("--on", metavar="PORT", help="The serial port of the Arduino, or auto.")],
    known: Annotated[float, typer.Option(help="What it is calibrated against: grams on a scale, mm of a length.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The calibration's TOML file.")],
    baud: Baud = 115200,
    settings: Set = None,
) -> None:
    """Calibrate a sensor on a real board against something known, and keep that in a file with its date."""
    from cellwright.cli import calibrating

    calibrating.calibrate(cell, sensor, target, baud, known, output, settings or [])


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
    from cellwright.cli import fitting

    fitting.fit_model(fitting.FitAsked(cell, log, output, settings or [], replications, seed, jobs, picture, as_json))


@app.command()
def claims(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The claims, one [[claims]] each.")],
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Check that what was promised still holds; exit 1 if a claim does not."""
    from cellwright.cli import claiming

    claiming.check_claims(file, jobs, as_json)


@app.command()
def certificates(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A run log, as --log writes it.")],
    replication: Annotated[int, typer.Option(help="Which replication of a simulation.", min=0)] = 0,
) -> None:
    """Print what is in each unit of a run, for cells that keep such a record: asked, made, of which lot, when."""
    from cellwright.cli import describing

    describing.print_certificates(log, replication)


@app.command()
def board(
    pty: Annotated[Path | None, typer.Option(help="Serve it at this path, as a serial port.")] = None,
    tcp: Annotated[str | None, typer.Option(metavar="[HOST:]PORT", help="Serve it on a TCP port.")] = None,
    kind: Kind = None,
    standard: Annotated[bool, typer.Option("--standard", help="Be StandardFirmata, without steppers.")] = False,
    plant: Annotated[str | None, typer.Option(metavar="CELL", help="Put the world of this cell round it.")] = None,
    settings: Set = None,
    seed: Seed = 1,
    faults: Faults = None,
    baud: Baud = 115200,
    latency_ms: Latency = 0.0,
    emulated: Annotated[Path | None, typer.Option(metavar="HEX", help="Emulate a chip with this firmware.")] = None,
) -> None:
    """Serve a virtual Arduino to any Firmata program, or real firmware on an emulated chip."""
    from cellwright.cli import serving

    if emulated is not None:
        serving.serve_emulated_chip(emulated, pty)
        return
    firmware: Literal["standard", "configurable"] = "standard" if standard else "configurable"
    serving.serve_virtual(
        serving.Served(
            pty,
            tcp,
            kind.value if kind else None,
            firmware,
            baud,
            latency_ms / 1000,
            plant,
            settings or [],
            seed,
            faults or [],
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
    from cellwright.cli import timing

    timing.timestudy(timing.StudyAsked(cell, read, against, output, settings or [], seed, as_json))


@app.command()
def demo(cell: CellName = "stapler", output: Output = Path("demo"), seed: Seed = 1) -> None:
    """Simulate a shift of a cell against the hand, and write a page with pictures."""
    from cellwright.cli import demonstrating

    demonstrating.demo(cell, output, seed)


@app.callback()
def main() -> None:
    """Know what a production cell is worth before it is built, then run the same file on it."""
