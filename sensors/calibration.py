"""Calibrations of sensors against a known mass or length, each in a TOML file with its date."""

from __future__ import annotations

import datetime
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from simpy.events import Event

from cellwright import files
from cellwright.hardware.device import Device, Prompt

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Calibration(BaseModel):
    """The result of a calibration on ``date``, with ``read`` and ``write`` for its file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    remark: ClassVar[str]

    date: datetime.date

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a calibration file. Raises InputError with file, line and what is wrong."""
        return files.read_model(cls, Path(path))

    def write(self, path: Path | str) -> None:
        """Write it, replacing an existing file."""
        files.write_model(self, Path(path), self.remark)


class TwoPointCalibration(Calibration):
    """The readings of a load cell's converter with no load, and with a known mass.

    zero_raw, reference_raw: counts of the converter. reference_g: the known mass, g.
    """

    remark = "Two-point calibration of a load cell: nothing on it, then a known mass."

    zero_raw: Number
    reference_raw: Number
    reference_g: Positive

    @model_validator(mode="after")
    def _is_no_constant(self) -> Self:
        if self.zero_raw == self.reference_raw:
            raise ValueError("the converter read the same with the reference as without; check the load cell's wires")
        return self

    @property
    def g_per_count(self) -> float:
        """Grams for one count of the converter."""
        return self.reference_g / (self.reference_raw - self.zero_raw)

    def grams(self, raw: float) -> float:
        """Convert ``raw`` counts to g above the empty scale."""
        return (raw - self.zero_raw) * self.g_per_count


class LengthCalibration(Calibration):
    """The scale of a measuring wheel or wire, by one known length.

    celsius: the temperature of wheel or wire then, °C. counts_per_mm: the scale. shown_mm, real_mm: the length shown
    with the old scale, and the known length.
    """

    remark = "Calibration of a measuring wheel or wire by one known length."

    celsius: Annotated[float, Field(ge=-60, le=100)]
    counts_per_mm: Positive
    shown_mm: Positive
    real_mm: Positive


@dataclass(kw_only=True)
class CalibratedSensor(Device):
    """A sensor with a calibration. calibration: its TOML file, if there is one."""

    file_parameters: ClassVar[tuple[str, ...]] = ("calibration",)

    calibration: str = ""

    def calibrate(self, known: float, ask: Prompt, today: datetime.date) -> Generator[Event, Any, Calibration]:
        """A step that calibrates it against ``known`` (in ``known_unit``), applies the calibration and returns it."""
        raise NotImplementedError
