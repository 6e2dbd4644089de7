"""``simulate`` and ``compare``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellwright.benchmarks import outcome
from cellwright.benchmarks.experiments.compare import run_comparison
from cellwright.benchmarks.experiments.comparison_json import precision_json
from cellwright.benchmarks.experiments.experiment import SHIFT_HOURS, Experiment
from cellwright.benchmarks.experiments.replicating import replicate_cell
from cellwright.cli import tables
from cellwright.cli.commands.run import line_cost_s
from cellwright.cli.manual_study import outlier_effect_sentence, print_study
from cellwright.cli.progress import progress_bars
from cellwright.cli.terminal import console, spinner
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS
from cellwright.sequences import RunLog
from cellwright.sim import Replication, Scenario


def simulate(experiment: Experiment, log_path: Path | None, as_json: bool) -> None:
    """Simulate a cell and print its figures."""
    scenario = experiment.scenario()
    if log_path is None:
        with progress_bars() as progress:
            replications = replicate_cell(experiment, scenario, progress)
    else:
        replications = _simulate_with_log(experiment, scenario, log_path)
    result = outcome(experiment.cell, replications)
    if as_json:
        _print_json(
            experiment.head(scenario, len(replications))
            | result.as_json()
            | precision_json(experiment.rule, result.means_s)
        )
    else:
        unit = scenario.study.cell.unit
        with spinner(f"a few {unit}s over a serial line"):
            cost_s = line_cost_s(scenario, experiment.seed)
        tables.print_outcome(result, unit, len(replications), SHIFT_HOURS, scenario.study.measures)
        tables.print_precision(experiment.rule, ("the cell's cycle time",), result.means_s)
        _print_firmware(experiment)
        option = "" if experiment.firmware == DEFAULT_FIRMWARE else f" --firmware {experiment.firmware}"
        console().print(
            f"Over a serial line to an Arduino, at {BAUDS[experiment.firmware]} baud, a {unit} takes {cost_s:.2f} s "
            f"longer ({100 * cost_s / result.cycle_time_s.mean:.2f} %): see cellwright "
            f"run {experiment.cell} --on virtual{option}."
        )


def _simulate_with_log(experiment: Experiment, scenario: Scenario, path: Path) -> list[Replication]:
    """Simulate one replication after the other into one log; the log is removed if the simulation is refused."""
    with RunLog(path) as log:
        log.describe(**experiment.head(scenario, experiment.max_replications))
        try:
            with progress_bars() as progress:
                done = replicate_cell(replace(experiment, jobs=1), scenario, progress, log)
            log.describe(replications=len(done))
            return done
        except ValueError:
            log.close()
            path.unlink()
            raise


def compare(experiment: Experiment, manual: Path | None, commercial: Path | None, as_json: bool) -> None:
    """Compare a cell with the manual method, and with the commercial machine if there is one, and print them."""
    with progress_bars() as progress:
        found = run_comparison(experiment, manual, commercial, progress)
    if as_json:
        _print_json(found.as_json())
        return
    scenario = found.scenario
    tables.print_comparison(
        found.today, tables.shared_work(scenario), scenario.study.measures, found.commercial, found.best
    )
    tables.print_comparison_precision(experiment.rule, found.today)
    tables.print_best_manual(scenario, found.best)
    print_study(found.timed)
    if found.without_outliers is not None:
        sentence = outlier_effect_sentence(found.today, found.without_outliers)
        console().print(sentence, style="bold")
    _print_firmware(experiment)


def _print_firmware(experiment: Experiment) -> None:
    """Name the firmware if it is not the default, so that the tables are not confused."""
    if experiment.firmware != DEFAULT_FIRMWARE:
        console().print(f"Moves have the timing of {STEP_TIMINGS[experiment.firmware].name}.")


def _print_json(figures: dict[str, Any]) -> None:
    print(json.dumps(figures, indent=2))
