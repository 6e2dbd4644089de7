"""The sections on money and climate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws, Number
from cellwright.benchmarks.economics.model import DRAWS, AlternativeResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Bullets, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.translations import capital, chance

SURE = 0.05
GRAMS_CO2_PER_KWH = {2019: 17, 2020: 8, 2022: 19}
"""Electricity physically delivered in Norway; source: NVE's yearly climate declaration."""


# ---- cost, payback, net present value ----


def cost(context: ReportContext) -> Section:
    """What the cell costs and when it is paid back; that it is left out, where there are no prices."""
    words, money = context.words, context.inputs.money
    if money is None:
        return Section("cost", words("cost.heading"), (Paragraph(words("cost.left_out"), "warning"),))
    sentences = " ".join(verdict(context, money))
    first = next(verdict(context, money))
    caption = words("cost.npv_caption", draws=words.number(DRAWS), sentence=first)
    blocks: list[Block] = [
        Paragraph(sentences),
        _results(context, money),
        Drawing(
            "break_even", _break_even(context, money), charts.break_even_figure(money.result, words, context.units)
        ),
        Drawing("present_value", caption, charts.present_values(money.result, words)),
        _parts(context, money),
        Bullets(tuple(_remarks(context, money))),
    ]
    return Section("cost", words("cost.heading"), tuple(blocks))


def verdict(context: ReportContext, money: Money) -> Iterator[str]:
    """Whether it is worth building, what it is worth, when it is paid back, and against the bought machine."""
    words, alternative = context.words, money.result.cell
    key = "worth" if alternative.loses <= SURE else "not" if alternative.loses >= 1 - SURE else "open"
    yield words(f"cost.verdict_{key}", chance=chance(context.words, alternative.loses))
    yield words(
        "cost.npv",
        npv=words.money(Percentiles.of(alternative.npv_nok).p50),
        interval=context.money_between(alternative.npv_nok),
    )
    yield payback(context, alternative)
    beats = money.result.cell_beats_commercial
    if beats is not None and money.commercial is not None:
        machine = words.term(money.commercial.machine)
        yield words("cost.beats", machine=machine, percent=chance(context.words, beats))


def payback(context: ReportContext, alternative: AlternativeResult) -> str:
    """When the investment is paid back, in one sentence."""
    words, months = context.words, Percentiles.of(alternative.payback_months)
    if words.months(months.p50) == words("numbers.never"):
        return words("cost.never")
    between = words.between(words.months(months.p5), words.months(months.p95))
    return words("cost.payback", months=words.months(months.p50), interval=between)


def _break_even(context: ReportContext, money: Money) -> str:
    """From how many units a working day each machine pays."""
    words = context.words
    said = []
    for key, alternative in (("break_even", money.result.cell), ("break_even_bought", money.result.commercial)):
        if alternative is None:
            continue
        turns = Percentiles.of(alternative.pays_from_per_day)
        low, middle, high = (
            words.count(each) if math.isfinite(each) else "" for each in (turns.p5, turns.p50, turns.p95)
        )
        interval = words.between(low, high or words("numbers.never"))
        key = key if middle else f"{key}_never"
        said.append(context.say(f"cost.{key}", count=middle, interval=interval))
    return " ".join([*said, words("cost.break_even_note", draws=words.number(DRAWS))])


