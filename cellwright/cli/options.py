"""The arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

SET_HELP = "Change an input, or all that 'fit' wrote to a file; may be given again and again."


class Board(StrEnum):
    """The Arduinos that there are as virtual ones."""

    UNO = "uno"
    NANO = "nano"
    MEGA = "mega"


class Uploader(StrEnum):
    """What can write firmware."""

    AVRDUDE = "avrdude"
    PYTHON = "python"


class Firmware(StrEnum):
    """What can step the axes of an Arduino."""

    CELLWRIGHT = "cellwright"
    CONFIGURABLE = "configurable"


DEFAULT_FIRMWARE = Firmware.CELLWRIGHT
"""That of hardware/firmware_profiles.py, as a test sees to; to import it from there would make --help slow."""

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
    str, typer.Option("--on", metavar="TARGET", help="model, virtual, emulated, a serial PORT, auto, or replay:FILE.")
]
Kind = Annotated[
    Board | None, typer.Option("--board", help="Which Arduino, if it is virtual.", show_default="the cell's own")
]
Baud = Annotated[
    int | None,
    typer.Option(
        help="Bits a second on the line.", min=300, max=2_000_000, show_default="what the firmware listens at"
    ),
]
WhichFirmware = Annotated[
    Firmware, typer.Option("--firmware", help="The Arduino's firmware: it sets move times and the usual baud rate.")
]
FirmwareIfSaid = Annotated[
    Firmware | None,
    typer.Option(
        "--firmware",
        help="The Arduino's firmware: it sets move times and the usual baud rate.",
        show_default=f"{DEFAULT_FIRMWARE}; on a port what is found there",
    ),
]
Latency = Annotated[float, typer.Option(help="What comes on top each way, as of a USB adapter, ms.", min=0, max=1000)]
Faults = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="FAULT", help="Let something go wrong; may be given again and again."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the page and the pictures.")]
