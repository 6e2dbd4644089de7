"""The fast path does what the events do, to rounding, whatever the design and whatever it knew before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.cells import load
from cellwright.sim import Length, Replication, run_cell, run_cell_by_events
from cellwright.sim.fast import FastPath, NotExact, fast_path_of
from cellwright.sim.work import Element

SMALL = ("layout.slats=4", "layout.staple_spacing_mm=700")


def assert_same(fast: Replication, events: Replication, tolerance_s: float = 1e-9) -> None:
    assert len(fast.cycle_times_s) == len(events.cycle_times_s)
    assert np.abs(np.array(fast.cycle_times_s) - np.array(events.cycle_times_s)).max() <= tolerance_s
    total_s = sum(events.cycle_times_s)
    assert fast.labour_s == pytest.approx(events.labour_s, rel=0, abs=1e-9 * total_s)
    assert fast.time_in_state_s == pytest.approx(events.time_in_state_s, rel=0, abs=1e-9 * total_s)
    assert fast.stops == events.stops


@pytest.mark.parametrize("length", [Length(cycles=150), Length(hours=8)], ids=["cycles", "hours"])
def test_the_stapler_with_its_jams_and_refills(length):
    scenario = load("stapler").scenario(["plant.jams_per_1000_staples=2"])
    known = FastPath(scenario)
    for replication in range(2):
        events = run_cell_by_events(scenario, length, 1, replication)
        assert events.stops["stapler jammed"] > 5
        assert_same(known.run(length, 1, replication), events)


@settings(max_examples=25, deadline=None)
@given(
    jams=st.sampled_from([0, 1, 30, 200]),
    slats=st.integers(1, 6),
    speed=st.integers(40, 400),
    rest_s=st.floats(0.07, 0.3),
    response_s=st.floats(15, 60),
    spread=st.sampled_from([0.0, 0.1, 1.5]),
    allowance=st.sampled_from([0.0, 0.15]),
    seed=st.integers(0, 1000),
)
def test_any_design_of_the_stapler(jams, slats, speed, rest_s, response_s, spread, allowance, seed):
    scenario = load("stapler").scenario(
        [
            f"plant.jams_per_1000_staples={jams}",
            f"layout.slats={slats}",
            "layout.staple_spacing_mm=700",
            f"carriage.max_speed={speed}",
            f"trigger.rest_s={rest_s}",
            f"operator.response_s={response_s}",
            f"hand.spread={spread}",
            f"hand.allowance={allowance}",
        ]
    )
    length = Length(cycles=60)
    assert_same(FastPath(scenario).run(length, seed, 0), run_cell_by_events(scenario, length, seed, 0))


def test_work_timed_with_a_stopwatch():
    observed = (
        Element("refill", 0.0, observed_s=(20.0, 25.0, 31.0)),
        Element("lay slats", 0.0, observed_s=(40.0, 44.0)),
    )
    scenario = load("stapler").scenario(SMALL, observed)
    assert_same(FastPath(scenario).run(Length(cycles=80), 3, 2), run_cell_by_events(scenario, Length(cycles=80), 3, 2))


@pytest.mark.parametrize("seed", range(5))
def test_a_cell_of_ones_own(kit, seed):
    """One in which chance decides at every shot, by a draw that is a fraction."""
    scenario = kit().scenario()
    known = FastPath(scenario)
    for replication in range(3):
        events = run_cell_by_events(scenario, Length(cycles=300), seed, replication)
        assert events.stops["no pins"] > 100
        assert_same(known.run(Length(cycles=300), seed, replication), events)


def test_the_same_bytes_whatever_was_known_before():
    scenario = load("stapler").scenario([*SMALL, "plant.jams_per_1000_staples=20"])
    fresh, known = FastPath(scenario), FastPath(scenario)
    for replication in range(5):
        known.run(Length(cycles=100), 1, replication)
    assert fresh.run(Length(cycles=100), 1, 7) == known.run(Length(cycles=100), 1, 7)


def test_paths_are_taken_again_and_not_recorded_anew():
    known = FastPath(load("stapler").scenario([*SMALL, "plant.jams_per_1000_staples=0"]))
    known.run(Length(cycles=400), 1, 0)
    recorded = len(known.library.paths)
    known.run(Length(cycles=4000), 1, 1)
    assert len(known.library.paths) == recorded < 400


def test_it_is_chosen_by_itself_and_not_where_a_log_is_asked_for(monkeypatch):
    scenario = load("stapler").scenario(SMALL)
    taken = []
    monkeypatch.setattr(FastPath, "run", lambda *arguments: taken.append(arguments))
    run_cell(scenario, Length(cycles=3), 1, 0)
    assert len(taken) == 1
    run_cell_by_events(scenario, Length(cycles=3), 1, 0)
    assert len(taken) == 1


def test_a_draw_beyond_what_was_recorded_is_left_to_the_events(kit):
    """A person who comes before the button is let go of: things happen in another order."""
    scenario = kit().scenario(["operator.response_s=0.5", "operator.response_spread=2", "operator.walk_s=0"])
    with pytest.raises(NotExact, match="another order"):
        for replication in range(10):
            FastPath(scenario).run(Length(cycles=300), 1, replication)
    for replication in range(3):
        by_itself = run_cell(scenario, Length(cycles=300), 1, replication)
        assert_same(by_itself, run_cell_by_events(scenario, Length(cycles=300), 1, replication))


def test_what_is_known_is_kept_by_what_goes_in():
    one, same, other = (load("stapler").scenario([*SMALL, f"trigger.rest_s={rest}"]) for rest in (0.1, 0.1, 0.2))
    assert fast_path_of(one) is fast_path_of(same)
    assert fast_path_of(one) is not fast_path_of(other)
