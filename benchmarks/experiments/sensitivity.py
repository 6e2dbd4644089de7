"""The sensitivity of a result to each parameter of a study, varied alone by the same share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellwright import __version__
from cellwright.benchmarks.experiments.experiment import Experiment, Progress, no_progress, steps
from cellwright.benchmarks.experiments.sweep import unvaried_sweep
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange, ranked, sensitivity
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.sequences import inputs_of
from cellwright.sim import Study
from cellwright.sim.replication import workers

LESS_TIME = "less_time_percent"
SENSITIVITY_PERCENT = 20.0
SENSITIVITY_REPLICATIONS = 10


@dataclass(frozen=True, slots=True)
class StudySensitivity:
    """The effect of each parameter on a result.

    Attributes:
        experiment: What was simulated, and how.
        figure: The result, a column of a sweep.
        percent: By how much each parameter was made smaller and larger, %.
        base: The result with all parameters as they are.
        ranges: The result with each parameter changed alone, in the order of the parameters.
        input_hash: Of all inputs.
    """

    experiment: Experiment
    figure: str
    percent: float
    base: float
    ranges: tuple[SensitivityRange, ...]
    input_hash: str

    def ranked(self) -> list[SensitivityRange]:
        """The parameters that can be changed alone, the largest effect first."""
        return ranked(self.ranges, self.base)

    def as_json(self) -> dict[str, Any]:
        """The ranges by name, with what reproduces them: what ``cellwright sensitivity --json`` prints."""
        experiment = self.experiment
        return {
            "cell": experiment.cell,
            "firmware": experiment.firmware,
            "figure": self.figure,
            "percent": self.percent,
            "base_case": self.base,
            "inputs": [asdict(each) | {"may_be_chance": each.may_be_chance(self.base)} for each in self.ranked()],
            "seed": experiment.seed,
            "version": __version__,
            "input_hash": self.input_hash,
            "replications": experiment.max_replications,
        }


def compute_sensitivity(
    study: Study | str | Path,
    *,
    figure: str = LESS_TIME,
    by: float = SENSITIVITY_PERCENT,
    hours: float | None = None,
    replications: int = SENSITIVITY_REPLICATIONS,
    seed: int = 1,
    overrides: Sequence[str] = (),
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
    jobs: int | None = None,
    progress: Progress = no_progress,
) -> StudySensitivity:
    """Vary every parameter alone, and rank them by their effect on a result.

    The same as ``cellwright sensitivity``, whose options have the same names.

    Args:
        study: A study, or the name of a cell or its file.
        figure: The result: a column of a sweep.
        by: By how much each parameter is made smaller and larger, %.
        hours: After the warm-up; one shift of 7.5 h by default.
        replications: Of each value.
        seed: Of the random streams, the same for each value.
        overrides: Of parameters.
        firmware: What steps the axes.
        jobs: Processes; all cores by default.
        progress: Called as ``progress(what, done, total)`` while it runs.

    Raises:
        InputError: There is no such figure, or a value cannot be used.
    """
    experiment = Experiment(study, None, hours, replications, None, seed, overrides, firmware, jobs)
    return run_sensitivity(experiment, figure, by, progress)


def run_sensitivity(
    experiment: Experiment, figure: str, by: float, progress: Progress = no_progress
) -> StudySensitivity:
    """The same for an experiment."""
    base_case, scenario = unvaried_sweep(experiment), experiment.scenario()
    total = sum(1 for _ in inputs_of(scenario.parameters))
    base, ranges = 0.0, list[SensitivityRange]()
    with workers(experiment.jobs) as executor:
        advance = steps(progress, f"{total} parameters of {experiment.cell}", total)
        for found in sensitivity(base_case, figure, by / 100, executor):
            if isinstance(found, float):
                base = found
            else:
                ranges.append(found)
            advance()
    return StudySensitivity(experiment, figure, by, base, tuple(ranges), scenario.input_hash())
