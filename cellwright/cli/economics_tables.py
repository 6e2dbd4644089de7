"""The tables of ``economics``: what the money is made of, the decision, and the lengths of free time that count."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table

from cellwright.benchmarks.economics.business_case import (
    BusinessCase,
    conclusion,
    free_time_sentence,
    money,
    months,
    remarks,
    share_text,
    spread_text,
)
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.economics.results import Alternative, AlternativeResult
from cellwright.cli.terminal import WIDTH, console
from cellwright.sim import Measure

PART_NAMES = {
    "time": "time",
    "material": "material",
    "scrap": "scrap",
    "energy": "electricity",
    "maintenance": "maintenance",
    "method": "tools and plans by hand",
}


def print_economics(case: BusinessCase) -> None:
    """Print what the money is made of, then the decision, then what it rests on."""
    out = console()
    out.print(_money_table(case))
    if case.best_manual:
        out.print(f"The best manual method: {case.best_manual}.")
    out.print(_decision_table(case))
    out.print(conclusion(case), style="bold")
    out.print(free_time_sentence(case))
    out.print(_lengths_table(case))
    for sentence in remarks(case):
        out.print(sentence)


def _table(title: str, *heads: str) -> Table:
    return Table(*heads, title=title, title_justify="left", width=WIDTH)


def _money_table(case: BusinessCase) -> Table:
    """What is saved in a year, component by component, for each pair that is compared."""
    result = case.result
    pairs = [("cell against today", result.cell)]
    if result.beyond_best is not None and result.best_manual is not None:
        pairs = [
            ("cell against the best by hand", result.beyond_best),
            *pairs,
            ("the best by hand against today", result.best_manual),
        ]
    title = f"What the money is made of, NOK a year: median of {DRAWS:,} draws (5th to 95th percentile)"
    table = _table(title, "", *(name for name, _ in pairs))
    parts = [name for name in PART_NAMES if any(name in each.saving_by for _, each in pairs)]
    for name in parts:
        shown = [spread_text(each.saving_by[name]) if name in each.saving_by else "-" for _, each in pairs]
        if any(text not in ("0", "-") for text in shown) or name in ("time", "material", "scrap"):
            table.add_row(PART_NAMES[name], *shown)
    table.add_section()
    table.add_row("all", *(spread_text(each.saving_nok) for _, each in pairs))
    return table


def _lengths_table(case: BusinessCase) -> Table:
    """What the cell saves by the shortest piece of free time that counts."""
    against = "the best by hand" if case.best_manual else "today"
    table = _table(
        f"If only free time in pieces of at least so many seconds counts (cell against {against})",
        "s", "labour that counts, h a year", "saving, NOK a year", "NPV, NOK", "chance of a loss",
    )  # fmt: skip
    for each in case.result.by_length:
        table.add_row(
            f"{each.min_free_s:g}",
            spread_text(each.counted_h),
            spread_text(each.saving_nok),
            spread_text(each.npv_nok),
            f"{100 * each.loss_probability:.0f} %",
        )
    return table


MachineDraws = Callable[[AlternativeResult], Draws]
ManualDraws = Callable[[Alternative], Draws]
Row = tuple[str, Callable[[float], str], ManualDraws | None, MachineDraws]


def _decision_table(case: BusinessCase) -> Table:
    result = case.result
    columns = [
        *([("best manual", result.best_manual)] if result.best_manual else []),
        ("cell", result.cell),
        *([("commercial", result.commercial)] if result.commercial else []),
    ]
    title = f"Against today's manual method: median of {DRAWS:,} draws (5th to 95th percentile)"
    table = _table(title, "", "manual", *(name for name, _ in columns))
    for label, show, of_manual, of_machine in _rows(case.unit):
        shown = [spread_text(of_manual(result.manual), show) if of_manual else "-"]
        table.add_row(label, *shown, *(spread_text(of_machine(each), show) for _, each in columns))
    for measure in case.measures:
        table.add_row(*_measure_row(measure, case, [each for _, each in columns]))
    chances = (share_text(each.no_payback_probability).removesuffix(" of the draws") for _, each in columns)
    table.add_row("chance of no payback in its life", "-", *chances)
    return table


def _rows(unit: str) -> list[Row]:
    """Each row: its label, how to format a figure, and where to read it for the manual method and for a machine."""
    return [
        (f"s a {unit}", _seconds, lambda manual: manual.seconds, lambda alternative: alternative.seconds),
        (f"labour, s a {unit}", _seconds, lambda manual: manual.labour_s, lambda alternative: alternative.labour_s),
        ("investment, NOK", money, None, lambda alternative: alternative.investment_nok),
        ("labour saved, h a year", money, None, lambda alternative: alternative.saved_h),
        ("  that counts as money", money, None, lambda alternative: alternative.counted_h),
        ("saving, NOK a year", money, None, lambda alternative: alternative.saving_nok),
        ("payback, months", months, None, lambda alternative: alternative.payback_months),
        (f"break-even, {unit}s a day", months, None, lambda alternative: alternative.break_even_per_day),
        ("NPV, NOK", money, None, lambda alternative: alternative.npv_nok),
        ("  as an annuity, NOK a year", money, None, lambda alternative: alternative.yearly_nok),
    ]


def _measure_row(measure: Measure, case: BusinessCase, machines: list[AlternativeResult]) -> list[str]:
    """The medians of a measure; "as by hand" where a machine's file does not state it."""
    measured = [case.result.manual.measured, *(alternative.measured for alternative in machines)]
    medians = (
        f"{Percentiles.of(each[measure.name]).p50:.3g}" if measure.name in each else "as by hand" for each in measured
    )
    return [f"{measure.words}, {measure.unit}", *medians]


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"
