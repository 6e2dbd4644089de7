"""``economics``: what a cell is worth against the hand, and against the best machine that can be bought."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from cellwright import files
from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws, Economics, Inputs, read_economics
from cellwright.benchmarks.economics.kpi import Kpis, elements_not_producing, kpis_of, states_not_producing
from cellwright.benchmarks.economics.model import (
    DRAWS,
    Alternative,
    AlternativeResult,
    EconomicResult,
    evaluate_economics,
)
from cellwright.cli import tables
from cellwright.cli.cell_files import home_of, read_bought
from cellwright.cli.commands.simulate import Asked, run_comparison
from cellwright.errors import InputError
from cellwright.sim import Measure, Scenario

SURE = 0.05
"""A machine is called worth its price, or not, if the chance of the contrary is at most this."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: the files read, what was simulated, and what came out."""

    economics: Economics
    commercial: Commercial | None
    scenario: Scenario
    comparison: Comparison
    found: EconomicResult

    @property
    def left_out(self) -> str:
        """Why there is no commercial machine; empty if there is one."""
        if self.commercial is None:
            return "No commercial machine is compared: the cell has no commercial.toml; name one with --commercial."
        return self.found.left_out

    def kpis(self) -> dict[str, Kpis | None]:
        """ISO 22400's indicators of cell and hand, at the peak values of the file."""
        economics, scenario = self.economics, self.scenario
        planned_s = economics.planned_s_per_unit.value if economics.planned_s_per_unit else None
        return {
            "cell": kpis_of(
                self.comparison.cell,
                states_not_producing(scenario.study.cell),
                economics.scrap_by_cell_percent.value / 100,
                planned_s,
            ),
            "manual": kpis_of(
                self.comparison.manual,
                elements_not_producing(scenario.manual_elements()),
                economics.scrap_by_hand_percent.value / 100,
                planned_s,
                float(scenario.manual.allowance),
            ),
        }


