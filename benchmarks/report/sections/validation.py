"""The sections on evidence: what is measured, how to reproduce the figures, and every input."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Paragraph, Section
from cellwright.benchmarks.report.inputs import ReportInput
from cellwright.benchmarks.report.translations import Translations, capital
from cellwright.provenance import STATUSES


def validation(context: ReportContext) -> Section:
    """How many inputs are measured, published, stated by a vendor or assumed; and what has been checked."""
    translations = context.translations
    inputs = context.inputs.inputs()
    counts = Counter(each.status for each in inputs)
    counted = [translations("validation.count", n=counts[each], status=translations.term(each)) for each in STATUSES]
    blocks: list[Block] = [
        Paragraph(translations("validation.counted", total=len(inputs), listed=capital(translations.listed(counted)))),
        Paragraph(translations("validation.checked")),
        Paragraph(translations("validation.real")),
    ]
    if not counts["measured"]:
        blocks.insert(1, Paragraph(context.sentence("validation.nothing"), "warning"))
    rows = [
        (
            capital(translations.term(each)),
            str(counts[each]),
            f"{translations.number(100 * counts[each] / len(inputs))} %",
        )
        for each in STATUSES
    ]
    head = (translations("validation.status"), translations("validation.numbers"), translations("validation.share"))
    raw: list[tuple[str | float, ...]] = [(each, counts[each]) for each in STATUSES]
    blocks.append(context.table("statuses", head, rows, (3, 2, 2), "", ("status", "numbers"), raw))
    return Section("validation", translations("validation.heading"), tuple(blocks))


def reproduction(context: ReportContext) -> Section:
    """The command that reproduces the report, with seed, version and hash of the inputs."""
    translations, inputs = context.translations, context.inputs
    rows = [
        (translations("again.seed"), str(inputs.comparison.seed)),
        (translations("again.version"), inputs.version),
        (translations("again.hash"), inputs.input_hash),
    ]
    blocks = (
        Paragraph(translations("again.intro")),
        Paragraph(inputs.command, "code"),
        context.table("again", (translations("again.what"), translations("again.value")), rows, (2, 5)),
    )
    return Section("again", translations("again.heading"), blocks)


def inputs(context: ReportContext) -> Section:
    """Every input with its status and source."""
    translations = context.translations
    given = context.inputs.inputs_and_budget()
    rows = [
        (
            _name_text(translations, each.name),
            "" if each.low is None else translations.plain(each.low),
            _value_text(translations, each.value),
            "" if each.high is None else translations.plain(each.high),
            translations.term(each.status),
            _source_text(context, each),
        )
        for each in given
    ]
    head = tuple(translations(f"inputs.{each}") for each in ("name", "low", "value", "high", "status", "source"))
    raw: list[tuple[str | float, ...]] = [
        (
            each.name,
            "" if each.low is None else each.low,
            each.value if isinstance(each.value, (int, float)) else _value_text(translations, each.value),
            "" if each.high is None else each.high,
            each.status,
            each.source or (str(each.study.path) if each.study else ""),
            len(each.study.cycles) if each.study else "",
            " ".join(f"{day}" for day in each.study.dates) if each.study else "",
        )
        for each in given
    ]
    raw_head = ("name", "lowest", "value", "highest", "status", "source", "n_cycles", "days")
    table = context.table("inputs", head, rows, (6, 2, 3, 2, 3, 7), "", raw_head, raw)
    blocks = (Paragraph(translations("inputs.intro")), Paragraph(translations("inputs.sure")), table)
    return Section("inputs", translations("inputs.heading"), blocks)


def _source_text(context: ReportContext, given: ReportInput) -> str:
    """Its source in words; of a timed number the study's file, its cycles, and the days."""
    translations, study = context.translations, given.study
    if study is None:
        return translations.term(given.source) or "–"
    days = [translations("need.day", day=f"{day:%d}", month=f"{day:%m}", year=day.year) for day in study.dates]
    when = translations.listed(days) or translations("inputs.study_no_day")
    return translations("inputs.study", file=study.path.name, n=len(study.cycles), when=when)


def _name_text(translations: Translations, name: str) -> str:
    """An input's name in words, with the name for --set in brackets; inputs from other files have no such name."""
    name_text = translations.input(name)
    if name_text == name:
        return name
    return (
        capital(name_text)
        if name.startswith(("economics.", "commercial.", "project."))
        else f"{capital(name_text)} ({name})"
    )


def _value_text(translations: Translations, value: Any) -> str:
    """A value for the appendix; of a list of entries, such as a cut list, its length: its source names the file."""
    if isinstance(value, tuple) and not all(isinstance(each, (int, float)) for each in value):
        return f"{len(value)} ×"
    return translations.plain(value)
