"""The economics of a study, or of a guess at a cell, from its files: compared, priced and drawn by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellwright import __version__
from cellwright.benchmarks.economics.business_case import BusinessCase, business_case_json
from cellwright.benchmarks.economics.cell_files import read_prices, refuse_what_does_not_fit
from cellwright.benchmarks.economics.commercial import read_commercial
from cellwright.benchmarks.economics.guess import GuessedCell, evaluate_guess, guessed
from cellwright.benchmarks.economics.inputs import InputModel, UncertainNumber, read_economics
from cellwright.benchmarks.economics.model import evaluate_economics
from cellwright.benchmarks.experiments.compare import run_both
from cellwright.benchmarks.experiments.comparison_json import precision_json
from cellwright.benchmarks.experiments.experiment import Experiment, Progress, no_progress
from cellwright.benchmarks.experiments.manual_times import ManualTimes, TimedScenario, with_times
from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy, read_study, whole_cycles_s
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.sim import Scenario, Study, observe_free_time
from cellwright.sim.people.elements import ALLOWANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEconomics(BusinessCase):
    """A business case with what it rests on.

    Attributes:
        head: What reproduces it: cell or study, seed, version, hash of the inputs.
        more: What was asked of the stopwatch study and of the simulation's noise, as JSON.
        experiment: What was simulated; None where the cell is only guessed.
        timed: The scenario with the times of the manual method; None where the cell is only guessed.
        study: The stopwatch study; None where there is none.
    """

    head: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)
    experiment: Experiment | None = None
    timed: TimedScenario | None = None
    study: StopwatchStudy | None = None

    def as_json(self) -> dict[str, Any]:
        """All figures by name, units in the names: what ``cellwright economics --json`` prints."""
        return self.head | business_case_json(self) | self.more


def compute_economics(
    study: Study | str | Path,
    *,
    economics: Path | str | None = None,
    commercial: Path | str | None = None,
    manual: ManualTimes | None = None,
    hours: float | None = None,
    cycles: int | None = None,
    replications: int | None = None,
    precision: float | None = None,
    seed: int = 1,
    overrides: Sequence[str] = (),
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
    jobs: int | None = None,
    accept: bool = False,
    progress: Progress = no_progress,
) -> StudyEconomics:
    """Compare a cell with the manual methods, and compute savings, payback and net present value.

    The same as ``cellwright economics``, whose options have the same names.

    Args:
        study: A study, or the name of a cell or its file.
        economics: The file of costs and prices; economics.toml in the cell's folder by default.
        commercial: The file of a commercial machine; commercial.toml in the cell's folder by default.
        manual: A stopwatch study of the manual method: its file, or the elements that were timed.
        hours: As the rest, of ``compare``.
        cycles: Units, instead.
        replications: So many, or
        precision: until the simulation's noise is at most so many per cent.
        seed: Of the random streams, also of the draws of uncertain prices.
        overrides: Of parameters.
        firmware: What steps the axes.
        jobs: Processes.
        accept: Whether implausible times and rates are taken as they are.
        progress: Called as ``progress(what, done, total)`` while it runs.

    Returns:
        The business case: ``result.cell`` and the other alternatives; ``as_json()`` has all of it.

    Raises:
        InputError: A file or a value cannot be used; before anything is simulated.
        CellFault: The cell stops with nobody there to reset it.
    """
    experiment = Experiment(study, cycles, hours, replications, precision, seed, overrides, firmware, jobs, accept)
    return run_economics(experiment, manual, economics, commercial, progress)


def run_economics(
    experiment: Experiment,
    manual: ManualTimes | None = None,
    economics: Path | str | None = None,
    commercial: Path | str | None = None,
    progress: Progress = no_progress,
) -> StudyEconomics:
    """The same for an experiment."""
    timed = with_times(experiment.scenario(), manual, experiment.accept)
    scenario = timed.scenario
    prices, machine = read_prices(scenario, experiment.cell, economics, commercial, experiment.accept)
    compared = run_both(experiment, scenario, progress)
    today = compared.today
    result = evaluate_economics(
        today,
        prices,
        machine,
        scenario.study.measures,
        free=observe_free_time(scenario, experiment.length, experiment.seed),
        best=compared.best,
    )
    return StudyEconomics(
        prices,
        machine,
        result,
        today.unit,
        scenario,
        compared,
        head=experiment.head(scenario, today.replications) | {"input_hash": input_hash(scenario, prices, machine)},
        more=timed.as_json() | precision_json(experiment.rule, today.cell.means_s, today.manual.means_s),
        experiment=experiment,
        timed=timed,
        study=timed.study,
    )


def compute_economics_of_guess(
    *,
    manual: Path | str,
    economics: Path | str,
    seconds: float | tuple[float, float, float] | UncertainNumber,
    labour: float | tuple[float, float, float] | UncertainNumber | None = None,
    commercial: Path | str | None = None,
    seed: int = 1,
    accept: bool = False,
) -> StudyEconomics:
    """The economics before there is a cell: a guess at its seconds of a unit, against a stopwatch study.

    Args:
        manual: The file of the stopwatch study.
        economics: The file of costs and prices.
        seconds: The cell's of a unit, or lowest, likely and highest.
        labour: The person's seconds of a unit; all of them by default.
        commercial: The file of a commercial machine.
        seed: Of the draws.
        accept: Whether rates that can hardly be meant are taken as they are.

    Raises:
        InputError: One of the files or of the guesses cannot be used.
    """
    study = read_study(Path(manual))
    prices = read_economics(Path(economics), [])
    commercial_file = Path(commercial) if commercial else None
    machine = read_commercial(commercial_file, []) if commercial_file else None
    refuse_what_does_not_fit(prices, Path(economics), machine, commercial_file, accept)
    unit_s = guessed("seconds", seconds)
    labour_s = unit_s if labour is None else guessed("labour", labour)
    cell = GuessedCell(whole_cycles_s(study), float(ALLOWANCE), unit_s, labour_s, study.status)
    head = {
        "cell": None,
        "study": str(manual),
        "cycles_timed": len(study.cycles),
        "seed": seed,
        "version": __version__,
        "input_hash": _hash([cell.cycles_s, unit_s.model_dump(), labour_s.model_dump()], prices, machine),
    }
    return StudyEconomics(prices, machine, evaluate_guess(cell, prices, machine, seed), head=head, study=study)


def input_hash(scenario: Scenario, *read: InputModel | None) -> str:
    """SHA-256 of the inputs of the simulation and of the files read."""
    return _hash(scenario.input_hash(), *read)


def _hash(first: object, *read: InputModel | None) -> str:
    given = [first, *(each and each.model_dump() for each in read)]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
