"""The economic inputs of a cell, read from a TOML file in which every number states its source.

A number is written ``{ value = 5000, low = 4000, high = 7000, status = "assumed", source = "…" }``. With low and high
it is uncertain: a triangular distribution whose peak is the value. Without them it is treated as certain.
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

MAX_VALUE = 1e9
Vat = Literal["without", "with"]
Draws = npt.NDArray[np.float64]
"""One value for each draw of the Monte Carlo simulation, shape (draws,)."""


class UncertainNumber(BaseModel):
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
        """The lower end of its range."""
        return self.value if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The upper end of its range."""
        return self.value if self.high is None else self.high

    def draw(self, stream: np.random.Generator, draws: int) -> Draws:
        """``draws`` values: triangular between low and high with its peak at value, or value alone."""
        if self.lowest == self.highest:
            return np.full(draws, self.value)
        return stream.triangular(self.lowest, self.value, self.highest, draws)


def _must_be_a_table(written: Any) -> Any:
    if isinstance(written, (dict, UncertainNumber)):
        return written
    raise ValueError(
        'write it as { value = …, status = "assumed", source = "…" }, with low and high if it is uncertain'
    )


def must_be_a_list(entries: Any, info: ValidationInfo) -> Any:
    """The entries of a list as they were written; raises ValueError for anything else."""
    if isinstance(entries, (list, tuple)):
        return entries
    raise ValueError(f"write [[{info.field_name}]] once for each, with two brackets")


def limits(
    above: float | None = None, at_least: float = 0.0, below: float | None = None, advice: str = ""
) -> AfterValidator:
    """Limits for a number's value, low and high; ``advice`` is added to the error."""
    more = f"; {advice}" if advice else ""

    def check(given: UncertainNumber, info: ValidationInfo) -> UncertainNumber:
        least, most = given.lowest, given.highest
        if above is not None and least <= above:
            raise ValueError(f"{info.field_name} must be above {above:g}, and is {least:g}{more}")
        if least < at_least:
            raise ValueError(f"{info.field_name} must be at least {at_least:g}, and is {least:g}{more}")
        if below is not None and most >= below:
            raise ValueError(f"{info.field_name} must be below {below:g}, and is {most:g}{more}")
        if most > MAX_VALUE:
            raise ValueError(f"{info.field_name} must be at most {MAX_VALUE:g}, and is {most:g}")
        return given

    return AfterValidator(check)


MUST_BE_A_TABLE = BeforeValidator(_must_be_a_table)
NonNegativeNumber = Annotated[UncertainNumber, MUST_BE_A_TABLE, limits()]
PositiveNumber = Annotated[UncertainNumber, MUST_BE_A_TABLE, limits(above=0)]
PercentNumber = Annotated[UncertainNumber, MUST_BE_A_TABLE, limits(below=100, advice="it is in percent: 7 means 7 %")]
PriceNumber = Annotated[UncertainNumber, MUST_BE_A_TABLE, limits(advice="leave the line out if it is not known")]
DaysNumber = Annotated[UncertainNumber, MUST_BE_A_TABLE, limits(above=0, below=367)]
YearsNumber = Annotated[UncertainNumber, MUST_BE_A_TABLE, limits(above=0, below=101)]
DemandNumber = Annotated[
    UncertainNumber, MUST_BE_A_TABLE, limits(above=0, advice="leave the line out for as many as can be made")
]


class InputModel(BaseModel):
    """Base of the input files: numbers by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def numbers(self, prefix: str) -> Iterator[tuple[str, UncertainNumber]]:
        """Every number by its name: "economics.power_w", and of a list "economics.parts.belt.price_nok"."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, UncertainNumber):
                yield f"{prefix}.{name}", value
            elif isinstance(value, tuple):
                for entry in value:
                    yield from entry.numbers(f"{prefix}.{name}.{entry.key}")


class BillOfMaterialsItem(InputModel):
    """An item of the bill of materials. price_nok: of one."""

    name: Annotated[str, Field(min_length=1)]
    quantity: Annotated[int, Field(ge=1, le=100_000)] = 1
    price_nok: NonNegativeNumber

    @property
    def key(self) -> str:
        """Its part of an input's name."""
        return self.name


