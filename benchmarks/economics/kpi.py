"""Key performance indicators under the names that ISO 22400-2 gives them.

    availability = APT / PBT    effectiveness = PRI x PQ / APT    quality ratio = GQ / PQ    OEE index = their product

PBT planned busy time, APT actual production time, PRI planned run time per item (all s), PQ produced quantity, GQ good
quantity. Source of the formulas: ISO 22400-2:2014, as quoted in OPC 40501-1 (Machine Tools), annex C.2.4, and in PTC's
"Calculating KPIs".

The mapping of states to times is our choice. PBT is all simulated time after the warm-up: a shift has no breaks but
the allowance. APT is PBT without the states that do not produce. For a cell these are the first state, in which it
waits for work, the states that a stop leads to (a refill, a jam), and faulted and stopped; for the manual method,
elements that interrupt the work, and the allowance. All other states produce, also homing and presenting.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cellwright.benchmarks.comparison import Outcome
from cellwright.sequences import Cell
from cellwright.sequences.cell import FAULTED, STOPPED
from cellwright.sim import Element


@dataclass(frozen=True, slots=True)
class Kpis:
    """The four indicators as shares; effectiveness exceeds 1 if production was faster than planned."""

    availability: float
    effectiveness: float
    quality_ratio: float

    @property
    def oee_index(self) -> float:
        """Overall equipment effectiveness: the product of the three."""
        return self.availability * self.effectiveness * self.quality_ratio

    def as_json(self) -> dict[str, float]:
        """The indicators by their names, in percent."""
        return {
            "availability_percent": 100 * self.availability,
            "effectiveness_percent": 100 * self.effectiveness,
            "quality_ratio_percent": 100 * self.quality_ratio,
            "oee_index_percent": 100 * self.oee_index,
        }


def kpis(pbt_s: float, apt_s: float, pri_s: float, produced: float, good: float) -> Kpis:
    """The indicators from the elements of ISO 22400-2: PBT, APT, PRI in s, PQ and GQ in units.

    Raises ValueError unless 0 < APT <= PBT, 0 < PRI and 0 <= GQ <= PQ with PQ above 0.
    """
    if not 0 < apt_s <= pbt_s * (1 + 1e-9):
        raise ValueError(f"An actual production time of {apt_s:g} s does not fit a planned busy time of {pbt_s:g} s.")
    if pri_s <= 0:
        raise ValueError(f"A planned run time of {pri_s:g} s an item is none.")
    if not (produced > 0 and 0 <= good <= produced):
        raise ValueError(f"{good:g} good of {produced:g} units is not possible.")
    return Kpis(min(1.0, apt_s / pbt_s), pri_s * produced / apt_s, good / produced)


def kpis_of(
    outcome: Outcome, not_producing: Collection[str], scrap: float, pri_s: float | None = None, allowance: float = 0.0
) -> Kpis | None:
    """The indicators of a simulated method; None if none of its time was production.

    not_producing: states, or elements. scrap: a share of the units. pri_s: the planned run time of an item, s; without
    a plan the mean production time is used, which makes the effectiveness 1. allowance: a share of work time.
    """
    busy_s = sum(outcome.time_in_state_s.values())
    producing_s = sum(s for state, s in outcome.time_in_state_s.items() if state not in not_producing)
    producing_s /= 1 + allowance
    if producing_s <= 0:
        return None
    units = outcome.cycles
    planned_s = producing_s if pri_s is None else pri_s
    return kpis(busy_s * units, producing_s * units, planned_s, units, units * (1 - scrap))


def states_not_producing(cell: type[Cell]) -> frozenset[str]:
    """The states of a cell that do not produce, by the rule above."""
    stopped = {destination for trigger, _, destination in cell.transitions if trigger in cell.stop_triggers}
    return frozenset({cell.states[0], FAULTED, STOPPED} | stopped)


def elements_not_producing(elements: Sequence[Element]) -> frozenset[str]:
    """The elements of manual work that interrupt it, such as a refill."""
    return frozenset(element.name for element in elements if element.stop_cause)
