"""``fit``: a run log corrects the model, and says how far off the model was."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

import cellwright
from cellwright import cells
from cellwright.benchmarks.calibration.fit import Fitted, described, fit, unit_of, with_fitted
from cellwright.benchmarks.calibration.run_log_reader import Observed, read_observed
from cellwright.benchmarks.calibration.validation import Prediction, measured_by_run, predicted_by_model
from cellwright.cli import tables
from cellwright.errors import DescriptionError, InputError
from cellwright.sequences import description_problems
from cellwright.sequences.measured import MeasuredFile
from cellwright.sim import Estimate, Scenario

SHOWN_FROM_S = 0.05


@dataclass(frozen=True, slots=True)
class FitAsked:
    """What the user asked to have fitted, and how the model's predictions are simulated."""

    cell: str
    log: Path
    output: Path | None
    settings: Sequence[str]
    replications: int
    seed: int
    jobs: int | None
    picture: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What the run says of a cycle, and what the model says before and after it was corrected."""

    run: Prediction
    before: Prediction
    after: Prediction


def fit_model(asked: FitAsked) -> None:
    """Fit, predict, write and print. Raises InputError for a log that does not serve."""
    if asked.output is not None and asked.output.suffix.lower() != ".toml":
        raise InputError(f"{asked.output} is no .toml file; what is measured is written as one.")
    scenario = cells.load(asked.cell).scenario(asked.settings)
    for problem in description_problems(scenario.study.cell, scenario.study.cell.parts(scenario.parameters)):
        raise DescriptionError(problem)
    with tables.busy(f"reading {asked.log.name} and fitting"):
        observed = read_observed(asked.log, asked.cell, scenario)
        scenario = replace(scenario, firmware=observed.firmware)
        fitted = fit(observed, scenario)
    if not fitted.values:
        raise InputError(f"{asked.log} shows no parameter of {asked.cell}. {' '.join(fitted.notes)}".rstrip())
    file = fitted.as_file(observed, asked.cell)
    with tables.busy("simulating before and after"):
        compared = _compare(asked, scenario, observed, file)
    if asked.output is not None:
        today = datetime.date.today().isoformat()
        file.write(asked.output, f"Fitted to {asked.log.name} with cellwright fit {asked.cell}, {today}.")
    if asked.picture is not None:
        _draw(asked.picture, scenario, compared)
    if asked.as_json:
        print(json.dumps(_as_json(asked, scenario, observed, fitted, compared), indent=2))
        return
    _print_values(asked, scenario, observed, fitted)
    _print_compared(compared, observed, scenario.study.cell.unit)
    _print_notes(fitted, observed, scenario)
    if asked.output is not None:
        tables.console().print(
            f"Wrote {asked.output}; use it with --measured {asked.output}.", markup=False, soft_wrap=True
        )


def _compare(asked: FitAsked, scenario: Scenario, observed: Observed, file: MeasuredFile) -> Compared:
    def told(by: Scenario, move_line_s: float = 0.0) -> Prediction:
        return predicted_by_model(
            by,
            observed,
            seed=asked.seed,
            replications=asked.replications,
            jobs=asked.jobs,
            move_line_s=move_line_s,
        )

    line_s = file.line.move_s if file.line else 0.0
    return Compared(measured_by_run(observed), told(scenario), told(with_fitted(scenario, file), line_s))


def _draw(path: Path, scenario: Scenario, compared: Compared) -> None:
    from cellwright.benchmarks.charts import style, validation

    cell = scenario.study.cell
    name = cell.name().replace("_", " ").capitalize()
    chart = validation.prediction_chart(name, cell.unit, compared.run, compared.before, compared.after)
    style.save(chart, path)


def _as_json(
    asked: FitAsked, scenario: Scenario, observed: Observed, fitted: Fitted, compared: Compared
) -> dict[str, Any]:
    return {
        "cell": asked.cell,
        "log": str(asked.log),
        "target": observed.facts["target"],
        "firmware": observed.firmware,
        "seed": asked.seed,
        "version": cellwright.__version__,
        "input_hash": scenario.input_hash(),
        "measured": [
            {"unit": unit_of(value.parameter), "described": described(scenario, value.parameter)} | value.model_dump()
            for value in fitted.values
        ],
        "line": fitted.line and fitted.line.model_dump(),
        "notes": list(fitted.notes),
        "left_out_cycles": observed.left_out,
        "run": compared.run.as_json(),
        "before": compared.before.as_json(compared.run),
        "after": compared.after.as_json(compared.run),
    }


def _print_values(asked: FitAsked, scenario: Scenario, observed: Observed, fitted: Fitted) -> None:
    title = f"{asked.log.name}: {asked.cell} on {observed.facts['target']}"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("parameter", no_wrap=True)
    for column in ("described", "measured", "95 %", "n"):
        table.add_column(column, justify="right", no_wrap=True)
    for value in fitted.values:
        before = described(scenario, value.parameter)
        table.add_row(value.parameter, f"{before:.4g}", f"{value.value:.4g}", value.interval, str(value.n))
    if fitted.line is not None:
        line = fitted.line
        interval = f"{1000 * line.ci95_low_s:.2f} to {1000 * line.ci95_high_s:.2f}"
        table.add_row("the line, ms a move", "-", f"{1000 * line.move_s:.2f}", interval, str(line.n))
    tables.console().print(table)


def _print_compared(compared: Compared, observed: Observed, unit: str) -> None:
    run, before, after = compared.run, compared.before, compared.after
    title = f"One {unit}: the run, {tables.counted(run.n, 'cycle')}, and what the model says of it"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for column in ("run", "before", "after"):
        table.add_column(column, justify="right", no_wrap=True)
    times = [each.cycle_time_s for each in (run, before, after)]
    table.add_row("cycle time, s", *(f"{each.mean:.1f}" for each in times))
    table.add_row("  95 %", *(_reach(each) for each in times))
    table.add_row("  off by", "", *(f"{each.off_percent(run):+.1f} %" for each in (before, after)))
    table.add_row("  off by, s (95 %)", "", *(_in_short(each.off_s(run).mean) for each in (before, after)))
    states = {state: None for each in (run, before, after) for state in each.time_in_state_s}
    for state in states:
        spent = [each.time_in_state_s.get(state, 0.0) for each in (run, before, after)]
        if max(spent) >= SHOWN_FROM_S:
            table.add_row(f"  {state}, s", *(f"{seconds:.1f}" for seconds in spent))
    tables.console().print(table)
    tables.console().print(_verdict(compared), markup=False)
    if after.line_s:
        tables.console().print(f"Of the time after, {after.line_s:.2f} s are the line's; the model board has none.")
    if observed.left_out:
        stopped = tables.counted(observed.left_out, "cycle")
        tables.console().print(f"{stopped} in which the cell was stopped or at fault: left out of the run's times.")


def _reach(estimate: Estimate) -> str:
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return "-"
    return f"{estimate.ci95_low:.1f} to {estimate.ci95_high:.1f}"


def _in_short(estimate: Estimate) -> str:
    """A difference with its interval; whole seconds where it is wide."""
    low, high = estimate.ci95_low, estimate.ci95_high
    is_wide = low is not None and high is not None and high - low >= 10
    return tables.interval(estimate, 0 if is_wide else 1)


def _verdict(compared: Compared) -> str:
    run, before, after = compared.run, compared.before, compared.after
    sentence = (
        f"The model was {abs(before.off_percent(run)):.1f} % off the run's cycle time before, and is "
        f"{abs(after.off_percent(run)):.1f} % off after."
    )
    high = run.cycle_time_s.ci95_high
    if high is None:
        return sentence
    known = f"{sentence} The run itself is known to ±{100 * (high / run.cycle_time_s.mean - 1):.1f} %"
    return f"{known}." if after.off_s(run).is_certain else f"{known}, so what is left may be chance."


def _print_notes(fitted: Fitted, observed: Observed, scenario: Scenario) -> None:
    out = tables.console()
    for note in fitted.notes:
        out.print(note, markup=False)
    if observed.facts["input_hash"] and observed.facts["input_hash"] != scenario.input_hash():
        out.print(
            "The run had other inputs than this description; give those that are known, as they were, with --set."
        )
