"""``simulate`` and ``compare``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cellwright
from cellwright import cells
from cellwright.benchmarks import Comparison, outcome
from cellwright.benchmarks import compare as compare_replications
from cellwright.benchmarks.best_manual import Compared, TrialOfThree, sources_of_each
from cellwright.benchmarks.input_uncertainty import Trial, input_sources, uncertain_inputs
from cellwright.benchmarks.uncertainty import UncertaintySource
from cellwright.cli import tables
from cellwright.cli.cell_files import read_commercial_machine
from cellwright.cli.commands.run import line_cost_s
from cellwright.cli.manual_study import TimedScenario, with_study
from cellwright.cli.progress import progress
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import RunLog
from cellwright.sim import Length, Replication, Scenario, replicate, run_cell, run_manual
from cellwright.sim.replication import cores, process_pool

SHIFT_HOURS = 7.5
"""A Norwegian working day: 37.5 hours a week over five days."""


@dataclass(frozen=True, slots=True)
class SimulationOptions:
    """The options of a simulation, shared by several commands. accept: take implausible inputs as they are."""

    cell: str
    cycles: int | None
    hours: float | None
    replications: int
    seed: int
    overrides: Sequence[str]
    jobs: int | None = None
    firmware: SteppingFirmware = DEFAULT_FIRMWARE
    accept: bool = False

    @property
    def length(self) -> Length:
        """How much to simulate; one shift by default."""
        if self.cycles is None and self.hours is None:
            return Length(hours=SHIFT_HOURS)
        return Length(self.cycles, self.hours)

    def scenario(self) -> Scenario:
        """The scenario to simulate."""
        return cells.load(self.cell).scenario(self.overrides, firmware=self.firmware)

    def timed_scenario(self, manual: Path | None) -> TimedScenario:
        """The scenario to simulate, with the times of a stopwatch study. Raises InputError if it cannot be used."""
        return with_study(self.scenario(), manual, self.accept)

    def head(self, scenario: Scenario) -> dict[str, Any]:
        """The facts at the top of all JSON output."""
        return {
            "cell": self.cell,
            "target": "model",
            "firmware": self.firmware,
            "seed": self.seed,
            "version": cellwright.__version__,
            "input_hash": scenario.input_hash(),
            "replications": self.replications,
        }


def simulate(options: SimulationOptions, log_path: Path | None, as_json: bool) -> None:
    """Simulate a cell and print its figures."""
    scenario = options.scenario()
    if log_path is None:
        replications = _replicate(options, scenario, run_cell, f"{options.cell} on the model board")
    else:
        replications = _simulate_with_log(options, scenario, log_path)
    result = outcome(options.cell, replications)
    if as_json:
        _print_json(options.head(scenario) | result.as_json())
    else:
        unit = scenario.study.cell.unit
        tables.print_outcome(result, unit, options.replications, SHIFT_HOURS, scenario.study.measures)
        _print_firmware(options)
        cost_s = line_cost_s(scenario, options.seed)
        option = "" if options.firmware == DEFAULT_FIRMWARE else f" --firmware {options.firmware}"
        tables.console().print(
            f"Over a serial line to an Arduino, at {BAUDS[options.firmware]} baud, a {unit} takes {cost_s:.2f} s "
            f"longer ({100 * cost_s / result.cycle_time_s.mean:.2f} %): see cellwright "
            f"run {options.cell} --on virtual{option}."
        )


def _simulate_with_log(options: SimulationOptions, scenario: Scenario, path: Path) -> list[Replication]:
    """Simulate one replication after the other into one log; the log is removed if the simulation is refused."""
    with RunLog(path) as log:
        log.describe(**options.head(scenario))
        runs = (run_cell(scenario, options.length, options.seed, number, log) for number in range(options.replications))
        try:
            return _with_progress(runs, options.replications, f"{options.cell} on the model board")
        except ValueError:
            log.close()
            path.unlink()
            raise


def compare(options: SimulationOptions, manual: Path | None, commercial: Path | None, as_json: bool) -> None:
    """Compare a cell with the manual method, and with the commercial machine if there is one, and print them."""
    timed = options.timed_scenario(manual)
    scenario = timed.scenario
    commercial_machine = read_commercial_machine(scenario, commercial)
    compared = run_comparisons(options, scenario)
    comparison = compared.today
    if as_json:
        manual_s = comparison.manual.cycle_time_s.mean
        _print_json(
            comparison_json(options, scenario, comparison)
            | {"best_manual": best_manual_json(scenario, compared)}
            | {"commercial": commercial_machine.as_json(manual_s) if commercial_machine else None}
            | timed.as_json()
        )
    else:
        tables.print_comparison(
            comparison, tables.shared_work(scenario), scenario.study.measures, commercial_machine, compared.best
        )
        tables.print_best_manual(scenario, compared.best)
        timed.print_lines()
        _print_firmware(options)


def run_comparisons(options: SimulationOptions, scenario: Scenario) -> Compared:
    """The cell against today's manual method and, where the study has one, against the best manual method."""
    best = scenario.with_best_manual()
    if best is None:
        return Compared(run_comparison(options, scenario))
    of_cell = _replicate(options, scenario, run_cell, f"{options.cell} on the model board")
    of_manual = _replicate(options, scenario, run_manual, "the manual method")
    of_best = _replicate(options, best, run_manual, "the best manual method")
    with (
        process_pool(options.jobs or cores()) as pool,
        progress("what the inputs leave open", uncertain_inputs(scenario)) as advance,
    ):
        sources = input_sources(TrialOfThree(scenario, options.seed), pool, advance)
    today, beyond = sources_of_each(sources, outcome("cell", of_cell), outcome("manual", of_manual))
    unit = scenario.study.cell.unit

    def compared(manual: list[Replication], of: Scenario, sources: list[UncertaintySource]) -> Comparison:
        provenance = of.provenance(compared=True)
        return compare_replications(unit, of_cell, manual, provenance, options.seed, SHIFT_HOURS, sources)

    return Compared(compared(of_manual, scenario, today), compared(of_best, best, beyond))


