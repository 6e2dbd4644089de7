"""The inputs of a report: everything that was simulated, computed and read, before it is text."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.inputs import Economics, UncertainNumber
from cellwright.benchmarks.economics.project import Project
from cellwright.benchmarks.economics.results import EconomicResult
from cellwright.benchmarks.input_uncertainty import ASSUMED_ERROR
from cellwright.benchmarks.sweeps.screening import ScreeningResult
from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy
from cellwright.provenance import Figure, Status
from cellwright.sequences import inputs_of
from cellwright.sim import Precision, Scenario, estimate


@dataclass(frozen=True, slots=True)
class ReportInput:
    """One number that went in: its name, value, status, source, and between what it is taken to lie.

    low, high: None where it is taken as certain. study: the file it was timed in, the number of cycles, and the days.
    """

    name: str
    value: object
    status: Status
    source: str
    low: float | None = None
    high: float | None = None
    study: StopwatchStudy | None = None


@dataclass(frozen=True)
class Money:
    """The economics of a cell: the files that were read, and the result.

    as_given: the result with every number at its most likely value; arrays of one draw.
    """

    economics: Economics
    commercial: Commercial | None
    result: EconomicResult
    as_given: EconomicResult


@dataclass(frozen=True)
class ReportInputs:
    """Everything a report rests on.

    hours: simulated in each replication. screening: how the result depends on each input of the simulation, made
    ``share`` (0 to 1) smaller and larger, in ``sensitivity_replications``. best: the cell against the best manual
    method. study: the stopwatch study. precision: what was asked of the simulation's noise; None if the number of
    replications was fixed.
    command, version, input_hash: what reproduces the report.
    """

    cell: str
    scenario: Scenario
    comparison: Comparison
    hours: float
    money: Money | None
    project: Project | None
    screening: ScreeningResult
    share: float
    sensitivity_replications: int
    command: str
    version: str
    input_hash: str
    best: Comparison | None = None
    study: StopwatchStudy | None = None
    precision: Precision | None = None

    @property
    def timed_on(self) -> Sequence[datetime.date]:
        """The days of the stopwatch study, if it names any."""
        return self.study.dates if self.study else ()

    @property
    def observed_cycles(self) -> int:
        """The cycles that were timed with a stopwatch."""
        return max((len(each.cycle_counts or each.observed_s) for each in self.scenario.observed), default=0)

    @property
    def manual_status(self) -> Status:
        """The status of the manual method's times: "assumed" as soon as one of them is."""
        elements = self.scenario.observed
        return "measured" if elements and all(each.status == "measured" for each in elements) else "assumed"

    def inputs(self) -> list[ReportInput]:
        """Every number that went in, by name, with its value, status and source."""
        sources = _sources(self.scenario)
        values: dict[str, object] = {name: value for name, value, _ in inputs_of(self.scenario.parameters)}
        values |= {f"manual.{each.name}": each.mean_s for each in self.scenario.observed}
        found = self.comparison.provenance | (self.money.result.provenance if self.money else {})
        numbers = self._numbers()
        values |= {name: number.value for name, number in numbers.items()}
        sources |= {name: number.source for name, number in numbers.items()}
        ranges = self._assumed_ranges() | self._timed_ranges()
        ranges |= {name: (each.lowest, each.highest) for name, each in numbers.items() if each.lowest < each.highest}
        timed = {f"manual.{each.name}" for each in self.scenario.observed}
        known: dict[str, tuple[float | None, float | None]] = {**dict.fromkeys(found, (None, None)), **ranges}
        return [
            ReportInput(
                name,
                values.get(name, ""),
                status,
                sources.get(name, ""),
                known[name][0],
                known[name][1],
                self.study if name in timed else None,
            )
            for name, status in found.items()
        ] + self._of_best_manual()

    def _of_best_manual(self) -> list[ReportInput]:
        """What the best manual method sets, if the economics rest on one."""
        method = self.scenario.study.best_manual
        if method is None or self.money is None or self.money.result.beyond_best is None:
            return []
        given = [each.partition("=") for each in method.overrides]
        return [
            ReportInput(f"best_{name}", float(value) if _is_number(value) else value, "assumed", method.note)
            for name, _, value in given
        ]

    def _assumed_ranges(self) -> dict[str, tuple[float, float]]:
        """Assumed numbers of the simulation lie within ±10 %; predetermined times together, by their stated error."""
        return {
            name: (value * (1 - ASSUMED_ERROR), value * (1 + ASSUMED_ERROR))
            for name, value, status in inputs_of(self.scenario.parameters)
            if status == "assumed" and isinstance(value, float) and value
        }

    def _timed_ranges(self) -> dict[str, tuple[float, float]]:
        """The 95 % interval of each timed element's mean."""
        found = {}
        for each in self.scenario.observed:
            mean = estimate(each.observed_s, are_positive=True)
            if mean.ci95_low is not None and mean.ci95_high is not None:
                found[f"manual.{each.name}"] = (mean.ci95_low, mean.ci95_high)
        return found

    def inputs_and_budget(self) -> list[ReportInput]:
        """The same, and the sums of the budget, on which no result depends."""
        sums = self.project.numbers("project") if self.project else ()
        return self.inputs() + [ReportInput(name, each.value, each.status, each.source) for name, each in sums]

    def _numbers(self) -> dict[str, UncertainNumber]:
        if self.money is None:
            return {}
        economics, commercial = self.money.economics, self.money.commercial
        of_machine = dict(commercial.numbers("commercial")) if commercial else {}
        return dict(economics.numbers("economics")) | of_machine


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _sources(scenario: Scenario) -> dict[str, str]:
    """The source of each input that states one."""
    found: dict[str, str] = {}
    for group, part in scenario.parameters.items():
        for name, value in vars(part).items():
            last = value[-1] if isinstance(value, tuple) and value else value
            if isinstance(last, Figure) and last.source:
                found[f"{group}.{name}"] = last.source
            elif isinstance(getattr(part, "source", None), str):
                found[f"{group}.{name}"] = part.source
    return found
