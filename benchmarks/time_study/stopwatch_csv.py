"""Stopwatch studies: a CSV of ``cycle,element,seconds[,note]``."""

from __future__ import annotations

import datetime
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from cellwright.errors import InputError
from cellwright.files import InputRow, read_rows, read_text
from cellwright.provenance import STATUSES, Status
from cellwright.sim import Element

STOPWATCH_COLUMNS = ("cycle", "element", "seconds")


class Reading(BaseModel):
    """One line of the study: an element of a cycle, and the seconds it took."""

    cycle: int
    element: Annotated[str, Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
    note: str = ""


def read_stopwatch(path: Path) -> list[Element]:
    """The elements of a study in the order they first appear, each with its observed times.

    The times of an element within a cycle are added up; an element that is missing from some cycles counts as work
    that does not occur with every unit. Lines that begin with # are remarks; ``# status: assumed``
    states that the times were not measured. Raises InputError with file, line and column.
    """
    readings = read_readings(path)
    status = read_status(path)
    cycles = sorted({reading.cycle for reading in readings})
    return [_element(name, readings, cycles, status) for name in dict.fromkeys(each.element for each in readings)]


def read_readings(path: Path) -> list[Reading]:
    """The lines of a study, in order; at least one. Raises InputError with file, line and column."""
    readings = [_reading(row) for row in read_rows(path, (*STOPWATCH_COLUMNS, "note"), STOPWATCH_COLUMNS)]
    if not readings:
        raise InputError(f"{path} has no times in it; write one line for each element: cycle,element,seconds.")
    return readings


def _reading(row: InputRow) -> Reading:
    try:
        return Reading.model_validate(row.values)
    except ValidationError as error:
        column = str(error.errors()[0]["loc"][0])
        expected = {"cycle": "a whole number", "element": "a name", "seconds": "a number of seconds above 0"}[column]
        found = repr(row.values[column]) if column in row.values else "nothing"
        raise InputError(f"{row.where}, column {column}: {found} stands where {expected} belongs.") from error


def read_status(path: Path) -> Status:
    """The status of a study's times: measured, unless a remark states another. Raises InputError for an unknown one."""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        key, colon, value = line.lstrip("# ").partition(":")
        if line.startswith("#") and colon and key.strip().lower() == "status":
            for status in STATUSES:
                if value.strip().lower() == status:
                    return status
            raise InputError(f"{path}, line {number}: the status {value.strip()!r} is none of {', '.join(STATUSES)}.")
    return "measured"


def read_dates(path: Path) -> list[datetime.date]:
    """The days that a study's remarks name, as in "begun 2026-11-24" or "# date: 2026-11-24", the earliest first."""
    found = set()
    for line in read_text(path).splitlines():
        for text in re.findall(r"\b\d{4}-\d{2}-\d{2}\b", line) if line.startswith("#") else ():
            with suppress(ValueError):  # no day of the calendar
                found.add(datetime.date.fromisoformat(text))
    return sorted(found)


def _element(name: str, readings: list[Reading], cycles: list[int], status: Status) -> Element:
    by_cycle = seconds_by_cycle(name, readings)
    observed_s = tuple(by_cycle.values())
    return Element(
        name,
        sum(observed_s) / len(observed_s),
        per_unit=len(observed_s) / len(cycles),
        observed_s=observed_s,
        cycle_sums_s=tuple(by_cycle.get(cycle, 0.0) for cycle in cycles),
        cycle_counts=tuple(int(cycle in by_cycle) for cycle in cycles),
        status=status,
    )


def seconds_by_cycle(name: str, readings: list[Reading]) -> dict[int, float]:
    """Seconds of an element in each cycle that has it, by rising cycle number; several in a cycle are added up."""
    by_cycle: dict[int, float] = {}
    for reading in sorted(readings, key=lambda each: each.cycle):
        if reading.element == name:
            by_cycle[reading.cycle] = by_cycle.get(reading.cycle, 0.0) + reading.seconds
    return by_cycle
