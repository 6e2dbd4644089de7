"""How often the intervals of ``compare`` and ``economics`` hold a truth that is known: the table of statistics.md.

    python benchmarks/performance/interval_coverage.py [--studies 400] [--jobs 2]

A few minutes on two cores. A small panel and four cycles a replication: what is asked is whether intervals hold the
truth, not how long a panel takes. Every replication is simulated a few times only, however many studies there are: what
it gives is a constant, and how often it drew each timed occurrence (``Reused``; it is compared with the simulation).
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from cellwright.benchmarks.comparison import Comparison, figures_by_replication, outcome, paired
from cellwright.benchmarks.economics.inputs import Economics, read_economics
from cellwright.benchmarks.economics.model import economics_as_given, evaluate_economics
from cellwright.benchmarks.input_uncertainty import TIME_STUDY, TRIAL, Trial, input_sources
from cellwright.benchmarks.uncertainty import NORMAL_95, UncertaintySource
from cellwright.cells import load
from cellwright.errors import CellwrightError
from cellwright.provenance import published
from cellwright.sequences import Settings, inputs_of
from cellwright.sim import Element, Length, Replication, Scenario, run_cell, run_manual

LENGTH = Length(cycles=4)
PANEL = ("layout.slats=4", "layout.panel_length_mm=1200", "manual.magazine_staples=56")
"""28 staples: a refill in every second panel by hand, in every fifth by the cell."""
CYCLES, SPREAD, CORRELATION = 10, 0.15, 0.3
"""Of a stopwatch study: whole cycles, the spread of an element, and how alike the elements of one cycle are."""
REPLICATIONS = (5, 20, 100)
TRUTH_REPLICATIONS = 1_000
SEED, TRUTH_SEED, STUDY_SEED = 1, 90_001, 2026
POOL = 400
"""Replications that are simulated; a study takes its own of them."""
DIGITS, DIGIT_S = 5, 1e-4
ECONOMICS = "cells/stapler/economics.toml"
DRAWS = 4_000
Run = Callable[[Scenario, Length, int, int], Replication]
Both = tuple[list[Replication], list[Replication]]


class InPlace(Executor):
    """Does what is submitted at once."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def nominal() -> Scenario:
    return load("stapler").scenario(PANEL)


def all_known(scenario: Scenario) -> Scenario:
    """The same with nothing assumed: the truth is known but for the times of manual work."""
    parameters = {}
    for name, holder in scenario.parameters.items():
        if isinstance(holder, Settings):
            parameters[name] = holder.model_copy(update={"status": "published"})
            continue
        numbers = {
            field.name: published(value, "known")
            for field in dataclasses.fields(holder)
            if field.init and isinstance(value := getattr(holder, field.name), float)
        }
        parameters[name] = replace(holder, **numbers)
    parameters["manual"] = replace(parameters["manual"], relative_error=published(1e-6, "known"))
    return replace(scenario, parameters=parameters)


def true_elements(scenario: Scenario) -> list[Element]:
    """The elements of manual work as they truly are: with a known mean, and the spread of a study."""
    return [replace(each, spread=SPREAD, observed_s=()) for each in scenario.manual_elements()]


def study_of(elements: Sequence[Element], rng: np.random.Generator) -> tuple[Element, ...]:
    """A stopwatch study of whole cycles: lognormal times, and a cycle that is slow is so in all its elements."""
    sigma = math.sqrt(math.log1p(SPREAD**2))
    common, own = rng.standard_normal((CYCLES, 1)), rng.standard_normal((CYCLES, len(elements)))
    normal = math.sqrt(CORRELATION) * common + math.sqrt(1 - CORRELATION) * own
    times_s = np.array([each.mean_s for each in elements]) * np.exp(sigma * normal - sigma**2 / 2)
    return tuple(_studied(each, times_s[:, number], rng.random()) for number, each in enumerate(elements))


