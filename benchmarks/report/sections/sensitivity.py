"""The section on sensitivity: every assumption that can change the conclusion, and by how much."""

from __future__ import annotations

from cellwright.benchmarks.charts.tornado import MAX_BARS
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange
from cellwright.benchmarks.sweeps.screening import MAX_SIMULATED_IN_FULL, NPV

MAX_ROWS = 20


def assumptions(context: ReportContext) -> Section:
    """The inputs that can change the conclusion, by how far they move it."""
    translations, screening = context.translations, context.inputs.screening
    order = screening.ranked_inputs()
    if not order:
        return Section(
            "assumptions", translations("assumptions.heading"), (Paragraph(translations("assumptions.unmoved")),)
        )
    share = translations.plain(100 * context.inputs.share)
    key = "assumptions.intro_npv" if screening.figure == NPV else "assumptions.intro"
    base = context.result_text(screening.base[screening.figure])
    ends = (translations("assumptions.lowest"), translations("assumptions.highest"))
    blocks: list[Block] = [
        Paragraph(context.sentence(key, share=share, base=base)),
        Paragraph(" ".join(filter(None, (_screening_text(context), _chance_text(context, order))))),
        Drawing(
            "assumptions",
            _caption(context, order),
            *charts.both_widths(charts.tornado, order[:MAX_BARS], screening, context, ends),
        ),
        _ranges_table(context, order),
    ]
    return Section("assumptions", translations("assumptions.heading"), tuple(blocks))


def _screening_text(context: ReportContext) -> str:
    """How many inputs were varied, how, and which are not shown."""
    translations, screening = context.translations, context.inputs.screening
    runs = context.times(context.inputs.sensitivity_replications)
    if screening.n_inputs <= MAX_SIMULATED_IN_FULL:
        return translations("assumptions.all", tried=screening.n_inputs, runs=runs)
    kept = screening.n_inputs - screening.without_effect - screening.left_out
    text = translations(
        "assumptions.some", tried=screening.n_inputs, kept=kept, runs=runs, without_effect=screening.without_effect
    )
    if not screening.left_out:
        return text
    most = context.result_text(screening.max_effect_left_out)
    unit = translations("assumptions.nok" if screening.figure == NPV else "assumptions.points")
    return f"{text} {translations('assumptions.little', left_out=screening.left_out, most=most, unit_of=unit)}"


def _chance_text(context: ReportContext, order: list[SensitivityRange]) -> str:
    """Which of the effects shown the simulation's noise alone may have made; empty if none."""
    translations, screening = context.translations, context.inputs.screening
    base = screening.base[screening.figure]
    names = [translations.input(each.name) for each in order[:MAX_ROWS] if each.may_be_chance(base)]
    return translations("assumptions.may_be_chance", names=translations.listed(names)) if names else ""


def _caption(context: ReportContext, order: list[SensitivityRange]) -> str:
    translations, screening = context.translations, context.inputs.screening
    base = screening.base[screening.figure]
    order = [each for each in order if not each.may_be_chance(base)]
    if not order:
        return translations("assumptions.caption_chance")
    first = order[0]
    ends = sorted(each for each in (first.low, base, first.high) if each is not None)
    turning = [each for each in order if any(end is not None and end * base < 0 for end in (each.low, each.high))]
    named = translations.listed([translations.input(each.name) for each in turning[:3]])
    turned = capital(translations("assumptions.turns", name=named)) if turning else translations("assumptions.none")
    interval = translations.between(context.result_text(ends[0]), context.result_text(ends[-1]))
    key = "assumptions.caption_npv" if screening.figure == NPV else "assumptions.caption"
    return context.sentence(key, name=translations.input(first.name), interval=interval, turned=turned)


def _ranges_table(context: ReportContext, order: list[SensitivityRange]) -> Table:
    translations, screening = context.translations, context.inputs.screening
    rows = [_row(context, each) for each in order[:MAX_ROWS]]
    result = translations("assumptions.npv_at" if screening.figure == NPV else "assumptions.time_at")
    head: tuple[str, ...] = (
        translations("assumptions.input"), translations("assumptions.status"), translations("assumptions.lowest"),
        result, translations("assumptions.highest"), result,
    )  # fmt: skip
    widths: tuple[int, ...] = (7, 3, 3, 3, 3, 3)
    note = translations("assumptions.note_time")
    if screening.figure == NPV:
        head, widths = (*head, translations("assumptions.time_both")), (*widths, 4)
        note = translations("assumptions.note_npv")
    raw: list[tuple[str | float, ...]] = [
        (
            each.name,
            each.status,
            each.value,
            *("" if end is None else end for end in _range_ends(context, each)),
            "yes" if each.may_be_chance(screening.base[screening.figure]) else "no",
        )
        for each in order
    ]
    raw_head = (
        "input", "status", "base_case", "lowest", f"{screening.figure}_at_lowest", "highest",
        f"{screening.figure}_at_highest", "less_time_percent_at_lowest", "less_time_percent_at_highest",
        "may_be_chance",
    )  # fmt: skip
    return context.table("assumptions", head, rows, widths, note, raw_head, raw)


def _range_ends(context: ReportContext, range_: SensitivityRange) -> tuple[float | None, ...]:
    time_range = context.inputs.screening.time_range(range_.name)
    times = (time_range.low, time_range.high) if time_range else (None, None)
    return (range_.tried_low, range_.low, range_.tried_high, range_.high, *times)


def _row(context: ReportContext, range_: SensitivityRange) -> tuple[str, ...]:
    translations = context.translations
    tried_low, low, tried_high, high, *times = _range_ends(context, range_)
    cannot = translations("assumptions.cannot")
    row = (
        capital(translations.input(range_.name)),
        translations.term(range_.status),
        "–" if tried_low is None else translations.plain(tried_low),
        cannot if low is None else context.result_text(low),
        "–" if tried_high is None else translations.plain(tried_high),
        cannot if high is None else context.result_text(high),
    )
    if context.inputs.screening.figure != NPV:
        return row
    both = ["–" if each is None else translations.number(each, 1) for each in times]
    return (*row, "–" if both == ["–", "–"] else f"{both[0]} / {both[1]}")
