"""The third arm: the best machine that can be bought for the same work, from a TOML file that a user edits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from cellwright import files
from cellwright.benchmarks.economics.inputs import (
    Inputs,
    NotNegative,
    Number,
    Percent,
    Positive,
    Vat,
    Years,
    listed,
    once_each,
    refuse_unknown,
)


class Stated(Inputs):
    """What a unit made on the machine is like in one of the cell's measures, in that measure's unit."""

    measure: str
    figure: NotNegative

    @property
    def called(self) -> str:
        """What it is called among the numbers."""
        return self.measure


class Commercial(Inputs):
    """A commercial machine.

    price_nok: installed, with training; left out if nobody knows it, and then the machine is left out.
    labour_s_per_unit: the person's seconds. power_w: while it works. stated: its figures by measure; where it has none,
    the hand's are taken, so that nothing is saved there.
    """

    machine: Annotated[str, Field(min_length=1)]
    vat: Vat
    price_nok: NotNegative | None = None
    seconds_per_unit: Positive
    labour_s_per_unit: NotNegative
    scrap_percent: Percent
    power_w: NotNegative
    maintenance_percent: Percent
    lifetime_years: Years
    stated: Annotated[tuple[Stated, ...], BeforeValidator(listed)] = ()

    @field_validator("stated")
    @classmethod
    def _each_once(cls, entries: tuple[Stated, ...]) -> tuple[Stated, ...]:
        return once_each(entries)

    def as_json(self, manual_s: float) -> dict[str, Any]:
        """Its time and its measures by name, with their statuses and sources; hand_s: seconds of a unit by hand."""
        seconds = self.seconds_per_unit
        ends = (seconds.value, seconds.lowest, seconds.highest)
        value, low, high = (100 * (1 - each / manual_s) for each in ends)
        return {
            "machine": self.machine,
            "seconds_per_unit": seconds.model_dump(),
            "labour_s_per_unit": self.labour_s_per_unit.model_dump(),
            "units_per_hour": dict(zip(("value", "high", "low"), (3600 / each for each in ends), strict=True)),
            "less_time_percent": {"value": value, "low": high, "high": low},
            "measures": {each.measure: each.figure.model_dump() for each in self.stated},
        }

    def stated_of(self, measure: str) -> Number | None:
        """Its figure in one of the cell's measures; None if its file gives none."""
        return next((each.figure for each in self.stated if each.measure == measure), None)

    @property
    def why_left_out(self) -> str:
        """A sentence that says why it cannot be compared; empty if it can."""
        if self.price_nok is not None:
            return ""
        return f"{self.machine[:1].upper()}{self.machine[1:]} is left out: its file gives no price_nok."


def read_commercial(path: Path, measures: Sequence[str]) -> Commercial:
    """Read ``path``. Raises InputError with file, line and what is wrong, also for a measure that the cell has not."""
    machine = files.read_variant(Commercial, path)
    refuse_unknown(path, "stated", [each.measure for each in machine.stated], measures)
    return machine
