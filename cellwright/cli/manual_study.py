"""The stopwatch study that ``--manual`` names, as ``compare``, ``economics`` and ``report`` use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellwright.benchmarks.economics.plausibility import refuse_unlikely_allowance
from cellwright.cli import tables
from cellwright.sim import Scenario

if TYPE_CHECKING:
    from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy


@dataclass(frozen=True, slots=True)
class TimedScenario:
    """A scenario with the times of a study, if there is one."""

    scenario: Scenario
    study: StopwatchStudy | None = None

    def lines(self) -> list[str]:
        """Sentences on how the study was read, and which elements it left out."""
        untimed = self.scenario.untimed()
        missing = [f"Not timed: {', '.join(untimed)}; predetermined times stand in for them."] if untimed else []
        return [*missing, *(self.study.notes if self.study else ())]

    def print_lines(self) -> None:
        """Print the sentences in bold: nobody may overlook that times are missing or not measured."""
        for line in self.lines():
            tables.console().print(line, style="bold", markup=False)

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
                "notes": list(self.study.notes),
            }
        }


def with_study(scenario: Scenario, path: Path | None, accept: bool) -> TimedScenario:
    """The scenario with the times of the study at ``path``.

    Args:
        scenario: Without observed times.
        path: The study, or None.
        accept: Whether unknown elements and implausible times are taken as they are.

    Raises:
        InputError: The study cannot be read, names an unknown element, or has a time that can hardly be meant.
    """
    if not accept:
        refuse_unlikely_allowance(float(scenario.manual.allowance))
    if path is None:
        return TimedScenario(scenario)
    from cellwright.benchmarks.time_study.plausibility import refuse_implausible
    from cellwright.benchmarks.time_study.stopwatch_csv import read_study, refuse_unknown_elements

    known = scenario.predetermined_elements()
    study = read_study(path, known)
    if not accept:
        refuse_unknown_elements(study, known)
        study = replace(study, notes=(*study.notes, *refuse_implausible(study, known)))
    return TimedScenario(replace(scenario, observed=study.elements), study)
