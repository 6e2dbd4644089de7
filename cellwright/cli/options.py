"""The arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

OVERRIDES_HELP = "Override a parameter, or read a TOML file of parameters; repeatable."
FIRMWARE_HELP = "The Arduino's firmware: determines the duration of moves and the default baud rate."


class ArduinoName(StrEnum):
    """The Arduino models that can be simulated."""

    UNO = "uno"
    NANO = "nano"
    MEGA = "mega"


class Uploader(StrEnum):
    """The programs that can write firmware to a board."""

    AVRDUDE = "avrdude"
    PYTHON = "python"


class FirmwareName(StrEnum):
    """The firmwares that can drive stepper axes."""

    CELLWRIGHT = "cellwright"
    CONFIGURABLE = "configurable"


DEFAULT_FIRMWARE = FirmwareName.CELLWRIGHT
"""Equal to the default of hardware/firmware_profiles.py (a test holds it); importing that here would slow --help."""

CellArgument = Annotated[
    str, typer.Argument(metavar="CELL", help="Name of the cell, as listed by 'cellwright cells', or a .py file.")
]
OptionalCellArgument = Annotated[
    str | None,
    typer.Argument(metavar="[CELL]", help="Name of the cell, as listed by 'cellwright cells', or a .py file."),
]
CyclesOption = Annotated[
    int | None, typer.Option(help="Number of units to make after the warm-up.", show_default=False)
]
HoursOption = Annotated[
    float | None, typer.Option(help="Hours to simulate after the warm-up.", show_default="7.5, one shift")
]
REPLICATIONS_HELP = "Number of independent replications, for confidence intervals."
ReplicationsOption = Annotated[int, typer.Option("--replications", "-R", help=REPLICATIONS_HELP)]
OptionalReplicationsOption = Annotated[
    int | None, typer.Option("--replications", "-R", help=REPLICATIONS_HELP, show_default="20")
]
PrecisionOption = Annotated[
    float | None,
    typer.Option(
        metavar="PERCENT",
        help="Instead: 10 to 200 replications, until the simulation's noise is at most this, as in 0.5.",
        show_default=False,
    ),
]
SeedOption = Annotated[
    int, typer.Option(help="Seed of the random streams; the same seed gives the same result.", min=0)
]
OverridesOption = Annotated[
    list[str] | None,
    typer.Option("--set", "--measured", metavar="DEVICE.PARAMETER=VALUE|FILE.toml", help=OVERRIDES_HELP),
]
JobsOption = Annotated[int | None, typer.Option(help="Number of processes.", min=1, show_default="all cores")]
SchedulerOption = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="Address of a Dask scheduler to run on instead of local processes."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LogOption = Annotated[Path | None, typer.Option(help="Write all events and cycles to this SQLite file.")]
ManualOption = Annotated[
    Path | None,
    typer.Option(help="Stopwatch study of the manual method, as CSV or XLSX: cycle, element, seconds, note."),
]
AcceptOption = Annotated[
    bool, typer.Option("--accept", help="Take times, prices and element names as they are, plausible or not.")
]
EconomicsOption = Annotated[
    Path | None,
    typer.Option("--economics", help="Costs and prices, as TOML.", show_default="economics.toml in the cell's folder"),
]
CommercialOption = Annotated[
    Path | None,
    typer.Option(
        "--commercial", help="A commercial machine, as TOML.", show_default="commercial.toml in the cell's folder"
    ),
]
TargetOption = Annotated[
    str,
    typer.Option("--on", metavar="TARGET", help="model, virtual, emulated, a serial PORT, auto, or replay:FILE."),
]
ArduinoOption = Annotated[
    ArduinoName | None,
    typer.Option("--board", help="Model of the virtual or emulated Arduino.", show_default="the cell's own"),
]
BaudOption = Annotated[
    int | None,
    typer.Option(help="Baud rate of the serial line.", min=300, max=2_000_000, show_default="the firmware's default"),
]
FirmwareOption = Annotated[FirmwareName, typer.Option("--firmware", help=FIRMWARE_HELP)]
OptionalFirmwareOption = Annotated[
    FirmwareName | None,
    typer.Option(
        "--firmware",
        help=FIRMWARE_HELP,
        show_default=f"{DEFAULT_FIRMWARE}; on a serial port, the firmware found there",
    ),
]
LatencyOption = Annotated[
    float, typer.Option(help="Additional latency in each direction, such as a USB adapter's, ms.", min=0, max=1000)
]
FaultsOption = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="FAULT", help="Inject a fault; repeatable."),
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Folder for the page and the charts.")]
