"""The firmware that can step a cell's axes, by name: how it times steps, and how fast its line is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cellwright.errors import InputError
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA
from cellwright.hardware.model.timing import Timing
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA

SteppingFirmware = Literal["cellwright", "configurable"]
DEFAULT_FIRMWARE: SteppingFirmware = "cellwright"
"""Our own: what is recommended is what is simulated unless told otherwise."""

STEP_TIMINGS: dict[SteppingFirmware, Timing] = {
    "cellwright": CELLWRIGHT_FIRMATA,
    "configurable": CONFIGURABLE_FIRMATA,
}
BAUDS: dict[SteppingFirmware, int] = {"cellwright": 57600, "configurable": 115200}
"""Bits/s at which each listens (hardware/firmware/PROTOCOL.md; ConfigurableFirmata's own rate)."""
NAMES: dict[SteppingFirmware, str] = {"cellwright": "CellwrightFirmata", "configurable": "ConfigurableFirmata"}
"""What each says that it is; the name may go on (".ino")."""
HEX_FOLDER = Path(__file__).resolve().parent / "firmware" / "hex"
"""CellwrightFirmata, compiled."""


def firmware_named(name: str) -> SteppingFirmware | None:
    """The firmware that says it is ``name``, or is called so in a run log; None for one that steps no axes."""
    return next((key for key, called in NAMES.items() if name == key or name.startswith(called)), None)


def firmware_hex(board: str) -> Path:
    """CellwrightFirmata for an "uno", "nano" or "mega". Raises InputError where it is not there."""
    path = HEX_FOLDER / f"cellwright-{board}.hex"
    if not path.exists():
        raise InputError(
            f"This copy of Cellwright has no firmware for the {board.capitalize()}: "
            "run 'make firmware' in its checkout."
        )
    return path
