"""Stopwatch studies: a CSV of ``cycle,element,seconds[,note]``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, get_args

from pydantic import BaseModel, Field, ValidationError

from cellwright.errors import InputError
from cellwright.provenance import STATUSES, Status
from cellwright.sim import Element

COLUMNS = ("cycle", "element", "seconds")


class Reading(BaseModel):
    """One line of the study: an element of a cycle, and the seconds it took."""

    cycle: int
    element: Annotated[str, Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
    note: str = ""


def read_stopwatch(path: Path) -> list[Element]:
    """The elements of a study in the order they first appear, each with what was observed.

    An element that comes several times in a cycle is added up; one that is missing from some cycles counts
    as work that does not come with every unit. Lines that begin with # are remarks; ``# status: assumed``
    says that the times were not measured. Raises InputError with file, line and column.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    readings = list(_readings(path, lines))
    if not readings:
        raise InputError(f"{path} has no times in it; write one line for each element: cycle,element,seconds.")
    status = _status(path, lines)
    cycles = sorted({reading.cycle for reading in readings})
    return [_element(name, readings, len(cycles), status) for name in dict.fromkeys(each.element for each in readings)]


def _readings(path: Path, lines: list[str]) -> Iterator[Reading]:
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not numbered:
        return
    first, heading = numbered[0]
    names = [name.strip().lower() for name in next(csv.reader([heading]))]
    for column in COLUMNS:
        if column not in names:
            raise InputError(f"{path}, line {first}: there is no column {column!r}; begin with cycle,element,seconds.")
    for number, line in numbered[1:]:
        values = next(csv.reader([line]))
        yield _reading(path, number, dict(zip(names, (value.strip() for value in values), strict=False)), names)


def _reading(path: Path, number: int, values: dict[str, str], names: list[str]) -> Reading:
    known = {name: value for name, value in values.items() if name in Reading.model_fields}
    try:
        return Reading.model_validate(known)
    except ValidationError as error:
        column = str(error.errors()[0]["loc"][0])
        wanted = {"cycle": "a whole number", "element": "a name", "seconds": "a number of seconds above 0"}[column]
        found = repr(values.get(column, "")) if values.get(column) else "nothing"
        place = f"{path}, line {number}, column {names.index(column) + 1} ({column})"
        raise InputError(f"{place}: {found} stands where {wanted} belongs.") from error


def _status(path: Path, lines: list[str]) -> Status:
    for number, line in enumerate(lines, 1):
        key, colon, value = line.lstrip("# ").partition(":")
        if line.startswith("#") and colon and key.strip().lower() == "status":
            for status in get_args(Status):
                if value.strip().lower() == status:
                    return status  # type: ignore[no-any-return]
            raise InputError(f"{path}, line {number}: the status {value.strip()!r} is none of {', '.join(STATUSES)}.")
    return "measured"


def _element(name: str, readings: list[Reading], cycles: int, status: Status) -> Element:
    by_cycle: dict[int, float] = {}
    for reading in readings:
        if reading.element == name:
            by_cycle[reading.cycle] = by_cycle.get(reading.cycle, 0.0) + reading.seconds
    observed_s = tuple(by_cycle[cycle] for cycle in sorted(by_cycle))
    mean_s = sum(observed_s) / len(observed_s)
    return Element(name, mean_s, per_unit=len(observed_s) / cycles, observed_s=observed_s, status=status)
