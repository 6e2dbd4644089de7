"""The section on cost, payback and net present value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws, UncertainNumber
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.economics.results import AlternativeResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Bullets, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.translations import capital, chance

MAX_CHANCE_OF_CONTRARY = 0.05
"""A cell is called profitable, or not, if the chance of the contrary is at most this."""


# ---- cost, payback, net present value ----


def cost(context: ReportContext) -> Section:
    """What the cell costs and when it is paid back; without prices, a note that the section is left out."""
    translations, money = context.translations, context.inputs.money
    if money is None:
        return Section("cost", translations("cost.heading"), (Paragraph(translations("cost.left_out"), "warning"),))
    sentences = " ".join(verdict(context, money))
    first = next(verdict(context, money))
    if context.best_manual is not None:
        sentences = f"{translations('cost.against_best', name=translations.term(context.best_manual.name))} {sentences}"
    caption = translations("cost.npv_caption", draws=translations.number(DRAWS), sentence=first)
    blocks: list[Block] = [
        Paragraph(sentences),
        _results(context, money),
        Drawing(
            "break_even",
            _break_even(context, money),
            *charts.both_widths(charts.break_even_figure, money.result, translations, context.units),
        ),
        Drawing("present_value", caption, *charts.both_widths(charts.present_values, money.result, translations)),
        _parts(context, money),
        Bullets(tuple(_remarks(context, money))),
    ]
    return Section("cost", translations("cost.heading"), tuple(blocks))


def verdict(context: ReportContext, money: Money) -> Iterator[str]:
    """Whether the cell is profitable, its net present value and payback, and the commercial machine beside it."""
    translations, alternative = context.translations, money.result.decisive
    if alternative.loss_probability <= MAX_CHANCE_OF_CONTRARY:
        key = "profitable"
    else:
        key = "unprofitable" if alternative.loss_probability >= 1 - MAX_CHANCE_OF_CONTRARY else "open"
    yield translations(f"cost.verdict_{key}", chance=chance(context.translations, alternative.loss_probability))
    yield translations(
        "cost.npv",
        npv=translations.money(Percentiles.of(alternative.npv_nok).p50),
        interval=context.money_range(alternative.npv_nok),
    )
    yield payback(context, alternative)
    yield from _against_today(context, money)
    yield from against_machine(context, money)


def _against_today(context: ReportContext, money: Money) -> Iterator[str]:
    """The same against today's manual method, where a better one decides."""
    today = money.result.cell
    if context.best_manual is None:
        return
    months, translations = Percentiles.of(today.payback_months), context.translations
    key = "cost.today" if math.isfinite(months.p50) else "cost.today_never"
    yield translations(
        key,
        saving=translations.money(Percentiles.of(today.saving_nok).p50),
        months=translations.months(months.p50),
        chance=chance(translations, today.loss_probability),
    )


def against_machine(context: ReportContext, money: Money) -> Iterator[str]:
    """The cell beside the commercial machine: on what price, and whether that does the same work."""
    translations, machine = context.translations, money.commercial
    better = money.result.cell_better_probability
    if better is None or machine is None or machine.price_nok is None:
        return
    price = machine.price_nok
    yield translations(
        "cost.cell_better",
        machine=translations.term(machine.machine),
        percent=chance(translations, better),
        price=translations.between(translations.money(price.lowest), translations.money(price.highest)),
        status=translations.term(price.status),
    )
    if machine.differs:
        yield translations("cost.differs", how=translations.term(machine.differs))


def payback(context: ReportContext, alternative: AlternativeResult) -> str:
    """When the investment is paid back, in one sentence."""
    translations, months = context.translations, Percentiles.of(alternative.payback_months)
    if translations.months(months.p50) == translations("numbers.never"):
        return translations("cost.never")
    between = translations.between(translations.months(months.p5), translations.months(months.p95))
    return translations("cost.payback", months=translations.months(months.p50), interval=between)


def _break_even(context: ReportContext, money: Money) -> str:
    """From how many units a working day each machine pays."""
    translations = context.translations
    said = []
    for key, alternative in (("break_even", money.result.decisive), ("break_even_commercial", money.result.commercial)):
        if alternative is None:
            continue
        break_even = Percentiles.of(alternative.break_even_per_day)
        low, middle, high = (
            translations.count(each) if math.isfinite(each) else ""
            for each in (break_even.p5, break_even.p50, break_even.p95)
        )
        interval = translations.between(low, high or translations("numbers.never"))
        key = key if middle else f"{key}_never"
        said.append(context.sentence(f"cost.{key}", count=middle, interval=interval))
    return " ".join([*said, translations("cost.break_even_note", draws=translations.number(DRAWS))])


