"""A business case: the inputs, the simulation and the economic result of a cell, and what they come to in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cellwright.benchmarks.best_manual import Compared
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws, Economics, UncertainNumber
from cellwright.benchmarks.economics.kpi import Kpis, elements_not_producing, kpis_of, states_not_producing
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.economics.results import AlternativeResult, EconomicResult
from cellwright.sim import Measure, Scenario

MAX_ERROR_CHANCE = 0.05
"""The conclusion calls a cell worth building, or not, if the chance of being wrong is at most this."""


@dataclass(frozen=True, slots=True)
class BusinessCase:
    """The inputs, the simulation and the economic result. scenario, compared: None where the cell is only guessed."""

    economics: Economics
    commercial: Commercial | None
    result: EconomicResult
    unit: str = "unit"
    scenario: Scenario | None = None
    compared: Compared | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The cell's measures."""
        return self.scenario.study.measures if self.scenario else ()

    @property
    def best_manual(self) -> str:
        """The name of the best manual method; empty if there is none beyond today's."""
        method = self.scenario.study.best_manual if self.scenario else None
        return method.name if method and self.result.beyond_best else ""

    @property
    def left_out(self) -> str:
        """Why there is no commercial machine; empty if there is one."""
        if self.commercial is None:
            return "No commercial machine is compared: there is no commercial.toml; give one with --commercial."
        return self.result.left_out

    def kpis(self) -> dict[str, Kpis | None]:
        """The ISO 22400 indicators of the cell and the manual method, at the most likely values of the file."""
        economics, scenario = self.economics, self.scenario
        if scenario is None or self.compared is None:
            return {}
        planned_s = economics.planned_s_per_unit.value if economics.planned_s_per_unit else None
        return {
            "cell": kpis_of(
                self.compared.today.cell,
                states_not_producing(scenario.study.cell),
                economics.scrap_by_cell_percent.value / 100,
                planned_s,
            ),
            "manual": kpis_of(
                self.compared.today.manual,
                elements_not_producing(scenario.manual_elements()),
                economics.scrap_by_hand_percent.value / 100,
                planned_s,
                float(scenario.manual.allowance),
            ),
        }


# ---- figures as text ----


def money(value: float) -> str:
    """A sum, to three significant figures: "61,200"."""
    if abs(value) < 0.5:
        return "0"
    digits = max(0, math.floor(math.log10(abs(value))) - 2)
    return f"{round(value, -digits):,.0f}"


def months(value: float) -> str:
    """A payback in months, "never" if it never comes."""
    if not math.isfinite(value):
        return "never"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def share_text(share: float) -> str:
    """A share of the draws; never none or all of them, which no simulation can show."""
    if share > 0.99:
        return "over 99 % of the draws"
    return "under 1 % of the draws" if share < 0.01 else f"{100 * share:.0f} % of the draws"


# ---- the sentences ----


def conclusion(case: BusinessCase) -> str:
    """The conclusion from the figures: against the best that can be done by hand, and against today's method."""
    alternative = case.result.decisive
    npv = Percentiles.of(alternative.npv_nok)
    if alternative.loss_probability <= MAX_ERROR_CHANCE:
        verdict = "is worth building"
    elif alternative.loss_probability >= 1 - MAX_ERROR_CHANCE:
        verdict = "is not worth building"
    else:
        verdict = f"may be worth building or not ({100 * alternative.loss_probability:.0f} % chance of a loss)"
    against = f", against work {case.best_manual}" if case.best_manual else ""
    text = (
        f"On these inputs the cell {verdict}{against}: it {_saves(alternative)}, {_pays_back(alternative)}, and its "
        f"median net present value is {money(npv.p50)} NOK (5th to 95th percentile: {money(npv.p5)} to "
        f"{money(npv.p95)})"
    )
    if not case.best_manual:
        return text + "."
    today = case.result.cell
    return (
        f"{text}. Against today's manual method it {_saves(today)} and {_pays_back(today)}; what lies between the two "
        "needs no cell."
    )


def _saves(alternative: AlternativeResult) -> str:
    saved_nok = Percentiles.of(alternative.saving_nok).p50
    return f"saves {money(saved_nok)} NOK a year" if saved_nok > 0 else f"costs {money(-saved_nok)} NOK a year more"


def _pays_back(alternative: AlternativeResult) -> str:
    payback = Percentiles.of(alternative.payback_months)
    return "never pays back" if not math.isfinite(payback.p50) else f"pays back in {months(payback.p50)} months"


def machine_sentences(case: BusinessCase) -> list[str]:
    """The commercial machine: how it compares, on what price, and how its work differs."""
    result, machine = case.result, case.commercial
    better = result.cell_better_probability
    if machine is None or machine.price_nok is None or better is None:
        return [case.left_out]
    price = machine.price_nok
    ends = money(price.value) if price.lowest == price.highest else f"{money(price.lowest)} to {money(price.highest)}"
    status = {"vendor": "stated by a vendor"}.get(price.status, price.status)
    sentences = [
        f"Commercial machine: {machine.machine}. If it costs {ends} NOK ({status}) and is as quick as its file says, "
        f"the cell's annuity is higher in {share_text(better)}."
    ]
    return [*sentences, machine.difference] if machine.differs else sentences


