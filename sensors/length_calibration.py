"""One-point calibrations of length, kept in a TOML file with their date and temperature."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cellwright.files import read_model, write_model

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class LengthCalibration(BaseModel):
    """counts_per_mm: the scale. shown_mm, real_mm: what was shown, by the old scale, for what length.

    date: when. celsius: how warm wheel or wire were then, °C.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: datetime.date
    celsius: Annotated[float, Field(ge=-60, le=100)]
    counts_per_mm: Positive
    shown_mm: Positive
    real_mm: Positive

    @classmethod
    def read(cls, path: Path | str) -> LengthCalibration:
        """Read a calibration file. Raises InputError with file, line and what is wrong."""
        return read_model(cls, Path(path))

    def write(self, path: Path | str) -> None:
        """Write it, in place of what was there. Raises InputError if it cannot be written."""
        write_model(self, Path(path), "Calibration of a measuring wheel or wire by one known length.")
