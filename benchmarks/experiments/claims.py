"""Claims checked against what is simulated now."""

from __future__ import annotations

from typing import Any

from cellwright.benchmarks.claims import Claims, Verdict, check_claim
from cellwright.benchmarks.experiments.compare import run_today
from cellwright.benchmarks.experiments.comparison_json import comparison_json
from cellwright.benchmarks.experiments.experiment import Experiment, Progress, no_progress


def judge_claims(claims: Claims, jobs: int | None = None, progress: Progress = no_progress) -> list[Verdict]:
    """The verdict on each claim; claims on the same comparison share one simulation.

    Args:
        claims: As they were read.
        jobs: Processes; all cores by default.
        progress: Called as ``progress(what, done, total)`` while it runs.

    Raises:
        InputError: A claim names a cell or a figure that there is not.
    """
    figures: dict[Any, dict[str, Any]] = {}
    for claim in claims.claims:
        if claim.comparison not in figures:
            experiment = Experiment(
                claim.cell,
                hours=claim.hours,
                replications=claim.replications,
                seed=claim.seed,
                overrides=claim.overrides,
                firmware=claim.firmware,
                jobs=jobs,
            )
            scenario = experiment.scenario()
            comparison = run_today(experiment, scenario, progress)
            figures[claim.comparison] = comparison_json(experiment, scenario, comparison)
    return [check_claim(claim, figures[claim.comparison]) for claim in claims.claims]
