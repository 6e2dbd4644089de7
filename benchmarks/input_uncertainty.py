"""How far a comparison may be off because its inputs are: a stopwatch study, predetermined times, assumed inputs.

Each input is changed alone, under the same random numbers, and the change of every figure is one source of an
uncertainty budget. It is made smaller first; where that changes nothing, it is not made larger. The method that the
cell replaces and the person who tends the cell share their times: one change of an element moves both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from cellwright.benchmarks.comparison import figures_by_replication, is_time, outcome
from cellwright.benchmarks.uncertainty import UncertaintySource, of_range, of_sample
from cellwright.errors import CellwrightError
from cellwright.sequences import apply_overrides, inputs_of
from cellwright.sim import Element, Length, Replication, Scenario, run_cell, run_manual

TIME_STUDY = "time study"
PREDETERMINED = "predetermined times"
ASSUMED_ERROR = 0.10
"""Assumed inputs lie within this share of their values in 95 of 100 cases: itself an assumption, and said to be."""
STEP = 0.05
"""By what share a timed element is made longer and shorter to see what depends on it."""
TRIAL = Length(cycles=10)
"""How long an input is tried: all its values meet the same random numbers."""

Change = tuple[str, tuple[Scenario | None, Scenario | None]]
"""The name of a source, and the scenario with its input smaller and larger; None where that cannot be."""


@dataclass(frozen=True)
class Trial:
    """A short comparison that is repeated with one input changed."""

    scenario: Scenario
    seed: int

    def figures(self, scenario: Scenario, same_cell: Replication | None = None) -> dict[str, float]:
        """The mean of each figure. same_cell: the cell's part of the trial, where it is known."""
        cell = outcome("cell", [same_cell or self.of_cell(scenario)])
        manual = outcome("manual", [run_manual(scenario, TRIAL, self.seed, 0)])
        return {name: float(np.mean(values)) for name, values in figures_by_replication(cell, manual).items()}

    def of_cell(self, scenario: Scenario) -> Replication:
        """The cell's part of the trial."""
        return run_cell(scenario, TRIAL, self.seed, 0)

    def changed(self, scenario: Scenario | None, base_cell: Replication) -> dict[str, float] | None:
        """The figures; None where the cell cannot be with this input. base_cell: the cell's part as it is."""
        try:
            if scenario is None:
                return None
            return self.figures(scenario, base_cell if scenario.has_the_cell_of(self.scenario) else None)
        except CellwrightError:
            return None


def uncertain_inputs(scenario: Scenario) -> int:
    """How often ``input_sources`` calls ``advance``."""
    return len(_changes(scenario))


def input_sources(
    trial: Trial, executor: Executor, advance: Callable[[], None] = lambda: None
) -> list[UncertaintySource]:
    """Every source of uncertainty beside the simulation's noise. advance: called after each changed input."""
    timed = timed_elements(trial.scenario.observed)
    base, effects = _effects(trial, _changes(trial.scenario), executor, advance)
    sources = [] if not timed else [_time_study(trial.scenario, timed, base, effects)]
    return sources + [of_range(name, "assumed", *ends) for name, ends in effects.items() if not _is_timed(name)]


