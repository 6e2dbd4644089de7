"""The economics of a cell: labour saved, payback and net present value, with their uncertainty (Monte Carlo).

Money is NOK without tax, in prices of today; a year's saving comes at its end and is the same every year; at the end
of its life a machine has no value. A person's hour that is saved counts at its full cost, so it must be used for
other work. What a machine cannot make in the year's hours is made by hand as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np

from cellwright.benchmarks.comparison import SIMULATION, Comparison, figures_by_replication, is_time
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.finance import Percentiles, annuity, payback_months
from cellwright.benchmarks.economics.inputs import Draws, Economics, UncertainNumber
from cellwright.provenance import Status
from cellwright.sim import Measure, Streams

DRAWS = 10_000
MAX_DEVIATION = 3.0
"""No time is drawn beyond 20 times its mean, or below a 20th: two replications leave tails without end."""


@dataclass(frozen=True)
class Alternative:
    """An alternative for making the units, draw by draw.

    All arrays have the shape (draws,), or (1,) if they never change.

    seconds, labour_s: of a unit. scrap: a share of the units started. measured: by measure, in its unit.
    investment_nok, power_w, maintenance (a share of the investment, a year) and years: of the machine; none for manual
    work.
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
    """The result of one machine against manual work; each array holds one figure for each draw.

    npv_nok: over its life. yearly_nok: the NPV spread evenly over its life (the equivalent annual value, which
    compares machines of unequal lives). units: good units it makes in a year. short: the share of draws in which
    the demand is not met. saving_per_unit_nok: what each good unit saves, without maintenance. annual_cost_nok:
    investment as an annuity, and maintenance. capacity_per_day: good units that it can make in a working day.
    saving_by: the components of the yearly saving, NOK: "time", "material" (measures), "scrap", and below 0
    "energy" and "maintenance".
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
    saving_per_unit_nok: Draws
    annual_cost_nok: Draws
    capacity_per_day: Draws
    days: Draws
    measured: Mapping[str, Draws]

    @property
    def break_even_per_day(self) -> Draws:
        """How many good units a working day are needed for an NPV of 0.

        Infinite where each saves nothing, or the machine cannot make so many.
        """
        saves = self.saving_per_unit_nok > 0
        needed = self.annual_cost_nok / self.days / np.where(saves, self.saving_per_unit_nok, 1.0)
        return np.where(saves & (needed <= self.capacity_per_day), needed, np.inf)

    def annual_value_at(self, units_per_day: float) -> Draws:
        """Its annual value over its life, NOK, at a demand of so many good units a working day."""
        made = np.minimum(units_per_day, self.capacity_per_day) * self.days
        return made * self.saving_per_unit_nok - self.annual_cost_nok

    @property
    def saving_nok(self) -> Draws:
        """What is saved in a year, NOK."""
        return _sum(self.saving_by)

    @property
    def no_payback_probability(self) -> float:
        """The share of draws in which the simple payback is longer than its life."""
        return float(np.mean(self.payback_months > 12 * self.years))

    @property
    def loss_probability(self) -> float:
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
            "break_even_units_per_day": Percentiles.of(self.break_even_per_day).as_json(),
            "equivalent_saving_nok_per_year": Percentiles.of(self.yearly_nok).as_json(),
            "no_payback_in_life_percent": 100 * self.no_payback_probability,
            "npv_below_0_percent": 100 * self.loss_probability,
            "too_slow_for_demand_percent": 100 * self.short,
            "measures": {name: Percentiles.of(each).as_json() for name, each in self.measured.items()},
        }


@dataclass(frozen=True)
class EconomicResult:
    """The manual method, and the results of the cell and (if it can be compared) the commercial machine against it.

    provenance: the status of every number, those of the simulation included. left_out: why there is no commercial
    alternative.
    """

    manual: Alternative
    cell: AlternativeResult
    commercial: AlternativeResult | None
    left_out: str
    provenance: dict[str, Status]

    @property
    def cell_better_probability(self) -> float | None:
        """The share of draws in which the cell's annual value is above the commercial machine's."""
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
    """Draw every uncertain number ``draws`` times, and the simulated means with their uncertainty.

    Every number has a stream of its own name, so all alternatives use the same prices and a further number changes no
    other.
    """
    streams = Streams(comparison.seed, 0)
    numbers = _numbers(economics, commercial)
    drawn = {name: each.draw(streams[name], draws) for name, each in numbers.items()}
    means = draw_means(comparison, streams, draws)
    return _evaluate(comparison, economics, commercial, measures, drawn, means)


def economics_as_given(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None = None,
    measures: Sequence[Measure] = (),
    changed: Mapping[str, float] = MappingProxyType({}),
) -> EconomicResult:
    """The same without random draws: every number at its value, the simulated means as they are; arrays of one draw.

    changed: other values by the numbers' names ("economics.lifetime_years").
    """
    numbers = _numbers(economics, commercial)
    drawn = {name: np.full(1, changed.get(name, each.value)) for name, each in numbers.items()}
    return _evaluate(comparison, economics, commercial, measures, drawn, _means(comparison))


def npv_by_replication_nok(comparison: Comparison, economics: Economics, measures: Sequence[Measure]) -> Draws:
    """The cell's net present value with every number at its value and the means of each replication, NOK."""
    drawn = {name: np.full(1, each.value) for name, each in _numbers(economics, None).items()}
    means = np.array(list(figures_by_replication(comparison.cell, comparison.manual).values())).T
    return _evaluate(comparison, economics, None, measures, drawn, means).cell.npv_nok


