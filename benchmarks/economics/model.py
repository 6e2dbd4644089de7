"""What a cell is worth: labour saved, payback and net present value, with what is not known of them (Monte Carlo).

Money is NOK without tax, in prices of today; a year's saving comes at its end and is the same every year; at the end
of its life a machine is worth nothing. A person's hour that is saved counts at its full cost, so it must be used for
other work. What a machine cannot make in the year's hours is made by hand as before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from cellwright.benchmarks.comparison import Comparison, Outcome
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.finance import Percentiles, annuity, payback_months
from cellwright.benchmarks.economics.inputs import Draws, Economics, Number
from cellwright.provenance import Status
from cellwright.sim import Measure, Streams

DRAWS = 10_000
MIN_SHARE = 0.01
"""A simulated time is never drawn below this share of its mean: few replications leave wide tails, time has no sign."""


@dataclass(frozen=True)
class Alternative:
    """One way to make the units, draw by draw; all arrays have the shape (draws,), or (1,) if they never change.

    seconds, labour_s: of a unit. scrap: a share of the units begun. measured: by measure, in its unit. investment_nok,
    power_w, maintenance (a share of the investment, a year) and years: of the machine; none for the hand.
    """

    seconds: Draws
    labour_s: Draws
    scrap: Draws
    measured: Mapping[str, Draws] = field(default_factory=dict)
    investment_nok: Draws = field(default_factory=lambda: np.zeros(1))
    power_w: Draws = field(default_factory=lambda: np.zeros(1))
    maintenance: Draws = field(default_factory=lambda: np.zeros(1))
    years: Draws = field(default_factory=lambda: np.ones(1))


@dataclass(frozen=True)
class AlternativeResult:
    """What one machine is worth against the hand; each array holds one figure for each draw.

    npv_nok: over its life. yearly_nok: the NPV spread evenly over its life (the equivalent annual value, the right way
    to set machines of unequal lives beside each other). units: good units it makes in a year. short: the share of
    draws in which that is less than the demand. one_saves_nok: what each good unit saves, upkeep left out.
    costs_nok_a_year: investment as an annuity, and upkeep. can_per_day: good units that it can make in a working day.
    saving_by: what the yearly saving is made of, NOK: "time", "material" (measures), "scrap", and below 0 "energy" and
    "maintenance".
    """

    seconds: Draws
    labour_s: Draws
    investment_nok: Draws
    units: Draws
    saved_h: Draws
    saving_by: Mapping[str, Draws]
    payback_months: Draws
    npv_nok: Draws
    yearly_nok: Draws
    years: Draws
    short: float
    one_saves_nok: Draws
    costs_nok_a_year: Draws
    can_per_day: Draws
    days: Draws
    measured: Mapping[str, Draws]

    @property
    def pays_from_per_day(self) -> Draws:
        """How many good units a working day are needed for an NPV of 0.

        Infinite where each saves nothing, or the machine cannot make so many.
        """
        saves = self.one_saves_nok > 0
        needed = self.costs_nok_a_year / self.days / np.where(saves, self.one_saves_nok, 1.0)
        return np.where(saves & (needed <= self.can_per_day), needed, np.inf)

    def yearly_at(self, units_per_day: float) -> Draws:
        """What it is worth a year, NOK, over its life, if so many good units a working day are asked for."""
        made = np.minimum(units_per_day, self.can_per_day) * self.days
        return made * self.one_saves_nok - self.costs_nok_a_year

    @property
    def saving_nok(self) -> Draws:
        """What is saved in a year, NOK."""
        return _sum(self.saving_by)

    @property
    def never_pays_back(self) -> float:
        """The share of draws in which the simple payback is longer than its life."""
        return float(np.mean(self.payback_months > 12 * self.years))

    @property
    def loses(self) -> float:
        """The share of draws in which the NPV is below 0."""
        return float(np.mean(self.npv_nok < 0))

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names; percentiles are None where it never pays back."""
        return {
            "seconds_per_unit": Percentiles.of(self.seconds).as_json(),
            "labour_s_per_unit": Percentiles.of(self.labour_s).as_json(),
            "investment_nok": Percentiles.of(self.investment_nok).as_json(),
            "good_units_per_year": Percentiles.of(self.units).as_json(),
            "labour_saved_h_per_year": Percentiles.of(self.saved_h).as_json(),
            "saving_nok_per_year": Percentiles.of(self.saving_nok).as_json(),
            "saving_by_nok_per_year": {name: Percentiles.of(each).as_json() for name, each in self.saving_by.items()},
            "simple_payback_months": Percentiles.of(self.payback_months).as_json(),
            "npv_nok": Percentiles.of(self.npv_nok).as_json(),
            "pays_from_units_per_day": Percentiles.of(self.pays_from_per_day).as_json(),
            "equivalent_saving_nok_per_year": Percentiles.of(self.yearly_nok).as_json(),
            "no_payback_in_life_percent": 100 * self.never_pays_back,
            "npv_below_0_percent": 100 * self.loses,
            "too_slow_for_demand_percent": 100 * self.short,
            "measures": {name: Percentiles.of(each).as_json() for name, each in self.measured.items()},
        }


