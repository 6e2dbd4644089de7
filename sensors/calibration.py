"""Calibrations of sensors, each kept in a TOML file with its date."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cellwright import files

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Calibration(BaseModel):
    """What was found on ``date``. ``write`` keeps it, ``read`` finds it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    remark: ClassVar[str]

    date: datetime.date

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a calibration file. Raises InputError with file, line and what is wrong."""
        return files.read_model(cls, Path(path))

    def write(self, path: Path | str) -> None:
        """Write it, in place of what was there."""
        files.write_model(self, Path(path), self.remark)


class TwoPointCalibration(Calibration):
    """What a load cell's converter reads with nothing on it, and with a known mass.

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
        """What ``raw`` counts mean, g from the empty scale."""
        return (raw - self.zero_raw) * self.g_per_count
