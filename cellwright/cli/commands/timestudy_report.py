"""``timestudy --read``: the analysis of a stopwatch study as a table, JSON and a chart; and against an earlier one."""

from __future__ import annotations

import json
from pathlib import Path

from rich import box
from rich.console import JustifyMethod
from rich.table import Table

import cellwright
from cellwright.benchmarks.time_study.analysis import ElementTimes, TimeStudy, analyse
from cellwright.benchmarks.time_study.before_after import BeforeAfter, ElementChange, compare_studies
from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy, read_study
from cellwright.cli import tables
from cellwright.cli.terminal import console, spinner
from cellwright.errors import nearest
from cellwright.sim import Estimate, Scenario

WRAPPED_COLUMNS = {"element": 12, "outliers": 8, "distribution (p)": 9}
"""Columns whose text may be long, each with the width that it keeps."""
COLUMNS = ("element", "n", "mean, s (95 %)", "outliers", "distribution (p)", "var. %")
LEFT_ALIGNED = ("element", "outliers", "distribution (p)")


def report_study(
    name: str, scenario: Scenario, path: Path, before: Path | None, picture: Path | None, seed: int, as_json: bool
) -> None:
    """Print the analysis of the study at ``path``, its changes from ``before`` if given, and draw it to ``picture``."""
    known = scenario.predetermined_elements()
    changes = None if before is None else compare_studies(before, path, known)
    written = read_study(path, known)
    with spinner("fitting distributions"):
        study = analyse(written, seed)
    if picture is not None:
        with spinner("drawing the chart"):
            from cellwright.benchmarks.charts import style, time_study

            style.save(time_study.study_chart(study, f"{name.replace('_', ' ')} by hand"), picture)
    if as_json:
        figures = _as_json(name, path, seed, study)
        if before is not None and changes is not None:
            figures["against"] = _changes_json(before, changes)
        print(json.dumps(figures, indent=2))
        return
    _print_study(scenario, path, written, study)
    if before is not None and changes is not None:
        _print_changes(before, path, changes)


def _as_json(name: str, path: Path, seed: int, study: TimeStudy) -> dict[str, object]:
    return {
        "cell": name,
        "file": str(path),
        "seed": seed,
        "version": cellwright.__version__,
        "status": study.status,
        "cycles": study.cycles,
        "whole_cycle": study.cycle.as_json(),
        "elements": [element.as_json() for element in study.elements],
    }


def _print_study(scenario: Scenario, path: Path, written: StopwatchStudy, study: TimeStudy) -> None:
    out = console()
    title = f"{path.name}: {tables.pluralize(study.cycles, 'cycle')}, times {study.status}"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=0, pad_edge=False)
    for column in COLUMNS:
        width = WRAPPED_COLUMNS.get(column)
        justify: JustifyMethod = "left" if column in LEFT_ALIGNED else "right"
        table.add_column(column, justify=justify, no_wrap=width is None, min_width=width)
    for element in study.elements:
        table.add_row(*_row(element))
    table.add_section()
    table.add_row("whole cycle", str(study.cycles), _mean(study.cycle.mean))
    out.print(table)
    for sentence in (*_sentences(scenario, study), *written.notes):
        out.print(sentence)


def _row(element: ElementTimes) -> tuple[str, ...]:
    return (
        element.name,
        str(element.n),
        _mean(element.mean),
        ", ".join(str(each.cycle) for each in element.outliers) or "-",
        element.distribution + ("" if element.fit is None else f" ({element.fit.p_value:.2f})"),
        "-" if element.variance_share is None else f"{100 * element.variance_share:.0f}".replace("-0", "0"),
    )


def _mean(mean: Estimate) -> str:
    """The mean and its interval."""
    return tables.format_estimate(mean, 1 if mean.mean >= 10 else 2)


def _sentences(scenario: Scenario, study: TimeStudy) -> list[str]:
    return [
        *_outlier_sentences(study),
        *_distribution_sentences(study),
        *_sample_size_sentences(study),
        *_missing_sentences(study),
        *_name_sentences(scenario, study),
    ]


def _outlier_sentences(study: TimeStudy) -> list[str]:
    lines = []
    for element in study.elements:
        for each in element.outliers:
            note = f" Note: {each.note}." if each.note else " Check whether it was the same work."
            lines.append(
                f"{element.name}, cycle {each.cycle}: {each.seconds:.1f} s is an outlier "
                f"(modified z-score {each.score:.1f}); it is kept.{note}"
            )
    return lines


def _distribution_sentences(study: TimeStudy) -> list[str]:
    return [
        f"{element.name} uses the empirical distribution of its times: {element.why_empirical}."
        for element in study.elements
        if element.why_empirical
    ]


