from array import array

import numpy as np
import pytest
from scipy import stats

from cellwright.benchmarks import outcome, paired
from cellwright.sim import Replication


def replication(*cycle_times_s: float, labour_s: float = 0.0, stops: int = 0) -> Replication:
    return Replication(array("d", cycle_times_s), labour_s, {"working": sum(cycle_times_s)}, {"jam": stops})


def test_the_difference_is_paired_and_stated_both_ways() -> None:
    cell = [replication(60, 60, labour_s=20), replication(90, 90, labour_s=20)]
    manual = [replication(100, labour_s=100), replication(150, labour_s=150)]
    compared = paired("panel", cell, manual, {}, seed=1, hours=7.5)
    assert compared.less_time_percent.mean == pytest.approx(40)
    assert compared.less_time_percent.ci95_low == pytest.approx(40)  # in pairs there is no spread at all
    assert compared.more_output_percent.mean == pytest.approx(100 * (1 / 0.6 - 1))
    assert compared.less_labour_percent.mean == pytest.approx(100 - (10 / 100 + 10 / 150) / 2 * 100)


def test_an_outcome_adds_up_all_replications() -> None:
    result = outcome("cell", [replication(10, 20, labour_s=6, stops=1), replication(30, labour_s=9, stops=2)])
    assert result.cycles == 3
    assert result.cycle_time_s.mean == pytest.approx((15 + 30) / 2)
    assert result.units_per_hour.mean == pytest.approx((3600 / 15 + 3600 / 30) / 2)
    assert result.labour_s_per_unit.mean == pytest.approx((3 + 9) / 2)
    assert result.time_in_state_s == {"working": 20.0}
    assert result.stops == {"jam": 3}
    figures = result.as_json()
    assert figures["cycle_time_s"]["p50"] == 20.0


def measured(values, cycle_times_s=(10.0, 10.0)):
    return Replication(array("d", cycle_times_s), 5.0, measures={"error_g": array("d", values)})


def test_measures_are_summed_up_and_their_difference_is_paired():
    cell = [measured([1.0, 2.0]), measured([2.0, 3.0])]
    manual = [measured([4.0, 5.0]), measured([5.0, 8.0])]
    found = paired("can", cell, manual, {}, seed=1, hours=7.5)
    of_cell = found.cell.measures["error_g"]
    assert of_cell.means == (1.5, 2.5)
    assert (of_cell.mean.mean, of_cell.p50) == (2.0, 2.0)
    assert found.less_measured["error_g"].mean == pytest.approx(3.5)  # 3 in one pair, 4 in the other
    low, high = found.less_measured["error_g"].ci95_low, found.less_measured["error_g"].ci95_high
    assert (low, high) == pytest.approx((3.5 - 12.706 * 0.5, 3.5 + 12.706 * 0.5), rel=1e-3)
    assert found.cell.as_json()["measures"]["error_g"]["mean"] == 2.0


def test_the_paired_interval_is_that_of_a_published_example():
    # Student 1908, hours of sleep gained with each of two drugs, as in R's data set `sleep`; R's t.test(paired = TRUE)
    # gives 1.58 (0.7001142 to 2.4598858). Each patient is a replication, each drug a way to work.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = paired("night", [measured([x]) for x in first], [measured([x]) for x in second], {}, seed=1, hours=7.5)
    less = found.less_measured["error_g"]
    assert (less.mean, less.ci95_low, less.ci95_high) == pytest.approx((1.58, 0.7001142, 2.4598858), abs=5e-8)
    times = [measured([0], cycle_times_s=[1 + x / 100]) for x in (*first, *second)]
    in_percent = paired("night", times[:10], times[10:], {}, seed=1, hours=7.5).less_time_percent
    pairs = [100 * (1 - (1 + a / 100) / (1 + b / 100)) for a, b in zip(first, second, strict=True)]
    known = stats.ttest_1samp(pairs, 0).confidence_interval()
    found_half = (in_percent.ci95_high - in_percent.ci95_low) / 2
    assert found_half == pytest.approx((known.high - known.low) / 2, rel=0.02)  # the delta method's, of the ratio
    assert in_percent.mean == pytest.approx(np.mean(pairs))


def test_percentiles_are_those_of_a_published_example():
    # the 40th percentile of these is 29 where the rank is 1 + p (n - 1): Hyndman and Fan 1996, definition 7, and
    # Wikipedia, "Percentile", which has the example
    assert np.percentile([15, 20, 35, 40, 50], 40) == pytest.approx(29)
    figures = outcome("cell", [replication(15, 20, 35, 40, 50)]).as_json()["cycle_time_s"]
    assert [figures[each] for each in ("p5", "p50", "p95")] == pytest.approx([16, 35, 48])


def test_an_outcome_says_whether_the_warm_up_was_enough():
    slow_start = [measured([0], [200.0] * 5 + [100.0] * 55) for _ in range(3)]
    assert outcome("cell", slow_start).as_json()["warm_up"] == {
        "cycles_left_out": 2,
        "further_cycles_mser5": 5,
        "was_enough": False,
    }


def test_a_measure_that_only_one_of_them_has_is_not_compared():
    found = paired("can", [measured([1.0, 2.0])], [replication(10, labour_s=5)], {}, seed=1, hours=7.5)
    assert found.less_measured == {}
    assert "measures" not in found.manual.as_json()