def _results(context: ReportContext, money: Money) -> Table:
    words = context.words
    alternatives = [money.result.cell, *([money.result.commercial] if money.result.commercial else [])]
    sums: list[tuple[str, Callable[[AlternativeResult], Draws]]] = [
        (words("cost.investment"), lambda alternative: alternative.investment_nok),
        (words("cost.saved_h"), lambda alternative: alternative.saved_h),
        (words("cost.saving"), lambda alternative: alternative.saving_nok),
    ]
    rows = [(name, *(context.money_spread(read(alternative)) for alternative in alternatives)) for name, read in sums]
    for what in money.result.cell.saving_by:
        if not any(np.any(alternative.saving_by[what]) for alternative in alternatives):
            continue
        name = words("cost.saving_part", what=words.term(what))
        rows.append(
            (name, *(words.money(Percentiles.of(alternative.saving_by[what]).p50) for alternative in alternatives))
        )
    rows += [
        (
            words("cost.payback_row"),
            *(context.months_spread(alternative.payback_months) for alternative in alternatives),
        ),
        (words("cost.npv_row"), *(context.money_spread(alternative.npv_nok) for alternative in alternatives)),
        (words("cost.yearly_row"), *(context.money_spread(alternative.yearly_nok) for alternative in alternatives)),
        (
            words("cost.no_payback"),
            *(f"{chance(context.words, alternative.never_pays_back)} %" for alternative in alternatives),
        ),
        (words("cost.loss"), *(f"{chance(context.words, alternative.loses)} %" for alternative in alternatives)),
    ]
    heads = [words("cost.cell"), words("cost.bought")][: len(alternatives)]
    raw = [
        row
        for name, alternative in zip(("cell", "bought"), alternatives, strict=False)
        for row in _raw(name, alternative)
    ]
    return context.table(
        "economics", (words("cost.row"), *heads), rows, (4, 4, 4)[: 1 + len(alternatives)], words("cost.note"),
        ("machine", "figure", "p5", "p50", "p95"), raw,
    )  # fmt: skip


def _raw(name: str, alternative: AlternativeResult) -> Iterator[tuple[str | float, ...]]:
    """Percentiles with all their digits, for the workbook; an empty text for what never comes."""
    for figure, spread in alternative.as_json().items():
        if isinstance(spread, dict) and set(spread) == {"p5", "p50", "p95"}:
            yield (name, figure, *("" if each is None else each for each in spread.values()))


def _parts(context: ReportContext, money: Money) -> Table:
    words, economics = context.words, money.economics
    rows = [
        (capital(words.term(each.name)), str(each.quantity), _ranged(context, each.price_nok),
         words.term(each.price_nok.status))
        for each in economics.parts
    ]  # fmt: skip
    hours = words("cost.building", hours=_ranged(context, economics.building_h))
    rows.append(
        (hours, "", _ranged(context, economics.building_nok_per_h), words.term(economics.building_nok_per_h.status))
    )
    head = tuple(words(f"cost.{each}") for each in ("part", "quantity", "price", "status"))
    note = words("cost.parts_note", vat=words(f"cost.vat_{economics.vat}"))
    return context.table("parts", head, rows, (6, 2, 5, 4), note)


def _ranged(context: ReportContext, number: Number) -> str:
    """A number of the economics with its range in brackets."""
    words = context.words
    value, low, high = number.value, number.lowest, number.highest
    if low == high:
        return words.plain(value)
    return f"{words.plain(value)} ({words.between(words.plain(low), words.plain(high))})"


def _remarks(context: ReportContext, money: Money) -> Iterator[str]:
    words, economics = context.words, money.economics
    rate = economics.discount_percent
    rates = words.between(words.plain(rate.lowest), words.plain(rate.highest))
    yield words("cost.rules", vat=words(f"cost.vat_{economics.vat}"), rate=rates)
    yield words("cost.hours_count", cost=_ranged(context, economics.person_nok_per_h))
    if money.result.commercial is None:
        yield words("cost.no_machine")


# ---- climate ----


def climate(context: ReportContext) -> Section:
    """Only what is known of it, and what is not."""
    words, money = context.words, context.inputs.money
    said = list(_materials(context)) or [words("climate.no_material")]
    blocks: list[Block] = [Paragraph(words("climate.intro"))]
    if money is None:
        blocks.append(Bullets((*said, words("climate.no_power"))))
    else:
        said += _scrap(context, money)
        blocks += [Bullets((*said, *_power(context, money))), _grid(context, money)]
    return Section("climate", words("climate.heading"), (*blocks, Paragraph(words("climate.not_estimated"))))


