"""``sweep`` and ``sensitivity``: many designs of a cell, and the parameters that its result depends on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cellwright.benchmarks.experiments.experiment import Experiment
from cellwright.benchmarks.experiments.sensitivity import StudySensitivity, run_sensitivity
from cellwright.benchmarks.experiments.sweep import StudySweep, planned_sweep, progress_sentence, run_sweep
from cellwright.benchmarks.sweeps.sweep import Sweep
from cellwright.cli.progress import progress_bars
from cellwright.cli.tables import pluralize
from cellwright.cli.terminal import WIDTH, console, spinner
from cellwright.errors import CellFault


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """The options of ``sweep``."""

    experiment: Experiment
    vary: Sequence[str]
    method: str
    samples: int
    scheduler: str | None
    output: Path
    picture: Path | None
    figure: str


def sweep(options: SweepOptions) -> None:
    """Simulate the designs that the file does not hold yet, write each as it comes, and draw the results."""
    plan = planned_sweep(options.experiment, options.vary, options.method, options.samples)
    found = _run_sweep(plan, options)
    out = console()
    are = "is" if len(found.rows) == 1 else "are"
    out.print(
        f"{pluralize(len(found.rows), 'design')} {are} in {options.output}. The intervals are over simulation noise "
        "only."
    )
    if found.refused:
        out.print(f"{len(found.refused)} of them are not feasible; the first: {found.refused[0]['problem']}")
    if options.picture is not None:
        with spinner("drawing the chart"):
            _draw(plan, options, found.rows)
        out.print(f"Wrote {options.picture}.")


def _run_sweep(plan: Sweep, options: SweepOptions) -> StudySweep:
    done = 0
    with progress_bars() as show:

        def progress(what: str, now: int, total: int) -> None:
            nonlocal done
            done = now
            show(what, now, total)

        try:
            return run_sweep(plan, options.output, options.experiment.jobs, options.scheduler, progress)
        except KeyboardInterrupt:
            sentence = progress_sentence(done, len(plan.designs), options.output)
            raise CellFault(f"Stopped by Ctrl-C: {sentence}") from None


def _draw(plan: Sweep, options: SweepOptions, rows: list[dict[str, Any]]) -> None:
    from cellwright.benchmarks.charts import style
    from cellwright.benchmarks.charts.sweep import pareto_chart, sweep_chart

    assert options.picture is not None
    x_column, comma, y_column = options.figure.partition(",")
    chart = pareto_chart(rows, x_column, y_column) if comma else sweep_chart(rows, plan.names, options.figure)
    style.save(chart, options.picture)


@dataclass(frozen=True, slots=True)
class SensitivityOptions:
    """The options of ``sensitivity``."""

    experiment: Experiment
    figure: str
    percent: float
    picture: Path | None
    as_json: bool


def analyse_sensitivity(options: SensitivityOptions) -> None:
    """Vary every parameter alone, print its effect on the result, and draw the tornado chart."""
    with progress_bars() as progress:
        found = run_sensitivity(options.experiment, options.figure, options.percent, progress)
    if options.picture is not None:
        with spinner("drawing the chart"):
            from cellwright.benchmarks.charts import style
            from cellwright.benchmarks.charts.tornado import tornado

            replications = options.experiment.max_replications
            chart = tornado(found.ranges, found.base, options.figure, options.percent / 100, replications)
            style.save(chart, options.picture)
    if options.as_json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        _print_ranges(found)


def _end_text(end: float | None, half_width: float | None) -> str:
    if end is None:
        return "not feasible"
    return f"{end:.4g}" + (f" ±{half_width:.2g}" if half_width else "")


def _print_chance(out: Console, found: StudySensitivity, names: Sequence[str]) -> None:
    """What ± means, and which effects the simulation's noise alone may have made."""
    if found.experiment.max_replications < 2:
        out.print("One replication does not show which effects may be chance; use --replications 10.")
        return
    out.print("±: half the 95 % interval of the difference from the base case, in pairs; simulation noise only.")
    if names:
        out.print(f"May be chance, because that interval includes 0: {', '.join(names)}.")


def _print_ranges(found: StudySensitivity) -> None:
    base, order = found.base, found.ranked()
    share = f"{found.percent:g} %"
    table = Table("parameter", "status", "base case", f"{share} less", f"{share} more", width=WIDTH)
    for each in order:
        if each.width(base) > 0:
            ends = [_end_text(each.low, each.low_half_width), _end_text(each.high, each.high_half_width)]
            grey = "dim" if each.may_be_chance(base) else None
            table.add_row(each.name, each.status, f"{each.value:g}", *ends, style=grey)
    out = console()
    label = _figure_label(found)
    out.print(f"{found.experiment.cell}, {label}: {base:.4g} in the base case; with one parameter changed alone:")
    out.print(table)
    _print_chance(out, found, [each.name for each in order if each.may_be_chance(base)])
    without_effect = sum(each.width(base) == 0 for each in order)
    refused = sum(bool(each.problem) for each in found.ranges)
    have = "has" if without_effect == 1 else "have"
    out.print(f"{pluralize(without_effect, 'parameter')} {have} no effect; {refused} cannot be changed alone.")


def _figure_label(found: StudySensitivity) -> str:
    """The figure in words with its unit."""
    from cellwright.benchmarks.charts.sweep import figure_label

    for measure in found.experiment.load().measures:
        if measure.name == found.figure:
            return f"{measure.words}, {measure.unit}"
    return figure_label(found.figure)
