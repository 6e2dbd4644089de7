"""Times that can hardly be meant: in minutes or milliseconds, with a slip of the decimal mark, or too short to time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from cellwright.benchmarks.time_study.stopwatch_csv import Reading, StopwatchStudy
from cellwright.errors import InputError
from cellwright.sim import Element

MAX_FACTOR = 5.0
"""A time farther from its predetermined time than this factor is questioned."""
MIN_TIMED_S = 0.2
"""Nobody times shorter work with a stopwatch: pressing the key takes as long."""
UNITS = {"in minutes": 60.0, "in milliseconds": 0.001}
SLIPS = (10.0, 0.1, 100.0, 0.01)
MAX_ERROR_OF_MEANING = 3.0
"""What was probably meant lies within this factor of the predetermined time."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A time that can hardly be meant. is_kept: a short one among likely ones moves the mean by its own share only."""

    where: str
    clause: str
    is_kept: bool


def refuse_implausible(study: StopwatchStudy, known: Sequence[Element]) -> list[str]:
    """Raise InputError for the first time that can hardly be meant; it says what was probably meant, and how to insist.

    Args:
        study: The study.
        known: The predetermined elements of the cell.

    Returns:
        A sentence for each time that is much too short among likely ones of its element; these are kept.
    """
    found = _doubts(study, {element.name: element for element in known})
    doubts = [doubt for doubt in found if not doubt.is_kept]
    if doubts:
        first, more = doubts[0], len(doubts) - 1
        others = f" The same holds for {more} more {'lines' if more > 1 else 'line'}." if more else ""
        raise InputError(f"{first.where}, column seconds: {first.clause}. Correct it, or insist with --accept.{others}")
    return [f"{doubt.where}, column seconds: {doubt.clause}. It is kept." for doubt in found]


def _doubts(study: StopwatchStudy, known: dict[str, Element]) -> list[_Doubt]:
    typed = {row.where: row.text("seconds") for row in study.table.rows}
    found: list[_Doubt] = []
    for name, compared in _compared(study, known).items():
        element = known.get(name)
        middle_s = statistics.median(seconds for _, seconds in compared)
        is_likely = element is not None and middle_s * MAX_FACTOR >= element.mean_s
        for where, seconds in compared:
            clause = _clause(typed[where], seconds, element)
            if clause:
                found.append(_Doubt(where, clause, is_likely and MIN_TIMED_S <= seconds < middle_s))
    lines = list(typed)
    return sorted(found, key=lambda doubt: lines.index(doubt.where))


def _compared(study: StopwatchStudy, known: dict[str, Element]) -> dict[str, list[tuple[str, float]]]:
    """For each element its line and seconds: those of an occurrence, or of all parts of a unit's work in a cycle."""
    found: dict[str, list[tuple[str, float]]] = {}
    parts: dict[tuple[str, int], list[Reading]] = {}
    for reading in study.readings:
        element = known.get(reading.element)
        if element is None or element.is_per_occurrence:
            found.setdefault(reading.element, []).append((reading.where, reading.seconds / reading.count))
        else:
            parts.setdefault((reading.element, reading.cycle), []).append(reading)
    for (name, _), together in parts.items():
        found.setdefault(name, []).append((together[0].where, sum(each.seconds for each in together)))
    return found


def _clause(text: str, seconds: float, element: Element | None) -> str:
    """Why a time can hardly be meant, and what was; empty if it can be."""
    if element is not None and element.mean_s > 0:
        ratio = seconds / element.mean_s
        if max(ratio, 1 / ratio) > MAX_FACTOR:
            size = f"{ratio:.3g} times" if ratio > 1 else f"only 1/{1 / ratio:.3g} of"
            return (
                f"{text} for {element.name!r} is {size} its predetermined {element.mean_s:.3g} s"
                f"{_meant(seconds, element.mean_s)}"
            )
    return f"{text} is shorter than anybody can time ({MIN_TIMED_S:g} s)" if seconds < MIN_TIMED_S else ""


def _meant(seconds: float, expected_s: float) -> str:
    errors = {unit: abs(math.log(seconds * factor / expected_s)) for unit, factor in UNITS.items()}
    unit = min(errors, key=errors.__getitem__)
    if errors[unit] <= math.log(MAX_ERROR_OF_MEANING):
        return f"; it seems to be {unit}, which would be {seconds * UNITS[unit]:.4g} s"
    slip = min(SLIPS, key=lambda factor: abs(math.log(seconds * factor / expected_s)))
    if abs(math.log(seconds * slip / expected_s)) <= math.log(MAX_ERROR_OF_MEANING):
        return f"; with the decimal mark elsewhere it would be {seconds * slip:.4g} s"
    return "; check the element and the unit"
