"""A sweep that runs by itself: many designs of a study, each compared with manual work, in a file that is resumed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellwright import __version__
from cellwright.benchmarks.experiments.experiment import DEFAULT_REPLICATIONS, Experiment, Progress, no_progress
from cellwright.benchmarks.experiments.sweep_workers import sweep_workers
from cellwright.benchmarks.sweeps.sampling import designs, read_varied_parameter
from cellwright.benchmarks.sweeps.sweep import Sweep, read_sweep, write_sweep
from cellwright.errors import InputError
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.sim import Study


@dataclass(frozen=True, slots=True)
class StudySweep:
    """A sweep that was simulated.

    Attributes:
        sweep: What was swept.
        output: The CSV file that holds it.
        rows: Of each design, by column; numbers as floats or None, ``problem`` as text.
    """

    sweep: Sweep
    output: Path
    rows: list[dict[str, Any]]

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The rows of designs that are not feasible."""
        return [row for row in self.rows if row["problem"]]


def compute_sweep(
    study: Study | str | Path,
    *,
    vary: Sequence[str],
    output: Path | str = "sweep.csv",
    method: str = "grid",
    samples: int = 64,
    hours: float | None = None,
    replications: int = DEFAULT_REPLICATIONS,
    seed: int = 1,
    overrides: Sequence[str] = (),
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Progress = no_progress,
) -> StudySweep:
    """Simulate many designs; what the file holds already is not simulated again.

    The same as ``cellwright sweep``, whose options have the same names.

    Args:
        study: A study, or the name of a cell or its file.
        vary: Parameters with range and number of values: "carriage.max_speed=100:400:7".
        output: The CSV file of results; an unfinished one is resumed.
        method: Sampling method: "grid", "latin" (Latin hypercube) or "sobol".
        samples: Number of designs to sample; not used for a grid.
        hours: After the warm-up; one shift of 7.5 h by default.
        replications: Of each design.
        seed: Of the random streams, the same for each design.
        overrides: Of parameters, for all designs.
        firmware: What steps the axes.
        jobs: Processes; all cores by default.
        scheduler: Address of a Dask scheduler to run on instead of local processes.
        progress: Called as ``progress(what, done, total)``; first with what an earlier run finished.

    Raises:
        InputError: A value cannot be used, the file holds something else, or the workers are lost.
    """
    experiment = Experiment(study, None, hours, replications, None, seed, overrides, firmware, jobs)
    return run_sweep(planned_sweep(experiment, vary, method, samples), Path(output), jobs, scheduler, progress)


def unvaried_sweep(experiment: Experiment) -> Sweep:
    """A sweep of no parameters: what to simulate, and how."""
    return Sweep(
        experiment.load(),
        experiment.cell,
        (),
        (),
        tuple(experiment.overrides),
        experiment.length,
        experiment.max_replications,
        experiment.seed,
        __version__,
        experiment.firmware,
    )


def planned_sweep(experiment: Experiment, vary: Sequence[str], method: str, samples: int) -> Sweep:
    """The sweep of these parameters. Raises InputError for one that cannot be varied, before anything is simulated."""
    if not vary:
        raise InputError("No parameter is varied; give one, as in --vary carriage.max_speed=100:400:7.")
    axes = [read_varied_parameter(text) for text in ((vary,) if isinstance(vary, str) else vary)]
    plan = replace(
        unvaried_sweep(experiment),
        names=tuple(axis.name for axis in axes),
        designs=designs(axes, method, samples, experiment.seed),
    )
    plan.scenario(plan.designs[0])  # refuses a misspelt parameter
    return plan


def run_sweep(
    sweep: Sweep, output: Path, jobs: int | None, scheduler: str | None = None, progress: Progress = no_progress
) -> StudySweep:
    """Simulate the designs that the file does not hold yet, and write each as it comes."""
    done, total = 0, len(sweep.designs)
    with sweep_workers(jobs, scheduler) as (executor, count):
        try:
            for done in write_sweep(sweep, output, executor, count):
                progress(f"{total} designs of {sweep.cell}", done, total)
        except CancelledError:
            raise InputError(
                f"The Dask scheduler at {scheduler} answers no more: {progress_sentence(done, total, output)}"
            ) from None
        except BrokenExecutor:
            raise InputError(
                f"A worker process was killed, perhaps for lack of memory: {progress_sentence(done, total, output)}"
            ) from None
    return StudySweep(sweep, output, read_sweep(output))


def progress_sentence(done: int, total: int, output: Path) -> str:
    """How much of a sweep that was stopped is in its file, and how it goes on."""
    return f"{done} of {total} designs are in {output}; run the same command again to resume."
