"""The stock of logs, and the saw with its kerf."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cellwright.errors import InputError
from cellwright.files import Column, read_rows
from cellwright.sequences import Settings

LOG_COLUMNS = (
    Column("log", aliases=("stokk", "navn")),
    Column("length_mm", "number", ("lengde_mm",)),
    Column("quantity", "whole", ("antall", "count", "stk")),
    Column("knots_mm", "quantity", ("kvister_mm", "kvist_mm")),
)
REQUIRED_LOG_COLUMNS = ("log", "length_mm", "quantity")
_KNOT = re.compile(r"([0-9.]+)-([0-9.]+)")
Knot = tuple[float, float]
"""Start and end of a length that is not to be used, mm from the log's front end."""


class Log(BaseModel):
    """Identical logs. knots_mm: "1200-1260 3400-3450": knots and other defects that no piece may contain."""

    model_config = ConfigDict(frozen=True)

    log: Annotated[str, Field(min_length=1, max_length=40)]
    length_mm: Annotated[float, Field(ge=100, le=30_000)]
    quantity: Annotated[int, Field(ge=1, le=5000)]
    knots_mm: tuple[Knot, ...] = ()
    where: Annotated[str, Field(exclude=True)] = ""  # not part of the value

    @field_validator("length_mm")
    @classmethod
    def _to_tenths(cls, value: float) -> float:
        return round(value, 1)

    @field_validator("knots_mm", mode="before")
    @classmethod
    def _read_knots(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        matches = [_KNOT.fullmatch(word) for word in value.split()]
        if not all(matches):
            raise ValueError("write knots as from-to in mm, as in 1200-1260 3400-3450")
        return tuple((round(float(match[1]), 1), round(float(match[2]), 1)) for match in matches if match)

    @model_validator(mode="after")
    def _knots_in_order(self) -> Self:
        ends = [end for knot in self.knots_mm for end in knot]
        if ends != sorted(ends) or (ends and ends[-1] > self.length_mm) or any(a >= b for a, b in self.knots_mm):
            raise ValueError(f"the knots of a log of {self.length_mm:g} mm must lie on it, one after the other")
        return self


class ClearSection(NamedTuple):
    """Clear wood between two knots, or between a knot and an end.

    start_mm: where its first piece begins. usable_mm: the length available; each piece takes its length and one kerf,
    the last one's kerf in the trim, in the knot or beyond the log. is_cut_before: whether a cut precedes it, as it does
    everywhere but at the front end of a log that is not trimmed.
    """

    start_mm: float
    usable_mm: float
    is_cut_before: bool


class Saw(Settings):
    """The saw and its prices. tolerance_mm: the largest error of position at which the lamp turns green.

    log_nok_per_m, hour_nok: the cost of a metre of log and of a person's hour.
    """

    kerf_mm: Annotated[float, Field(ge=0, le=50)]
    end_trim_mm: Annotated[float, Field(ge=0, le=2000)]
    tolerance_mm: Annotated[float, Field(ge=0.05, le=10)]
    slow_mm: Annotated[float, Field(ge=1, le=2000)]
    datum_before_saw_mm: Annotated[float, Field(ge=1, le=5000)]
    log_nok_per_m: Annotated[float, Field(ge=0, le=100_000)]
    hour_nok: Annotated[float, Field(ge=0, le=100_000)]

    @field_validator("kerf_mm", "end_trim_mm")
    @classmethod
    def _to_tenths(cls, value: float) -> float:
        return round(value, 1)

    @classmethod
    def standard(cls) -> Saw:
        """The saw that comes with the tape."""
        return cls.read(Path(__file__).with_name("saw.toml"))

    def wrong_cut_nok(self, piece_mm: float, worked_s: float) -> float:
        """The cost of a wrong cut: the piece's wood and the labour lost, NOK."""
        return self.log_nok_per_m * piece_mm / 1000 + self.hour_nok * worked_s / 3600

    def sections(self, log: Log) -> list[ClearSection]:
        """The clear sections of a log with both ends trimmed."""
        kerf_mm, trim_mm = self.kerf_mm, self.end_trim_mm
        removed = [(0.0, trim_mm)]
        for start_mm, end_mm in sorted([*log.knots_mm, (log.length_mm - trim_mm, math.inf)]):
            if start_mm <= removed[-1][1]:  # a knot in the trim, or beside another
                removed[-1] = (removed[-1][0], max(removed[-1][1], end_mm))
            else:
                removed.append((start_mm, end_mm))
        sections = []
        for (_, after), (before, after_next) in itertools.pairwise(removed):
            is_cut_before = after > 0
            start_mm = after + kerf_mm if is_cut_before else 0.0
            # The blade may run into what is thrown away; behind a knot thinner than it, the next section begins.
            end_mm = before + min(kerf_mm, after_next - before)
            sections.append(ClearSection(round(start_mm, 1), round(end_mm - start_mm, 1), is_cut_before))
        return [section for section in sections if section.usable_mm > kerf_mm]


class Stock(Settings):
    """The logs in stock."""

    logs: Annotated[tuple[Log, ...], Field(min_length=1)]

    @classmethod
    def standard(cls) -> Stock:
        """The logs that come with the tape."""
        return cls.read(Path(__file__).with_name("logs.csv"))

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a CSV file (log,length_mm,quantity[,knots_mm]). Raises InputError with file, line and column."""
        path = Path(path)
        logs = tuple(row.checked(Log, where=row.where) for row in read_rows(path, LOG_COLUMNS, REQUIRED_LOG_COLUMNS))
        if not logs:
            raise InputError(f"{path} lists no logs.")
        return cls(logs=logs, source=f"the logs in {path.name}")
