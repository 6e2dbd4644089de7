"""The commands that run a cell or serve a board, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli.options import (
    DEFAULT_FIRMWARE,
    Baud,
    CellName,
    Faults,
    FirmwareIfSaid,
    Json,
    Kind,
    Latency,
    Log,
    Seed,
    Set,
    Target,
    WhichFirmware,
)

boards = typer.Typer()


@boards.command()
def run(
    cell: CellName,
    target: Target,
    cycles: Annotated[int | None, typer.Option(help="Units to make.", show_default="3; on a port until Ctrl-C")] = None,
    seed: Seed = 1,
    settings: Set = None,
    firmware: FirmwareIfSaid = None,
    faults: Faults = None,
    log: Log = None,
    record: Annotated[Path | None, typer.Option(help="Write every byte on the line, with its time, here.")] = None,
    board: Kind = None,
    baud: Baud = None,
    latency_ms: Latency = 0.0,
    as_json: Json = False,
) -> None:
    """Run a cell: on the model board, on a virtual Arduino through every byte, or on a real one."""
    from cellwright.cli.commands import run as run_command
    from cellwright.sim import VirtualLine

    line = VirtualLine(board.value if board else None, baud, latency_ms / 1000)
    run_command.run(
        run_command.RunAsked(
            cell,
            target,
            cycles,
            seed,
            settings or [],
            faults or [],
            log,
            record,
            line,
            as_json,
            firmware.value if firmware else None,
        )
    )


@boards.command()
def calibrate(
    cell: CellName,
    sensor: Annotated[str, typer.Argument(metavar="SENSOR", help="Name of the sensor, such as scale or wheel.")],
    target: Annotated[str, typer.Option("--on", metavar="PORT", help="The serial port of the Arduino, or auto.")],
    known: Annotated[float, typer.Option(help="What it is calibrated against: grams on a scale, mm of a length.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The calibration's TOML file.")],
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    baud: Baud = None,
    settings: Set = None,
) -> None:
    """Calibrate a sensor on a real board against something known, and keep that in a file with its date."""
    from cellwright.cli.commands import calibrate
    from cellwright.sim import VirtualLine

    bauds = VirtualLine(baud=baud).bauds_with(firmware.value)
    calibrate.calibrate(cell, sensor, target, bauds, known, output, settings or [])


@boards.command()
def board(
    pty: Annotated[Path | None, typer.Option(help="Serve it at this path, as a serial port.")] = None,
    tcp: Annotated[str | None, typer.Option(metavar="[HOST:]PORT", help="Serve it on a TCP port.")] = None,
    kind: Kind = None,
    standard: Annotated[bool, typer.Option("--standard", help="Be StandardFirmata, without steppers.")] = False,
    plant: Annotated[str | None, typer.Option(metavar="CELL", help="Put the world of this cell round it.")] = None,
    settings: Set = None,
    firmware: WhichFirmware = DEFAULT_FIRMWARE,
    seed: Seed = 1,
    faults: Faults = None,
    baud: Baud = None,
    latency_ms: Latency = 0.0,
    emulated: Annotated[Path | None, typer.Option(metavar="HEX", help="Emulate a chip with this firmware.")] = None,
) -> None:
    """Serve a virtual Arduino to any Firmata program, or real firmware on an emulated chip."""
    from cellwright.cli.commands import board

    if emulated is not None:
        board.serve_emulated_chip(emulated, pty, kind.value if kind else "uno")
        return
    board.serve_virtual(
        board.Served(
            pty,
            tcp,
            kind.value if kind else None,
            "standard" if standard else firmware.value,
            baud,
            latency_ms / 1000,
            plant,
            settings or [],
            seed,
            faults or [],
        )
    )