def _sample_size_sentences(study: TimeStudy) -> list[str]:
    lines = [
        f"{each.name} was timed once; time it again for an interval." for each in study.elements if each.sd_s is None
    ]
    cycle = study.cycle
    if cycle.precision is None:
        return [*lines, "One cycle gives no interval: time more cycles."]
    known = f"The mean of a whole cycle is known to within ±{100 * cycle.precision:.1f} %"
    if not cycle.more_needed:
        return [*lines, f"{known}; ±5 % were asked."]
    cycles = tables.pluralize(cycle.more_needed, "more cycle")
    return [*lines, f"{known}; for ±5 %, time about {cycles}.{_most_varying_sentence(study)}"]


def _most_varying_sentence(study: TimeStudy) -> str:
    most = study.most_varying
    if most is None or most.variance_share is None or len(study.elements) == 1:
        return ""
    return f" Of what makes cycles differ, {100 * min(1.0, most.variance_share):.0f} % comes from {most.name}."


def _missing_sentences(study: TimeStudy) -> list[str]:
    found = [(each.name, len(set(each.cycles))) for each in study.elements]
    rare = [f"{name} in {cycles}" for name, cycles in found if cycles < study.cycles]
    if not rare:
        return []
    return [
        f"Not in each of the {study.cycles} cycles: {', '.join(rare)}. It counts as work that occurs less often; "
        "remove interrupted cycles from the file."
    ]


def _name_sentences(scenario: Scenario, study: TimeStudy) -> list[str]:
    by_hand = [element.name for element in scenario.manual_elements()]
    known = {*by_hand, *(element.name for element in scenario.tending())}
    timed = [element.name for element in study.elements]
    lines = [
        f"The manual method has no element {name!r}; {nearest(name, known)}" for name in timed if name not in known
    ]
    untimed = [name for name in by_hand if name not in timed]
    return [*lines, f"Not timed: {', '.join(untimed)}."] if untimed else lines


# ---- against an earlier study ----


def _changes_json(before: Path, comparison: BeforeAfter) -> dict[str, object]:
    """The earlier study's file, and each change by name."""
    return {
        "file": str(before),
        "status": comparison.status_before,
        "whole_cycle": comparison.cycle.as_json(),
        "elements": [change.as_json() for change in comparison.elements],
        "gone": comparison.gone,
        "new": comparison.new,
    }


def _print_changes(before: Path, after: Path, comparison: BeforeAfter) -> None:
    """Print the elements of both studies side by side, and the difference in a sentence."""
    out = console()
    title = f"{after.name} against {before.name} (times {comparison.status_before}): mean seconds"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("element")
    for column in ("before", "n", "now", "n", "change, s (95 %)"):
        table.add_column(column, justify="right", no_wrap=True)
    for change in (*comparison.elements, comparison.cycle):
        table.add_row(*_change_row(change))
    out.print(table)
    for sentence in (_verdict(before, comparison.cycle), *_only_in_one(before, after, comparison)):
        out.print(sentence)


def _change_row(change: ElementChange) -> tuple[str, ...]:
    digits = 1 if change.mean_after_s >= 10 else 2
    return (
        change.name,
        f"{change.mean_before_s:.{digits}f}",
        str(len(change.before_s)),
        f"{change.mean_after_s:.{digits}f}",
        str(len(change.after_s)),
        tables.format_estimate(change.difference().mean, digits),
    )


def _verdict(before: Path, cycle: ElementChange) -> str:
    difference = cycle.difference()
    more = difference.mean
    if more.ci95_low is None or more.ci95_high is None:
        return "A single cycle gives no interval: time more cycles to know whether the new method is faster."
    if not difference.is_significant:
        ends = f"from {_difference_text(more.ci95_low)} to {_difference_text(more.ci95_high)}"
        return f"Whether a cycle takes less time than in {before.name} is not known yet: the difference may be {ends}."
    low, high = sorted((abs(more.ci95_low), abs(more.ci95_high)))
    return f"A cycle takes {_difference_text(more.mean)} ({low:.1f} to {high:.1f}) than in {before.name}."


def _difference_text(more_s: float) -> str:
    return f"{abs(more_s):.1f} s {'more' if more_s > 0 else 'less'}"


def _only_in_one(before: Path, after: Path, comparison: BeforeAfter) -> list[str]:
    return [
        f"Only in {path.name}: {', '.join(names)}; the whole cycle counts it."
        for path, names in ((before, comparison.gone), (after, comparison.new))
        if names
    ]
