"""The section on the cash flow by year, with and without the grant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Paragraph, Section, Table
from cellwright.benchmarks.report.inputs import Money


@dataclass(frozen=True, slots=True)
class Year:
    """A year: what flows in it, NOK, and what one NOK of it is worth today."""

    number: int
    flow_nok: float
    discount: float


def years(saving_nok: float, lifetime_years: float, rate: float) -> Iterator[Year]:
    """The years of a machine's life, each with its saving at its end; a last part of a year saves its part.

    rate: a share a year.
    """
    for number in range(1, math.ceil(lifetime_years - 1e-9) + 1):
        share = min(1.0, lifetime_years - (number - 1))
        yield Year(number, share * saving_nok, (1 + rate) ** -number)


def cash_flow(context: ReportContext) -> Section:
    """The cash flow by year at the most likely values; without prices, a note that the section is left out."""
    translations, money, project = context.translations, context.inputs.money, context.inputs.project
    heading = translations("cash.heading")
    if money is None:
        return Section("cash", heading, (Paragraph(translations("cost.left_out"), "warning"),))
    decisive = money.as_given.decisive
    intro = translations(
        "cash.intro",
        saving=translations.money(float(decisive.saving_nok[0])),
        against=context.against,
        rate=translations.plain(money.economics.discount_percent.value),
    )
    grant = translations("cash.no_grant")
    if project is not None:
        grant = translations(
            "cash.grant",
            total=translations.number(project.total_nok),
            own=translations.number(project.own_nok),
            applied=translations.number(project.applied_nok),
            percent=translations.number(100 * project.aid_intensity),
        )
    blocks: list[Block] = [Paragraph(f"{intro} {grant}"), _table(context, money)]
    return Section("cash", heading, tuple(blocks))


def _table(context: ReportContext, money: Money) -> Table:
    translations, project = context.translations, context.inputs.project
    decisive, economics = money.as_given.decisive, money.economics
    outlays = {"sum_alone": float(decisive.investment_nok[0])}
    if project is not None:
        outlays |= {"sum_project": project.total_nok, "sum_grant": project.own_nok}
    sums = [-each for each in outlays.values()]
    rows = [(translations("cash.start"), "–", *(translations.money(each) for each in sums))]
    raw: list[tuple[str | float, ...]] = [(0, 0.0, *sums)]
    rate = economics.discount_percent.value / 100
    for year in years(float(decisive.saving_nok[0]), economics.lifetime_years.value, rate):
        sums = [each + year.flow_nok * year.discount for each in sums]
        rows.append((str(year.number), translations.money(year.flow_nok), *(translations.money(each) for each in sums)))
        raw.append((year.number, year.flow_nok, *sums))
    head = (translations("cash.year"), translations("cash.flow"), *(translations(f"cash.{key}") for key in outlays))
    raw_head = ("year", "flow_nok", *(f"discounted_{key}_nok" for key in outlays))
    widths = (3, 3, *(4 for _ in outlays))
    return context.table("cash", head, rows, widths, translations("cash.note"), raw_head, raw)
