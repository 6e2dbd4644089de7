"""The firmware that can step a cell's axes, by name: its step timing and its baud rate."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cellwright.errors import InputError
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA
from cellwright.hardware.model.timing import Timing
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA

SteppingFirmware = Literal["cellwright", "configurable"]
DEFAULT_FIRMWARE: SteppingFirmware = "cellwright"
"""Our own: the recommended firmware is the one simulated by default."""

STEP_TIMINGS: dict[SteppingFirmware, Timing] = {
    "cellwright": CELLWRIGHT_FIRMATA,
    "configurable": CONFIGURABLE_FIRMATA,
}
MEASURED_STEP_RATES: dict[SteppingFirmware, dict[int, float]] = {
    "cellwright": {1: 50_000.0, 3: 20_000.0},
    "configurable": {1: 3430.0, 3: 1372.0},
}
"""By the number of axes that move at once, the step rate of each that was reached on an emulated 16 MHz ATmega328P.

docs/background/the-firmware.md has the measurements. For other numbers STEP_TIMINGS computes it: for ours from the
limit on all axes together, for ConfigurableFirmata from the cost of its loop, fitted to moves of one and two axes.
"""
BAUDS: dict[SteppingFirmware, int] = {"cellwright": 57600, "configurable": 115200}
"""The baud rate of each (hardware/firmware/PROTOCOL.md; ConfigurableFirmata's own rate)."""
FIRMWARE_NAMES: dict[SteppingFirmware, str] = {"cellwright": "CellwrightFirmata", "configurable": "ConfigurableFirmata"}
"""The name that each reports; a suffix may follow (".ino")."""
HEX_FOLDER = Path(__file__).resolve().parent / "firmware" / "hex"
"""CellwrightFirmata, compiled."""


def firmware_named(name: str) -> SteppingFirmware | None:
    """The firmware that reports ``name``, or has that key in a run log; None for one that steps no axes."""
    return next((key for key, reported in FIRMWARE_NAMES.items() if name == key or name.startswith(reported)), None)


def firmware_hex(board: str) -> Path:
    """CellwrightFirmata for an "uno", "nano" or "mega". Raises InputError if it is missing."""
    path = HEX_FOLDER / f"cellwright-{board}.hex"
    if not path.exists():
        raise InputError(
            f"This copy of Cellwright has no firmware for the {board.capitalize()}: "
            "run 'make firmware' in its checkout."
        )
    return path