def _evaluate(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None,
    measures: Sequence[Measure],
    drawn: Mapping[str, Draws],
    means: Draws,
) -> EconomicResult:
    manual, cell = _simulated(comparison, drawn, _investment(economics, drawn), means)
    nok_per_unit_of_measure = _values_of_measures(measures, economics, drawn)
    machine = _commercial_alternative(commercial, drawn) if commercial and not commercial.why_left_out else None
    return EconomicResult(
        manual,
        _evaluate_alternative(manual, cell, drawn, nok_per_unit_of_measure),
        _evaluate_alternative(manual, machine, drawn, nok_per_unit_of_measure) if machine else None,
        commercial.why_left_out if commercial else "",
        comparison.provenance | {name: each.status for name, each in _numbers(economics, commercial).items()},
    )


def _numbers(economics: Economics, commercial: Commercial | None) -> dict[str, UncertainNumber]:
    return dict(economics.numbers("economics")) | (dict(commercial.numbers("commercial")) if commercial else {})


def _investment(economics: Economics, drawn: Mapping[str, Draws]) -> Draws:
    """Parts, and the hours to build the cell from them, NOK."""
    parts_nok = sum(part.quantity * drawn[f"economics.parts.{part.key}.price_nok"] for part in economics.parts)
    return np.asarray(parts_nok + drawn["economics.building_h"] * drawn["economics.building_nok_per_h"])


def _values_of_measures(
    measures: Sequence[Measure], economics: Economics, drawn: Mapping[str, Draws]
) -> dict[str, Draws]:
    """The value of one unit of each measure, NOK: 1 if the unit is NOK, unless the file states another."""
    own = {measure.name: np.ones(1) for measure in measures if measure.unit == "NOK"}
    return own | {each.measure: drawn[f"economics.valued.{each.key}.nok"] for each in economics.valued}


def _simulated(
    comparison: Comparison, drawn: Mapping[str, Draws], investment_nok: Draws, simulated: Draws
) -> tuple[Alternative, Alternative]:
    """Manual method and cell as simulated; ``simulated``: their means, drawn together, so that pairs stay pairs."""
    both = (comparison.manual, comparison.cell)
    means = iter(simulated.T)
    (manual_s, manual_labour_s, of_manual), (cell_s, cell_labour_s, of_cell) = (
        (
            next(means),
            next(means),
            {name: next(means) for name in outcome.measures},
        )
        for outcome in both
    )
    manual = Alternative(manual_s, manual_labour_s, drawn["economics.scrap_by_hand_percent"] / 100, of_manual)
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


def _means(comparison: Comparison) -> Draws:
    """The means of both methods, shape (1, columns)."""
    columns = figures_by_replication(comparison.cell, comparison.manual)
    return np.array([[np.mean(values) for values in columns.values()]])


