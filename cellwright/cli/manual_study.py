"""The stopwatch study that ``--manual`` names, as ``compare``, ``economics`` and ``report`` use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellwright.benchmarks.economics.plausibility import refuse_unlikely_allowance
from cellwright.cli import tables
from cellwright.sim import Scenario

if TYPE_CHECKING:
    from cellwright.benchmarks import Comparison
    from cellwright.benchmarks.time_study.outliers import Outlier
    from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy


MAX_SHOWN = 5
"""So many outliers are named; of more, their number."""


@dataclass(frozen=True, slots=True)
class TimedScenario:
    """A scenario with the times of a study, if there is one."""

    scenario: Scenario
    study: StopwatchStudy | None = None

    def outliers(self) -> tuple[Outlier, ...]:
        """The times of the study that lie far from the others of their element; they are kept."""
        from cellwright.benchmarks.time_study.outliers import study_outliers

        return () if self.study is None else study_outliers(self.study)

    def without_outliers(self) -> Scenario | None:
        """The scenario without those times; None where there are none."""
        from cellwright.benchmarks.time_study.outliers import without_outliers

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
        times = tables.pluralize(sum(len(each.observed_s) for each in self.study.elements), "time")
        shown = "; ".join(f"{each.element}, cycle {each.cycle} ({each.seconds:.1f} s)" for each in found[:MAX_SHOWN])
        more = f"; and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
        are = "is an outlier and is kept" if len(found) == 1 else "are outliers and are kept"
        return [f"{len(found)} of {times} {are}: {shown}{more}."]

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
                "outliers": [{"element": each.element} | each.as_json() for each in self.outliers()],
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


def outlier_effect_sentence(kept: Comparison, without: Comparison) -> str:
    """What the comparison is without the outliers of the study, beside what it is with them."""
    manual = f"{without.manual.cycle_time_s.mean:.1f} s by hand instead of {kept.manual.cycle_time_s.mean:.1f}"
    cell = f"{without.cell.cycle_time_s.mean:.1f} s at the cell instead of {kept.cell.cycle_time_s.mean:.1f}"
    percents = without.less_time_percent.mean, kept.less_time_percent.mean
    word = "more" if percents[0] < 0 else "less"
    now, before = (percent if word == "less" else -percent for percent in percents)
    less = f"{now:.1f} % {word} time instead of {before:.1f} %"
    return f"Without the outliers a {kept.unit} takes {manual} and {cell}: {less}."


def outlier_effect_json(without: Comparison | None) -> dict[str, Any]:
    """The comparison without the outliers of the study, simulated with the same seed; nothing where there are none."""
    if without is None:
        return {}
    return {
        "without_outliers": {
            "manual_cycle_time_s": without.manual.cycle_time_s.mean,
            "cell_cycle_time_s": without.cell.cycle_time_s.mean,
            "less_time_percent": without.less_time_percent.mean,
        }
    }
