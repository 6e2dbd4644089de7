"""Stopwatch studies: a table of cycle, element, seconds, and optionally note, count and rating, as CSV or XLSX."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from cellwright.benchmarks.time_study.element_names import ElementNames
from cellwright.benchmarks.time_study.remarks import STANDARD_RATING, checked_rating, read_remarks
from cellwright.errors import InputError
from cellwright.files import Column, InputRow, Table, read_table
from cellwright.provenance import Status
from cellwright.sim import Element

STOPWATCH_COLUMNS = ("cycle", "element", "seconds")
STOPWATCH_TABLE = (
    Column("cycle", "whole", ("syklus", "runde", "cycles")),
    Column("element", aliases=("arbeidselement", "elements", "work element")),
    Column("seconds", "seconds", ("sekunder", "sekund", "sek", "sec", "s", "time s", "tid s", "tid")),
    Column("note", aliases=("merknad", "notat", "kommentar", "remark", "comment")),
    Column("count", "whole", ("antall", "occurrences", "forekomster")),
    Column("rating", "number", ("takt", "pace rating", "pace", "tempo")),
)
BOKMAL_HEADINGS = {"syklus", "arbeidselement", "sekunder", "merknad", "antall", "takt", "tid"}
EXPECTED = {
    "cycle": "a whole number",
    "element": "a name",
    "seconds": "a number of seconds above 0",
    "count": "a whole number above 0",
    "rating": "a number",
}


class Reading(BaseModel):
    """One line of the study: an element of a cycle, and the seconds that ``count`` occurrences took together.

    seconds: at the standard pace, that is, multiplied by rating / 100. where: file and line.
    """

    cycle: int
    element: Annotated[str, Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
    note: str = ""
    count: Annotated[int, Field(ge=1, le=100_000)] = 1
    rating: float | None = None
    where: str = ""


@dataclass(frozen=True)
class StopwatchStudy:
    """A study as it was read.

    Attributes:
        path: Its file.
        status: Of its times, as far as the file states it; "assumed" where that cannot be known.
        status_stated: Whether the file states its status in words that can be read.
        elements: Those timed, in the order they first appear, each with the times of its occurrences.
        readings: Its lines, with the elements' own names.
        cycles: The numbers of the timed cycles, rising; ``Element.cycle_sums_s`` has one value for each.
        observer: Who timed, and person: who was timed, as the remarks name them; empty if they do not.
        dates: The days that the remarks name, the earliest first.
        notes: Sentences on how it was read that its owner should see.
        table: The table behind it.
    """

    path: Path
    status: Status
    status_stated: bool
    elements: tuple[Element, ...]
    readings: tuple[Reading, ...]
    cycles: tuple[int, ...]
    table: Table
    observer: str = ""
    person: str = ""
    dates: tuple[datetime.date, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_bokmal(self) -> bool:
        """Whether its headings are in bokmål."""
        return any(heading.casefold() in BOKMAL_HEADINGS for heading in self.table.headings)


def read_stopwatch(path: Path) -> list[Element]:
    """The elements of a study in the order they first appear; see ``read_study``."""
    return list(read_study(path).elements)


def read_study(path: Path, known: Sequence[Element] = ()) -> StopwatchStudy:
    """Read a study. Every row is an occurrence of its element, or as many as its column ``count`` says.

    An element that is missing from some cycles is work that does not occur with every unit.

    Args:
        path: A CSV or XLSX file; "times.xlsx#Sheet2" names a sheet.
        known: The elements of the cell, by whose names, English or bokmål, those of the file are found.

    Raises:
        InputError: The file cannot be read; the message names line and column.
    """
    table = read_table(path, STOPWATCH_TABLE, STOPWATCH_COLUMNS)
    remarks = read_remarks(table.remarks)
    readings = [_reading(row, remarks.rating) for row in table.rows]
    if not readings:
        raise InputError(f"{path} has no times in it; write one line for each element: cycle,element,seconds.")
    names = ElementNames(known).unify([reading.element for reading in readings])
    readings = [reading.model_copy(update={"element": names[reading.element]}) for reading in readings]
    cycles = sorted({reading.cycle for reading in readings})
    return StopwatchStudy(
        path=table.path,
        status=remarks.status,
        status_stated=remarks.status_stated,
        elements=tuple(
            _element(name, readings, cycles, remarks.status)
            for name in dict.fromkeys(reading.element for reading in readings)
        ),
        readings=tuple(readings),
        cycles=tuple(cycles),
        table=table,
        observer=remarks.observer,
        person=remarks.person,
        dates=remarks.dates,
        notes=(*((remarks.note,) if remarks.note else ()), *table.notes),
    )


def refuse_unknown_elements(study: StopwatchStudy, known: Sequence[Element]) -> None:
    """Raise InputError for the first element that the cell does not know, with the nearest name in its language."""
    names = ElementNames(known)
    written = {row.where: row.text("element") for row in study.table.rows}
    for reading in study.readings:
        name = written[reading.where]
        if names.find(name) is None:
            suggestion = names.suggestion(name, written.values(), study.is_bokmal)
            raise InputError(
                f"{reading.where}, column element: the cell has no element {name!r}; {suggestion} "
                "With --accept it counts as work of the manual method alone."
            )


def _reading(row: InputRow, study_rating: float) -> Reading:
    try:
        reading = Reading.model_validate({**row.values, "where": row.where})
    except ValidationError as error:
        column = str(error.errors()[0]["loc"][0])
        found = repr(row.text(column)) if column in row.values else "nothing"
        advice = "; remarks stand above the header" if row.text("cycle").startswith("#") else ""
        raise InputError(
            f"{row.where}, column {column}: {found} stands where {EXPECTED[column]} belongs{advice}."
        ) from error
    rating = study_rating
    if reading.rating is not None:
        rating = checked_rating(reading.rating, row.text("rating"), f"{row.where}, column rating")
    if rating == STANDARD_RATING:
        return reading
    return reading.model_copy(update={"seconds": reading.seconds * rating / STANDARD_RATING, "rating": rating})


def _element(name: str, readings: Sequence[Reading], cycles: Sequence[int], status: Status) -> Element:
    mine = [reading for reading in readings if reading.element == name]
    sums_s, counts = dict.fromkeys(cycles, 0.0), dict.fromkeys(cycles, 0)
    for reading in mine:
        sums_s[reading.cycle] += reading.seconds
        counts[reading.cycle] += reading.count
    occurrences_s = tuple(seconds for _, seconds, _ in occurrences(mine))
    return Element(
        name,
        sum(occurrences_s) / len(occurrences_s),
        per_unit=len(occurrences_s) / len(cycles),
        observed_s=occurrences_s,
        status=status,
        cycle_sums_s=tuple(sums_s.values()),
        cycle_counts=tuple(counts.values()),
    )


def occurrences(readings: Sequence[Reading]) -> list[tuple[int, float, str]]:
    """Cycle, seconds and note of each occurrence, by rising cycle; those of a row with a count get its mean."""
    return [
        (reading.cycle, reading.seconds / reading.count if reading.count > 1 else reading.seconds, reading.note)
        for reading in sorted(readings, key=lambda each: each.cycle)
        for _ in range(reading.count)
    ]


def whole_cycles_s(study: StopwatchStudy) -> tuple[float, ...]:
    """The seconds of each timed cycle, all elements together."""
    return tuple(sum(sums) for sums in zip(*(element.cycle_sums_s for element in study.elements), strict=True))
