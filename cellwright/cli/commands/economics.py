"""``economics``: savings, payback and net present value of a cell, and of a commercial machine."""

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
from cellwright.benchmarks.economics.inputs import Draws, Economics, InputModel, read_economics
from cellwright.benchmarks.economics.kpi import Kpis, elements_not_producing, kpis_of, states_not_producing
from cellwright.benchmarks.economics.model import (
    DRAWS,
    Alternative,
    AlternativeResult,
    EconomicResult,
    evaluate_economics,
)
from cellwright.benchmarks.economics.plausibility import refuse_unlikely_percent
from cellwright.cli import tables
from cellwright.cli.cell_files import cell_folder, read_commercial_machine
from cellwright.cli.commands.simulate import SimulationOptions, precision_json, run_comparison
from cellwright.errors import InputError
from cellwright.sim import Measure, Scenario

MAX_ERROR_CHANCE = 0.05
"""The conclusion calls a cell worth building, or not, if the chance of being wrong is at most this."""


@dataclass(frozen=True, slots=True)
class BusinessCase:
    """The inputs, the simulation and the economic result of a cell."""

    economics: Economics
    commercial: Commercial | None
    scenario: Scenario
    comparison: Comparison
    result: EconomicResult

    @property
    def left_out(self) -> str:
        """Why there is no commercial machine; empty if there is one."""
        if self.commercial is None:
            return "No commercial machine is compared: the cell has no commercial.toml; give one with --commercial."
        return self.result.left_out

    def kpis(self) -> dict[str, Kpis | None]:
        """The ISO 22400 indicators of the cell and the manual method, at the most likely values of the file."""
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
    options: SimulationOptions,
    manual: Path | None,
    economics: Path | None,
    commercial: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Compare a cell with the manual method, compute its economics, print them, and draw the break-even chart."""
    timed = options.timed_scenario(manual)
    scenario = timed.scenario
    prices, machine = read_economics_files(options, scenario, economics, commercial)
    comparison = run_comparison(options, scenario)
    case = BusinessCase(
        prices,
        machine,
        scenario,
        comparison,
        evaluate_economics(comparison, prices, machine, scenario.study.measures),
    )
    if picture is not None:
        from cellwright.benchmarks.charts.style import save
        from cellwright.benchmarks.report.break_even_chart import break_even_chart

        save(break_even_chart(case.result, conclusion(case), comparison.unit), picture)
    if as_json:
        print(json.dumps(economics_json(options, case) | timed.as_json(), indent=2))
    else:
        _print(case)
        tables.print_comparison_precision(options.rule, comparison)
        timed.print_lines()


def read_economics_files(
    options: SimulationOptions, scenario: Scenario, economics_path: Path | None, commercial_path: Path | None
) -> tuple[Economics, Commercial | None]:
    """Both files: those given, or those in the cell's folder.

    Raises:
        InputError: A file is missing or wrong, or the prices of one include VAT and those of the other do not.
    """
    folder = cell_folder(scenario)
    measures = [measure.name for measure in scenario.study.measures]
    economics_path = economics_path or folder / "economics.toml"
    if not economics_path.exists() and economics_path.parent == folder:
        raise InputError(
            f"{options.cell} has no economics.toml in its folder; copy and change the stapler's, and give it with "
            "--economics."
        )
    economics = read_economics(economics_path, measures)
    commercial = read_commercial_machine(scenario, commercial_path)
    if not options.accept:
        refuse_unlikely_percent(economics, economics_path)
        if commercial is not None:
            refuse_unlikely_percent(commercial, commercial_path or folder / "commercial.toml")
    if commercial is not None and commercial.vat != economics.vat:
        path = commercial_path or folder / "commercial.toml"
        line = files.line_of(files.read_text(path), ("vat",))
        where = f"{path}, line {line}" if line else str(path)
        raise InputError(
            f"{where}: prices are {commercial.vat} VAT, those of {economics_path} {economics.vat}; "
            "state both in the same way."
        )
    return economics, commercial


def input_hash(scenario: Scenario, *read: InputModel | None) -> str:
    """SHA-256 of the inputs of the simulation and of the files read."""
    given = [scenario.input_hash(), *(each and each.model_dump() for each in read)]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def economics_json(options: SimulationOptions, case: BusinessCase) -> dict[str, Any]:
    """All figures as JSON, with units in the names; the 5th, 50th and 95th percentiles of the draws."""
    head, result = options.head(case.scenario, case.comparison.replications), case.result
    head["input_hash"] = input_hash(case.scenario, case.economics, case.commercial)
    beats = result.cell_better_probability
    return head | {
        "draws": DRAWS,
        "prices": f"{case.economics.vat} VAT",
        "manual": {
            "seconds_per_unit": Percentiles.of(result.manual.seconds).as_json(),
            "labour_s_per_unit": Percentiles.of(result.manual.labour_s).as_json(),
            "measures": {name: Percentiles.of(each).as_json() for name, each in result.manual.measured.items()},
        },
        "cell_economics": result.cell.as_json(),
        "commercial_economics": result.commercial.as_json() if result.commercial else None,
        "commercial_left_out": case.left_out,
        "cell_beats_commercial_percent": None if beats is None else 100 * beats,
        "iso_22400": {name: each.as_json() if each else None for name, each in case.kpis().items()},
        **precision_json(options.rule, case.comparison.cell.means_s, case.comparison.manual.means_s),
        "finding": conclusion(case),
        "provenance": result.provenance,
    }


# ---- the table ----


def _print(case: BusinessCase) -> None:
    out, result, unit = tables.console(), case.result, case.comparison.unit
    title = f"Economics: median of {DRAWS:,} draws (5th to 95th percentile)"
    machines = [result.cell, *([result.commercial] if result.commercial else [])]
    heads = ["manual", "cell", *(["commercial"] if result.commercial else [])]
    table = Table("", *heads, title=title, title_justify="left", width=tables.WIDTH)
    for label, show, of_manual, of_machine in _rows(unit):
        shown = [_draws_text(of_manual(result.manual), show) if of_manual else "-"]
        table.add_row(label, *shown, *(_draws_text(of_machine(alternative), show) for alternative in machines))
    for measure in case.scenario.study.measures:
        table.add_row(*_measure_row(measure, case, machines))
    chances = (f"{100 * alternative.no_payback_probability:.0f} %" for alternative in machines)
    table.add_row("chance of no payback in its life", "-", *chances)
    out.print(table)
    out.print(conclusion(case), style="bold", markup=False)
    for sentence in _remarks(case):
        out.print(sentence, markup=False)


MachineDraws = Callable[[AlternativeResult], Draws]
ManualDraws = Callable[[Alternative], Draws]


def _rows(unit: str) -> list[tuple[str, Callable[[float], str], ManualDraws | None, MachineDraws]]:
    """Each row: its label, how to format a figure, and where to read it for the manual method and for a machine."""
    return [
        (f"s a {unit}", _seconds, lambda manual: manual.seconds, lambda alternative: alternative.seconds),
        (f"labour, s a {unit}", _seconds, lambda manual: manual.labour_s, lambda alternative: alternative.labour_s),
        ("investment, NOK", money, None, lambda alternative: alternative.investment_nok),
        ("labour saved, h a year", money, None, lambda alternative: alternative.saved_h),
        ("saving, NOK a year", money, None, lambda alternative: alternative.saving_nok),
        ("payback, months", months, None, lambda alternative: alternative.payback_months),
        (f"break-even, {unit}s a day", months, None, lambda alternative: alternative.break_even_per_day),
        ("NPV, NOK", money, None, lambda alternative: alternative.npv_nok),
        ("  as an annuity, NOK a year", money, None, lambda alternative: alternative.yearly_nok),
    ]


def _draws_text(draws: Draws, show: Callable[[float], str]) -> str:
    spread = Percentiles.of(draws)
    low, high = show(spread.p5), show(spread.p95)
    middle = show(spread.p50)
    return middle if low == high else f"{middle}\n({low} to {high})"


def _measure_row(measure: Measure, case: BusinessCase, machines: list[AlternativeResult]) -> list[str]:
    """The medians of a measure; "as by hand" where a machine's file does not state it."""
    measured = [case.result.manual.measured, *(alternative.measured for alternative in machines)]
    medians = (
        f"{Percentiles.of(each[measure.name]).p50:.3g}" if measure.name in each else "as by hand" for each in measured
    )
    return [f"{measure.words}, {measure.unit}", *medians]


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


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


