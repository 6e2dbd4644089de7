"""``fit``: fit the parameters of the model to a run log, and show the model's error before and after."""

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
from cellwright.benchmarks.calibration.fit import FitResult, described, fit, unit_of, with_fitted
from cellwright.benchmarks.calibration.run_log_reader import RunLogData, read_run_log_data
from cellwright.benchmarks.calibration.validation import Prediction, measured_by_run, predicted_by_model
from cellwright.cli import tables
from cellwright.cli.terminal import console, spinner
from cellwright.errors import DescriptionError, InputError
from cellwright.sequences import description_problems
from cellwright.sequences.measured import MeasuredFile
from cellwright.sim import Estimate, Scenario

MIN_SHOWN_S = 0.05


@dataclass(frozen=True, slots=True)
class FitOptions:
    """The options of ``fit``: what to fit, and how the model's predictions are simulated."""

    cell: str
    log: Path
    output: Path | None
    overrides: Sequence[str]
    replications: int
    seed: int
    jobs: int | None
    picture: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class FitComparison:
    """A cycle in the run, and the model's predictions of it before and after fitting."""

    run: Prediction
    before: Prediction
    after: Prediction


def fit_model(options: FitOptions) -> None:
    """Fit, predict, write and print.

    Raises:
        InputError: The log cannot be read, or determines no parameter.
        DescriptionError: The cell's description contradicts itself.
    """
    if options.output is not None and options.output.suffix.lower() != ".toml":
        raise InputError(f"{options.output} is no .toml file; name a .toml file for the fitted parameters.")
    scenario = cells.load(options.cell).scenario(options.overrides)
    for problem in description_problems(scenario.study.cell, scenario.study.cell.parameters(scenario.parameters)):
        raise DescriptionError(problem)
    with spinner(f"reading {options.log.name} and fitting"):
        observed = read_run_log_data(options.log, options.cell, scenario)
        scenario = replace(scenario, firmware=observed.firmware)
        fitted = fit(observed, scenario)
    if not fitted.values:
        raise InputError(f"{options.log} determines no parameter of {options.cell}. {' '.join(fitted.notes)}".rstrip())
    file = fitted.as_file(observed, options.cell)
    with spinner("simulating before and after"):
        compared = _compare(options, scenario, observed, file)
    if options.output is not None:
        today = datetime.date.today().isoformat()
        file.write(options.output, f"Fitted to {options.log.name} with cellwright fit {options.cell}, {today}.")
    if options.picture is not None:
        with spinner("drawing the chart"):
            _draw(options.picture, scenario, compared)
    if options.as_json:
        print(json.dumps(_as_json(options, scenario, observed, fitted, compared), indent=2))
        return
    _print_values(options, scenario, observed, fitted)
    _print_comparison(compared, observed, scenario.study.cell.unit)
    _print_notes(fitted, observed, scenario)
    if options.output is not None:
        console().print(f"Wrote {options.output}; use it with --measured {options.output}.", soft_wrap=True)


def _compare(options: FitOptions, scenario: Scenario, observed: RunLogData, file: MeasuredFile) -> FitComparison:
    def predict(scenario: Scenario, move_line_s: float = 0.0) -> Prediction:
        return predicted_by_model(
            scenario,
            observed,
            seed=options.seed,
            replications=options.replications,
            jobs=options.jobs,
            move_line_s=move_line_s,
        )

    line_s = file.line.move_s if file.line else 0.0
    return FitComparison(measured_by_run(observed), predict(scenario), predict(with_fitted(scenario, file), line_s))


def _draw(path: Path, scenario: Scenario, compared: FitComparison) -> None:
    from cellwright.benchmarks.charts import style, validation

    cell = scenario.study.cell
    name = cell.name().replace("_", " ").capitalize()
    chart = validation.prediction_chart(name, cell.unit, compared.run, compared.before, compared.after)
    style.save(chart, path)


def _as_json(
    options: FitOptions, scenario: Scenario, observed: RunLogData, fitted: FitResult, compared: FitComparison
) -> dict[str, Any]:
    return {
        "cell": options.cell,
        "log": str(options.log),
        "target": observed.facts["target"],
        "firmware": observed.firmware,
        "seed": options.seed,
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


def _print_values(options: FitOptions, scenario: Scenario, observed: RunLogData, fitted: FitResult) -> None:
    title = f"{options.log.name}: {options.cell} on {observed.facts['target']}"
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
        table.add_row("serial line, ms a move", "-", f"{1000 * line.move_s:.2f}", interval, str(line.n))
    console().print(table)


def _print_comparison(compared: FitComparison, observed: RunLogData, unit: str) -> None:
    run, before, after = compared.run, compared.before, compared.after
    title = f"One {unit}: the run ({tables.pluralize(run.n, 'cycle')}) and the model's predictions"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for column in ("run", "before", "after"):
        table.add_column(column, justify="right", no_wrap=True)
    times = [each.cycle_time_s for each in (run, before, after)]
    table.add_row("cycle time, s", *(f"{each.mean:.1f}" for each in times))
    table.add_row("  95 %", *(_interval_text(each) for each in times))
    table.add_row("  error", "", *(f"{each.off_percent(run):+.1f} %" for each in (before, after)))
    table.add_row("  error, s (95 %)", "", *(_difference_text(each.off_s(run).mean) for each in (before, after)))
    states = {state: None for each in (run, before, after) for state in each.time_in_state_s}
    for state in states:
        spent = [each.time_in_state_s.get(state, 0.0) for each in (run, before, after)]
        if max(spent) >= MIN_SHOWN_S:
            table.add_row(f"  {state}, s", *(f"{seconds:.1f}" for seconds in spent))
    console().print(table)
    console().print(_verdict(compared))
    if after.line_s:
        console().print(
            f"The time after includes {after.line_s:.2f} s on the serial line, which the model board does not have."
        )
    if observed.left_out:
        stopped = tables.pluralize(observed.left_out, "cycle")
        console().print(f"{stopped} with a stop or fault: excluded from the run's times.")


def _interval_text(estimate: Estimate) -> str:
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return "-"
    return f"{estimate.ci95_low:.1f} to {estimate.ci95_high:.1f}"


def _difference_text(estimate: Estimate) -> str:
    """A difference with its interval; whole seconds where it is wide."""
    low, high = estimate.ci95_low, estimate.ci95_high
    is_wide = low is not None and high is not None and high - low >= 10
    return tables.format_estimate(estimate, 0 if is_wide else 1)


def _verdict(compared: FitComparison) -> str:
    run, before, after = compared.run, compared.before, compared.after
    sentence = (
        f"The model's cycle time was {abs(before.off_percent(run)):.1f} % off the run's before fitting, and is "
        f"{abs(after.off_percent(run)):.1f} % off after."
    )
    high = run.cycle_time_s.ci95_high
    if high is None:
        return sentence
    known = f"{sentence} The run's own mean is known to ±{100 * (high / run.cycle_time_s.mean - 1):.1f} %"
    return f"{known}." if after.off_s(run).is_significant else f"{known}, so the remaining difference may be chance."


def _print_notes(fitted: FitResult, observed: RunLogData, scenario: Scenario) -> None:
    out = console()
    for note in fitted.notes:
        out.print(note)
    if observed.facts["input_hash"] and observed.facts["input_hash"] != scenario.input_hash():
        out.print("The run had other inputs than this description; pass the known ones with --set.")