def run_comparison(options: SimulationOptions, scenario: Scenario) -> Comparison:
    """Simulate the cell and the manual method with common random numbers, and pair them."""
    of_cell = _replicate(options, scenario, run_cell, f"{options.cell} on the model board")
    of_manual = _replicate(options, scenario, run_manual, "the manual method")
    return compare_replications(
        scenario.study.cell.unit,
        of_cell,
        of_manual,
        scenario.provenance(compared=True),
        options.seed,
        SHIFT_HOURS,
        _input_sources(options, scenario),
    )


def _input_sources(options: SimulationOptions, scenario: Scenario) -> list[UncertaintySource]:
    """How far the comparison may be off because its inputs are."""
    with (
        process_pool(options.jobs or cores()) as pool,
        progress("what the inputs leave open", uncertain_inputs(scenario)) as advance,
    ):
        return input_sources(Trial(scenario, options.seed), pool, advance)


def comparison_json(options: SimulationOptions, scenario: Scenario, comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON, with units in the names; ``cell`` and ``manual`` hold the figures of each."""
    head = options.head(scenario)
    noise = comparison.less_time_noise_percent
    return {
        "cell": {"cell": options.cell, "target": head["target"], "firmware": head["firmware"]}
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
        "uncertainty_of_less_time": {"simulation_half_width_percent": noise, "shares": comparison.less_time_shares},
        "provenance": comparison.provenance,
        **{key: head[key] for key in ("seed", "version", "input_hash", "replications")},
    }


def best_manual_json(scenario: Scenario, compared: Compared) -> dict[str, Any] | None:
    """The best manual method and what the cell saves against it; None where there is none."""
    best, method = compared.best, scenario.study.best_manual
    if best is None or method is None:
        return None
    return {
        "name": method.name,
        "settings": list(method.overrides),
        "note": method.note,
        **best.manual.as_json(),
        "less_time_percent": best.less_time_percent.as_json(),
        "less_labour_percent": best.less_labour_percent.as_json(),
        "less": {name: less.as_json() for name, less in best.less_measured.items()},
    }


def _print_firmware(options: SimulationOptions) -> None:
    """Name the firmware if it is not the default, so that the tables are not confused."""
    if options.firmware != DEFAULT_FIRMWARE:
        tables.console().print(f"Moves have the timing of {STEP_TIMINGS[options.firmware].name}.")


def _replicate(
    options: SimulationOptions, scenario: Scenario, run: Callable[..., Replication], label: str
) -> list[Replication]:
    runs = replicate(
        run, scenario, options.length, seed=options.seed, replications=options.replications, jobs=options.jobs
    )
    return _with_progress(runs, options.replications, label)


def _with_progress(runs: Iterable[Replication], replications: int, label: str) -> list[Replication]:
    with progress(label, replications) as advance:
        done = []
        for replication in runs:
            done.append(replication)
            advance()
    return done


def _print_json(figures: dict[str, Any]) -> None:
    print(json.dumps(figures, indent=2))
