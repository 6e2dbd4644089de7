"""``simulate`` and ``compare``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import cellwright
from cellwright import cells
from cellwright.benchmarks import Comparison, outcome, paired
from cellwright.benchmarks.best_manual import Compared, TrialOfThree, sources_of_each
from cellwright.benchmarks.input_uncertainty import Trial, input_sources, uncertain_inputs
from cellwright.benchmarks.uncertainty import UncertaintySource
from cellwright.cli import tables
from cellwright.cli.cell_files import read_commercial_machine
from cellwright.cli.commands.run import line_cost_s
from cellwright.cli.manual_study import TimedScenario, outlier_effect_json, outlier_effect_sentence, with_study
from cellwright.cli.progress import progress
from cellwright.errors import InputError
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import RunLog
from cellwright.sim import Length, Precision, Replication, Scenario, replicate, run_cell, run_manual, run_pair
from cellwright.sim.replication import cores, process_pool
from cellwright.sim.sequential import noise_percent

_ResultT = TypeVar("_ResultT")

SHIFT_HOURS = 7.5
"""A Norwegian working day: 37.5 hours a week over five days."""
DEFAULT_REPLICATIONS = 20


@dataclass(frozen=True, slots=True)
class SimulationOptions:
    """The options of a simulation, shared by several commands. accept: take implausible inputs as they are.

    replications: so many, or 20. precision: instead, until the simulation's noise is at most so many per cent.

    Raises:
        InputError: Both replications and precision are given, or the precision is not above 0 and below 100.
    """

    cell: str
    cycles: int | None
    hours: float | None
    replications: int | None
    seed: int
    overrides: Sequence[str]
    jobs: int | None = None
    firmware: SteppingFirmware = DEFAULT_FIRMWARE
    accept: bool = False
    precision: float | None = None

    def __post_init__(self) -> None:
        if self.replications is not None and self.precision is not None:
            raise InputError(
                "--replications says how often to simulate, --precision how exact the result must be; give one of them."
            )
        if self.precision is not None:
            Precision(self.precision)  # refuses what cannot be asked for before anything is simulated

    @property
    def rule(self) -> Precision | None:
        """When to stop; None for a fixed number of replications."""
        return None if self.precision is None else Precision(self.precision)

    @property
    def max_replications(self) -> int:
        """How many replications there are; with a precision, at most."""
        if self.rule is not None:
            return self.rule.max_replications
        return DEFAULT_REPLICATIONS if self.replications is None else self.replications

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

    def head(self, scenario: Scenario, replications: int) -> dict[str, Any]:
        """The facts at the top of all JSON output."""
        return {
            "cell": self.cell,
            "target": "model",
            "firmware": self.firmware,
            "seed": self.seed,
            "version": cellwright.__version__,
            "input_hash": scenario.input_hash(),
            "replications": replications,
        }


def simulate(options: SimulationOptions, log_path: Path | None, as_json: bool) -> None:
    """Simulate a cell and print its figures."""
    scenario = options.scenario()
    if log_path is None:
        replications = _replicate(options, scenario, run_cell, f"{options.cell} on the model board", _is_exact(options))
    else:
        replications = _simulate_with_log(options, scenario, log_path)
    result = outcome(options.cell, replications)
    if as_json:
        _print_json(
            options.head(scenario, len(replications)) | result.as_json() | precision_json(options.rule, result.means_s)
        )
    else:
        unit = scenario.study.cell.unit
        tables.print_outcome(result, unit, len(replications), SHIFT_HOURS, scenario.study.measures)
        tables.print_precision(options.rule, ("the cell's cycle time",), result.means_s)
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
        log.describe(**options.head(scenario, options.max_replications))
        run = partial(run_cell, log=log)
        try:
            done = _replicate(
                replace(options, jobs=1), scenario, run, f"{options.cell} on the model board", _is_exact(options)
            )
            log.describe(replications=len(done))
            return done
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
    kept_out = timed.without_outliers()
    without = None if kept_out is None else _noise_only(options, kept_out, comparison.replications)
    if as_json:
        manual_s = comparison.manual.cycle_time_s.mean
        _print_json(
            comparison_json(options, scenario, comparison)
            | {"best_manual": best_manual_json(scenario, compared)}
            | {"commercial": commercial_machine.as_json(manual_s) if commercial_machine else None}
            | timed.as_json()
            | outlier_effect_json(without)
        )
    else:
        tables.print_comparison(
            comparison, tables.shared_work(scenario), scenario.study.measures, commercial_machine, compared.best
        )
        tables.print_comparison_precision(options.rule, comparison)
        tables.print_best_manual(scenario, compared.best)
        timed.print_lines()
        if without is not None:
            tables.console().print(outlier_effect_sentence(comparison, without), style="bold", markup=False)
        _print_firmware(options)


def run_comparisons(options: SimulationOptions, scenario: Scenario) -> Compared:
    """The cell against today's manual method and, where the study has one, against the best manual method."""
    best = scenario.with_best_manual()
    if best is None:
        return Compared(run_comparison(options, scenario))
    of_cell, of_manual = _replicate_both(options, scenario)
    as_many = replace(options, replications=len(of_cell), precision=None)
    of_best = _replicate(as_many, best, run_manual, "the best manual method")
    with (
        process_pool(options.jobs or cores()) as pool,
        progress("what the inputs leave open", uncertain_inputs(scenario)) as advance,
    ):
        sources = input_sources(TrialOfThree(scenario, options.seed), pool, advance)
    today, beyond = sources_of_each(sources, outcome("cell", of_cell), outcome("manual", of_manual))
    unit = scenario.study.cell.unit

    def compared(manual: list[Replication], of: Scenario, sources: list[UncertaintySource]) -> Comparison:
        provenance = of.provenance(compared=True)
        return paired(unit, of_cell, manual, provenance, options.seed, SHIFT_HOURS, sources)

    return Compared(compared(of_manual, scenario, today), compared(of_best, best, beyond))


