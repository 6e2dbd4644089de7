"""What a cell costs and what it saves with, read from a TOML file in which every number says where it comes from.

A number is written ``{ value = 5000, low = 4000, high = 7000, status = "assumed", source = "…" }``. With low and high
it is uncertain: a triangular distribution whose peak is the value. Without them it is taken as certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    field_validator,
    model_validator,
)
from pydantic_core.core_schema import ValidationInfo

from cellwright import files
from cellwright.errors import InputError, nearest
from cellwright.provenance import Status

HIGHEST = 1e9
Vat = Literal["without", "with"]
Draws = npt.NDArray[np.float64]
"""One value for each draw of the Monte Carlo simulation, shape (draws,)."""


class Number(BaseModel):
    """A number with its provenance, in the unit that the name of its line ends in; low and high in the same unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[FiniteFloat, Field(strict=True)]
    low: Annotated[FiniteFloat, Field(strict=True)] | None = None
    high: Annotated[FiniteFloat, Field(strict=True)] | None = None
    status: Status
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("give both low and high, or neither")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"low {self.low:g}, value {self.value:g}, high {self.high:g} are not in this order")
        return self

    @property
    def lowest(self) -> float:
        """The least that it can be."""
        return self.value if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The most that it can be."""
        return self.value if self.high is None else self.high

    def draw(self, stream: np.random.Generator, draws: int) -> Draws:
        """``draws`` values: triangular between low and high with its peak at value, or value alone."""
        if self.lowest == self.highest:
            return np.full(draws, self.value)
        return stream.triangular(self.lowest, self.value, self.highest, draws)


def _must_be_a_table(written: Any) -> Any:
    if isinstance(written, (dict, Number)):
        return written
    raise ValueError(
        'write it as { value = …, status = "assumed", source = "…" }, with low and high if it is uncertain'
    )


def listed(entries: Any, info: ValidationInfo) -> Any:
    """The entries of a list as they were written; raises ValueError for what is no list."""
    if isinstance(entries, (list, tuple)):
        return entries
    raise ValueError(f"write [[{info.field_name}]] once for each, with two brackets")


def within(
    above: float | None = None, at_least: float = 0.0, below: float | None = None, advice: str = ""
) -> AfterValidator:
    """Limits that a number's value, low and high all keep; ``advice`` says what to do instead."""
    more = f"; {advice}" if advice else ""

    def check(given: Number, info: ValidationInfo) -> Number:
        least, most = given.lowest, given.highest
        if above is not None and least <= above:
            raise ValueError(f"{info.field_name} must be above {above:g}, and is {least:g}{more}")
        if least < at_least:
            raise ValueError(f"{info.field_name} must be at least {at_least:g}, and is {least:g}{more}")
        if below is not None and most >= below:
            raise ValueError(f"{info.field_name} must be below {below:g}, and is {most:g}{more}")
        if most > HIGHEST:
            raise ValueError(f"{info.field_name} must be at most {HIGHEST:g}, and is {most:g}")
        return given

    return AfterValidator(check)


WRITTEN = BeforeValidator(_must_be_a_table)
NotNegative = Annotated[Number, WRITTEN, within()]
Positive = Annotated[Number, WRITTEN, within(above=0)]
Percent = Annotated[Number, WRITTEN, within(below=100, advice="it is in percent: 7 means 7 %")]
Days = Annotated[Number, WRITTEN, within(above=0, below=367)]
Years = Annotated[Number, WRITTEN, within(above=0, below=101)]
Demand = Annotated[Number, WRITTEN, within(above=0, advice="leave the line out for as many as can be made")]


class Inputs(BaseModel):
    """Base of the files: numbers by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def numbers(self, prefix: str) -> Iterator[tuple[str, Number]]:
        """Every number by its name: "economics.power_w", and of a list "economics.parts.belt.price_nok"."""
        for name in type(self).model_fields:
            held = getattr(self, name)
            if isinstance(held, Number):
                yield f"{prefix}.{name}", held
            elif isinstance(held, tuple):
                for entry in held:
                    yield from entry.numbers(f"{prefix}.{name}.{entry.called}")


class Part(Inputs):
    """An item of the bill of materials. price_nok: of one."""

    name: Annotated[str, Field(min_length=1)]
    quantity: Annotated[int, Field(ge=1, le=100_000)] = 1
    price_nok: NotNegative

    @property
    def called(self) -> str:
        """What it is called among the numbers."""
        return self.name


class Valued(Inputs):
    """What one of a measure's unit is worth: nok = 160 for a measure in m is 160 NOK/m. 0 leaves the measure out."""

    measure: str
    nok: NotNegative

    @property
    def called(self) -> str:
        """What it is called among the numbers."""
        return self.measure


class Economics(Inputs):
    """What a cell costs, and what time and material are worth.

    vat: whether all prices here are "without" or "with" VAT. person_nok_per_h: with holiday pay, employer's
    contribution, pension. demand_units_per_year: good units that are sold; left out: as many as can be made.
    scrap_…_percent: of the units that are begun. scrap_nok_per_unit: material that is lost with one, without the work.
    power_w: what the cell draws while it works. maintenance_percent: of the investment, a year. discount_percent: a
    year, in real terms: prices do not rise. planned_s_per_unit: the planned run time per item of ISO 22400.
    """

    vat: Vat
    person_nok_per_h: Positive
    shifts_per_day: Positive
    hours_per_shift: Positive
    days_per_year: Days
    demand_units_per_year: Demand | None = None
    building_h: NotNegative
    building_nok_per_h: NotNegative
    scrap_by_hand_percent: Percent
    scrap_by_cell_percent: Percent
    scrap_nok_per_unit: NotNegative
    power_w: NotNegative
    electricity_nok_per_kwh: NotNegative
    maintenance_percent: Percent
    lifetime_years: Years
    discount_percent: Percent
    planned_s_per_unit: Positive | None = None
    parts: Annotated[tuple[Part, ...], BeforeValidator(listed), Field(min_length=1)]
    valued: Annotated[tuple[Valued, ...], BeforeValidator(listed)] = ()

    @field_validator("hours_per_shift")
    @classmethod
    def _a_day_has_24_hours(cls, hours: Number, info: ValidationInfo) -> Number:
        shifts = info.data.get("shifts_per_day")
        if shifts is not None and shifts.highest * hours.highest > 24:
            raise ValueError(
                f"shifts_per_day x hours_per_shift is {shifts.highest * hours.highest:g} hours; a day has 24"
            )
        return hours

    @field_validator("parts", "valued")
    @classmethod
    def _each_once(cls, entries: tuple[Any, ...]) -> tuple[Any, ...]:
        return once_each(entries)


def once_each(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """The entries of a list; raises ValueError if two are called the same."""
    names = [entry.called for entry in entries]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} is there twice")
    return entries


def read_economics(path: Path, measures: Sequence[str]) -> Economics:
    """Read ``path``. Raises InputError with file, line and what is wrong, also for a measure that the cell has not."""
    economics = files.read_variant(Economics, path)
    refuse_unknown(path, "valued", [each.measure for each in economics.valued], measures)
    return economics


def refuse_unknown(path: Path, table: str, named: Sequence[str], measures: Sequence[str]) -> None:
    """Raise InputError for a measure named in ``[[table]]`` of a file that the cell has not."""
    for place, name in enumerate(named):
        if name not in measures:
            line = files.line_of(files.read_text(path), (table, place, "measure"))
            raise InputError(f"{path}, line {line}: the cell has no measure {name!r}; {nearest(name, measures)}")
