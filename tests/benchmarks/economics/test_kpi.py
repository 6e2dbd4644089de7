from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.benchmarks import outcome
from cellwright.benchmarks.economics.kpi import elements_not_producing, kpis, kpis_of, states_not_producing
from cellwright.sequences import Cell
from cellwright.sim import Element, Replication


def test_a_worked_example():
    # A shift of 480 min in which 420 min were worked; 1 min planned a unit; 378 made, 360 good:
    # availability 420/480, effectiveness 378/420, quality ratio 360/378; the OEE index is 360/480 = 0.75.
    found = kpis(pbt_s=28_800, apt_s=25_200, pri_s=60, produced=378, good=360)
    assert found.availability == pytest.approx(0.875)
    assert found.effectiveness == pytest.approx(0.9)
    assert found.quality_ratio == pytest.approx(0.95238, abs=1e-5)
    assert found.oee_index == pytest.approx(0.75)
    assert found.as_json()["oee_index_percent"] == pytest.approx(75)


@given(st.floats(1, 1e6), st.floats(0.01, 1), st.floats(0.1, 1e3), st.integers(1, 1000), st.floats(0, 1))
def test_the_oee_index_is_good_units_in_planned_time_over_busy_time(busy_s, working, pri_s, made, good):
    found = kpis(busy_s, busy_s * working, pri_s, made, made * good)
    assert found.oee_index == pytest.approx(pri_s * made * good / busy_s)


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ((10, 11, 1, 1, 1), "does not fit a planned busy time of 10 s"),
        ((10, 0, 1, 1, 1), "does not fit"),
        ((10, 5, 0, 1, 1), "is none"),
        ((10, 5, 1, 0, 0), "is not possible"),
        ((10, 5, 1, 3, 4), "4 good of 3 units is not possible"),
    ],
)
def test_impossible_elements_are_refused(elements, words):
    with pytest.raises(ValueError, match=words):
        kpis(*elements)


def made(**time_in_state_s):
    """Two units of 100 s."""
    return outcome("cell", [Replication(array("d", [100, 100]), 0.0, time_in_state_s)])


def test_from_an_outcome_waiting_and_stops_are_not_production():
    result = made(waiting=40.0, working=120.0, clearing=40.0)
    found = kpis_of(result, {"waiting", "clearing"}, scrap=0.05, pri_s=54)
    assert (found.availability, found.effectiveness) == pytest.approx((0.6, 54 / 60))
    assert found.quality_ratio == pytest.approx(0.95)
    assert kpis_of(result, {"waiting", "clearing"}, scrap=0).effectiveness == 1  # no plan: as it was
    assert kpis_of(result, {"waiting"}, 0, allowance=0.25).availability == pytest.approx(0.8 / 1.25)
    assert kpis_of(result, {"waiting", "working", "clearing"}, 0) is None


class Press(Cell):
    states = ["waiting", "pressing", "clearing"]
    transitions = [
        ["start", "waiting", "pressing"],
        ["jammed", "pressing", "clearing"],
        ["cleared", "clearing", "pressing"],
        ["pressed", "pressing", "waiting"],
    ]
    stop_triggers = {"jammed": "press jammed"}


def test_which_states_and_elements_do_not_produce():
    assert states_not_producing(Press) == {"waiting", "clearing", "faulted", "stopped"}
    refill = Element("refill", 10, stop_cause="magazine empty")
    assert elements_not_producing([Element("staple", 100), refill]) == {"refill"}