class MeasureValue(InputModel):
    """The value of one unit of a measure: nok = 160 for a measure in m is 160 NOK/m. 0 leaves the measure out."""

    measure: str
    nok: NonNegativeNumber

    @property
    def key(self) -> str:
        """Its part of an input's name."""
        return self.measure


MIN_FREE = UncertainNumber(
    value=60,
    low=30,
    high=180,
    status="assumed",
    source="nobody begins other work for less than about a minute; nobody has watched it",
)
SWITCHING = UncertainNumber(
    value=10, low=5, high=20, status="assumed", source="to put work down, take it up again and find the place"
)


class Economics(InputModel):
    """The costs of a cell, and the value of time and material.

    vat: whether all prices here are "without" or "with" VAT. person_nok_per_h: with holiday pay, employer's
    contribution, pension. demand_units_per_year: good units that are sold; left out: as many as can be made.
    scrap_…_percent: of the units that are started. scrap_nok_per_unit: material that is lost with one, without the
    work. power_w: what the cell draws while it works. maintenance_percent: of the investment, a year. discount_percent:
    a year, in real terms: prices do not rise. planned_s_per_unit: the planned run time per item of ISO 22400.
    min_free_s: the shortest piece of free time at the cell that is used for other work. switching_s: what is lost of
    each such piece. best_manual_nok_per_year: what the best manual method costs beyond today's: tools, plans.
    """

    vat: Vat
    person_nok_per_h: PositiveNumber
    shifts_per_day: PositiveNumber
    hours_per_shift: PositiveNumber
    days_per_year: DaysNumber
    demand_units_per_year: DemandNumber | None = None
    building_h: NonNegativeNumber
    building_nok_per_h: NonNegativeNumber
    scrap_by_hand_percent: PercentNumber
    scrap_by_cell_percent: PercentNumber
    scrap_nok_per_unit: NonNegativeNumber
    power_w: NonNegativeNumber
    electricity_nok_per_kwh: NonNegativeNumber
    maintenance_percent: PercentNumber
    lifetime_years: YearsNumber
    discount_percent: PercentNumber
    planned_s_per_unit: PositiveNumber | None = None
    min_free_s: NonNegativeNumber = MIN_FREE
    switching_s: NonNegativeNumber = SWITCHING
    best_manual_nok_per_year: NonNegativeNumber | None = None
    parts: Annotated[tuple[BillOfMaterialsItem, ...], BeforeValidator(must_be_a_list), Field(min_length=1)]
    valued: Annotated[tuple[MeasureValue, ...], BeforeValidator(must_be_a_list)] = ()

    @field_validator("hours_per_shift")
    @classmethod
    def _a_day_has_24_hours(cls, hours: UncertainNumber, info: ValidationInfo) -> UncertainNumber:
        shifts = info.data.get("shifts_per_day")
        if shifts is not None and shifts.highest * hours.highest > 24:
            raise ValueError(
                f"shifts_per_day x hours_per_shift is {shifts.highest * hours.highest:g} hours; a day has 24"
            )
        return hours

    @field_validator("parts", "valued")
    @classmethod
    def _each_once(cls, entries: tuple[Any, ...]) -> tuple[Any, ...]:
        return refuse_duplicates(entries)


def refuse_duplicates(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """The entries of a list; raises ValueError if two have the same name."""
    names = [entry.key for entry in entries]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} is there twice")
    return entries


def read_economics(path: Path, measures: Sequence[str]) -> Economics:
    """Read ``path``. Raises InputError with file, line and what is wrong, also for an unknown measure."""
    economics = files.read_variant(Economics, path)
    refuse_unknown(path, "valued", [each.measure for each in economics.valued], measures)
    return economics


def refuse_unknown(path: Path, table: str, named: Sequence[str], measures: Sequence[str]) -> None:
    """Raise InputError for a measure in ``[[table]]`` of a file that the cell does not have."""
    for place, name in enumerate(named):
        if name not in measures:
            line = files.line_of(files.read_text(path), (table, place, "measure"))
            raise InputError(f"{path}, line {line}: the cell has no measure {name!r}; {nearest(name, measures)}")
