"""The replications of an experiment: of its cell, of the manual method, or of both under the same random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from cellwright.benchmarks.experiments.experiment import Experiment, Progress, steps
from cellwright.sequences import RunLog
from cellwright.sim import Replication, Scenario, replicate, run_cell, run_manual, run_pair

_ResultT = TypeVar("_ResultT")
IsEnough = Callable[[Sequence[Any]], bool]


def replicate_cell(
    experiment: Experiment, scenario: Scenario, progress: Progress, log: RunLog | None = None
) -> list[Replication]:
    """The replications of the cell, events and cycles in ``log`` if there is one; until they are precise enough.

    A log is of one process: the experiment has to have 1 job.
    """
    run = run_cell if log is None else partial(run_cell, log=log)
    return _replicate(experiment, scenario, run, f"{experiment.cell} on the model board", progress, _is_exact)


def replicate_both(
    experiment: Experiment, scenario: Scenario, progress: Progress
) -> tuple[list[Replication], list[Replication]]:
    """The replications of the cell and of the manual method: a fixed number, or until they are precise enough."""
    if experiment.rule is None:
        of_cell = _replicate(experiment, scenario, run_cell, f"{experiment.cell} on the model board", progress)
        return of_cell, _replicate(experiment, scenario, run_manual, "the manual method", progress)
    label = f"{experiment.cell} and the manual method"
    pairs = _replicate(experiment, scenario, run_pair, label, progress, _are_exact)
    return [cell for cell, _ in pairs], [manual for _, manual in pairs]


def replicate_best_manual(experiment: Experiment, best: Scenario, progress: Progress) -> list[Replication]:
    """The replications of the best manual method, a fixed number. best: the scenario with that method."""
    return _replicate(experiment, best, run_manual, "the best manual method", progress)


def _replicate(
    experiment: Experiment,
    scenario: Scenario,
    run: Callable[..., _ResultT],
    what: str,
    progress: Progress,
    enough: Callable[[Experiment], IsEnough] | None = None,
) -> list[_ResultT]:
    most = experiment.max_replications
    more = {} if enough is None else {"is_enough": enough(experiment)}
    runs = replicate(
        run, scenario, experiment.length, seed=experiment.seed, replications=most, jobs=experiment.jobs, **more
    )
    advance = steps(progress, what, most)
    done: list[_ResultT] = []
    for replication in runs:
        done.append(replication)
        advance()
    return done


def _is_exact(experiment: Experiment) -> IsEnough:
    """Whether the replications of a cell are enough."""
    rule = experiment.rule
    return lambda done: rule is not None and rule.is_enough([each.mean_cycle_time_s for each in done])


def _are_exact(experiment: Experiment) -> IsEnough:
    """Whether the replications of cell and manual method, in pairs, are enough."""
    rule = experiment.rule
    return lambda done: (
        rule is not None and rule.is_enough(*([pair[method].mean_cycle_time_s for pair in done] for method in (0, 1)))
    )
