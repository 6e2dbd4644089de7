"""The times of the manual method as somebody took them: a stopwatch study from a file, or its elements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellwright.benchmarks.economics.plausibility import refuse_unlikely_allowance
from cellwright.benchmarks.time_study.outliers import Outlier, study_outliers, without_outliers
from cellwright.benchmarks.time_study.plausibility import refuse_implausible
from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy, read_study, refuse_unknown_elements
from cellwright.errors import InputError, nearest
from cellwright.sim import Element, Scenario

MAX_SHOWN = 5
"""So many outliers are named; of more, their number."""

ManualTimes = str | Path | Iterable[Element]
"""A stopwatch study: its file, or the elements that ``read_stopwatch`` gives."""


@dataclass(frozen=True, slots=True)
class TimedScenario:
    """A scenario with the times of a study, if there is one. study: as it was read; None if it was no file."""

    scenario: Scenario
    study: StopwatchStudy | None = None

    def outliers(self) -> tuple[Outlier, ...]:
        """The times of the study that lie far from the others of their element; they are kept."""
        return () if self.study is None else study_outliers(self.study)

    def without_outliers(self) -> Scenario | None:
        """The scenario without those times; None where there are none."""
        if self.study is None or not self.outliers():
            return None
        return replace(self.scenario, observed=without_outliers(self.study))

    def lines(self) -> list[str]:
        """Sentences on how the study was read, and which elements it left out."""
        untimed = self.scenario.untimed()
        missing = [f"Not timed: {', '.join(untimed)}; predetermined times stand in for them."] if untimed else []
        return [*missing, *(self.study.notes if self.study else ()), *self._outlier_sentences()]

    def _outlier_sentences(self) -> list[str]:
        found = self.outliers()
        if self.study is None or not found:
            return []
        count = sum(len(each.observed_s) for each in self.study.elements)
        times = f"{count} time" if count == 1 else f"{count} times"
        shown = "; ".join(f"{each.element}, cycle {each.cycle} ({each.seconds:.1f} s)" for each in found[:MAX_SHOWN])
        more = f"; and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
        are = "is an outlier and is kept" if len(found) == 1 else "are outliers and are kept"
        return [f"{len(found)} of {times} {are}: {shown}{more}."]

    def as_json(self) -> dict[str, Any]:
        """What the study left out, and how it was read; nothing without a study."""
        if self.study is None:
            return {}
        return {
            "study": {
                "file": str(self.study.path),
                "status": self.study.status,
                "cycles": len(self.study.cycles),
                "observer": self.study.observer,
                "person": self.study.person,
                "dates": [f"{day}" for day in self.study.dates],
                "not_timed": self.scenario.untimed(),
                "outliers": [{"element": each.element} | each.as_json() for each in self.outliers()],
                "notes": list(self.study.notes),
            }
        }


def with_times(scenario: Scenario, manual: ManualTimes | None, accept: bool) -> TimedScenario:
    """The scenario with the times of a study.

    Args:
        scenario: Without observed times.
        manual: The study, or None.
        accept: Whether unknown elements and implausible times are taken as they are.

    Raises:
        InputError: The study cannot be read, names an unknown element, or has a time that can hardly be meant.
    """
    if not accept:
        refuse_unlikely_allowance(float(scenario.manual.allowance))
    if manual is None:
        return TimedScenario(scenario)
    known = scenario.predetermined_elements()
    if not isinstance(manual, (str, Path)):
        elements = tuple(manual)
        if not accept:
            _refuse_unknown(elements, known)
        return TimedScenario(replace(scenario, observed=elements))
    study = read_study(Path(manual), known)
    if not accept:
        refuse_unknown_elements(study, known)
        study = replace(study, notes=(*study.notes, *refuse_implausible(study, known)))
    return TimedScenario(replace(scenario, observed=study.elements), study)


def _refuse_unknown(elements: Sequence[Element], known: Sequence[Element]) -> None:
    names = [each.name for each in known]
    for each in elements:
        if each.name not in names:
            raise InputError(
                f"The cell has no element {each.name!r}; {nearest(each.name, names)} If it is accepted, it counts as "
                "work of the manual method alone."
            )
