"""What a report is made of: everything that was simulated, worked out and read, before any of it is put in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cellwright.benchmarks.commercial import Commercial
from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.economic_inputs import Economics
from cellwright.benchmarks.economics import Worth
from cellwright.benchmarks.sensitivity import Swing
from cellwright.provenance import Figure, Status
from cellwright.sequences import inputs_of
from cellwright.sim import Scenario


@dataclass(frozen=True, slots=True)
class Input:
    """An input: its name, what it is, and what it rests on."""

    name: str
    value: object
    status: Status
    source: str


@dataclass(frozen=True)
class Money:
    """The economics of a case. commercial_left_out: why no machine is compared, in English; empty if one is."""

    economics: Economics
    commercial: Commercial | None
    worth: Worth


@dataclass(frozen=True)
class Material:
    """Everything a report rests on.

    hours: simulated in each replication. swings, base: the sensitivity of ``less_time_percent`` to each input, made
    ``share`` (0 to 1) smaller and larger, in ``swing_replications``. observed_cycles: cycles by hand that a stopwatch
    timed; 0 if none. command, version, input_hash: what gives the same report again. drawn_draws: of the Monte Carlo.
    """

    cell: str
    scenario: Scenario
    comparison: Comparison
    hours: float
    money: Money | None
    swings: Sequence[Swing]
    base: float
    share: float
    swing_replications: int
    command: str
    version: str
    input_hash: str

    @property
    def observed_cycles(self) -> int:
        """The most cycles in which an element was timed with a stopwatch."""
        return max((len(each.observed_s) for each in self.scenario.observed), default=0)

    @property
    def hand_status(self) -> Status:
        """What the times of the hand rest on: "assumed" as soon as one of them is."""
        elements = self.scenario.observed
        return "measured" if elements and all(each.status == "measured" for each in elements) else "assumed"

    def inputs(self) -> list[Input]:
        """Every number that went in, by name, with its value, status and source."""
        sources = _sources(self.scenario)
        values: dict[str, object] = {name: value for name, value, _ in inputs_of(self.scenario.groups)}
        values |= {f"hand.{each.name}": each.mean_s for each in self.scenario.observed}
        found = self.comparison.provenance | (self.money.worth.provenance if self.money else {})
        numbers = self._numbers()
        values |= {name: value for name, (value, _) in numbers.items()}
        sources |= {name: source for name, (_, source) in numbers.items()}
        return [Input(name, values.get(name, ""), status, sources.get(name, "")) for name, status in found.items()]

    def _numbers(self) -> dict[str, tuple[float, str]]:
        if self.money is None:
            return {}
        files = [("economics", self.money.economics), ("commercial", self.money.commercial)]
        return {
            name: (number.value, number.source)
            for prefix, file in files
            if file is not None
            for name, number in file.numbers(prefix)
        }


def _sources(scenario: Scenario) -> dict[str, str]:
    """Where each input comes from, in words, as far as it says."""
    found: dict[str, str] = {}
    for group, part in scenario.groups.items():
        for name, value in vars(part).items():
            last = value[-1] if isinstance(value, tuple) and value else value
            if isinstance(last, Figure) and last.source:
                found[f"{group}.{name}"] = last.source
            elif isinstance(getattr(part, "source", None), str):
                found[f"{group}.{name}"] = part.source
    return found