def run_comparison(options: SimulationOptions, scenario: Scenario) -> Comparison:
    """Simulate the cell and the manual method with common random numbers, and pair them."""
    of_cell, of_manual = _replicate_both(options, scenario)
    return paired(
        scenario.study.cell.unit,
        of_cell,
        of_manual,
        scenario.provenance(compared=True),
        options.seed,
        SHIFT_HOURS,
        _input_sources(options, scenario),
    )


def _noise_only(options: SimulationOptions, scenario: Scenario, replications: int) -> Comparison:
    """A comparison beside the main one: its intervals leave out what the inputs leave open."""
    of_cell, of_manual = _replicate_both(replace(options, replications=replications, precision=None), scenario)
    unit, provenance = scenario.study.cell.unit, scenario.provenance(compared=True)
    return paired(unit, of_cell, of_manual, provenance, options.seed, SHIFT_HOURS, [])


def _replicate_both(options: SimulationOptions, scenario: Scenario) -> tuple[list[Replication], list[Replication]]:
    """The replications of the cell and of the manual method: a fixed number, or until they are precise enough."""
    if options.rule is None:
        of_cell = _replicate(options, scenario, run_cell, f"{options.cell} on the model board")
        return of_cell, _replicate(options, scenario, run_manual, "the manual method")
    pairs = _replicate(options, scenario, run_pair, f"{options.cell} and the manual method", _are_exact(options))
    return [cell for cell, _ in pairs], [manual for _, manual in pairs]


def _input_sources(options: SimulationOptions, scenario: Scenario) -> list[UncertaintySource]:
    """How far the comparison may be off because its inputs are."""
    with (
        process_pool(options.jobs or cores()) as pool,
        progress("what the inputs leave open", uncertain_inputs(scenario)) as advance,
    ):
        return input_sources(Trial(scenario, options.seed), pool, advance)


def comparison_json(options: SimulationOptions, scenario: Scenario, comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON, with units in the names; ``cell`` and ``manual`` hold the figures of each."""
    head = options.head(scenario, comparison.replications)
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
        **precision_json(options.rule, comparison.cell.means_s, comparison.manual.means_s),
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


def precision_json(rule: Precision | None, *means_s: Sequence[float]) -> dict[str, Any]:
    """What was asked of the simulation's noise and what came of it; nothing if the number of replications was fixed."""
    if rule is None:
        return {}
    noise = dict(zip(NOISE_FIGURES, noise_percent(*means_s), strict=False))
    return {
        "precision": {
            "asked_percent": rule.percent,
            "is_reached": rule.is_reached(*means_s),
            "simulation_half_width_percent": noise,
        }
    }


NOISE_FIGURES = ("cell.cycle_time_s", "manual.cycle_time_s", "less_time_percent")
IsEnough = Callable[[Sequence[Any]], bool]


def _is_exact(options: SimulationOptions) -> IsEnough:
    """Whether the replications of a cell are enough."""
    rule = options.rule
    return lambda done: rule is not None and rule.is_enough([each.mean_cycle_time_s for each in done])


def _are_exact(options: SimulationOptions) -> IsEnough:
    """Whether the replications of cell and manual method, in pairs, are enough."""
    rule = options.rule
    return lambda done: (
        rule is not None and rule.is_enough(*([pair[method].mean_cycle_time_s for pair in done] for method in (0, 1)))
    )


def _never(_: Sequence[Any]) -> bool:
    return False


def _replicate(
    options: SimulationOptions,
    scenario: Scenario,
    run: Callable[..., _ResultT],
    label: str,
    is_enough: IsEnough = _never,
) -> list[_ResultT]:
    runs = replicate(
        run,
        scenario,
        options.length,
        seed=options.seed,
        replications=options.max_replications,
        jobs=options.jobs,
        is_enough=is_enough,
    )
    with progress(label, options.max_replications) as advance:
        done = []
        for replication in runs:
            done.append(replication)
            advance()
    return done


def _print_json(figures: dict[str, Any]) -> None:
    print(json.dumps(figures, indent=2))
