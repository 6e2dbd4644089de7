"""The section on climate effects."""

from __future__ import annotations

from collections.abc import Iterator

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.results import AlternativeResult
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Bullets, Paragraph, Section, Table
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.translations import capital

GRAMS_CO2_PER_KWH = {2019: 17, 2020: 8, 2022: 19}
"""Electricity physically delivered in Norway; source: NVE, klimadeklarasjon for fysisk levert strøm, of these years."""


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
