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
from cellwright.benchmarks.sweeps.screening import ScreeningResult
from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy
from cellwright.provenance import Figure, Status
from cellwright.sequences import inputs_of
from cellwright.sim import Scenario


@dataclass(frozen=True, slots=True)
class ReportInput:
    """One number that went in: its name, value, status and source."""

    name: str
    value: object
    status: Status
    source: str


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
    ``share`` (0 to 1) smaller and larger, in
    ``sensitivity_replications``. best: the cell against the best manual method. study: the stopwatch study.
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
        return [
            ReportInput(name, values.get(name, ""), status, sources.get(name, "")) for name, status in found.items()
        ]

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
