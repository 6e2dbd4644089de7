"""The third alternative: the best commercial machine for the same work, from a TOML file that a user edits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from cellwright import files
from cellwright.benchmarks.economics.inputs import (
    InputModel,
    NonNegativeNumber,
    PercentNumber,
    PositiveNumber,
    PriceNumber,
    UncertainNumber,
    Vat,
    YearsNumber,
    must_be_a_list,
    refuse_duplicates,
    refuse_unknown,
)


class StatedMeasure(InputModel):
    """The machine's figure in one of the cell's measures, in that measure's unit."""

    measure: str
    figure: NonNegativeNumber

    @property
    def key(self) -> str:
        """Its part of an input's name."""
        return self.measure


class Commercial(InputModel):
    """A commercial machine.

    price_nok: installed, with training; without it the machine is not compared.
    labour_s_per_unit: the person's seconds. power_w: while it works. stated: its figures by measure; where it has none,
    the manual method's are used, so that nothing is saved there. differs: how its work differs from the cell's, in one
    sentence; empty if it does the same.
    """

    machine: Annotated[str, Field(min_length=1)]
    vat: Vat
    price_nok: PriceNumber | None = None
    seconds_per_unit: PositiveNumber
    labour_s_per_unit: NonNegativeNumber
    scrap_percent: PercentNumber
    power_w: NonNegativeNumber
    maintenance_percent: PercentNumber
    lifetime_years: YearsNumber
    differs: Annotated[str, Field(max_length=500)] = ""
    stated: Annotated[tuple[StatedMeasure, ...], BeforeValidator(must_be_a_list)] = ()

    @field_validator("stated")
    @classmethod
    def _each_once(cls, entries: tuple[StatedMeasure, ...]) -> tuple[StatedMeasure, ...]:
        return refuse_duplicates(entries)

    def as_json(self, manual_s: float) -> dict[str, Any]:
        """Its time and its measures by name, with their statuses and sources; manual_s: seconds of a unit by hand."""
        seconds = self.seconds_per_unit
        ends = (seconds.value, seconds.lowest, seconds.highest)
        value, low, high = (100 * (1 - each / manual_s) for each in ends)
        return {
            "machine": self.machine,
            "differs": self.differs,
            "seconds_per_unit": seconds.model_dump(),
            "labour_s_per_unit": self.labour_s_per_unit.model_dump(),
            "units_per_hour": dict(zip(("value", "high", "low"), (3600 / each for each in ends), strict=True)),
            "less_time_percent": {"value": value, "low": high, "high": low},
            "measures": {each.measure: each.figure.model_dump() for each in self.stated},
        }

    @property
    def difference(self) -> str:
        """How its work differs from the cell's, as a sentence; empty if it does the same."""
        return f"It does not do the same work: {self.differs}." if self.differs else ""

    def stated_figure(self, measure: str) -> UncertainNumber | None:
        """Its figure in one of the cell's measures; None if its file states none."""
        return next((each.figure for each in self.stated if each.measure == measure), None)

    @property
    def why_left_out(self) -> str:
        """Why it cannot be compared, as a sentence; empty if it can."""
        if self.price_nok is not None:
            return ""
        return f"{self.machine[:1].upper()}{self.machine[1:]} is left out: its file gives no price_nok."


def read_commercial(path: Path, measures: Sequence[str]) -> Commercial:
    """Read ``path``. Raises InputError with file, line and what is wrong, also for an unknown measure."""
    machine = files.read_variant(Commercial, path)
    refuse_unknown(path, "stated", [each.measure for each in machine.stated], measures)
    return machine
