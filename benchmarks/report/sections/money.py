"""The first section: what the money is made of, against today's manual method and against the best one."""

from __future__ import annotations

from collections.abc import Iterator

from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import UncertainNumber
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.economics.results import AlternativeResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.translations import capital, chance

ALWAYS_SHOWN = ("time", "material", "scrap")
MIN_FREE_SHARE = 0.02
"""With less free time than this share of the cell's, the person is said to be there all the time."""


def money(context: ReportContext) -> Section:
    """What is saved in a year, component by component; without prices, a note that the section is left out."""
    translations, money = context.translations, context.inputs.money
    heading = translations("money.heading")
    if money is None:
        return Section("money", heading, (Paragraph(translations("cost.left_out"), "warning"),))
    pairs = list(compared_pairs(context, money))
    caption = translations("money.caption", draws=translations.number(DRAWS))
    blocks: list[Block] = [
        Paragraph(_which_decides(context)),
        _parts(context, pairs),
        Drawing("money", caption, *charts.both_widths(charts.money_made_of, pairs, translations)),
        Paragraph(_free_time(context, money)),
        _lengths(context, money),
    ]
    return Section("money", heading, tuple(blocks))


def compared_pairs(context: ReportContext, money: Money) -> Iterator[tuple[str, str, AlternativeResult]]:
    """Every pair that is compared, the decisive one first: its key, its name, its result."""
    translations, result = context.translations, money.result
    if result.beyond_best is not None:
        yield "cell_against_best_manual", translations("money.cell_best"), result.beyond_best
    yield "cell_against_manual", translations("money.cell_today"), result.cell
    if result.best_manual is not None:
        yield "best_manual_against_manual", translations("money.best_today"), result.best_manual


def _which_decides(context: ReportContext) -> str:
    translations, best = context.translations, context.best_manual
    if best is None:
        return translations("money.no_best")
    return translations("money.best", name=translations.term(best.name), note=translations.term(best.note))


def _parts(context: ReportContext, pairs: list[tuple[str, str, AlternativeResult]]) -> Table:
    translations = context.translations
    rows, raw = [], []
    parts = list(dict.fromkeys(part for _, _, each in pairs for part in each.saving_by))
    for part in parts:
        shown = tuple(
            context.money_percentiles(each.saving_by[part]) if part in each.saving_by else "–" for _, _, each in pairs
        )
        if part in ALWAYS_SHOWN or any(each not in ("–", "0") for each in shown):
            rows.append((capital(translations.term(part)), *shown))
        for key, _, each in pairs:
            if part in each.saving_by:
                spread = Percentiles.of(each.saving_by[part])
                raw.append((key, part, spread.p5, spread.p50, spread.p95))
    rows.append((translations("money.all"), *(context.money_percentiles(each.saving_nok) for _, _, each in pairs)))
    for key, _, each in pairs:
        spread = Percentiles.of(each.saving_nok)
        raw.append((key, "all", spread.p5, spread.p50, spread.p95))
    head = (translations("money.part"), *(name for _, name, _ in pairs))
    raw_head = ("comparison", "part", "nok_per_year_p5", "nok_per_year_p50", "nok_per_year_p95")
    note = translations("cost.note")
    return context.table("money", head, rows, (3, *(4 for _ in pairs)), note, raw_head, raw)


def _free_time(context: ReportContext, money: Money) -> str:
    translations, economics, free = context.translations, money.economics, money.result.free
    rule = translations(
        "money.free_rule",
        shortest=_range(context, economics.min_free_s),
        status=translations.term(economics.min_free_s.status),
        reason=translations.term(economics.min_free_s.source),
        switching=_range(context, economics.switching_s),
    )
    if free is None:
        return f"{context.sentence('money.free_one_piece')} {rule}"
    if free.free_share < MIN_FREE_SHARE:
        return f"{translations('money.free_none')} {rule}"
    hours = economics.hours_per_shift.value
    p5, p50, p95 = (translations.number(each) for each in free.percentiles_s())
    found = translations(
        "money.free",
        visits=context.times(round(free.visits_in(hours))),
        hours=context.hours_text(hours),
        median=p50,
        interval=translations.between(p5, p95),
    )
    return f"{found} {rule}"


def _range(context: ReportContext, number: UncertainNumber) -> str:
    translations = context.translations
    return translations.between(translations.plain(number.lowest), translations.plain(number.highest))


def _lengths(context: ReportContext, money: Money) -> Table:
    """What the cell saves by the shortest piece of free time that counts."""
    translations = context.translations
    rows = [
        (
            translations.plain(each.min_free_s),
            context.money_percentiles(each.counted_h),
            context.money_percentiles(each.saving_nok),
            context.money_percentiles(each.npv_nok),
            f"{chance(translations, each.loss_probability)} %",
        )
        for each in money.result.by_length
    ]
    raw: list[tuple[str | float, ...]] = [
        (
            each.min_free_s,
            *(Percentiles.of(draws).p50 for draws in (each.counted_h, each.saving_nok, each.npv_nok)),
            100 * each.loss_probability,
        )
        for each in money.result.by_length
    ]
    head = tuple(
        translations(key) for key in ("money.shortest", "money.counted_h", "cost.saving", "cost.npv_row", "money.loss")
    )
    raw_head = (
        "min_free_s", "labour_counted_h_per_year_p50", "saving_nok_per_year_p50", "npv_nok_p50", "npv_below_0_percent",
    )  # fmt: skip
    against = translations("money.cell_best" if money.result.beyond_best else "money.cell_today")
    note = f"{against}. {translations('cost.note')}"
    return context.table("free_time", head, rows, (2, 4, 5, 5, 2), note, raw_head, raw)
