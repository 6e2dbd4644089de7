"""The alternatives of a decision, and the economic result of each; every array holds one figure for each draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.provenance import Status
from cellwright.sim import FreeTime


@dataclass(frozen=True)
class Alternative:
    """An alternative for making the units, draw by draw.

    All arrays have the shape (draws,), or (1,) if they never change.

    seconds, labour_s: of a unit. scrap: a share of the units started. measured: by measure, in its unit.
    investment_nok, power_w, maintenance (a share of the investment, a year) and years: of the machine; none for manual
    work. free: the pieces of the operator's free time; None takes the free time of a unit as one piece. free_base_s:
    the free time of a unit, s, with which these pieces were observed.
    """

    seconds: Draws
    labour_s: Draws
    scrap: Draws
    measured: Mapping[str, Draws] = field(default_factory=dict)
    investment_nok: Draws = field(default_factory=lambda: np.zeros(1))
    power_w: Draws = field(default_factory=lambda: np.zeros(1))
    maintenance: Draws = field(default_factory=lambda: np.zeros(1))
    years: Draws = field(default_factory=lambda: np.ones(1))
    free: FreeTime | None = None
    free_base_s: float = 0.0

    def bound_s(self, min_free_s: Draws, switching_s: Draws) -> Draws:
        """The seconds of a unit in which the person can do no other work.

        Free time counts in pieces of at least ``min_free_s``, less ``switching_s`` for each of them. Where a unit
        leaves more or less free time than was observed, all pieces are taken as longer or shorter in proportion.
        """
        free_s = np.maximum(0.0, self.seconds - self.labour_s)
        if self.free is None:
            counted_s = np.where(free_s >= np.maximum(min_free_s, switching_s), free_s - switching_s, 0.0)
            counted_s = np.maximum(0.0, counted_s)
        else:
            scale = free_s / self.free_base_s if self.free_base_s > 0 else 1.0
            counted_s = free_s * self.free.counted_share(min_free_s, switching_s, scale)
        return np.asarray(np.maximum(self.seconds, self.labour_s) - counted_s)


@dataclass(frozen=True)
class AlternativeResult:
    """The result of one alternative against a manual method; each array holds one figure for each draw.

    npv_nok: over its life. yearly_nok: the NPV spread evenly over its life (the equivalent annual value, which
    compares machines of unequal lives). units: good units it makes in a year. short: the share of draws in which
    the demand is not met. saving_per_unit_nok: what each good unit saves, without maintenance. annual_cost_nok:
    investment as an annuity, and maintenance. capacity_per_day: good units that it can make in a working day.
    saved_h: labour saved in a year; counted_h: what of it comes in pieces long enough to count as money.
    saving_by: the components of the yearly saving, NOK: "time", "material" (measures), "scrap", below 0 "energy" and
    "maintenance", and "method" if the best manual method costs something.
    """

    seconds: Draws
    labour_s: Draws
    investment_nok: Draws
    units: Draws
    saved_h: Draws
    counted_h: Draws
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
        return np.asarray(sum(self.saving_by.values(), start=np.zeros(1)))

    @property
    def no_payback_probability(self) -> float:
        """The share of draws in which the simple payback is longer than its life."""
        return float(np.mean(self.payback_months > 12 * self.years))

    @property
    def loss_probability(self) -> float:
        """The share of draws in which the NPV is below 0."""
        return float(np.mean(self.npv_nok < 0))

    def saving_by_json(self) -> dict[str, dict[str, float | None]]:
        """What the saving is made of, and the whole, NOK a year: the 5th, 50th and 95th percentile of the draws."""
        return {name: Percentiles.of(each).as_json() for name, each in self.saving_by.items()}

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names; percentiles are None where it never pays back."""
        return {
            "seconds_per_unit": Percentiles.of(self.seconds).as_json(),
            "labour_s_per_unit": Percentiles.of(self.labour_s).as_json(),
            "investment_nok": Percentiles.of(self.investment_nok).as_json(),
            "good_units_per_year": Percentiles.of(self.units).as_json(),
            "labour_saved_h_per_year": Percentiles.of(self.saved_h).as_json(),
            "labour_counted_h_per_year": Percentiles.of(self.counted_h).as_json(),
            "saving_nok_per_year": Percentiles.of(self.saving_nok).as_json(),
            "saving_by_nok_per_year": self.saving_by_json(),
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
class AtLength:
    """What the cell saves if only free time in pieces of at least ``min_free_s`` counts as money."""

    min_free_s: float
    counted_h: Draws
    saving_nok: Draws
    npv_nok: Draws

    @property
    def loss_probability(self) -> float:
        """The share of draws in which the NPV is below 0."""
        return float(np.mean(self.npv_nok < 0))

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names."""
        return {
            "min_free_s": self.min_free_s,
            "labour_counted_h_per_year": Percentiles.of(self.counted_h).as_json(),
            "saving_nok_per_year": Percentiles.of(self.saving_nok).as_json(),
            "npv_nok": Percentiles.of(self.npv_nok).as_json(),
            "npv_below_0_percent": 100 * self.loss_probability,
        }


@dataclass(frozen=True)
class EconomicResult:
    """Today's manual method, and what the alternatives save.

    cell, commercial, best_manual: each against today's manual method; best_manual makes as many units as the cell.
    beyond_best: the cell against the best manual method. by_length: what the cell saves against the method that
    ``decisive`` names, by the shortest piece of free time that counts. free: the pieces themselves. provenance: the
    status of every number, those of the simulation included. left_out: why there is no commercial alternative.
    """

    manual: Alternative
    cell: AlternativeResult
    commercial: AlternativeResult | None
    left_out: str
    provenance: dict[str, Status]
    best_manual: AlternativeResult | None = None
    beyond_best: AlternativeResult | None = None
    by_length: tuple[AtLength, ...] = ()
    free: FreeTime | None = None

    @property
    def decisive(self) -> AlternativeResult:
        """The cell against the best that can be done without it: the best manual method, where there is one."""
        return self.beyond_best or self.cell

    @property
    def cell_better_probability(self) -> float | None:
        """The share of draws in which the cell's annual value is above the commercial machine's."""
        if self.commercial is None:
            return None
        return float(np.mean(self.cell.yearly_nok > self.commercial.yearly_nok))

    def money_json(self) -> dict[str, Any]:
        """What the money is made of, NOK a year, for each pair that is compared."""
        pairs = {
            "cell_against_manual": self.cell,
            "cell_against_best_manual": self.beyond_best,
            "best_manual_against_manual": self.best_manual,
        }
        return {
            name: each.saving_by_json() | {"all": Percentiles.of(each.saving_nok).as_json()} if each else None
            for name, each in pairs.items()
        }