@dataclass(frozen=True)
class EconomicResult:
    """The hand, and what the cell and (if it can be compared) the commercial machine are worth against it.

    provenance: the status of every number, those of the simulation included. left_out: why there is no commercial arm.
    """

    manual: Alternative
    cell: AlternativeResult
    commercial: AlternativeResult | None
    left_out: str
    provenance: dict[str, Status]

    @property
    def cell_beats_commercial(self) -> float | None:
        """The share of draws in which the cell is worth more a year, over its life, than the commercial machine."""
        if self.commercial is None:
            return None
        return float(np.mean(self.cell.yearly_nok > self.commercial.yearly_nok))


def evaluate_economics(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None,
    measures: Sequence[Measure] = (),
    draws: int = DRAWS,
) -> EconomicResult:
    """Draw every uncertain number ``draws`` times, and what the simulation left uncertain with them.

    Every number has a stream of its own name, so the arms meet the same prices and a further number disturbs no other.
    """
    streams = Streams(comparison.seed, 0)
    numbers = _numbers(economics, commercial)
    drawn = {name: each.draw(streams[name], draws) for name, each in numbers.items()}
    means = draw_means(_simulated_means(comparison), streams["simulated means"], draws)
    return _evaluate(comparison, economics, commercial, measures, drawn, means)


def economics_as_given(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None = None,
    measures: Sequence[Measure] = (),
    changed: Mapping[str, float] = MappingProxyType({}),
) -> EconomicResult:
    """The same without chance: every number at its value, the simulated means as they are; arrays of one draw.

    changed: other values by the numbers' names ("economics.lifetime_years").
    """
    numbers = _numbers(economics, commercial)
    drawn = {name: np.full(1, changed.get(name, each.value)) for name, each in numbers.items()}
    means = _simulated_means(comparison).mean(axis=0, keepdims=True)
    return _evaluate(comparison, economics, commercial, measures, drawn, means)


def _evaluate(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None,
    measures: Sequence[Measure],
    drawn: Mapping[str, Draws],
    means: Draws,
) -> EconomicResult:
    manual, cell = _simulated(comparison, drawn, _investment(economics, drawn), means)
    valued = _value_of(measures, economics, drawn)
    bought = _bought(commercial, drawn) if commercial and not commercial.why_left_out else None
    return EconomicResult(
        manual,
        _against(manual, cell, drawn, valued),
        _against(manual, bought, drawn, valued) if bought else None,
        commercial.why_left_out if commercial else "",
        comparison.provenance | {name: each.status for name, each in _numbers(economics, commercial).items()},
    )


def _numbers(economics: Economics, commercial: Commercial | None) -> dict[str, Number]:
    return dict(economics.numbers("economics")) | (dict(commercial.numbers("commercial")) if commercial else {})


def _investment(economics: Economics, drawn: Mapping[str, Draws]) -> Draws:
    """Parts and the hours to build the cell from them, NOK."""
    bought = sum(part.quantity * drawn[f"economics.parts.{part.called}.price_nok"] for part in economics.parts)
    return np.asarray(bought + drawn["economics.building_h"] * drawn["economics.building_nok_per_h"])


def _value_of(measures: Sequence[Measure], economics: Economics, drawn: Mapping[str, Draws]) -> dict[str, Draws]:
    """What one of a measure's unit is worth, NOK: 1 if the unit is NOK, unless the file says otherwise."""
    own = {measure.name: np.ones(1) for measure in measures if measure.unit == "NOK"}
    return own | {each.measure: drawn[f"economics.valued.{each.called}.nok"] for each in economics.valued}


def _simulated(
    comparison: Comparison, drawn: Mapping[str, Draws], investment_nok: Draws, simulated: Draws
) -> tuple[Alternative, Alternative]:
    """Hand and cell as simulated; ``simulated``: their means, drawn together, so that pairs stay pairs."""
    both = (comparison.manual, comparison.cell)
    means = iter(simulated.T)
    (manual_s, hand_labour_s, of_manual), (cell_s, cell_labour_s, of_cell) = (
        (
            _above_zero(next(means), outcome.means_s),
            _above_zero(next(means), outcome.labour_means_s),
            {name: next(means) for name in outcome.measures},
        )
        for outcome in both
    )
    manual = Alternative(manual_s, hand_labour_s, drawn["economics.scrap_by_hand_percent"] / 100, of_manual)
    return manual, Alternative(
        cell_s,
        cell_labour_s,
        drawn["economics.scrap_by_cell_percent"] / 100,
        of_cell,
        investment_nok,
        drawn["economics.power_w"],
        drawn["economics.maintenance_percent"] / 100,
        drawn["economics.lifetime_years"],
    )


def _simulated_means(comparison: Comparison) -> Draws:
    """The means of hand and cell in each replication, shape (replications, columns)."""
    return np.array([column for outcome in (comparison.manual, comparison.cell) for column in _columns(outcome)]).T


