"""``timestudy --read``: what a stopwatch study says, as a table, JSON and a picture; and what an earlier one said."""

from __future__ import annotations

import json
from pathlib import Path

from rich import box
from rich.table import Table

import cellwright
from cellwright.benchmarks.time_study.analysis import ElementTimes, TimeStudy, read_time_study
from cellwright.benchmarks.time_study.before_after import compare_studies
from cellwright.cli import tables
from cellwright.cli.commands import comparing_studies
from cellwright.errors import nearest
from cellwright.sim import Scenario

COLUMNS = ("element", "n", "mean, s (±95 %)", "far off: cycle", "distribution", "fit, p", "more")
ON_THE_LEFT = ("element", "far off: cycle", "distribution")


def study(
    name: str, scenario: Scenario, path: Path, before: Path | None, picture: Path | None, seed: int, as_json: bool
) -> None:
    """Print what the study at ``path`` says, beside the one at ``before``, and draw it to ``picture``, if there are."""
    changes = None if before is None else compare_studies(before, path)
    with tables.busy("fitting distributions"):
        found = read_time_study(path, seed)
    if picture is not None:
        from cellwright.benchmarks.charts import style, time_study

        style.save(time_study.study_chart(found, f"{name.replace('_', ' ')} by hand"), picture)
    if as_json:
        said = _as_json(name, path, seed, found)
        if before is not None and changes is not None:
            said["against"] = comparing_studies.as_json(before, changes)
        print(json.dumps(said, indent=2))
        return
    _print(scenario, path, found)
    if before is not None and changes is not None:
        comparing_studies.print_changes(before, path, changes)


def _as_json(name: str, path: Path, seed: int, found: TimeStudy) -> dict[str, object]:
    return {
        "cell": name,
        "file": str(path),
        "seed": seed,
        "version": cellwright.__version__,
        "status": found.status,
        "cycles": found.cycles,
        "elements": [element.as_json() for element in found.elements],
    }


def _print(scenario: Scenario, path: Path, found: TimeStudy) -> None:
    out = tables.console()
    title = f"{path.name}: {tables.counted(found.cycles, 'cycle')}, times {found.status}"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for column in COLUMNS:
        wraps = column == "far off: cycle"
        table.add_column(column, justify="left" if column in ON_THE_LEFT else "right", no_wrap=not wraps)
    for element in found.elements:
        table.add_row(*_row(element))
    out.print(table)
    for sentence in _sentences(scenario, found):
        out.print(sentence, markup=False)


def _row(element: ElementTimes) -> tuple[str, ...]:
    return (
        element.name,
        str(element.n),
        _mean(element),
        ", ".join(str(each.cycle) for each in element.outliers) or "-",
        element.distribution,
        "-" if element.fit is None else f"{element.fit.p_value:.3f}",
        "?" if element.more_needed is None else str(element.more_needed),
    )


def _mean(element: ElementTimes) -> str:
    """The mean, and how far its interval reaches to either side: Student's is as wide above as below."""
    mean, digits = element.mean.mean, 1 if element.mean.mean >= 10 else 2
    reach = "" if element.mean.ci95_high is None else f" ± {element.mean.ci95_high - mean:.{digits}f}"
    return f"{mean:.{digits}f}{reach}"


def _sentences(scenario: Scenario, found: TimeStudy) -> list[str]:
    return [
        *_on_outliers(found),
        *_on_distributions(found),
        *_on_more(found),
        *_on_missing(found),
        *_on_names(scenario, found),
    ]


def _on_outliers(found: TimeStudy) -> list[str]:
    lines = []
    for element in found.elements:
        for each in element.outliers:
            note = f" Note: {each.note}." if each.note else " Was it the same work?"
            lines.append(
                f"{element.name}, cycle {each.cycle}: {each.seconds:.1f} s is far from the others "
                f"(modified z-score {each.score:.1f}); it is kept.{note}"
            )
    return lines


def _on_distributions(found: TimeStudy) -> list[str]:
    return [
        f"{element.name} stays with its own times, the empirical distribution: {element.why_empirical}."
        for element in found.elements
        if element.why_empirical
    ]


def _on_more(found: TimeStudy) -> list[str]:
    slowest = found.slowest
    lines = [
        f"{each.name} was timed once: time it again to see its spread."
        for each in found.elements
        if each.more_needed is None
    ]
    if slowest is not None:
        cycles = tables.counted(slowest.more_cycles_needed or 0, "more cycle")
        lines.append(f"For means within ±5 % time about {cycles}; {slowest.name} needs the most.")
    elif not lines:
        lines.append("Every mean is known to within ±5 % already.")
    return lines


def _on_missing(found: TimeStudy) -> list[str]:
    rare = [f"{each.name} in {each.n}" for each in found.elements if each.n < found.cycles]
    if not rare:
        return []
    return [
        f"Not in each of the {found.cycles} cycles: {', '.join(rare)}. That counts as work that comes less often; "
        "a cycle that was broken off does not belong in the file."
    ]


def _on_names(scenario: Scenario, found: TimeStudy) -> list[str]:
    by_hand = [element.name for element in scenario.manual_elements()]
    known = {*by_hand, *(element.name for element in scenario.tending())}
    timed = [element.name for element in found.elements]
    lines = [
        f"The cell's hand work has no element {name!r}; {nearest(name, known)}" for name in timed if name not in known
    ]
    untimed = [name for name in by_hand if name not in timed]
    return [*lines, f"Not timed: {', '.join(untimed)}."] if untimed else lines