def draw_means(comparison: Comparison, streams: Streams, draws: int) -> Draws:
    """Draws of the true means of both methods, shape (draws, columns), over all that is not known of them.

    What moves both, such as the time of an element of work that both have, moves both in the same draw. One
    replication gives no noise, so its means are treated as certain but for the inputs.
    """
    budget = comparison.budget
    names = {each.name: f"uncertain {each.name}" for each in budget.sources} | {SIMULATION: "simulated means"}
    drawn = budget.draw({name: streams[stream] for name, stream in names.items()}, draws)
    means = _means(comparison)
    times = np.array([is_time(column) for column in budget.columns])
    as_shares = np.clip(drawn, -MAX_DEVIATION, MAX_DEVIATION)
    return np.asarray(np.where(times, means * np.exp(as_shares), means + drawn))


def _commercial_alternative(machine: Commercial, drawn: Mapping[str, Draws]) -> Alternative:
    """The commercial machine, with the measures that it states."""
    stated = {each.measure: drawn[f"commercial.stated.{each.key}.figure"] for each in machine.stated}
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


def _evaluate_alternative(
    manual: Alternative,
    alternative: Alternative,
    drawn: Mapping[str, Draws],
    nok_per_unit_of_measure: Mapping[str, Draws],
) -> AlternativeResult:
    """What ``alternative`` saves against manual work in each draw."""
    capacity = 3600 * _working_hours_per_year(drawn) * (1 - alternative.scrap) / alternative.seconds
    demand = drawn.get("economics.demand_units_per_year", capacity)
    units = np.minimum(capacity, demand)
    saved_h = units * (_labour_s_per_good(manual) - _labour_s_per_good(alternative)) / 3600
    saving_by = {
        "time": saved_h * drawn["economics.person_nok_per_h"],
        "material": units * _material_nok(manual, alternative, nok_per_unit_of_measure),
        "scrap": units
        * (_scrapped_per_good(manual) - _scrapped_per_good(alternative))
        * drawn["economics.scrap_nok_per_unit"],
        "energy": -units * _kwh_per_good(alternative) * drawn["economics.electricity_nok_per_kwh"],
        "maintenance": -alternative.maintenance * alternative.investment_nok,
    }
    saving_nok = _sum(saving_by)
    annuity_factor = annuity(drawn["economics.discount_percent"] / 100, alternative.years)
    npv_nok = saving_nok * annuity_factor - alternative.investment_nok
    return AlternativeResult(
        seconds=alternative.seconds,
        labour_s=alternative.labour_s,
        investment_nok=alternative.investment_nok,
        units=units,
        saved_h=saved_h,
        saving_by=saving_by,
        payback_months=payback_months(alternative.investment_nok, saving_nok),
        npv_nok=npv_nok,
        yearly_nok=npv_nok / annuity_factor,
        years=alternative.years,
        short=float(np.mean(capacity < demand)),
        saving_per_unit_nok=(_sum(saving_by) - saving_by["maintenance"]) / units,
        annual_cost_nok=alternative.investment_nok / annuity_factor - saving_by["maintenance"],
        capacity_per_day=capacity / drawn["economics.days_per_year"],
        days=drawn["economics.days_per_year"],
        measured=alternative.measured,
    )


def _sum(of: Mapping[str, Draws]) -> Draws:
    return np.asarray(reduce(np.add, of.values()))  # some have one value for each draw, others one for all


def _working_hours_per_year(drawn: Mapping[str, Draws]) -> Draws:
    shifts, hours, days = (
        drawn[f"economics.{name}"] for name in ("shifts_per_day", "hours_per_shift", "days_per_year")
    )
    return shifts * hours * days


def _labour_s_per_good(alternative: Alternative) -> Draws:
    """The person's seconds for each good unit: those of the scrapped ones as well."""
    return alternative.labour_s / (1 - alternative.scrap)


def _scrapped_per_good(alternative: Alternative) -> Draws:
    """Scrapped units for each good one."""
    return alternative.scrap / (1 - alternative.scrap)


def _kwh_per_good(alternative: Alternative) -> Draws:
    """Electricity for each good unit, kWh; waiting for work between units is not counted."""
    return alternative.power_w / 1000 * alternative.seconds / 3600 / (1 - alternative.scrap)


def _material_nok(manual: Alternative, alternative: Alternative, nok_per_unit_of_measure: Mapping[str, Draws]) -> Draws:
    """What a unit's measures save, NOK: manual less machine; nothing where one of them does not state the measure."""
    saved = np.zeros(1)
    for name, nok in nok_per_unit_of_measure.items():
        if name in manual.measured and name in alternative.measured:
            saved = saved + (manual.measured[name] - alternative.measured[name]) * nok
    return saved