# ---- the sentences ----


def conclusion(case: BusinessCase) -> str:
    """The conclusion from the figures, in one sentence."""
    alternative, result = case.result.cell, case.result
    npv, payback = Percentiles.of(alternative.npv_nok), Percentiles.of(alternative.payback_months)
    if alternative.loss_probability <= MAX_ERROR_CHANCE:
        verdict = "is worth building"
    elif alternative.loss_probability >= 1 - MAX_ERROR_CHANCE:
        verdict = "is not worth building"
    else:
        verdict = f"may be worth building or not ({100 * alternative.loss_probability:.0f} % chance of a loss)"
    back = "never pays back" if not math.isfinite(payback.p50) else f"pays back in {months(payback.p50)} months"
    saved_nok = Percentiles.of(alternative.saving_nok).p50
    saves = f"saves {money(saved_nok)} NOK a year" if saved_nok > 0 else f"costs {money(-saved_nok)} NOK a year more"
    text = (
        f"On these inputs the cell {verdict}: it {saves}, {back}, and its net "
        f"present value is {money(npv.p50)} NOK ({money(npv.p5)} to {money(npv.p95)})"
    )
    if result.cell_better_probability is None or case.commercial is None:
        return text + "."
    share = _share_text(result.cell_better_probability)
    return f"{text}; its annuity is higher than that of {case.commercial.machine} in {share}."


