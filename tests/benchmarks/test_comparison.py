from array import array

import pytest

from cellwright.benchmarks import compare, outcome
from cellwright.sim import Replication


def replication(*cycle_times_s: float, labour_s: float = 0.0, stops: int = 0) -> Replication:
    return Replication(array("d", cycle_times_s), labour_s, {"working": sum(cycle_times_s)}, {"jam": stops})


def test_the_difference_is_paired_and_stated_both_ways() -> None:
    cell = [replication(60, 60, labour_s=20), replication(90, 90, labour_s=20)]
    hand = [replication(100, labour_s=100), replication(150, labour_s=150)]
    compared = compare("panel", cell, hand, {}, seed=1, hours=7.5)
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
    hand = [measured([4.0, 5.0]), measured([5.0, 8.0])]
    found = compare("can", cell, hand, {}, seed=1, hours=7.5)
    of_cell = found.cell.measures["error_g"]
    assert of_cell.means == (1.5, 2.5)
    assert (of_cell.mean.mean, of_cell.p50) == (2.0, 2.0)
    assert found.less_measured["error_g"].mean == pytest.approx(3.5)  # 3 in one pair, 4 in the other
    low, high = found.less_measured["error_g"].ci95_low, found.less_measured["error_g"].ci95_high
    assert (low, high) == pytest.approx((3.5 - 12.706 * 0.5, 3.5 + 12.706 * 0.5), rel=1e-3)
    assert found.cell.as_json()["measures"]["error_g"]["mean"] == 2.0


def test_a_measure_that_only_one_of_them_has_is_not_compared():
    found = compare("can", [measured([1.0, 2.0])], [replication(10, labour_s=5)], {}, seed=1, hours=7.5)
    assert found.less_measured == {}
    assert "measures" not in found.hand.as_json()