def _materials(context: ReportContext) -> Iterator[str]:
    words, comparison, money = context.words, context.inputs.comparison, context.inputs.money
    for measure in context.inputs.scenario.study.measures:
        less = comparison.less_measured.get(measure.name)
        if less is None or not measure.material:
            continue
        name, sign = capital(words.term(measure.words)), 1 if less.mean > 0 else -1
        if not is_clear(less):
            yield context.say("climate.material_unclear", words=name, sure=context.sure(less))
            continue
        yearly = ""
        if money is not None:
            year = abs(less.mean) * Percentiles.of(money.result.cell.units).p50
            in_kg = measure.unit == "g"
            value = words.money(year / 1000 if in_kg else year)
            yearly = words("climate.yearly", value=value, unit_of="kg" if in_kg else measure.unit)
        key = "climate.material" if sign > 0 else "climate.material_more"
        sure = context.sure(less, sign)
        each = words.short(abs(less.mean))
        yield context.say(key, words=name, each=each, unit_of=measure.unit, sure=sure, yearly=yearly)


def _scrap(context: ReportContext, money: Money) -> Iterator[str]:
    """Fewer scrapped units; nothing where the files know of none."""
    words, economics = context.words, money.economics
    by_hand, by_cell = economics.scrap_by_hand_percent, economics.scrap_by_cell_percent
    lost = [each.value / (100 - each.value) for each in (by_hand, by_cell)]
    if lost[0] <= lost[1]:
        return
    yield context.say(
        "climate.scrap",
        manual=words.plain(by_hand.value),
        cell=words.plain(by_cell.value),
        status=words.term(by_cell.status),
        count=words.money(Percentiles.of(money.result.cell.units).p50 * (lost[0] - lost[1])),
    )


def yearly_kwh(alternative: AlternativeResult, power_w: float, scrap_percent: float) -> float:
    """Electricity in a year, kWh: at the file's power, the middle time of a unit, and the units of the middle draw."""
    seconds = Percentiles.of(alternative.seconds).p50 / (1 - scrap_percent / 100)
    return power_w / 1000 * seconds / 3600 * Percentiles.of(alternative.units).p50


def _kwh(money: Money) -> list[float]:
    kwh = [yearly_kwh(money.result.cell, money.economics.power_w.value, money.economics.scrap_by_cell_percent.value)]
    if money.result.commercial is not None and money.commercial is not None:
        machine = money.commercial
        kwh.append(yearly_kwh(money.result.commercial, machine.power_w.value, machine.scrap_percent.value))
    return kwh


def _power(context: ReportContext, money: Money) -> Iterator[str]:
    words, kwh = context.words, _kwh(money)
    count, watts = words.money(Percentiles.of(money.result.cell.units).p50), words.plain(money.economics.power_w.value)
    yield context.say("climate.power", kwh=words.money(kwh[0]), count=count, watts=watts)
    if len(kwh) > 1:
        yield words("climate.power_bought", kwh=words.money(kwh[1]))


def _grid(context: ReportContext, money: Money) -> Table:
    words, kwh = context.words, _kwh(money)
    rows = [
        (str(year), words.number(grams), *(words.short(each * grams / 1000) for each in kwh))
        for year, grams in GRAMS_CO2_PER_KWH.items()
    ]
    heads = [words("climate.cell"), words("climate.bought")][: len(kwh)]
    raw: list[tuple[str | float, ...]] = [
        (year, grams, *(each * grams / 1000 for each in kwh)) for year, grams in GRAMS_CO2_PER_KWH.items()
    ]
    raw_head = ("year", "g_co2_per_kwh", "cell_kg_co2_per_year", "bought_kg_co2_per_year")[: 2 + len(kwh)]
    head = (words("climate.year"), words("climate.grams"), *heads)
    return context.table("climate", head, rows, (4, 3, 4, 4)[: 2 + len(kwh)], words("climate.note"), raw_head, raw)