def _columns(outcome: Outcome) -> list[tuple[float, ...]]:
    return [outcome.means_s, outcome.labour_means_s, *(each.means for each in outcome.measures.values())]


def _above_zero(draws: Draws, means: Sequence[float]) -> Draws:
    return np.asarray(np.maximum(draws, MIN_SHARE * np.mean(means)))


def draw_means(values: Draws, stream: np.random.Generator, draws: int) -> Draws:
    """Draws of the true means of ``values``, shape (replications, columns); returns (draws, columns).

    Multivariate t with replications - 1 degrees of freedom, covariance of the mean from the replications: 95 % of the
    draws of any column, or of the difference of two, lie in the interval that ``estimate`` gives (Law, Simulation
    Modeling and Analysis, section 4.5). One replication shows no uncertainty, so its means are taken as certain.
    """
    count = len(values)
    mean = values.mean(axis=0)
    if count < 2:
        return np.tile(mean, (draws, 1))
    normal = stream.standard_normal((draws, count))
    widened = np.sqrt((count - 1) / stream.chisquare(count - 1, draws))
    apart = np.einsum("dr,rc->dc", normal, values - mean) / math.sqrt(count * (count - 1))
    return np.asarray(mean + widened[:, None] * apart)


def _bought(machine: Commercial, drawn: Mapping[str, Draws]) -> Alternative:
    """The commercial machine, with the measures that it states."""
    stated = {each.measure: drawn[f"commercial.stated.{each.called}.figure"] for each in machine.stated}
    return Alternative(
        drawn["commercial.seconds_per_unit"],
        drawn["commercial.labour_s_per_unit"],
        drawn["commercial.scrap_percent"] / 100,
        stated,
        drawn["commercial.price_nok"],
        drawn["commercial.power_w"],
        drawn["commercial.maintenance_percent"] / 100,
        drawn["commercial.lifetime_years"],
    )


def _against(
    manual: Alternative, way: Alternative, drawn: Mapping[str, Draws], valued: Mapping[str, Draws]
) -> AlternativeResult:
    """What ``way`` saves against the hand in each draw."""
    can = 3600 * _hours_a_year(drawn) * (1 - way.scrap) / way.seconds
    demand = drawn.get("economics.demand_units_per_year", can)
    units = np.minimum(can, demand)
    saved_h = units * (_labour_s(manual) - _labour_s(way)) / 3600
    saving_by = {
        "time": saved_h * drawn["economics.person_nok_per_h"],
        "material": units * _material_nok(manual, way, valued),
        "scrap": units * (_lost(manual) - _lost(way)) * drawn["economics.scrap_nok_per_unit"],
        "energy": -units * _kwh(way) * drawn["economics.electricity_nok_per_kwh"],
        "maintenance": -way.maintenance * way.investment_nok,
    }
    saving_nok = _sum(saving_by)
    today = annuity(drawn["economics.discount_percent"] / 100, way.years)
    npv_nok = saving_nok * today - way.investment_nok
    return AlternativeResult(
        seconds=way.seconds,
        labour_s=way.labour_s,
        investment_nok=way.investment_nok,
        units=units,
        saved_h=saved_h,
        saving_by=saving_by,
        payback_months=payback_months(way.investment_nok, saving_nok),
        npv_nok=npv_nok,
        yearly_nok=npv_nok / today,
        years=way.years,
        short=float(np.mean(can < demand)),
        one_saves_nok=(_sum(saving_by) - saving_by["maintenance"]) / units,
        costs_nok_a_year=way.investment_nok / today - saving_by["maintenance"],
        can_per_day=can / drawn["economics.days_per_year"],
        days=drawn["economics.days_per_year"],
        measured=way.measured,
    )


def _sum(of: Mapping[str, Draws]) -> Draws:
    return np.asarray(np.sum(list(of.values()), axis=0))


def _hours_a_year(drawn: Mapping[str, Draws]) -> Draws:
    shifts, hours, days = (
        drawn[f"economics.{name}"] for name in ("shifts_per_day", "hours_per_shift", "days_per_year")
    )
    return shifts * hours * days


def _labour_s(way: Alternative) -> Draws:
    """The person's seconds for each good unit: those of the scrapped ones as well."""
    return way.labour_s / (1 - way.scrap)


def _lost(way: Alternative) -> Draws:
    """Scrapped units for each good one."""
    return way.scrap / (1 - way.scrap)


def _kwh(way: Alternative) -> Draws:
    """Electricity for each good unit, kWh; waiting for work between units is not counted."""
    return way.power_w / 1000 * way.seconds / 3600 / (1 - way.scrap)


def _material_nok(manual: Alternative, way: Alternative, valued: Mapping[str, Draws]) -> Draws:
    """What a unit's measures save, NOK: hand less machine; nothing where one of them does not state the measure."""
    saved = np.zeros(1)
    for name, nok in valued.items():
        if name in manual.measured and name in way.measured:
            saved = saved + (manual.measured[name] - way.measured[name]) * nok
    return saved
