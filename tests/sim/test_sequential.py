"""The sequential rule: when it stops, that its intervals hold the truth, and the same bytes on any number of cores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.errors import InputError
from cellwright.sim import Estimate, Length, Precision, Replication, estimate, replicate
from cellwright.sim.sequential import LOOK_AHEAD, noise_percent

SEEDS = 1_000
TRUE_S = 250.0


def number_of_replications(rule: Precision, *means_s: np.ndarray) -> int:
    """How many replications the rule takes of those on offer."""
    count = 1
    while not rule.is_enough(*(each[:count] for each in means_s)):
        count += 1
    return count


def stand_in(cv: float) -> list[np.ndarray]:
    """Mean cycle times of replications, of a model that costs nothing: lognormal around a known truth, by seed."""
    rng = np.random.default_rng(2026)
    sigma = math.sqrt(math.log1p(cv**2))
    return list(TRUE_S * np.exp(sigma * rng.standard_normal((SEEDS, 200)) - sigma**2 / 2))


# The grid stands before the method: a spread at which the least number is often enough, and one at which it never is.
@pytest.mark.parametrize("cv", [0.008, 0.014])
def test_over_1000_seeds_the_intervals_hold_the_truth(cv: float) -> None:
    held, counts, rule = 0, [], Precision(0.5)
    for means_s in stand_in(cv):
        count = number_of_replications(rule, means_s)
        found = estimate(list(means_s[:count]), are_positive=True)
        assert found.ci95_low is not None and found.ci95_high is not None
        held += found.ci95_low <= TRUE_S <= found.ci95_high
        counts.append(count)
        assert rule.is_reached(means_s[:count])
    print(f"spread {100 * cv:g} %: {100 * held / SEEDS:.1f} %, {np.median(counts):g} replications")
    assert 0.93 <= held / SEEDS <= 0.97
    assert len(set(counts)) > 1  # it does look at the spread


@given(st.lists(st.floats(90, 110), min_size=1, max_size=60), st.floats(0.2, 20))
def test_it_stops_at_the_first_number_whose_look_ahead_is_narrow(values: list[float], percent: float) -> None:
    rule = Precision(percent)
    narrow = [
        count for count in range(2, len(values) + 1)
        if noise_percent(values[:count])[0] <= percent / (1 + percent / 100)
    ]  # fmt: skip
    wanted = set(range(len(values) - LOOK_AHEAD, len(values) + 1))
    assert rule.is_reached(values) == (len(values) >= 15 and wanted <= set(narrow))


def test_it_gives_up_at_the_most_and_says_so() -> None:
    wild = np.random.default_rng(1).lognormal(0, 1, 300)
    rule = Precision(0.5)
    assert number_of_replications(rule, wild) == 200
    assert not rule.is_reached(wild[:200])


def test_of_a_pair_each_mean_and_the_saved_time_count() -> None:
    rng = np.random.default_rng(5)
    common = rng.standard_normal(60)
    cell, manual = 250 * (1 + 0.01 * common), 390 * (1 + 0.01 * common)
    of_cell, of_manual, saved = noise_percent(cell, manual)
    assert of_cell == pytest.approx(of_manual) and saved == pytest.approx(0, abs=1e-9)  # what both meet cancels out
    assert estimate(list(cell)) == Estimate(
        pytest.approx(cell.mean()),
        pytest.approx(cell.mean() * (1 - of_cell / 100)),
        pytest.approx(cell.mean() * (1 + of_cell / 100)),
    )
    opposite = 390 * (1 - 0.01 * common)
    assert noise_percent(cell, opposite)[2] == pytest.approx(2 * of_cell * 250 / 390, rel=0.02)
    assert number_of_replications(Precision(0.5), cell) < number_of_replications(Precision(0.5), cell, opposite)


@pytest.mark.parametrize("percent", [0, -1, 100, math.nan, math.inf])
def test_a_precision_that_nothing_can_have_is_refused(percent: float) -> None:
    with pytest.raises(InputError, match="more than 0 and less than 100"):
        Precision(percent)


class NoScenario:
    """Needs no preparation."""

    def prepare(self) -> None:
        pass


def draw(scenario: object, length: Length, seed: int, number: int) -> Replication:
    """A replication of one cycle, by its number alone."""
    from array import array

    return Replication(array("d", [float(np.random.default_rng([seed, number]).normal(100, 1))]))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_replications_on_any_number_of_cores(seed: int) -> None:
    rule = Precision(0.5)

    def enough(done: list[Replication]) -> bool:
        return rule.is_enough([each.mean_cycle_time_s for each in done])

    one, three = (
        list(
            replicate(
                draw, NoScenario(), Length(cycles=1), seed=seed, replications=200, jobs=jobs, is_enough=enough  # type: ignore[arg-type]
            )
        )
        for jobs in (1, 3)
    )  # fmt: skip
    assert one == three
    assert 15 <= len(one) < 60
