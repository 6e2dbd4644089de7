"""The panel to be stapled and the path over it."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from cellwright.sequences import Settings

LengthMm = Annotated[float, Field(gt=0, le=20_000)]
DistanceMm = Annotated[float, Field(ge=0, le=20_000)]
OffsetMm = Annotated[float, Field(ge=-1000, le=1000)]

StaplePosition = tuple[float, float]
"""A position on the panel: along the slats (bridge axis) and across them (carriage axis), mm."""


class PanelLayout(Settings):
    """A slatted panel and its staples, in mm. Slats lie along the length; staples sit on each slat in rows."""

    panel_length_mm: LengthMm
    panel_width_mm: LengthMm
    slats: Annotated[int, Field(ge=1, le=1000)]
    slat_width_mm: LengthMm
    pitch_mm: LengthMm
    first_slat_mm: DistanceMm
    staple_spacing_mm: Annotated[float, Field(ge=5, le=20_000)]
    end_margin_mm: DistanceMm
    off_centre_mm: OffsetMm = 0.0
    crown_mm: LengthMm

    @classmethod
    def standard(cls) -> PanelLayout:
        """The panel that comes with the stapler: 2400 x 600 mm, 15 slats, 195 staples."""
        return cls.read(Path(__file__).with_name("layout.toml"))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.slats > 1 and self.pitch_mm < self.slat_width_mm:
            raise ValueError(
                f"slats {self.slat_width_mm:g} mm wide overlap at a pitch of {self.pitch_mm:g} mm; widen pitch_mm"
            )
        outer_mm = self.first_slat_mm + (self.slats - 1) * self.pitch_mm + self.slat_width_mm / 2
        if self.first_slat_mm < self.slat_width_mm / 2 or outer_mm > self.panel_width_mm + 1e-9:
            raise ValueError(
                f"the slats reach from {self.first_slat_mm - self.slat_width_mm / 2:g} to {outer_mm:g} mm and leave "
                f"the panel, which is {self.panel_width_mm:g} mm wide; change slats, pitch_mm or first_slat_mm"
            )
        if abs(self.off_centre_mm) + self.crown_mm / 2 > self.slat_width_mm / 2 + 1e-9:
            raise ValueError(
                f"staples {self.crown_mm:g} mm wide and {self.off_centre_mm:g} mm off centre miss the slats, which "
                f"are {self.slat_width_mm:g} mm wide; change off_centre_mm or crown_mm"
            )
        if 2 * self.end_margin_mm > self.panel_length_mm:
            raise ValueError(
                f"staples {self.end_margin_mm:g} mm from each end leave the panel, which is "
                f"{self.panel_length_mm:g} mm long; lessen end_margin_mm"
            )
        return self

    @cached_property
    def rows_mm(self) -> list[float]:
        """Positions of the rows along the panel, mm: evenly spaced, at most staple_spacing_mm apart."""
        run_mm = self.panel_length_mm - 2 * self.end_margin_mm
        gaps = math.ceil(run_mm / self.staple_spacing_mm - 1e-9)
        return [self.end_margin_mm + run_mm * row / gaps for row in range(gaps + 1)] if gaps else [self.end_margin_mm]

    @cached_property
    def columns_mm(self) -> list[float]:
        """Positions of the staples across the panel, mm: one column per slat."""
        return [self.first_slat_mm + slat * self.pitch_mm + self.off_centre_mm for slat in range(self.slats)]

    @cached_property
    def path(self) -> list[StaplePosition]:
        """Every staple once, row by row in alternating direction (a serpentine)."""
        return [
            (row_mm, column_mm)
            for number, row_mm in enumerate(self.rows_mm)
            for column_mm in (self.columns_mm if number % 2 == 0 else self.columns_mm[::-1])
        ]

    def is_on_a_slat(self, along_mm: float, across_mm: float) -> bool:
        """Whether a staple at this position lies on the panel, with its whole crown on one slat."""
        # A position is known to half a step of the axis, which is less than 0.05 mm on any belt.
        if not -0.05 <= along_mm <= self.panel_length_mm + 0.05:
            return False
        nearest = round((across_mm - self.first_slat_mm) / self.pitch_mm)
        slat = min(max(nearest, 0), self.slats - 1)
        middle_mm = self.first_slat_mm + slat * self.pitch_mm
        reach_mm = self.slat_width_mm / 2 - self.crown_mm / 2 + 0.05
        return abs(across_mm - middle_mm) <= reach_mm