def evaluate(
    asked: Asked,
    manual: Path | None,
    economics: Path | None,
    commercial: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Compare a cell with the hand, work out what it is worth, print it, and draw it if a picture is asked for."""
    from cellwright.benchmarks import read_stopwatch

    scenario = asked.scenario(read_stopwatch(manual) if manual else [])
    read, bought = read_files(asked, scenario, economics, commercial)
    comparison = run_comparison(asked, scenario)
    case = Case(
        read, bought, scenario, comparison, evaluate_economics(comparison, read, bought, scenario.study.measures)
    )
    if picture is not None:
        from cellwright.benchmarks.charts.style import save
        from cellwright.benchmarks.report.break_even_chart import break_even_chart

        save(break_even_chart(case.found, finding(case), comparison.unit), picture)
    if as_json:
        print(json.dumps(as_figures(asked, case), indent=2))
    else:
        _print(case)


def read_files(
    asked: Asked, scenario: Scenario, economics_path: Path | None, commercial_path: Path | None
) -> tuple[Economics, Commercial | None]:
    """Both files: those named, or those beside the cell. Raises InputError if one is wrong or they do not fit."""
    folder = home_of(scenario)
    measures = [measure.name for measure in scenario.study.measures]
    economics_path = economics_path or folder / "economics.toml"
    if not economics_path.exists() and economics_path.parent == folder:
        raise InputError(
            f"{asked.cell} has no economics.toml beside it; copy the stapler's, change it, and name it with "
            "--economics."
        )
    economics = read_economics(economics_path, measures)
    commercial = read_bought(scenario, commercial_path)
    if commercial is not None and commercial.vat != economics.vat:
        path = commercial_path or folder / "commercial.toml"
        line = files.line_of(files.read_text(path), ("vat",))
        where = f"{path}, line {line}" if line else str(path)
        raise InputError(
            f"{where}: prices are {commercial.vat} VAT, those of {economics_path} {economics.vat}; "
            "state both in the same way."
        )
    return economics, commercial


def input_hash(scenario: Scenario, *read: Inputs | None) -> str:
    """SHA-256 over the inputs of the simulation and what was read from files."""
    given = [scenario.input_hash(), *(each and each.model_dump() for each in read)]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def as_figures(asked: Asked, case: Case) -> dict[str, Any]:
    """All figures by name, units in the names; 5th, 50th and 95th percentiles over the draws."""
    head, found = asked.head(case.scenario), case.found
    head["input_hash"] = input_hash(case.scenario, case.economics, case.commercial)
    beats = found.cell_beats_commercial
    return head | {
        "draws": DRAWS,
        "prices": f"{case.economics.vat} VAT",
        "manual": {
            "seconds_per_unit": Percentiles.of(found.manual.seconds).as_json(),
            "labour_s_per_unit": Percentiles.of(found.manual.labour_s).as_json(),
            "measures": {name: Percentiles.of(each).as_json() for name, each in found.manual.measured.items()},
        },
        "cell_economics": found.cell.as_json(),
        "commercial_economics": found.commercial.as_json() if found.commercial else None,
        "commercial_left_out": case.left_out,
        "cell_beats_commercial_percent": None if beats is None else 100 * beats,
        "iso_22400": {name: each.as_json() if each else None for name, each in case.kpis().items()},
        "finding": finding(case),
        "provenance": found.provenance,
    }


# ---- the table ----


def _print(case: Case) -> None:
    out, found, unit = tables.console(), case.found, case.comparison.unit
    title = f"EconomicResult against the hand: median of {DRAWS:,} draws (9 of 10 lie between)"
    machines = [found.cell, *([found.commercial] if found.commercial else [])]
    heads = ["hand", "cell", *(["to buy"] if found.commercial else [])]
    table = Table("", *heads, title=title, title_justify="left", width=tables.WIDTH)
    for words, show, of_manual, of_machine in _rows(unit):
        shown = [_shown(of_manual(found.manual), show) if of_manual else "-"]
        table.add_row(words, *shown, *(_shown(of_machine(alternative), show) for alternative in machines))
    for measure in case.scenario.study.measures:
        table.add_row(*_measure_row(measure, case, machines))
    chances = (f"{100 * alternative.never_pays_back:.0f} %" for alternative in machines)
    table.add_row("chance that it does not pay back in its life", "-", *chances)
    out.print(table)
    out.print(f"[bold]{finding(case)}[/bold]")
    for sentence in _remarks(case):
        out.print(sentence)


Read = Callable[[AlternativeResult], Draws]
ReadHand = Callable[[Alternative], Draws]


def _rows(unit: str) -> list[tuple[str, Callable[[float], str], ReadHand | None, Read]]:
    """Each row: its words, how a figure is shown, and where it stands with the hand and with a machine."""
    return [
        (f"s a {unit}", _seconds, lambda manual: manual.seconds, lambda alternative: alternative.seconds),
        (f"person's s a {unit}", _seconds, lambda manual: manual.labour_s, lambda alternative: alternative.labour_s),
        ("investment, NOK", money, None, lambda alternative: alternative.investment_nok),
        ("person's hours saved, a year", money, None, lambda alternative: alternative.saved_h),
        ("saving, NOK a year", money, None, lambda alternative: alternative.saving_nok),
        ("payback, months", months, None, lambda alternative: alternative.payback_months),
        (f"pays from so many {unit}s a day", months, None, lambda alternative: alternative.pays_from_per_day),
        ("NPV, NOK", money, None, lambda alternative: alternative.npv_nok),
        ("  spread over its life, NOK a year", money, None, lambda alternative: alternative.yearly_nok),
    ]


def _shown(draws: Draws, show: Callable[[float], str]) -> str:
    spread = Percentiles.of(draws)
    low, high = show(spread.p5), show(spread.p95)
    middle = show(spread.p50)
    return middle if low == high else f"{middle}\n({low} to {high})"


def _measure_row(measure: Measure, case: Case, machines: list[AlternativeResult]) -> list[str]:
    """The medians of a measure; "as by hand" where a machine's file says nothing of it."""
    measured = [case.found.manual.measured, *(alternative.measured for alternative in machines)]
    medians = (
        f"{Percentiles.of(each[measure.name]).p50:.3g}" if measure.name in each else "as by hand" for each in measured
    )
    return [f"{measure.words}, {measure.unit}", *medians]


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def money(value: float) -> str:
    """A sum, to three figures: "61,200"; nobody knows it better."""
    if abs(value) < 0.5:
        return "0"
    digits = max(0, math.floor(math.log10(abs(value))) - 2)
    return f"{round(value, -digits):,.0f}"


def months(value: float) -> str:
    """A payback in months, "never" if it never comes."""
    if not math.isfinite(value):
        return "never"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


# ---- the sentences ----


def finding(case: Case) -> str:
    """What the figures say, in one plain sentence."""
    alternative, found = case.found.cell, case.found
    npv, payback = Percentiles.of(alternative.npv_nok), Percentiles.of(alternative.payback_months)
    if alternative.loses <= SURE:
        verdict = "is worth building"
    elif alternative.loses >= 1 - SURE:
        verdict = "is not worth building"
    else:
        verdict = f"may be worth building or not ({100 * alternative.loses:.0f} % chance of a loss)"
    back = "never pays back" if not math.isfinite(payback.p50) else f"pays back in {months(payback.p50)} months"
    saved_nok = Percentiles.of(alternative.saving_nok).p50
    saves = f"saves {money(saved_nok)} NOK a year" if saved_nok > 0 else f"costs {money(-saved_nok)} NOK a year more"
    text = (
        f"On these inputs the cell {verdict}: it {saves}, {back}, and its net "
        f"present value is {money(npv.p50)} NOK ({money(npv.p5)} to {money(npv.p95)})"
    )
    if found.cell_beats_commercial is None or case.commercial is None:
        return text + "."
    return f"{text}; it is worth more a year than {case.commercial.machine} in {_share(found.cell_beats_commercial)}."


def _share(share: float) -> str:
    return f"{100 * share:.0f} % of the draws"


def _remarks(case: Case) -> list[str]:
    """What one must know to read the figures."""
    economics, found, unit = case.economics, case.found, case.comparison.unit
    said = [
        f"To buy: {case.commercial.machine}." if found.commercial and case.commercial else case.left_out,
        f"Prices are {economics.vat} VAT, before tax. The payback is simple; the NPV is discounted by "
        f"{_range(economics)} % a year. An hour saved counts in full: it must be used for other work.",
    ]
    said.append("The cell's saving, NOK a year: " + _made_of(found.cell) + ".")
    units = Percentiles.of(found.cell.units).p50
    if economics.demand_units_per_year is None:
        said.append(f"As many as the cell can make: {money(units)} good {unit}s a year, all taken to be sold.")
    elif found.cell.short > 0:
        said.append(
            f"In {_share(found.cell.short)} the cell is too slow for the demand: it makes {money(units)} good {unit}s "
            "a year, and the rest is made by hand as before."
        )
    said += [_kpi_sentence(name, each) for name, each in case.kpis().items() if each]
    if economics.planned_s_per_unit is None:
        said.append("No planned_s_per_unit is given, so the effectiveness is 100 % by definition.")
    inputs = Counter(found.provenance.values())
    said.append("Inputs: " + ", ".join(f"{inputs[status]} {status}" for status in sorted(inputs)) + ".")
    if case.comparison.replications == 1:
        said.append("One replication shows nothing of the simulation's uncertainty; use --replications 20.")
    return said


def _made_of(alternative: AlternativeResult) -> str:
    """What the yearly saving consists of, medians."""
    return ", ".join(f"{name} {money(Percentiles.of(each).p50)}" for name, each in alternative.saving_by.items())


def _range(economics: Economics) -> str:
    rate = economics.discount_percent
    return f"{rate.value:g}" if rate.lowest == rate.highest else f"{rate.lowest:g} to {rate.highest:g}"


def _kpi_sentence(name: str, found: Kpis) -> str:
    return (
        f"ISO 22400, {name}: availability {100 * found.availability:.0f} %, effectiveness "
        f"{100 * found.effectiveness:.0f} %, quality ratio {100 * found.quality_ratio:.1f} %, OEE index "
        f"{100 * found.oee_index:.0f} %."
    )