def _studied(element: Element, times_s: np.ndarray, phase: float) -> Element:
    """An element as it is read from a study. phase: how far the first cycle is from the last refill, 0 to 1."""
    counts = tuple(int(n) for n in np.diff(np.floor(element.per_unit * np.arange(CYCLES + 1) + phase)))
    observed_s = tuple(float(seconds) for seconds, count in zip(times_s, counts, strict=True) for _ in range(count))
    return replace(
        element,
        mean_s=float(np.mean(observed_s)),
        per_unit=len(observed_s) / CYCLES,
        observed_s=observed_s,
        cycle_sums_s=tuple(float(seconds) * count for seconds, count in zip(times_s, counts, strict=True)),
        cycle_counts=counts,
        status="measured",
    )


@dataclasses.dataclass
class Reused:
    """The replications of a scenario under any study, each simulated once for all studies with as many occurrences.

    A cell or a person draws the same occurrences of a study whatever times these have, so that both the cycle time and
    the labour are a constant plus the sum of the times, each as often as it was drawn. How often is read from a few
    runs in which the times of some occurrences are longer by powers of 16.
    """

    scenario: Scenario
    length: Length
    seed: int
    _known: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = dataclasses.field(default_factory=dict)

    def replication(self, run: Run, observed: Sequence[Element], number: int) -> Replication:
        """The replication of this number, with the mean cycle time and the labour that this study gives."""
        key = (run.__name__, number, *(len(each.observed_s) for each in observed))
        if key not in self._known:
            self._known[key] = self._counted(run, observed, number)
        constant, counts = self._known[key]
        mean_s, labour_s = constant + counts @ np.concatenate([each.observed_s for each in observed])
        cycles = self.length.cycles or 0
        return Replication(array("d", [mean_s] * cycles), labour_s * cycles)

    def _figures(self, run: Run, observed: Sequence[Element], times_s: np.ndarray, number: int) -> np.ndarray:
        ends = np.cumsum([len(each.observed_s) for each in observed])[:-1]
        split = np.split(times_s, ends)
        scenario = replace(
            self.scenario,
            observed=tuple(
                replace(each, observed_s=tuple(mine.tolist())) for each, mine in zip(observed, split, strict=True)
            ),
        )
        found = run(scenario, self.length, self.seed, number)
        return np.array([found.mean_cycle_time_s, found.labour_s / len(found.cycle_times_s)])

    def _counted(self, run: Run, observed: Sequence[Element], number: int) -> tuple[np.ndarray, np.ndarray]:
        even_s = np.concatenate([np.full(len(each.observed_s), 20.0) for each in observed])
        base = self._figures(run, observed, even_s, number)
        allowance, cycles = 1 + float(self.scenario.manual.allowance), self.length.cycles or 0
        counts = np.zeros((2, len(even_s)))
        for start in range(0, len(even_s), DIGITS):
            some = slice(start, start + DIGITS)
            longer_s = even_s.copy()
            digits = len(even_s[some])
            longer_s[some] += DIGIT_S * 16.0 ** np.arange(digits)
            added = (self._figures(run, observed, longer_s, number) - base) * cycles / allowance / DIGIT_S
            assert np.abs(added - np.round(added)).max() < 0.01, "the events came in another order"
            counts[:, some] = np.round(added)[:, None] // 16 ** np.arange(digits) % 16
        counts *= allowance / cycles
        return base - counts @ even_s, counts

    def both(self, observed: Sequence[Element], numbers: Sequence[int]) -> Both:
        """The replications of the cell, and of the manual method."""
        cell, manual = ([self.replication(run, observed, n) for n in numbers] for run in (run_cell, run_manual))
        return cell, manual


@dataclasses.dataclass(frozen=True)
class ReusedTrial(Trial):
    """A trial that is simulated once for all studies."""

    reused: Reused

    def figures(self, scenario: Scenario, same_cell: Replication | None = None) -> dict[str, float]:  # noqa: ARG002
        """The mean of each figure."""
        cell, manual = self.reused.both(self._observed(scenario), [0])
        columns = figures_by_replication(outcome("cell", cell), outcome("manual", manual))
        return {name: float(np.mean(values)) for name, values in columns.items()}

    def of_cell(self, scenario: Scenario) -> Replication:
        """The cell's part of the trial."""
        return self.reused.replication(run_cell, self._observed(scenario), 0)

    def _observed(self, scenario: Scenario) -> list[Element]:
        return [each.scaled(scenario.work_factors.get(each.name, 1.0)) for each in scenario.observed]


