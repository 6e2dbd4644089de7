"""The sections on money and climate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws, UncertainNumber
from cellwright.benchmarks.economics.model import DRAWS, AlternativeResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Bullets, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.translations import capital, chance

MAX_CHANCE_OF_CONTRARY = 0.05
"""A cell is called profitable, or not, if the chance of the contrary is at most this."""
GRAMS_CO2_PER_KWH = {2019: 17, 2020: 8, 2022: 19}
"""Electricity physically delivered in Norway; source: NVE's yearly climate declaration."""


# ---- cost, payback, net present value ----


def cost(context: ReportContext) -> Section:
    """What the cell costs and when it is paid back; without prices, a note that the section is left out."""
    translations, money = context.translations, context.inputs.money
    if money is None:
        return Section("cost", translations("cost.heading"), (Paragraph(translations("cost.left_out"), "warning"),))
    sentences = " ".join(verdict(context, money))
    first = next(verdict(context, money))
    caption = translations("cost.npv_caption", draws=translations.number(DRAWS), sentence=first)
    blocks: list[Block] = [
        Paragraph(sentences),
        _results(context, money),
        Drawing(
            "break_even",
            _break_even(context, money),
            charts.break_even_figure(money.result, translations, context.units),
        ),
        Drawing("present_value", caption, charts.present_values(money.result, translations)),
        _parts(context, money),
        Bullets(tuple(_remarks(context, money))),
    ]
    return Section("cost", translations("cost.heading"), tuple(blocks))


