"""The commands and their options; what they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="cellwright",
    help="Know what a production cell is worth before it is built, then run the same file on it.",
    no_args_is_help=True,
    add_completion=False,
)

CellName = Annotated[str, typer.Argument(metavar="CELL", help="Name of the cell; 'cellwright cells' lists them.")]
Cycles = Annotated[int | None, typer.Option(help="Units to make after the warm-up.", show_default=False)]
Hours = Annotated[float | None, typer.Option(help="Hours to simulate after the warm-up.", show_default="7.5: a shift")]
Replications = Annotated[int, typer.Option("--replications", "-R", help="Independent repetitions, for the interval.")]
Seed = Annotated[int, typer.Option(help="Start of the random streams: the same seed, the same result.", min=0)]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="DEVICE.PARAMETER=VALUE", help="Change an input; may be given again and again."),
]
Jobs = Annotated[int | None, typer.Option(help="Processes to use.", min=1, show_default="all cores")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Log = Annotated[Path | None, typer.Option(help="Write every event and cycle to this SQLite file.")]
Manual = Annotated[Path | None, typer.Option(help="Stopwatch times of the hand: cycle,element,seconds[,note].")]
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
def check(cell: CellName, settings: Set = None) -> None:
    """Check what can be known before a cell runs, and rehearse one unit on the model board."""
    from cellwright.cli import describing

    describing.check(cell, settings or [])


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
    hours: Hours = None,
    replications: Replications = 20,
    seed: Seed = 1,
    settings: Set = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Compare a cell with the hand work that it replaces."""
    from cellwright.cli import simulating

    asked = simulating.Asked(cell, None, hours, replications, seed, settings or [], jobs)
    simulating.compare(asked, manual, as_json)


@app.command()
def demo(cell: CellName = "stapler", output: Output = Path("demo"), seed: Seed = 1) -> None:
    """Simulate a shift of a cell against the hand, and write a page with pictures."""
    from cellwright.cli import demonstrating

    demonstrating.demo(cell, output, seed)


@app.callback()
def main() -> None:
    """Know what a production cell is worth before it is built, then run the same file on it."""
