"""What inputs leave open, on the stapler: which input counts, what it moves, and that replications do not hide it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import pytest

from cellwright.benchmarks.comparison import Comparison, paired
from cellwright.benchmarks.economics.model import draw_means
from cellwright.benchmarks.input_uncertainty import PREDETERMINED, TIME_STUDY, Trial, input_sources, uncertain_inputs
from cellwright.cells import load
from cellwright.sim import Element, Length, Replication, Scenario, Streams, run_cell, run_manual

LENGTH = Length(cycles=12)
NAMES = ("fetch felt", "lay slats", "staple", "step to next row", "lift off")
CYCLES_S = [
    (15.0, 40.0, 270.0, 11.0, 15.0),
    (20.0, 48.0, 330.0, 13.0, 20.0),
    (17.0, 44.0, 300.0, 12.0, 17.0),
    (18.0, 41.0, 290.0, 11.0, 18.0),
    (16.0, 46.0, 315.0, 12.0, 16.0),
]


class InPlace(Executor):
    """Does what is submitted at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def study(cycles: int = len(CYCLES_S)) -> list[Element]:
    return [
        Element(
            name,
            sum(times_s) / cycles,
            0.1,
            observed_s=times_s,
            cycle_sums_s=times_s,
            cycle_counts=(1,) * cycles,
            status="measured",
        )
        for name, times_s in zip(NAMES, zip(*CYCLES_S[:cycles], strict=True), strict=True)
    ]


def compared(scenario: Scenario, replications: int, *, noise_alone: bool = False) -> Comparison:
    sources = [] if noise_alone else input_sources(Trial(scenario, 1), InPlace())
    cell, manual = (
        [run(scenario, LENGTH, 1, number) for number in range(replications)] for run in (run_cell, run_manual)
    )
    return paired("panel", cell, manual, {}, 1, 7.5, sources)


def width(comparison: Comparison) -> float:
    low, high = comparison.manual.cycle_time_s.ci95_low, comparison.manual.cycle_time_s.ci95_high
    assert low is not None and high is not None
    return high - low


def test_more_replications_do_not_make_a_study_surer() -> None:
    scenario = load("stapler").scenario(observed=study())
    few, many = (compared(scenario, replications) for replications in (5, 20))
    assert width(many) > 0.7 * width(few)
    # The whole cycles alone: 351, 431, 390, 378, 405 s, sd 29.9; t of 4 degrees of freedom; 15 % allowance. The noise
    # adds some degrees of freedom, so the whole may be a little narrower.
    assert width(many) >= 2 * 2.776 * 29.9 / 5**0.5 * 1.15 * 0.95
    assert width(compared(scenario, 20, noise_alone=True)) < 0.5 * width(many)


def test_a_study_of_one_cycle_counts_as_predetermined() -> None:
    scenario = load("stapler").scenario(observed=study(cycles=1))
    names = [each.name for each in input_sources(Trial(scenario, 1), InPlace())]
    assert TIME_STUDY not in names and PREDETERMINED in names


def test_predetermined_times_move_both_by_what_is_stated() -> None:
    scenario = load("stapler").scenario(["manual.relative_error=0.2"])
    columns = list(Trial(scenario, 1).figures(scenario))
    (source,) = (each for each in input_sources(Trial(scenario, 1), InPlace()) if each.name == PREDETERMINED)
    effect = dict(zip(columns, 1.96 * source.deviations[0], strict=True))
    assert effect["manual.cycle_time_s"] == pytest.approx(0.2, abs=0.005)
    assert 0.02 < effect["cell.cycle_time_s"] < 0.15  # its operator's share of the time


def test_each_assumed_input_is_a_source_and_no_other_is() -> None:
    scenario = load("stapler").scenario()
    names = {each.name for each in input_sources(Trial(scenario, 1), InPlace())}
    assert {"operator.response_s", "plant.jams_per_1000_staples", "trigger.rest_s"} <= names
    assert not names & {"manual.mod_s", "manual.allowance"}  # published
    assert not names & {"manual.staple_mods", "manual.relative_error"}  # in the error of predetermined times
    assert len(names) == uncertain_inputs(scenario)


def test_the_cell_is_simulated_only_where_an_input_can_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is the manual method's alone leaves the cell as it is, and what changes nothing is not tried twice."""
    tried: list[Scenario] = []

    def counted(scenario: Scenario, *more: Any) -> Replication:
        tried.append(scenario)
        return run_cell(scenario, *more)

    monkeypatch.setattr("cellwright.benchmarks.input_uncertainty.run_cell", counted)
    scenario = load("stapler").scenario(["plant.jams_per_1000_staples=0.5"])
    sources = {each.name: each for each in input_sources(Trial(scenario, 1), InPlace())}
    magazines = [float(each.manual.magazine_staples) for each in tried]
    assert set(magazines) == {float(scenario.manual.magazine_staples)}
    of_cell, of_manual = (
        [number for number, name in enumerate(Trial(scenario, 1).figures(scenario)) if name.startswith(method)]
        for method in ("cell.", "manual.")
    )
    by_hand = sources["manual.magazine_staples"].deviations[0]
    assert np.any(by_hand[of_manual]) and not np.any(by_hand[of_cell])
    inert = [name for name, each in sources.items() if not np.any(each.deviations)]
    assert inert and len(tried) <= 2 + 2 * len(sources) - len(inert)


def test_an_input_that_cannot_be_larger_still_counts() -> None:
    """No pulse is longer than the longest that is allowed: the effect of the shorter one is mirrored."""
    pulse_s = load("stapler").scenario().parameters["trigger"].pulse_s
    free, at_its_limit = (
        {each.name: each for each in input_sources(Trial(load("stapler").scenario(overrides), 1), InPlace())}
        for overrides in ([], [f"trigger.max_on_s={float(pulse_s)!r}"])
    )
    assert np.abs(free["trigger.pulse_s"].deviations).max() > 0.001
    assert at_its_limit["trigger.pulse_s"].deviations == pytest.approx(free["trigger.pulse_s"].deviations, rel=0.1)


def test_the_economics_draw_shared_work_once() -> None:
    scenario = load("stapler").scenario()
    with_inputs, noise = (compared(scenario, 20, noise_alone=alone) for alone in (False, True))
    drawn, drawn_noise = (draw_means(each, Streams(1, 0), 2_000) for each in (with_inputs, noise))
    manual_s, cell_labour_s = drawn[:, 0], drawn[:, 3]
    assert manual_s.std() > 3 * drawn_noise[:, 0].std()
    assert abs(float(np.corrcoef(manual_s, cell_labour_s)[0, 1])) > 0.5


def test_the_parts_of_a_comparison_add_up_and_say_what_decides() -> None:
    found = compared(load("stapler").scenario(), 20)
    assert sum(found.less_time_shares.values()) == pytest.approx(1)
    assert next(iter(found.less_time_shares)) == PREDETERMINED
    less = found.less_time_percent
    assert less.ci95_low is not None and less.ci95_high is not None and found.less_time_noise_percent is not None
    assert less.ci95_high - less.ci95_low > 2 * found.less_time_noise_percent
