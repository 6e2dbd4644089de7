"""The section on what the conclusion hangs on: every assumption that can change it, by how much."""

from __future__ import annotations

from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import Telling
from cellwright.benchmarks.report.document import Block, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital
from cellwright.benchmarks.sweeps.one_at_a_time import Swing
from cellwright.benchmarks.sweeps.screening import KEPT, NPV

DRAWN = 12
LISTED = 20


def assumptions(telling: Telling) -> Section:
    """The inputs that can change the conclusion, by how far they move it."""
    words, weighing = telling.words, telling.material.weighing
    order = weighing.moving()
    if not order:
        return Section("assumptions", words("assumptions.heading"), (Paragraph(words("assumptions.unmoved")),))
    share = words.plain(100 * telling.material.share)
    key = "assumptions.intro_npv" if weighing.figure == NPV else "assumptions.intro"
    base = telling.weighed(weighing.base[weighing.figure])
    ends = (words("assumptions.lowest"), words("assumptions.highest"))
    blocks: list[Block] = [
        Paragraph(telling.say(key, share=share, base=base)),
        Paragraph(_tried(telling)),
        Drawing("assumptions", _caption(telling, order), charts.tornado(order[:DRAWN], weighing, telling, ends)),
        _listed(telling, order),
    ]
    return Section("assumptions", words("assumptions.heading"), tuple(blocks))


def _tried(telling: Telling) -> str:
    """How many inputs were tried, how, and which are not shown."""
    words, weighing = telling.words, telling.material.weighing
    runs = telling.times(telling.material.swing_replications)
    if weighing.tried <= KEPT:
        return words("assumptions.all", tried=weighing.tried, runs=runs)
    kept = weighing.tried - weighing.still - weighing.left_out
    text = words("assumptions.some", tried=weighing.tried, kept=kept, runs=runs, still=weighing.still)
    if not weighing.left_out:
        return text
    most = telling.weighed(weighing.most_left_out)
    unit = words("assumptions.nok" if weighing.figure == NPV else "assumptions.points")
    return f"{text} {words('assumptions.little', left_out=weighing.left_out, most=most, unit_of=unit)}"


def _caption(telling: Telling, order: list[Swing]) -> str:
    words, weighing = telling.words, telling.material.weighing
    base, first = weighing.base[weighing.figure], order[0]
    ends = sorted(each for each in (first.low, base, first.high) if each is not None)
    turning = [each for each in order if any(end is not None and end * base < 0 for end in (each.low, each.high))]
    named = words.listed([words.input(each.name) for each in turning[:3]])
    turned = capital(words("assumptions.turns", name=named)) if turning else words("assumptions.none")
    interval = words.between(telling.weighed(ends[0]), telling.weighed(ends[-1]))
    key = "assumptions.caption_npv" if weighing.figure == NPV else "assumptions.caption"
    return telling.say(key, name=words.input(first.name), interval=interval, turned=turned)


def _listed(telling: Telling, order: list[Swing]) -> Table:
    words, weighing = telling.words, telling.material.weighing
    rows = [_row(telling, each) for each in order[:LISTED]]
    unit = "npv" if weighing.figure == NPV else "time"
    head: tuple[str, ...] = (
        words("assumptions.input"), words("assumptions.status"), words("assumptions.lowest"),
        words(f"assumptions.{unit}_at"), words("assumptions.highest"), words(f"assumptions.{unit}_at"),
    )  # fmt: skip
    widths: tuple[int, ...] = (7, 3, 3, 3, 3, 3)
    note = words("assumptions.note_time")
    if weighing.figure == NPV:
        head, widths, note = (*head, words("assumptions.time_both")), (*widths, 4), words("assumptions.note_npv")
    raw: list[tuple[str | float, ...]] = [
        (each.name, each.status, each.value, *("" if end is None else end for end in _ends(telling, each)))
        for each in order
    ]
    raw_head = (
        "input", "status", "as_it_is", "lowest", f"{weighing.figure}_at_lowest", "highest",
        f"{weighing.figure}_at_highest", "less_time_percent_at_lowest", "less_time_percent_at_highest",
    )  # fmt: skip
    return telling.table("assumptions", head, rows, widths, note, raw_head, raw)


def _ends(telling: Telling, swing: Swing) -> tuple[float | None, ...]:
    beside = telling.material.weighing.beside(swing.name)
    times = (beside.low, beside.high) if beside else (None, None)
    return (swing.tried_low, swing.low, swing.tried_high, swing.high, *times)


def _row(telling: Telling, swing: Swing) -> tuple[str, ...]:
    words = telling.words
    tried_low, low, tried_high, high, *times = _ends(telling, swing)
    cannot = words("assumptions.cannot")
    shown = (
        capital(words.input(swing.name)),
        words.term(swing.status),
        "–" if tried_low is None else words.plain(tried_low),
        cannot if low is None else telling.weighed(low),
        "–" if tried_high is None else words.plain(tried_high),
        cannot if high is None else telling.weighed(high),
    )
    if telling.material.weighing.figure != NPV:
        return shown
    both = ["–" if each is None else words.number(each, 1) for each in times]
    return (*shown, "–" if both == ["–", "–"] else f"{both[0]} / {both[1]}")
