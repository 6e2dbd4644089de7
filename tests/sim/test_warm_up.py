"""MSER-5: by hand, on published data, and how often it warns where there is nothing to warn of."""

from __future__ import annotations

import numpy as np
import pytest

from cellwright.sim import Estimate, check_warm_up, estimate
from cellwright.sim.warm_up import mser, truncation_point

# How many molecules a pore holds, from the first step on: the first 80 of the example data (enthalpy_data.csv) that
# come with pyMSER, Oliveira et al. 2024, Journal of Chemical Theory and Computation 20(19), 8559-8568. With five in a
# batch, kim-convergence 0.1.0 (its function mser_m) leaves out 35 of them.
MOLECULES = [
    *(38, 42, 44, 44, 44, 46, 45, 47, 51, 50, 50, 51, 52, 50, 50, 52, 50, 51, 55, 55),
    *(52, 53, 55, 53, 53, 53, 56, 59, 60, 61, 64, 61, 60, 60, 61, 66, 68, 69, 71, 67),
    *(67, 65, 68, 65, 67, 62, 62, 63, 66, 65, 68, 74, 76, 78, 78, 78, 75, 77, 75, 71),
    *(75, 74, 70, 71, 71, 70, 70, 69, 66, 67, 66, 66, 68, 69, 66, 66, 64, 64, 65, 65),
]


def test_mser_worked_out_by_hand() -> None:
    # batches of two: 3, 1, 1; their mean 5/3: (16/9 + 4/9 + 4/9) / 3² = 8/27; without the first all are alike
    assert mser([4, 2, 1, 1, 0, 2, 99], batch=2) == pytest.approx([8 / 27, 0, 0])


def test_the_truncation_point_is_that_of_another_program_on_published_data() -> None:
    assert truncation_point(MOLECULES) == 35


def test_a_start_that_ends_is_left_out_and_nothing_of_what_is_steady() -> None:
    falling = [10 - 0.45 * n for n in range(20)]
    assert truncation_point(falling + [1.0] * 80) == 20
    assert truncation_point([2.0] * 100) == 0


def test_few_values_and_what_never_settles_do_not_tell() -> None:
    assert truncation_point([10.0] * 5 + [1.0] * 44) is None
    assert truncation_point(list(range(100))) is None


def cycles_of(replications: int, cycles: int, seed: int) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).lognormal(4.6, 0.3, (replications, cycles)))


def of_means(replications: list[np.ndarray]) -> Estimate:
    return estimate([float(each.mean()) for each in replications])


def test_cycle_times_that_never_change_are_seldom_warned_of() -> None:
    runs = [cycles_of(10, 90, seed) for seed in range(200)]
    judged = [check_warm_up(run, of_means(run)) for run in runs]
    assert sum(each.further_cycles != 0 for each in judged) > 60  # what MSER-5 alone would warn of
    assert sum(each.was_enough is False for each in judged) <= 8  # 4 expected


def test_a_slow_start_is_warned_of_and_its_end_found() -> None:
    run = cycles_of(10, 90, 1)
    for cycles in run:
        cycles[:10] += 100
    judged = check_warm_up(run, of_means(run))
    assert judged.was_enough is False and judged.further_cycles == 10
    assert judged.mean_s == pytest.approx(np.mean([cycles[10:].mean() for cycles in run]))


def test_what_drifts_all_along_is_warned_of() -> None:
    run = [cycles + np.linspace(100, 0, 90) for cycles in cycles_of(10, 90, 1)]
    judged = check_warm_up(run, of_means(run))
    assert judged.was_enough is False and judged.further_cycles is None


def test_too_few_cycles_or_a_single_replication_do_not_tell() -> None:
    few, alone = cycles_of(10, 49, 1), cycles_of(1, 90, 1)
    assert check_warm_up(few, of_means(few)).was_enough is None
    assert check_warm_up(alone, of_means(alone)).was_enough is None
    assert check_warm_up([], Estimate(1.0, None, None)).was_enough is None


def test_cycle_times_all_alike_are_steady() -> None:
    run = [np.full(60, 0.1)] * 3
    assert check_warm_up(run, of_means(run)).as_json() == {
        "cycles_left_out": 2,
        "further_cycles_mser5": 0,
        "was_enough": True,
    }
