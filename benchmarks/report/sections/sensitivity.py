"""The section on what the conclusion hangs on: every assumption that can change it, by how much."""

from __future__ import annotations

from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange
from cellwright.benchmarks.sweeps.screening import KEPT, NPV

DRAWN = 12
LISTED = 20


def assumptions(context: ReportContext) -> Section:
    """The inputs that can change the conclusion, by how far they move it."""
    words, screening = context.words, context.inputs.screening
    order = screening.moving()
    if not order:
        return Section("assumptions", words("assumptions.heading"), (Paragraph(words("assumptions.unmoved")),))
    share = words.plain(100 * context.inputs.share)
    key = "assumptions.intro_npv" if screening.figure == NPV else "assumptions.intro"
    base = context.screened(screening.base[screening.figure])
    ends = (words("assumptions.lowest"), words("assumptions.highest"))
    blocks: list[Block] = [
        Paragraph(context.say(key, share=share, base=base)),
        Paragraph(_tried(context)),
        Drawing("assumptions", _caption(context, order), charts.tornado(order[:DRAWN], screening, context, ends)),
        _listed(context, order),
    ]
    return Section("assumptions", words("assumptions.heading"), tuple(blocks))


def _tried(context: ReportContext) -> str:
    """How many inputs were tried, how, and which are not shown."""
    words, screening = context.words, context.inputs.screening
    runs = context.times(context.inputs.sensitivity_replications)
    if screening.tried <= KEPT:
        return words("assumptions.all", tried=screening.tried, runs=runs)
    kept = screening.tried - screening.still - screening.left_out
    text = words("assumptions.some", tried=screening.tried, kept=kept, runs=runs, still=screening.still)
    if not screening.left_out:
        return text
    most = context.screened(screening.most_left_out)
    unit = words("assumptions.nok" if screening.figure == NPV else "assumptions.points")
    return f"{text} {words('assumptions.little', left_out=screening.left_out, most=most, unit_of=unit)}"


def _caption(context: ReportContext, order: list[SensitivityRange]) -> str:
    words, screening = context.words, context.inputs.screening
    base, first = screening.base[screening.figure], order[0]
    ends = sorted(each for each in (first.low, base, first.high) if each is not None)
    turning = [each for each in order if any(end is not None and end * base < 0 for end in (each.low, each.high))]
    named = words.listed([words.input(each.name) for each in turning[:3]])
    turned = capital(words("assumptions.turns", name=named)) if turning else words("assumptions.none")
    interval = words.between(context.screened(ends[0]), context.screened(ends[-1]))
    key = "assumptions.caption_npv" if screening.figure == NPV else "assumptions.caption"
    return context.say(key, name=words.input(first.name), interval=interval, turned=turned)


def _listed(context: ReportContext, order: list[SensitivityRange]) -> Table:
    words, screening = context.words, context.inputs.screening
    rows = [_row(context, each) for each in order[:LISTED]]
    unit = "npv" if screening.figure == NPV else "time"
    head: tuple[str, ...] = (
        words("assumptions.input"), words("assumptions.status"), words("assumptions.lowest"),
        words(f"assumptions.{unit}_at"), words("assumptions.highest"), words(f"assumptions.{unit}_at"),
    )  # fmt: skip
    widths: tuple[int, ...] = (7, 3, 3, 3, 3, 3)
    note = words("assumptions.note_time")
    if screening.figure == NPV:
        head, widths, note = (*head, words("assumptions.time_both")), (*widths, 4), words("assumptions.note_npv")
    raw: list[tuple[str | float, ...]] = [
        (each.name, each.status, each.value, *("" if end is None else end for end in _ends(context, each)))
        for each in order
    ]
    raw_head = (
        "input", "status", "as_it_is", "lowest", f"{screening.figure}_at_lowest", "highest",
        f"{screening.figure}_at_highest", "less_time_percent_at_lowest", "less_time_percent_at_highest",
    )  # fmt: skip
    return context.table("assumptions", head, rows, widths, note, raw_head, raw)


def _ends(context: ReportContext, range_: SensitivityRange) -> tuple[float | None, ...]:
    beside = context.inputs.screening.beside(range_.name)
    times = (beside.low, beside.high) if beside else (None, None)
    return (range_.tried_low, range_.low, range_.tried_high, range_.high, *times)


def _row(context: ReportContext, range_: SensitivityRange) -> tuple[str, ...]:
    words = context.words
    tried_low, low, tried_high, high, *times = _ends(context, range_)
    cannot = words("assumptions.cannot")
    shown = (
        capital(words.input(range_.name)),
        words.term(range_.status),
        "–" if tried_low is None else words.plain(tried_low),
        cannot if low is None else context.screened(low),
        "–" if tried_high is None else words.plain(tried_high),
        cannot if high is None else context.screened(high),
    )
    if context.inputs.screening.figure != NPV:
        return shown
    both = ["–" if each is None else words.number(each, 1) for each in times]
    return (*shown, "–" if both == ["–", "–"] else f"{both[0]} / {both[1]}")