def _share_text(share: float) -> str:
    return f"{100 * share:.0f} % of the draws"


def _remarks(case: BusinessCase) -> list[str]:
    """The assumptions behind the figures, a sentence or two each."""
    economics, result, unit = case.economics, case.result, case.comparison.unit
    sentences = [
        f"Commercial machine: {case.commercial.machine}." if result.commercial and case.commercial else case.left_out,
        f"Prices are {economics.vat} VAT, before tax. The payback is simple; the NPV is discounted by "
        f"{_discount_text(economics)} % a year. An hour saved counts in full: it must be used for other work.",
    ]
    sentences.append("The cell's saving, NOK a year: " + _saving_parts(result.cell) + ".")
    units = Percentiles.of(result.cell.units).p50
    if economics.demand_units_per_year is None:
        sentences.append(
            f"Production: {money(units)} good {unit}s a year, as many as the cell can make; all are assumed to be sold."
        )
    elif result.cell.short > 0:
        sentences.append(
            f"In {_share_text(result.cell.short)} the cell is too slow for the demand: it makes {money(units)} good "
            f"{unit}s a year, and the rest is made by hand as before."
        )
    sentences += [_kpi_sentence(name, each) for name, each in case.kpis().items() if each]
    if economics.planned_s_per_unit is None:
        sentences.append("No planned_s_per_unit is given, so the effectiveness is 100 % by definition.")
    inputs = Counter(result.provenance.values())
    sentences.append("Inputs: " + ", ".join(f"{inputs[status]} {status}" for status in sorted(inputs)) + ".")
    if case.comparison.replications == 1:
        sentences.append("One replication does not show the uncertainty of the simulation; use --replications 20.")
    return sentences


def _saving_parts(alternative: AlternativeResult) -> str:
    """The components of the yearly saving, as medians."""
    return ", ".join(f"{name} {money(Percentiles.of(each).p50)}" for name, each in alternative.saving_by.items())


def _discount_text(economics: Economics) -> str:
    rate = economics.discount_percent
    return f"{rate.value:g}" if rate.lowest == rate.highest else f"{rate.lowest:g} to {rate.highest:g}"


def _kpi_sentence(name: str, result: Kpis) -> str:
    return (
        f"ISO 22400, {name}: availability {100 * result.availability:.0f} %, effectiveness "
        f"{100 * result.effectiveness:.0f} %, quality ratio {100 * result.quality_ratio:.1f} %, OEE index "
        f"{100 * result.oee_index:.0f} %."
    )
