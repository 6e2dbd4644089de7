"""The sections on trust: what is measured, what could change the conclusion, and how to get the same again."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cellwright.benchmarks.report import drawings
from cellwright.benchmarks.report.contents import Block, Drawing, Paragraph, Section
from cellwright.benchmarks.report.telling import Telling
from cellwright.benchmarks.report.words import Words, capital
from cellwright.benchmarks.sensitivity import Swing, ranked
from cellwright.provenance import STATUSES

SHOWN = 12


def validation(telling: Telling) -> Section:
    """How many numbers are measured, published, a vendor's, assumed; and what has been checked."""
    words = telling.words
    inputs = telling.material.inputs()
    counts = Counter(each.status for each in inputs)
    counted = [words("validation.count", n=counts[each], status=words.term(each)) for each in STATUSES]
    blocks: list[Block] = [
        Paragraph(words("validation.counted", total=len(inputs), listed=capital(words.listed(counted)))),
        Paragraph(words("validation.checked")),
        Paragraph(words("validation.real")),
    ]
    if not counts["measured"]:
        blocks.insert(1, Paragraph(telling.say("validation.nothing"), "warning"))
    rows = [
        (capital(words.term(each)), str(counts[each]), f"{words.number(100 * counts[each] / len(inputs))} %")
        for each in STATUSES
    ]
    head = (words("validation.status"), words("validation.numbers"), words("validation.share"))
    raw: list[tuple[str | float, ...]] = [(each, counts[each]) for each in STATUSES]
    blocks.append(telling.table("statuses", head, rows, (3, 2, 2), "", ("status", "numbers"), raw))
    return Section("validation", words("validation.heading"), tuple(blocks))


def moving(telling: Telling) -> list[Swing]:
    """The inputs that move the result, the most important first."""
    base = telling.material.base
    return [each for each in ranked(telling.material.swings, base) if each.width(base) > 0]


def assumptions(telling: Telling) -> Section:
    """The inputs that can change the conclusion, by how much they move it."""
    words, material = telling.words, telling.material
    share = words.plain(100 * material.share)
    order = moving(telling)
    if not order:
        return Section("assumptions", words("assumptions.heading"), (Paragraph(words("assumptions.unmoved")),))
    shown = order[:SHOWN]
    blocks: list[Block] = [
        Paragraph(telling.say("assumptions.intro", share=share, base=words.number(material.base, 1))),
        Paragraph(words("assumptions.runs", runs=_runs(telling))),
        Drawing(
            "assumptions",
            _caption(telling, order),
            drawings.tornado(shown, material.base, words, share, telling.unit),
        ),
    ]
    if material.scenario.observed:
        blocks.append(Paragraph(words("assumptions.manual")))
    rows = [
        (capital(words.term(each.name)), words.term(each.status), words.plain(each.value),
         *(words("assumptions.cannot") if end is None else words.number(end, 1) for end in (each.low, each.high)))
        for each in shown
    ]  # fmt: skip
    head = (
        *(words(f"assumptions.{each}") for each in ("input", "status", "as_is")),
        *(words(f"assumptions.{each}", share=share) for each in ("smaller", "larger")),
    )
    raw: list[tuple[str | float, ...]] = [
        (each.name, each.status, each.value, *("" if end is None else end for end in (each.low, each.high)))
        for each in order
    ]
    raw_head = ("input", "status", "as_it_is", "less_time_percent_if_smaller", "less_time_percent_if_larger")
    blocks.append(telling.table("assumptions", head, rows, (6, 4, 2, 3, 3), words("assumptions.note"), raw_head, raw))
    return Section("assumptions", words("assumptions.heading"), tuple(blocks))


def _runs(telling: Telling) -> str:
    return telling.times(telling.material.swing_replications)


def _caption(telling: Telling, order: list[Swing]) -> str:
    words, base = telling.words, telling.material.base
    first = order[0]
    ends = sorted(each for each in (first.low, base, first.high) if each is not None)
    turning = [each for each in order if any(end is not None and end * base < 0 for end in (each.low, each.high))]
    named = words.listed([words.term(each.name) for each in turning[:3]])
    turned = capital(words("assumptions.turns", name=named)) if turning else words("assumptions.none")
    interval = words.between(words.number(ends[0], 1), words.number(ends[-1], 1))
    return telling.say("assumptions.caption", name=words.term(first.name), interval=interval, turned=turned)


def again(telling: Telling) -> Section:
    """The command, and what it rests on."""
    words, material = telling.words, telling.material
    rows = [
        (words("again.seed"), str(material.comparison.seed)),
        (words("again.version"), material.version),
        (words("again.hash"), material.input_hash),
    ]
    blocks = (
        Paragraph(words("again.intro")),
        Paragraph(material.command, "code"),
        telling.table("again", (words("again.what"), words("again.value")), rows, (2, 5)),
    )
    return Section("again", words("again.heading"), blocks)


def inputs(telling: Telling) -> Section:
    """Every number that went in, with its status and source."""
    words = telling.words
    given = telling.material.inputs()
    rows = [(each.name, _shown(words, each.value), words.term(each.status), each.source or "–") for each in given]
    head = tuple(words(f"inputs.{each}") for each in ("name", "value", "status", "source"))
    raw: list[tuple[str | float, ...]] = [
        (
            each.name,
            each.value if isinstance(each.value, (int, float)) else _shown(words, each.value),
            each.status,
            each.source,
        )
        for each in given
    ]
    table = telling.table("inputs", head, rows, (5, 2, 3, 7), "", ("name", "value", "status", "source"), raw)
    return Section("inputs", words("inputs.heading"), (Paragraph(words("inputs.intro")), table))


def _shown(words: Words, value: Any) -> str:
    """A value in the appendix; of a list of entries, such as a cut list, only how many: its source names the file."""
    if isinstance(value, tuple) and not all(isinstance(each, (int, float)) for each in value):
        return f"{len(value)} ×"
    return words.plain(value)