def _effects(
    trial: Trial,
    changes: Sequence[Change],
    executor: Executor,
    advance: Callable[[], None],
) -> tuple[dict[str, float], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """The figures as they are, and by source how each changes with the input smaller and larger."""
    base_cell = trial.of_cell(trial.scenario)
    base = trial.figures(trial.scenario, base_cell)
    lows = [executor.submit(trial.changed, low, base_cell) for _, (low, _) in changes]
    # What is as it was with the smaller input does not depend on it: half of a cell's inputs do not matter to it.
    highs = [
        None if low.result() == base else executor.submit(trial.changed, high, base_cell)
        for low, (_, (_, high)) in zip(lows, changes, strict=True)
    ]
    effects = {}
    for (name, _), of_low, of_high in zip(changes, lows, highs, strict=True):
        low, high = of_low.result(), base if of_high is None else of_high.result()
        advance()
        # An end that cannot be has the effect of the other, mirrored.
        lower = _deviation(base, low) if low else -_deviation(base, high)
        effects[name] = lower, _deviation(base, high) if high else -lower
    return base, effects


def _time_study(
    scenario: Scenario,
    timed: Sequence[Element],
    base: dict[str, float],
    effects: dict[str, tuple[np.ndarray, np.ndarray]],
) -> UncertaintySource:
    ends = [effects[f"{TIME_STUDY}: {each.name}"] for each in timed]
    slopes = np.array([(high - low) / (2 * STEP) for low, high in ends])
    normal_s = math.fsum(each.mean_s * each.per_unit for each in scenario.manual_elements())
    return time_study_source(timed, normal_s, slopes, list(base))


def _is_timed(name: str) -> bool:
    return name.startswith(TIME_STUDY)


def _changes(scenario: Scenario) -> list[Change]:
    """The scenario with each input smaller and larger, by the name of the source."""
    error = float(scenario.manual.relative_error)
    return [
        *(
            (f"{TIME_STUDY}: {each.name}", _with_work(scenario, [each.name], STEP))
            for each in timed_elements(scenario.observed)
        ),
        (PREDETERMINED, _with_work(scenario, _predetermined(scenario), error)),
        *_assumed_inputs(scenario),
    ]


# ---- the time study ----


def timed_elements(observed: Sequence[Element]) -> list[Element]:
    """The elements of a study that occur in two cycles or more: they say how far their mean may be off."""
    return [each for each in observed if sum(count > 0 for count in each.cycle_counts) > 1]


def occurrence_influences(element: Element) -> np.ndarray:
    """How far each timed cycle draws the element's mean time, as shares of it, shape (cycles,).

    The mean is a ratio, seconds by occurrences; the jackknife leaves out one cycle after the other. Source: Cochran
    1977, Sampling Techniques, section 6.17; with one occurrence a cycle it is the sample itself.
    """
    sums_s, counts = np.array(element.cycle_sums_s), np.array(element.cycle_counts)
    mean_s, cycles = sums_s.sum() / counts.sum(), len(counts)
    without_s = (sums_s.sum() - sums_s) / (counts.sum() - counts)
    return np.asarray((cycles - 1) * (1 - without_s / mean_s))


def time_study_source(
    timed: Sequence[Element], normal_s: float, slopes: np.ndarray, columns: Sequence[str]
) -> UncertaintySource:
    """The study, cycle by cycle: whole cycles are independent, the elements of one cycle are not.

    normal_s: of a unit made by hand, without allowance. slopes: shape (elements, columns), by what a figure changes if
    the element takes its own time longer. The manual method's time is the mean of the whole cycles, so it needs none.
    """
    cell = np.stack([occurrence_influences(each) for each in timed], axis=1) @ slopes
    whole_s = np.sum([each.cycle_sums_s for each in timed], axis=0)
    manual = (whole_s - whole_s.mean()) / normal_s
    values = np.stack(
        [
            (manual if is_time(column) else 0 * manual) if column.startswith("manual.") else cell[:, number]
            for number, column in enumerate(columns)
        ],
        axis=1,
    )
    return of_sample(TIME_STUDY, timed[0].status, values)


# ---- predetermined times, and inputs that somebody assumed ----


def _predetermined(scenario: Scenario) -> list[str]:
    """The elements that nobody timed, or once only."""
    timed = {each.name for each in timed_elements(scenario.observed)}
    elements = [*scenario.manual_elements(), *scenario.tending()]
    return [name for name in dict.fromkeys(each.name for each in elements) if name not in timed]


def _with_work(scenario: Scenario, names: Sequence[str], share: float) -> tuple[Scenario, Scenario]:
    low, high = (replace(scenario, work_factors=dict.fromkeys(names, factor)) for factor in (1 - share, 1 + share))
    return low, high


def _assumed_inputs(scenario: Scenario) -> Iterator[Change]:
    """Each assumed number that is not 0, smaller and larger.

    Those that only say how long an element of work takes are left out: the error of predetermined times is theirs.
    """
    work = _work(scenario)
    for name, value, status in inputs_of(scenario.parameters):
        if status != "assumed" or not isinstance(value, float) or value == 0 or name == "manual.relative_error":
            continue
        low, high = (value * (1 - ASSUMED_ERROR), value * (1 + ASSUMED_ERROR))
        ends = _with_input(scenario, name, low), _with_input(scenario, name, high)
        if name.startswith("manual.") and any(end is not None and _work(end) != work for end in ends):
            continue
        if ends != (None, None):
            yield name, ends


def _with_input(scenario: Scenario, name: str, value: float) -> Scenario | None:
    try:
        return replace(scenario, parameters=apply_overrides(scenario.parameters, [f"{name}={value:.10g}"]))
    except CellwrightError:
        return None


def _work(scenario: Scenario) -> list[tuple[str, float]]:
    return [(each.name, each.mean_s) for each in (*scenario.manual.elements(scenario.parameters), *scenario.tending())]


def _deviation(base: dict[str, float], figures: dict[str, float] | None) -> np.ndarray:
    """The change of each figure: of times as a share (the difference of logarithms), of measures in their unit."""
    if figures is None:
        return np.zeros(len(base))
    return np.array(
        [
            math.log(figures[name] / value)
            if is_time(name) and value > 0 and figures[name] > 0
            else figures[name] - value
            for name, value in base.items()
        ]
    )