def compared(both: Both, sources: Sequence[UncertaintySource]) -> Comparison:
    return paired("panel", *both, {}, SEED, 7.5, sources)


@lru_cache
def _reused() -> Reused:
    return Reused(all_known(nominal()), LENGTH, SEED)


@lru_cache
def _reused_trial() -> Reused:
    return Reused(all_known(nominal()), TRIAL, SEED)


def study_source(observed: tuple[Element, ...]) -> list[UncertaintySource]:
    """The uncertainty from a stopwatch study, as ``compare`` finds it."""
    trial = ReusedTrial(replace(all_known(nominal()), observed=observed), SEED, _reused_trial())
    return [each for each in input_sources(trial, InPlace()) if each.name == TIME_STUDY]


def batch(number: int, replications: int) -> range:
    """The replications of one study: other ones than its neighbours', as far as there are some."""
    start = number * replications % POOL
    return range(start, start + replications)


def check_reuse() -> None:
    """Compare what is reused with what is simulated."""
    observed = study_of(true_elements(nominal()), np.random.default_rng(7))
    scenario = replace(all_known(nominal()), observed=observed)
    for run in (run_cell, run_manual):
        reused, simulated = _reused().replication(run, observed, 3), run(scenario, LENGTH, SEED, 3)
        assert math.isclose(reused.mean_cycle_time_s, simulated.mean_cycle_time_s, rel_tol=1e-6)
        assert math.isclose(reused.labour_s, simulated.labour_s, rel_tol=1e-6)


# ---- less time, with everything known but the times of manual work ----


def true_less_time_percent(executor: Executor) -> float:
    scenario = all_known(nominal())
    scenario = replace(scenario, observed=tuple(true_elements(scenario)))
    parts = [executor.submit(_true_means_s, scenario, number) for number in range(10)]
    cell_s, manual_s = np.mean([each.result() for each in parts], axis=0)
    return float(100 * (1 - cell_s / manual_s))


