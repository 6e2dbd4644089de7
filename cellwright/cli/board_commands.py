"""The commands that run a cell or serve a board, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli.options import (
    DEFAULT_FIRMWARE,
    ArduinoOption,
    BaudOption,
    CellArgument,
    FaultsOption,
    FirmwareOption,
    JsonOption,
    LatencyOption,
    LogOption,
    OptionalFirmwareOption,
    OverridesOption,
    SeedOption,
    TargetOption,
)
from cellwright.cli.verbose import VerboseOption

board_app = typer.Typer()
"""Added to the app without a name: its commands stand beside the others."""


@board_app.command()
def run(
    cell: CellArgument,
    target: TargetOption,
    cycles: Annotated[
        int | None, typer.Option(help="Number of units to make.", show_default="3; on a serial port, until Ctrl-C")
    ] = None,
    seed: SeedOption = 1,
    overrides: OverridesOption = None,
    firmware: OptionalFirmwareOption = None,
    faults: FaultsOption = None,
    log: LogOption = None,
    record: Annotated[
        Path | None, typer.Option(help="Record every byte on the line, with its time, to this file.")
    ] = None,
    board: ArduinoOption = None,
    baud: BaudOption = None,
    latency_ms: LatencyOption = 0.0,
    as_json: JsonOption = False,
    _: VerboseOption = False,
) -> None:
    """Run a cell on the model board, on a virtual or emulated Arduino, or on a real one."""
    from cellwright.cli.commands import run as run_command
    from cellwright.sim import VirtualLine

    line = VirtualLine(board.value if board else None, baud, latency_ms / 1000)
    run_command.run(
        run_command.RunOptions(
            cell,
            target,
            cycles,
            seed,
            overrides or [],
            faults or [],
            log,
            record,
            line,
            as_json,
            firmware.value if firmware else None,
        )
    )


@board_app.command()
def calibrate(
    cell: CellArgument,
    sensor: Annotated[
        str, typer.Argument(metavar="SENSOR", help="Name of the sensor in the cell, such as scale or wheel.")
    ],
    target: Annotated[str, typer.Option("--on", metavar="PORT", help="Serial port of the Arduino, or auto.")],
    known: Annotated[float, typer.Option(help="The known value: g for a scale, mm for a length.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="TOML file for the calibration.")],
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    baud: BaudOption = None,
    overrides: OverridesOption = None,
) -> None:
    """Calibrate a sensor of a real board against a known value, and save the calibration with its date."""
    from cellwright.cli.commands import calibrate
    from cellwright.sim import VirtualLine

    bauds = VirtualLine(baud=baud).bauds_with(firmware.value)
    calibrate.calibrate(cell, sensor, target, bauds, known, output, overrides or [])


@board_app.command()
def board(
    pty: Annotated[
        Path | None, typer.Option(help="Serve the board as a pseudo-terminal, linked from this path.")
    ] = None,
    tcp: Annotated[str | None, typer.Option(metavar="[HOST:]PORT", help="Serve the board on a TCP port.")] = None,
    kind: ArduinoOption = None,
    standard: Annotated[bool, typer.Option("--standard", help="Serve StandardFirmata, which has no steppers.")] = False,
    plant: Annotated[
        str | None, typer.Option(metavar="CELL", help="Connect the simulated plant of this cell to the board.")
    ] = None,
    overrides: OverridesOption = None,
    firmware: FirmwareOption = DEFAULT_FIRMWARE,
    seed: SeedOption = 1,
    faults: FaultsOption = None,
    baud: BaudOption = None,
    latency_ms: LatencyOption = 0.0,
    emulated: Annotated[
        Path | None, typer.Option(metavar="HEX", help="Emulate the chip with this firmware instead.")
    ] = None,
    _: VerboseOption = False,
) -> None:
    """Serve a virtual Arduino, or real firmware on an emulated chip, to any Firmata client."""
    from cellwright.cli.commands import board

    if emulated is not None:
        board.serve_emulated_chip(emulated, pty, kind.value if kind else "uno")
        return
    board.serve_virtual(
        board.ServeOptions(
            pty,
            tcp,
            kind.value if kind else None,
            "standard" if standard else firmware.value,
            baud,
            latency_ms / 1000,
            plant,
            overrides or [],
            seed,
            faults or [],
        )
    )
