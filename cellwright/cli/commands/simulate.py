"""``simulate`` and ``compare``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cellwright
from cellwright import cells
from cellwright.benchmarks import Comparison, outcome, read_stopwatch
from cellwright.benchmarks import compare as compare_replications
from cellwright.cli import tables
from cellwright.cli.cell_files import read_bought
from cellwright.cli.commands.run import line_cost_s
from cellwright.cli.progress import progress
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import RunLog
from cellwright.sim import Element, Length, Replication, Scenario, replicate, run_cell, run_manual

SHIFT_HOURS = 7.5
"""A Norwegian working day: 37.5 hours a week over five days."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked to have simulated."""

    cell: str
    cycles: int | None
    hours: float | None
    replications: int
    seed: int
    settings: Sequence[str]
    jobs: int | None = None
    firmware: SteppingFirmware = DEFAULT_FIRMWARE

    @property
    def length(self) -> Length:
        """How much to simulate: a shift unless told otherwise."""
        if self.cycles is None and self.hours is None:
            return Length(hours=SHIFT_HOURS)
        return Length(self.cycles, self.hours)

    def scenario(self, observed: Sequence[Element] = ()) -> Scenario:
        """The scenario asked for."""
        return cells.load(self.cell).scenario(self.settings, observed, self.firmware)

    def head(self, scenario: Scenario) -> dict[str, Any]:
        """What stands at the top of all JSON."""
        return {
            "cell": self.cell,
            "target": "model",
            "firmware": self.firmware,
            "seed": self.seed,
            "version": cellwright.__version__,
            "input_hash": scenario.input_hash(),
            "replications": self.replications,
        }


def simulate(asked: Asked, log_path: Path | None, as_json: bool) -> None:
    """Simulate a cell and print what it does."""
    scenario = asked.scenario()
    if log_path is None:
        replications = _replicate(asked, scenario, run_cell, f"{asked.cell} on the model board")
    else:
        replications = _simulate_with_log(asked, scenario, log_path)
    result = outcome(asked.cell, replications)
    if as_json:
        _print_json(asked.head(scenario) | result.as_json())
    else:
        unit = scenario.study.cell.unit
        tables.print_outcome(result, unit, asked.replications, SHIFT_HOURS, scenario.study.measures)
        _print_firmware(asked)
        cost_s = line_cost_s(scenario, asked.seed)
        option = "" if asked.firmware == DEFAULT_FIRMWARE else f" --firmware {asked.firmware}"
        tables.console().print(
            f"Over the line to an Arduino, at {BAUDS[asked.firmware]} baud, a {unit} takes {cost_s:.2f} s longer "
            f"({100 * cost_s / result.cycle_time_s.mean:.2f} %): see cellwright run {asked.cell} --on virtual{option}."
        )


def _simulate_with_log(asked: Asked, scenario: Scenario, path: Path) -> list[Replication]:
    """One replication after the other into one log; a run that is refused leaves no log behind."""
    with RunLog(path) as log:
        log.describe(**asked.head(scenario))
        runs = (run_cell(scenario, asked.length, asked.seed, number, log) for number in range(asked.replications))
        try:
            return _counted(runs, asked.replications, f"{asked.cell} on the model board")
        except ValueError:
            log.close()
            path.unlink()
            raise


def compare(asked: Asked, manual: Path | None, commercial: Path | None, as_json: bool) -> None:
    """Compare a cell with the hand and print both, beside the machine to buy if there is one."""
    observed = read_stopwatch(manual) if manual else []
    scenario = asked.scenario(observed)
    bought = read_bought(scenario, commercial)
    comparison = run_comparison(asked, scenario)
    if as_json:
        manual_s = comparison.manual.cycle_time_s.mean
        _print_json(
            comparison_json(asked, scenario, comparison) | {"commercial": bought.as_json(manual_s) if bought else None}
        )
    else:
        tables.print_comparison(comparison, tables.shared_work(scenario), scenario.study.measures, bought)
        _print_firmware(asked)


def run_comparison(asked: Asked, scenario: Scenario) -> Comparison:
    """Simulate the cell and the hand under the same random numbers, and pair them."""
    of_cell = _replicate(asked, scenario, run_cell, f"{asked.cell} on the model board")
    of_manual = _replicate(asked, scenario, run_manual, "the same by hand")
    return compare_replications(
        scenario.study.cell.unit, of_cell, of_manual, scenario.provenance(compared=True), asked.seed, SHIFT_HOURS
    )


def comparison_json(asked: Asked, scenario: Scenario, comparison: Comparison) -> dict[str, Any]:
    """A comparison by name, units in the names; ``cell`` and ``manual`` hold the figures of each."""
    head = asked.head(scenario)
    return {
        "cell": {"cell": asked.cell, "target": head["target"], "firmware": head["firmware"]}
        | comparison.cell.as_json(),
        "manual": {"source": "stopwatch" if scenario.observed else "predetermined"} | comparison.manual.as_json(),
        "less_time_percent": comparison.less_time_percent.as_json(),
        "more_output_percent": comparison.more_output_percent.as_json(),
        "less_labour_percent": comparison.less_labour_percent.as_json(),
        **(
            {"less": {name: less.as_json() for name, less in comparison.less_measured.items()}}
            if comparison.less_measured
            else {}
        ),
        "provenance": comparison.provenance,
        **{key: head[key] for key in ("seed", "version", "input_hash", "replications")},
    }


def _print_firmware(asked: Asked) -> None:
    """What is not as usual, lest one table be taken for the other."""
    if asked.firmware != DEFAULT_FIRMWARE:
        tables.console().print(f"Moves are those of {STEP_TIMINGS[asked.firmware].name}.")


def _replicate(asked: Asked, scenario: Scenario, run: Callable[..., Replication], what: str) -> list[Replication]:
    runs = replicate(run, scenario, asked.length, seed=asked.seed, replications=asked.replications, jobs=asked.jobs)
    return _counted(runs, asked.replications, what)


def _counted(runs: Iterable[Replication], replications: int, what: str) -> list[Replication]:
    with progress(what, replications) as advance:
        done = []
        for replication in runs:
            done.append(replication)
            advance()
    return done


def _print_json(figures: dict[str, Any]) -> None:
    print(json.dumps(figures, indent=2))