def verdict(context: ReportContext, money: Money) -> Iterator[str]:
    """Whether the cell is profitable, its net present value and payback, and the commercial machine beside it."""
    translations, alternative = context.translations, money.result.cell
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
    cell_better = money.result.cell_better_probability
    if cell_better is not None and money.commercial is not None:
        machine = translations.term(money.commercial.machine)
        yield translations("cost.cell_better", machine=machine, percent=chance(context.translations, cell_better))


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
    for key, alternative in (("break_even", money.result.cell), ("break_even_commercial", money.result.commercial)):
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
    translations = context.translations
    alternatives = [money.result.cell, *([money.result.commercial] if money.result.commercial else [])]
    sums: list[tuple[str, Callable[[AlternativeResult], Draws]]] = [
        (translations("cost.investment"), lambda alternative: alternative.investment_nok),
        (translations("cost.saved_h"), lambda alternative: alternative.saved_h),
        (translations("cost.saving"), lambda alternative: alternative.saving_nok),
    ]
    rows = [
        (name, *(context.money_percentiles(read(alternative)) for alternative in alternatives)) for name, read in sums
    ]
    for what in money.result.cell.saving_by:
        if not any(np.any(alternative.saving_by[what]) for alternative in alternatives):
            continue
        name = translations("cost.saving_part", what=translations.term(what))
        rows.append(
            (
                name,
                *(translations.money(Percentiles.of(alternative.saving_by[what]).p50) for alternative in alternatives),
            )
        )
    rows += [
        (
            translations("cost.payback_row"),
            *(context.months_percentiles(alternative.payback_months) for alternative in alternatives),
        ),
        (
            translations("cost.npv_row"),
            *(context.money_percentiles(alternative.npv_nok) for alternative in alternatives),
        ),
        (
            translations("cost.yearly_row"),
            *(context.money_percentiles(alternative.yearly_nok) for alternative in alternatives),
        ),
        (
            translations("cost.no_payback"),
            *(f"{chance(translations, alternative.no_payback_probability)} %" for alternative in alternatives),
        ),
        (
            translations("cost.loss"),
            *(f"{chance(translations, alternative.loss_probability)} %" for alternative in alternatives),
        ),
    ]
    heads = [translations("cost.cell"), translations("cost.commercial")][: len(alternatives)]
    raw = [
        row
        for name, alternative in zip(("cell", "commercial"), alternatives, strict=False)
        for row in _percentile_rows(name, alternative)
    ]
    return context.table(
        "economics", (translations("cost.row"), *heads), rows, (4, 4, 4)[: 1 + len(alternatives)],
        translations("cost.note"),
        ("machine", "figure", "p5", "p50", "p95"), raw,
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


# ---- climate ----


def climate(context: ReportContext) -> Section:
    """What is known of the climate effects, and what is not estimated."""
    translations, money = context.translations, context.inputs.money
    said = list(_materials(context)) or [translations("climate.no_material")]
    blocks: list[Block] = [Paragraph(translations("climate.intro"))]
    if money is None:
        blocks.append(Bullets((*said, translations("climate.no_power"))))
    else:
        said += _scrap(context, money)
        blocks += [Bullets((*said, *_power(context, money))), _grid(context, money)]
    return Section(
        "climate", translations("climate.heading"), (*blocks, Paragraph(translations("climate.not_estimated")))
    )


def _materials(context: ReportContext) -> Iterator[str]:
    translations, comparison, money = context.translations, context.inputs.comparison, context.inputs.money
    for measure in context.inputs.scenario.study.measures:
        less = comparison.less_measured.get(measure.name)
        if less is None or not measure.material:
            continue
        name, sign = capital(translations.term(measure.words)), 1 if less.mean > 0 else -1
        if not is_clear(less):
            yield context.sentence("climate.material_unclear", words=name, sure=context.interval_text(less))
            continue
        yearly = ""
        if money is not None:
            year = abs(less.mean) * Percentiles.of(money.result.cell.units).p50
            in_kg = measure.unit == "g"
            value = translations.money(year / 1000 if in_kg else year)
            yearly = translations("climate.yearly", value=value, unit_of="kg" if in_kg else measure.unit)
        key = "climate.material" if sign > 0 else "climate.material_more"
        sure = context.interval_text(less, sign)
        each = translations.short(abs(less.mean))
        yield context.sentence(key, words=name, each=each, unit_of=measure.unit, sure=sure, yearly=yearly)


def _scrap(context: ReportContext, money: Money) -> Iterator[str]:
    """How many fewer units are scrapped; nothing where the files state no reduction."""
    translations, economics = context.translations, money.economics
    by_hand, by_cell = economics.scrap_by_hand_percent, economics.scrap_by_cell_percent
    lost = [each.value / (100 - each.value) for each in (by_hand, by_cell)]
    if lost[0] <= lost[1]:
        return
    yield context.sentence(
        "climate.scrap",
        manual=translations.plain(by_hand.value),
        cell=translations.plain(by_cell.value),
        status=translations.term(by_cell.status),
        count=translations.money(Percentiles.of(money.result.cell.units).p50 * (lost[0] - lost[1])),
    )


def yearly_kwh(alternative: AlternativeResult, power_w: float, scrap_percent: float) -> float:
    """Electricity in a year, kWh: the stated power, the median time of a unit, and the median number of units."""
    seconds = Percentiles.of(alternative.seconds).p50 / (1 - scrap_percent / 100)
    return power_w / 1000 * seconds / 3600 * Percentiles.of(alternative.units).p50


def _kwh_per_machine(money: Money) -> list[float]:
    kwh = [yearly_kwh(money.result.cell, money.economics.power_w.value, money.economics.scrap_by_cell_percent.value)]
    if money.result.commercial is not None and money.commercial is not None:
        machine = money.commercial
        kwh.append(yearly_kwh(money.result.commercial, machine.power_w.value, machine.scrap_percent.value))
    return kwh


def _power(context: ReportContext, money: Money) -> Iterator[str]:
    translations, kwh = context.translations, _kwh_per_machine(money)
    count, watts = (
        translations.money(Percentiles.of(money.result.cell.units).p50),
        translations.plain(money.economics.power_w.value),
    )
    yield context.sentence("climate.power", kwh=translations.money(kwh[0]), count=count, watts=watts)
    if len(kwh) > 1:
        yield translations("climate.power_commercial", kwh=translations.money(kwh[1]))


def _grid(context: ReportContext, money: Money) -> Table:
    translations, kwh = context.translations, _kwh_per_machine(money)
    rows = [
        (str(year), translations.number(grams), *(translations.short(each * grams / 1000) for each in kwh))
        for year, grams in GRAMS_CO2_PER_KWH.items()
    ]
    heads = [translations("climate.cell"), translations("climate.commercial")][: len(kwh)]
    raw: list[tuple[str | float, ...]] = [
        (year, grams, *(each * grams / 1000 for each in kwh)) for year, grams in GRAMS_CO2_PER_KWH.items()
    ]
    raw_head = ("year", "g_co2_per_kwh", "cell_kg_co2_per_year", "commercial_kg_co2_per_year")[: 2 + len(kwh)]
    head = (translations("climate.year"), translations("climate.grams"), *heads)
    return context.table(
        "climate", head, rows, (4, 3, 4, 4)[: 2 + len(kwh)], translations("climate.note"), raw_head, raw
    )
