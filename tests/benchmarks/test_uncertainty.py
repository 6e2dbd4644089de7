"""Uncertainty budgets against the GUM's example, and by coverage: the share of intervals that hold the truth."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.benchmarks.input_uncertainty import occurrence_influences, time_study_source
from cellwright.benchmarks.uncertainty import UncertaintyBudget, UncertaintySource, around, of_range, of_sample
from cellwright.sim import Element, Estimate, Streams, estimate, t_quantile

MEANS_S = (16.7, 43.7, 294.6, 16.9, 11.1, 16.7)
"""The elements of a panel stapled by hand."""
STUDIES = 5_000
MANUAL = ("manual.cycle_time_s",)


def test_degrees_of_freedom_are_those_of_the_gum() -> None:
    # JCGM 100:2008, G.4.1, example: relative standard uncertainties 0.25, 0.57 and 0.82 % from 10, 5 and 15 readings
    # give 1.03 %, and 19.0 degrees of freedom.
    inputs = ((0.25, 9), (0.57, 4), (0.82, 14))
    sources = tuple(UncertaintySource(str(u), "measured", np.array([[u]]), freedom) for u, freedom in inputs)
    half_width = UncertaintyBudget(("y",), sources).half_width({"y": 1})
    assert half_width == pytest.approx(1.03 * t_quantile(19.0), rel=0.003)


def test_a_budget_of_one_sample_is_students_interval() -> None:
    values = [3.1, 2.7, 4.4, 3.9, 2.2]
    budget = UncertaintyBudget(("y",), (of_sample("simulation", "simulation", np.array([values]).T),))
    of_budget = around(float(np.mean(values)), budget.half_width({"y": 1}), is_positive=False)
    assert of_budget.as_json() == pytest.approx(estimate(values).as_json())


def test_what_both_share_leaves_their_difference_alone() -> None:
    shared = of_range("fetch", "assumed", np.array([-0.1, -0.1]), np.array([0.1, 0.1]))
    budget = UncertaintyBudget(("manual", "cell"), (shared,))
    assert budget.half_width({"manual": 1}) == pytest.approx(0.1)
    assert budget.half_width({"manual": 1, "cell": -1}) == 0.0
    drawn = budget.draw({"fetch": np.random.default_rng(1)}, 10_000)
    assert np.array_equal(drawn[:, 0], drawn[:, 1])
    assert np.mean(np.abs(drawn[:, 0]) < 0.1) == pytest.approx(0.95, abs=0.01)


def test_draws_lie_where_the_interval_says() -> None:
    rng = np.random.default_rng(3)
    sources = (
        of_sample("simulation", "simulation", rng.normal(size=(16, 2))),
        of_sample("time study", "measured", rng.normal(size=(12, 2))),
        of_range("input", "assumed", np.array([-0.3, 0.1]), np.array([0.2, -0.2])),
    )
    budget, weights = UncertaintyBudget(("a", "b"), sources), np.array([1.0, -0.5])
    half_width = budget.half_width({"a": 1, "b": -0.5})
    drawn = budget.draw(Streams(1, 0), 100_000) @ weights
    assert np.mean(np.abs(drawn) < half_width) == pytest.approx(0.95, abs=0.01)


def test_one_replication_says_nothing_of_its_noise() -> None:
    budget = UncertaintyBudget(("y",), (of_sample("simulation", "simulation", np.array([[3.0]])),))
    assert budget.half_width({"y": 1}) is None
    assert around(3.0, None, is_positive=True) == Estimate(3.0, None, None)


@given(st.lists(st.floats(0.001, 1e6), min_size=2, max_size=8))
def test_the_interval_of_a_time_never_reaches_0(values: list[float]) -> None:
    found = estimate(values, are_positive=True)
    assert found.ci95_low is not None and found.ci95_high is not None
    assert 0 <= found.ci95_low <= found.mean <= found.ci95_high


def test_shares_add_up() -> None:
    sources = (
        of_range("a", "assumed", np.array([-0.3]), np.array([0.3])),
        of_range("b", "assumed", np.array([-0.4]), np.array([0.4])),
    )
    assert UncertaintyBudget(("y",), sources).shares({"y": 2}) == pytest.approx({"b": 0.64, "a": 0.36})


# ---- coverage: the grid stands before the method, and no seed was searched ----


def studies(cv: float, correlation: float, cycles: int) -> Iterable[np.ndarray]:
    """Studies of lognormal element times, shape (cycles, elements); a cycle that is slow is so in all its elements."""
    rng = np.random.default_rng(2026)
    sigma = math.sqrt(math.log1p(cv**2))
    shape = (cycles, len(MEANS_S))
    for _ in range(STUDIES):
        common, own = rng.standard_normal((cycles, 1)), rng.standard_normal(shape)
        normal = math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own
        yield np.array(MEANS_S) * np.exp(sigma * normal - sigma**2 / 2)


def as_elements(times_s: np.ndarray) -> list[Element]:
    return [
        Element(str(n), float(np.mean(column)), observed_s=tuple(column), cycle_sums_s=tuple(column),
                cycle_counts=(1,) * len(column))
        for n, column in enumerate(times_s.T)
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("cycles", [5, 10, 30])
@pytest.mark.parametrize("correlation", [0.0, 0.3])
@pytest.mark.parametrize("cv", [0.1, 0.3])
def test_intervals_of_the_manual_time_hold_the_truth_95_times_in_100(
    cv: float, correlation: float, cycles: int
) -> None:
    held = 0
    for times_s in studies(cv, correlation, cycles):
        mean_s = float(times_s.sum(axis=1).mean())
        source = time_study_source(as_elements(times_s), mean_s, np.zeros((len(MEANS_S), 1)), MANUAL)
        found = around(mean_s, UncertaintyBudget(MANUAL, (source,)).half_width({MANUAL[0]: 1}), is_positive=True)
        assert found.ci95_low is not None and found.ci95_high is not None
        held += found.ci95_low <= sum(MEANS_S) <= found.ci95_high
    print(f"CV {cv:g}, correlation {correlation:g}, {cycles} cycles: {100 * held / STUDIES:.1f} %")
    assert 0.935 <= held / STUDIES <= 0.965


@pytest.mark.slow
@pytest.mark.parametrize("cycles", [10, 30])
def test_intervals_of_a_refill_that_some_cycles_have_hold_the_truth(cycles: int) -> None:
    """The time of one refill, where cycles have none, one or two."""
    rng, held, counted = np.random.default_rng(7), 0, 0
    for _ in range(4_000):
        counts = rng.choice([0, 1, 2], size=cycles, p=[0.2, 0.5, 0.3])
        sums_s = np.array([rng.lognormal(math.log(17) - 0.02, 0.2, n).sum() for n in counts])
        element = Element("refill", 1.0, cycle_sums_s=tuple(sums_s), cycle_counts=tuple(counts))
        source = of_sample("time study", "measured", occurrence_influences(element)[:, None])
        mean_s = sums_s.sum() / counts.sum()
        found = around(mean_s, UncertaintyBudget(("refill",), (source,)).half_width({"refill": 1}), is_positive=True)
        assert found.ci95_low is not None and found.ci95_high is not None
        held += found.ci95_low <= 17 <= found.ci95_high
        counted += 1
    assert 0.93 <= held / counted <= 0.965
