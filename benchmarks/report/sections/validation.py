"""The sections on trust: what is measured, how to get the same again, and every number that went in."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Paragraph, Section
from cellwright.benchmarks.report.translations import Translations, capital
from cellwright.provenance import STATUSES


def validation(context: ReportContext) -> Section:
    """How many numbers are measured, published, a vendor's, assumed; and what has been checked."""
    words = context.words
    inputs = context.inputs.inputs()
    counts = Counter(each.status for each in inputs)
    counted = [words("validation.count", n=counts[each], status=words.term(each)) for each in STATUSES]
    blocks: list[Block] = [
        Paragraph(words("validation.counted", total=len(inputs), listed=capital(words.listed(counted)))),
        Paragraph(words("validation.checked")),
        Paragraph(words("validation.real")),
    ]
    if not counts["measured"]:
        blocks.insert(1, Paragraph(context.say("validation.nothing"), "warning"))
    rows = [
        (capital(words.term(each)), str(counts[each]), f"{words.number(100 * counts[each] / len(inputs))} %")
        for each in STATUSES
    ]
    head = (words("validation.status"), words("validation.numbers"), words("validation.share"))
    raw: list[tuple[str | float, ...]] = [(each, counts[each]) for each in STATUSES]
    blocks.append(context.table("statuses", head, rows, (3, 2, 2), "", ("status", "numbers"), raw))
    return Section("validation", words("validation.heading"), tuple(blocks))


def again(context: ReportContext) -> Section:
    """The command, and what it rests on."""
    words, material = context.words, context.inputs
    rows = [
        (words("again.seed"), str(material.comparison.seed)),
        (words("again.version"), material.version),
        (words("again.hash"), material.input_hash),
    ]
    blocks = (
        Paragraph(words("again.intro")),
        Paragraph(material.command, "code"),
        context.table("again", (words("again.what"), words("again.value")), rows, (2, 5)),
    )
    return Section("again", words("again.heading"), blocks)


def inputs(context: ReportContext) -> Section:
    """Every number that went in, with its status and source."""
    words = context.words
    given = context.inputs.inputs_and_budget()
    rows = [
        (_called(words, each.name), _shown(words, each.value), words.term(each.status), words.term(each.source) or "–")
        for each in given
    ]
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
    table = context.table("inputs", head, rows, (5, 2, 3, 7), "", ("name", "value", "status", "source"), raw)
    return Section("inputs", words("inputs.heading"), (Paragraph(words("inputs.intro")), table))


def _called(words: Translations, name: str) -> str:
    """An input in words, and in brackets as --set calls it; what stands in a file of its own has no such name."""
    called = words.input(name)
    if called == name:
        return name
    return (
        capital(called) if name.startswith(("economics.", "commercial.", "project.")) else f"{capital(called)} ({name})"
    )


def _shown(words: Translations, value: Any) -> str:
    """A value in the appendix; of a list of entries, such as a cut list, only how many: its source names the file."""
    if isinstance(value, tuple) and not all(isinstance(each, (int, float)) for each in value):
        return f"{len(value)} ×"
    return words.plain(value)
