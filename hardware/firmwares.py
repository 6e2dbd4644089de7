"""The firmware that can step a cell's axes, by name: how it times steps, and how fast its line is."""

from __future__ import annotations

from typing import Literal

from cellwright.hardware.stepping import CONFIGURABLE_FIRMATA
from cellwright.hardware.timing import Timing
from cellwright.hardware.trapezoid import CELLWRIGHT_FIRMATA

SteppingFirmware = Literal["cellwright", "configurable"]
USUAL_FIRMWARE: SteppingFirmware = "configurable"

STEP_TIMINGS: dict[SteppingFirmware, Timing] = {
    "cellwright": CELLWRIGHT_FIRMATA,
    "configurable": CONFIGURABLE_FIRMATA,
}
BAUDS: dict[SteppingFirmware, int] = {"cellwright": 57600, "configurable": 115200}
"""Bits/s at which each listens (hardware/firmware/PROTOCOL.md; ConfigurableFirmata's own rate)."""