def free_time_sentence(case: BusinessCase) -> str:
    """In what pieces the cell leaves the person free, and which of them count."""
    free, economics = case.result.free, case.economics
    rule = (
        f"Only pieces of at least {_range(economics.min_free_s)} s count as money ({economics.min_free_s.status}), "
        f"each less {_range(economics.switching_s)} s for switching."
    )
    if free is None:
        return f"The free time of a {case.unit} is taken as one piece. {rule}"
    hours = economics.hours_per_shift.value
    if free.free_share < 0.02:
        return f"The person is at the cell all the time; it leaves no free time. {rule}"
    p5, p50, p95 = free.percentiles_s()
    return (
        f"The cell needs its operator {free.visits_in(hours):.0f} times in a shift of {hours:g} h. The free time "
        f"between comes in pieces of {p50:.0f} s (median; 5th to 95th percentile: {p5:.0f} to {p95:.0f}). {rule}"
    )


def _range(number: UncertainNumber) -> str:
    low, high = number.lowest, number.highest
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def remarks(case: BusinessCase) -> list[str]:
    """The assumptions behind the figures, a sentence or two each."""
    economics, result, unit = case.economics, case.result, case.unit
    sentences = [
        *machine_sentences(case),
        f"Prices are {economics.vat} VAT, before tax. The payback is simple; the NPV is discounted by "
        f"{_range(economics.discount_percent)} % a year. An hour that counts is worth its full cost only if it is used "
        "for other work.",
    ]
    units = Percentiles.of(result.cell.units).p50
    if economics.demand_units_per_year is None:
        sentences.append(
            f"Production: {money(units)} good {unit}s a year, as many as the cell can make; all are assumed to be sold."
        )
    elif result.cell.short > 0:
        sentences.append(
            f"In {share_text(result.cell.short)} the cell is too slow for the demand: it makes {money(units)} good "
            f"{unit}s a year, and the rest is made by hand as before."
        )
    sentences += [_kpi_sentence(name, each) for name, each in case.kpis().items() if each]
    if economics.planned_s_per_unit is None and case.scenario is not None:
        sentences.append("No planned_s_per_unit is given, so the effectiveness is 100 % by definition.")
    inputs = Counter(result.provenance.values())
    sentences.append("Inputs: " + ", ".join(f"{inputs[status]} {status}" for status in sorted(inputs)) + ".")
    if case.compared is not None and case.compared.today.replications == 1:
        sentences.append("One replication does not show the uncertainty of the simulation; use --replications 20.")
    return sentences


def _kpi_sentence(name: str, result: Kpis) -> str:
    return (
        f"ISO 22400, {name}: availability {100 * result.availability:.0f} %, effectiveness "
        f"{100 * result.effectiveness:.0f} %, quality ratio {100 * result.quality_ratio:.1f} %, OEE index "
        f"{100 * result.oee_index:.0f} %."
    )


def spread_text(draws: Draws, show: Callable[[float], str] = money) -> str:
    """The median, and below it the 5th to 95th percentile in brackets."""
    spread = Percentiles.of(draws)
    low, middle, high = show(spread.p5), show(spread.p50), show(spread.p95)
    return middle if low == high else f"{middle}\n({low} to {high})"


def business_case_json(case: BusinessCase) -> dict[str, Any]:
    """All figures as JSON, with units in the names; the 5th, 50th and 95th percentiles of the draws."""
    result = case.result
    beats, free = result.cell_better_probability, result.free
    return {
        "draws": DRAWS,
        "prices": f"{case.economics.vat} VAT",
        "saving_by_nok_per_year": result.money_json(),
        "manual": {
            "seconds_per_unit": Percentiles.of(result.manual.seconds).as_json(),
            "labour_s_per_unit": Percentiles.of(result.manual.labour_s).as_json(),
            "measures": {name: Percentiles.of(each).as_json() for name, each in result.manual.measured.items()},
        },
        "best_manual": case.best_manual or None,
        "best_manual_economics": result.best_manual.as_json() if result.best_manual else None,
        "cell_economics": result.cell.as_json(),
        "cell_against_best_manual": result.beyond_best.as_json() if result.beyond_best else None,
        "commercial_economics": result.commercial.as_json() if result.commercial else None,
        "commercial_left_out": case.left_out,
        "cell_beats_commercial_percent": None if beats is None else 100 * beats,
        "commercial_assumes": machine_sentences(case) if result.commercial else None,
        "free_time": {
            "rule": free_time_sentence(case),
            "visits_per_hour": None if free is None else free.visits_in(1),
            "free_percent_of_cell_time": None if free is None else 100 * free.free_share,
            "pieces_s": None if free is None else dict(zip(("p5", "p50", "p95"), free.percentiles_s(), strict=True)),
            "by_shortest_piece_that_counts": [each.as_json() for each in result.by_length],
        },
        "iso_22400": {name: each.as_json() if each else None for name, each in case.kpis().items()},
        "finding": conclusion(case),
        "provenance": result.provenance,
    }