def _true_means_s(scenario: Scenario, part: int) -> tuple[float, float]:
    numbers = range(part * TRUTH_REPLICATIONS // 10, (part + 1) * TRUTH_REPLICATIONS // 10)
    cell_s = np.mean([run_cell(scenario, LENGTH, TRUTH_SEED, n).mean_cycle_time_s for n in numbers])
    allowance = 1 + float(scenario.manual.allowance)
    manual_s = allowance * sum(each.mean_s * each.per_unit for each in scenario.manual_elements())
    return float(cell_s), manual_s


def less_time_intervals(replications: Sequence[int], number: int) -> list[tuple[float, float]]:
    """The interval of less_time_percent by one study, by the number of replications."""
    observed = study_of(true_elements(nominal()), np.random.default_rng([STUDY_SEED, number]))
    sources = study_source(observed)
    found = [
        compared(_reused().both(observed, batch(number, count)), sources).less_time_percent for count in replications
    ]
    return [(each.ci95_low or -math.inf, each.ci95_high or math.inf) for each in found]


def less_time_coverage(
    studies: int, replications: Sequence[int], executor: Executor, chunk: int = 5
) -> Iterator[tuple[int, float, float]]:
    """By the number of replications: the share of intervals that hold the truth, and their median half-width."""
    truth = true_less_time_percent(executor)
    intervals = np.array(
        list(executor.map(partial(less_time_intervals, replications), range(studies), chunksize=chunk))
    )
    held = (intervals[:, :, 0] <= truth) & (truth <= intervals[:, :, 1])
    half_widths = np.median(intervals[:, :, 1] - intervals[:, :, 0], axis=0) / 2
    yield from zip(replications, held.mean(axis=0).tolist(), half_widths.tolist(), strict=True)


# ---- net present value, with truths drawn from all declared distributions ----


@lru_cache
def _economics() -> Economics:
    from pathlib import Path

    return read_economics(Path(__file__).parents[2] / ECONOMICS, ())


@lru_cache
def _sources_without_study() -> tuple[UncertaintySource, ...]:
    """Of the assumed inputs and of what no study timed: the study hardly enters, so they are found once for all."""
    scenario = nominal()
    scenario = replace(scenario, observed=study_of(true_elements(scenario), np.random.default_rng(STUDY_SEED)))
    return tuple(each for each in input_sources(Trial(scenario, 1), InPlace()) if each.name != TIME_STUDY)


def true_scenario(rng: np.random.Generator) -> Scenario:
    """A truth as declared: assumed inputs off by 10 %, predetermined times all by one 10 %, in 95 of 100 cases."""
    base = nominal()
    names = {each.name for each in _sources_without_study()}
    off = float(np.exp(0.1 / NORMAL_95 * rng.standard_normal()))
    while True:
        overrides = [
            f"{name}={value * (1 + 0.1 / NORMAL_95 * rng.standard_normal()):.10g}"
            for name, value, _ in inputs_of(base.parameters)
            if name in names
        ]
        try:
            truth = load("stapler").scenario([*PANEL, *overrides])
            run_cell(truth, Length(cycles=1), 1, 0)
        except CellwrightError:
            continue  # no cell can be so: it is no truth
        elements = {each.name: each for each in (*truth.manual_elements(), *truth.tending())}
        return replace(truth, work_factors=dict.fromkeys(elements, off))


def npv_and_range(replications: int, number: int) -> tuple[float, float, float]:
    """The true net present value of one truth, and the 5th and 95th percentile by a study simulated from it, NOK."""
    rng = np.random.default_rng([STUDY_SEED + 1, number])
    truth = true_scenario(rng)
    of_truth = replace(truth, observed=tuple(true_elements(truth)), work_factors={})
    numbers = {name: float(each.draw(rng, 1)[0]) for name, each in _economics().numbers("economics")}
    of_both = tuple(
        [run(of_truth, LENGTH, TRUTH_SEED + number, n) for n in range(12)] for run in (run_cell, run_manual)
    )
    true_npv = economics_as_given(compared(of_both, ()), _economics(), changed=numbers).cell.npv_nok[0]  # type: ignore[arg-type]
    observed = study_of(true_elements(truth), rng)
    both = _reused().both(observed, batch(number % 5, replications))
    found = compared(both, [*study_source(observed), *_sources_without_study()])
    drawn = evaluate_economics(found, _economics(), None, draws=DRAWS).cell.npv_nok
    low, high = np.percentile(drawn, (5, 95))
    return float(true_npv), float(low), float(high)


def npv_coverage(studies: int, replications: int, executor: Executor, chunk: int = 5) -> tuple[float, float, float]:
    """The share of truths within the 5th to 95th percentile, below it, and above it."""
    found = np.array(list(executor.map(partial(npv_and_range, replications), range(studies), chunksize=chunk)))
    true_npv, low, high = found.T
    below, above = (true_npv < low).mean(), (true_npv > high).mean()
    return float(1 - below - above), float(below), float(above)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=["time", "npv"])
    asked = parser.parse_args()
    check_reuse()
    with ProcessPoolExecutor(asked.jobs) as executor:
        if asked.only != "npv":
            print(f"| replications | of {asked.studies} intervals hold the truth | median half-width |")
            print("|---|---|---|")
            for count, share, half_width in less_time_coverage(asked.studies, REPLICATIONS, executor):
                print(f"| {count} | {100 * share:.1f} % | {half_width:.2f} percentage points |")
        if asked.only != "time":
            inside, below, above = npv_coverage(asked.studies, 20, executor)
            print(
                f"Net present value: {100 * inside:.1f} % of {asked.studies} truths lie within the 5th to 95th "
                f"percentile, {100 * below:.1f} % below and {100 * above:.1f} % above; wanted: 86 to 94 % within."
            )


if __name__ == "__main__":
    main()
