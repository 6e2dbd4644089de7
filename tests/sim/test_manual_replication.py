"""The manual method, computed as arrays: the same as element after element."""

from __future__ import annotations

import numpy as np
import pytest

from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.sim import Length, Streams, run_manual


@pytest.fixture(scope="module")
def scenario():
    return load("stapler").scenario()


def test_it_is_what_comes_of_doing_element_after_element(scenario):
    """A plain loop, as one would do it with a pencil: what comes less often than every unit is carried."""
    streams, carried, times_s, refills = Streams(3, 1), {}, [], []
    for _ in range(32):
        unit_s, unit_refills = 0.0, 0
        for element in scenario.manual_elements():
            carried[element.name] = carried.get(element.name, 0.0) + element.per_unit
            while carried[element.name] >= 1 - 1e-9:
                carried[element.name] -= 1
                unit_s += element.draw(streams) * 1.15
                unit_refills += element.name == "refill"
        times_s.append(unit_s)
        refills.append(unit_refills)
    done = run_manual(scenario, Length(cycles=30), 3, 1)
    assert np.array(done.cycle_times_s) == pytest.approx(times_s[2:], abs=1e-9)
    assert done.stops == {"magazine empty": sum(refills[2:])}
    assert done.labour_s == pytest.approx(sum(times_s[2:]))


def test_refills_come_as_often_as_the_magazine_is_empty(scenario):
    assert run_manual(scenario, Length(cycles=2800), 1, 0).stops["magazine empty"] == 2800 * 195 // 140


@pytest.mark.parametrize("hours", [2.0, 8.0, 100.0, 1000.0])
def test_hours_count_the_units_that_are_finished_within_them(scenario, hours):
    done = run_manual(scenario, Length(hours=hours), 1, 0)
    count = len(done.cycle_times_s)
    one_more = run_manual(scenario, Length(cycles=count + 1), 1, 0)
    assert sum(done.cycle_times_s) <= 3600 * hours < sum(one_more.cycle_times_s)
    assert list(done.cycle_times_s) == pytest.approx(list(one_more.cycle_times_s)[:count], abs=1e-9)
    assert sum(done.time_in_state_s.values()) == pytest.approx(done.labour_s)


def test_what_each_unit_is_like_is_noted():
    done = run_manual(load("lacquer_mixer").scenario(), Length(cycles=9), 1, 0)
    assert {name: len(values) for name, values in done.measures.items()}["dose_error_g"] == 9


def test_too_little_time_for_a_unit(scenario):
    with pytest.raises(InputError, match=r"No panel is finished within 0\.05 hours"):
        run_manual(scenario, Length(hours=0.05), 1, 0)
