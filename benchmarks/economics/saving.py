"""What one alternative saves against a manual method in a year, component by component."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cellwright.benchmarks.economics.finance import annuity, payback_months
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.benchmarks.economics.results import Alternative, AlternativeResult

NO_DRAWS: Draws = np.zeros(1)


def evaluate_alternative(
    manual: Alternative,
    alternative: Alternative,
    drawn: Mapping[str, Draws],
    nok_per_unit_of_measure: Mapping[str, Draws],
    method_nok: Draws = NO_DRAWS,
    units: Draws | None = None,
) -> AlternativeResult:
    """What ``alternative`` saves against a manual method in each draw.

    method_nok: what is saved a year because one of the two methods costs something. units: how many it makes in a year,
    if not what it can and what is demanded.
    """
    capacity = 3600 * _working_hours_per_year(drawn) * (1 - alternative.scrap) / alternative.seconds
    demand = drawn.get("economics.demand_units_per_year", capacity)
    units = np.minimum(capacity, demand) if units is None else units
    saved_h = units * (_labour_s_per_good(manual) - _labour_s_per_good(alternative)) / 3600
    counted_h = units * (_bound_s_per_good(manual, drawn) - _bound_s_per_good(alternative, drawn)) / 3600
    saving_by = {
        "time": counted_h * drawn["economics.person_nok_per_h"],
        "material": units * _material_nok(manual, alternative, nok_per_unit_of_measure),
        "scrap": units
        * (_scrapped_per_good(manual) - _scrapped_per_good(alternative))
        * drawn["economics.scrap_nok_per_unit"],
        "energy": -units * _kwh_per_good(alternative) * drawn["economics.electricity_nok_per_kwh"],
        "maintenance": -alternative.maintenance * alternative.investment_nok,
        **({"method": method_nok} if np.any(method_nok) else {}),
    }
    saving_nok = _sum(saving_by)
    fixed_nok = saving_by["maintenance"] + method_nok
    annuity_factor = annuity(drawn["economics.discount_percent"] / 100, alternative.years)
    npv_nok = saving_nok * annuity_factor - alternative.investment_nok
    return AlternativeResult(
        seconds=alternative.seconds,
        labour_s=alternative.labour_s,
        investment_nok=alternative.investment_nok,
        units=units,
        saved_h=saved_h,
        counted_h=counted_h,
        saving_by=saving_by,
        payback_months=payback_months(alternative.investment_nok, saving_nok),
        npv_nok=npv_nok,
        yearly_nok=npv_nok / annuity_factor,
        years=alternative.years,
        short=float(np.mean(capacity < demand)),
        saving_per_unit_nok=(saving_nok - fixed_nok) / units,
        annual_cost_nok=alternative.investment_nok / annuity_factor - fixed_nok,
        capacity_per_day=capacity / drawn["economics.days_per_year"],
        days=drawn["economics.days_per_year"],
        measured=alternative.measured,
    )


def _sum(of: Mapping[str, Draws]) -> Draws:
    return np.asarray(sum(of.values(), start=np.zeros(1)))


def _working_hours_per_year(drawn: Mapping[str, Draws]) -> Draws:
    shifts, hours, days = (
        drawn[f"economics.{name}"] for name in ("shifts_per_day", "hours_per_shift", "days_per_year")
    )
    return shifts * hours * days


def _labour_s_per_good(alternative: Alternative) -> Draws:
    """The person's seconds for each good unit: those of the scrapped ones as well."""
    return alternative.labour_s / (1 - alternative.scrap)


def _bound_s_per_good(alternative: Alternative, drawn: Mapping[str, Draws]) -> Draws:
    """The seconds for each good unit in which the person can do no other work."""
    bound_s = alternative.bound_s(drawn["economics.min_free_s"], drawn["economics.switching_s"])
    return np.asarray(bound_s / (1 - alternative.scrap))


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
