"""``timestudy --against``: what a stopwatch study says beside an earlier one of the same work."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.table import Table

from cellwright.benchmarks.time_study.before_after import BeforeAfter, Change
from cellwright.cli import tables


def as_json(before: Path, found: BeforeAfter) -> dict[str, object]:
    """The earlier study's file, and each change by name."""
    return {
        "file": str(before),
        "status": found.status_before,
        "whole_cycle": found.cycle.as_json(),
        "elements": [change.as_json() for change in found.elements],
        "gone": found.gone,
        "new": found.new,
    }


def print_changes(before: Path, after: Path, found: BeforeAfter) -> None:
    """The elements of both studies side by side, and what they say in a sentence."""
    out = tables.console()
    title = f"{after.name} against {before.name} (times {found.status_before}): mean seconds"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("element")
    for column in ("before", "n", "now", "n", "change, s (95 %)"):
        table.add_column(column, justify="right", no_wrap=True)
    for change in (*found.elements, found.cycle):
        table.add_row(*_row(change))
    out.print(table)
    for sentence in (_verdict(before, found.cycle), *_only_in_one(before, after, found)):
        out.print(sentence, markup=False)


def _row(change: Change) -> tuple[str, ...]:
    digits = 1 if change.mean_after_s >= 10 else 2
    return (
        change.name,
        f"{change.mean_before_s:.{digits}f}",
        str(len(change.before_s)),
        f"{change.mean_after_s:.{digits}f}",
        str(len(change.after_s)),
        tables.interval(change.difference().mean, digits),
    )


def _verdict(before: Path, cycle: Change) -> str:
    found = cycle.difference()
    more = found.mean
    if more.ci95_low is None or more.ci95_high is None:
        return "A single cycle gives no interval: time more of them to know whether it takes less."
    if not found.is_certain:
        ends = f"from {_in_words(more.ci95_low)} to {_in_words(more.ci95_high)}"
        return f"Whether a cycle takes less time than in {before.name} is not known yet: anything {ends} is likely."
    low, high = sorted((abs(more.ci95_low), abs(more.ci95_high)))
    return f"A cycle takes {_in_words(more.mean)} ({low:.1f} to {high:.1f}) than in {before.name}."


def _in_words(more_s: float) -> str:
    return f"{abs(more_s):.1f} s {'more' if more_s > 0 else 'less'}"


def _only_in_one(before: Path, after: Path, found: BeforeAfter) -> list[str]:
    return [
        f"Only in {path.name}: {', '.join(names)}; the whole cycle counts it."
        for path, names in ((before, found.gone), (after, found.new))
        if names
    ]