def _results(context: ReportContext, money: Money) -> Table:
    translations, result = context.translations, money.result
    columns = [
        ("cell_against_best_manual", translations("money.cell_best"), result.beyond_best),
        ("cell", translations("money.cell_today"), result.cell),
        ("best_manual", translations("money.best_today"), result.best_manual),
        ("commercial", translations("cost.commercial_today"), result.commercial),
    ]
    found = [(key, name, each) for key, name, each in columns if each is not None]
    alternatives = [each for _, _, each in found]
    sums: list[tuple[str, Callable[[AlternativeResult], Draws]]] = [
        (translations("cost.investment"), lambda alternative: alternative.investment_nok),
        (translations("cost.saved_h"), lambda alternative: alternative.saved_h),
        (translations("cost.counted_h"), lambda alternative: alternative.counted_h),
        (translations("cost.saving"), lambda alternative: alternative.saving_nok),
        (translations("cost.npv_row"), lambda alternative: alternative.npv_nok),
        (translations("cost.yearly_row"), lambda alternative: alternative.yearly_nok),
    ]
    rows = [(name, *(context.money_percentiles(read(each)) for each in alternatives)) for name, read in sums]
    rows.insert(
        4,
        (translations("cost.payback_row"), *(context.months_percentiles(each.payback_months) for each in alternatives)),
    )
    for key, read_chance in (("no_payback", "no_payback_probability"), ("loss", "loss_probability")):
        shown = (f"{chance(translations, getattr(each, read_chance))} %" for each in alternatives)
        rows.append((translations(f"cost.{key}"), *shown))
    raw = [row for key, _, each in found for row in _percentile_rows(key, each)]
    return context.table(
        "economics", (translations("cost.row"), *(name for _, name, _ in found)), rows, (4, *(4 for _ in found)),
        translations("cost.note"),
        ("comparison", "figure", "p5", "p50", "p95"), raw,
    )  # fmt: skip


def _percentile_rows(name: str, alternative: AlternativeResult) -> Iterator[tuple[str | float, ...]]:
    """Unrounded percentiles for the workbook; an empty text where a payback is infinite."""
    for figure, spread in alternative.as_json().items():
        if isinstance(spread, dict) and set(spread) == {"p5", "p50", "p95"}:
            yield (name, figure, *("" if each is None else each for each in spread.values()))


def _parts(context: ReportContext, money: Money) -> Table:
    translations, economics = context.translations, money.economics
    rows = [
        (capital(translations.term(each.name)), str(each.quantity), _ranged(context, each.price_nok),
         translations.term(each.price_nok.status))
        for each in economics.parts
    ]  # fmt: skip
    hours = translations("cost.building", hours=_ranged(context, economics.building_h))
    rows.append(
        (
            hours,
            "",
            _ranged(context, economics.building_nok_per_h),
            translations.term(economics.building_nok_per_h.status),
        )
    )
    head = tuple(translations(f"cost.{each}") for each in ("part", "quantity", "price", "status"))
    note = translations("cost.parts_note", vat=translations(f"cost.vat_{economics.vat}"))
    return context.table("parts", head, rows, (6, 2, 5, 4), note)


def _ranged(context: ReportContext, number: UncertainNumber) -> str:
    """A number of the economics with its range in brackets."""
    translations = context.translations
    value, low, high = number.value, number.lowest, number.highest
    if low == high:
        return translations.plain(value)
    return f"{translations.plain(value)} ({translations.between(translations.plain(low), translations.plain(high))})"


def _remarks(context: ReportContext, money: Money) -> Iterator[str]:
    translations, economics = context.translations, money.economics
    rate = economics.discount_percent
    rates = translations.between(translations.plain(rate.lowest), translations.plain(rate.highest))
    yield translations("cost.rules", vat=translations(f"cost.vat_{economics.vat}"), rate=rates)
    yield translations("cost.hours_count", cost=_ranged(context, economics.person_nok_per_h))
    if money.result.commercial is None:
        yield translations("cost.no_machine")
