"""The fast path does what the events do, to rounding, whatever the design and whatever it knew before."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cellwright import Cell, Lamp, Switch
from cellwright.cells import load
from cellwright.sim import CellPlant, Length, Replication, Scenario, run_cell, run_cell_by_events
from cellwright.sim.fast_path import FastPath, NotExact, fast_path_of
from cellwright.sim.fast_path.engine import HARDLY_AGAIN
from cellwright.sim.people.elements import Element

SMALL = ("layout.slats=4", "layout.staple_spacing_mm=700")


MAX_APART_ULP = 8
"""Cycle times differ by so many units in the last place of the clock at most; nearly all are the same to the bit."""


def assert_same(fast: Replication, events: Replication) -> None:
    assert len(fast.cycle_times_s) == len(events.cycle_times_s)
    fast_s, events_s = np.array(fast.cycle_times_s), np.array(events.cycle_times_s)
    assert (np.abs(fast_s - events_s) / np.spacing(np.cumsum(events_s))).max() <= MAX_APART_ULP
    total_s = sum(events.cycle_times_s)
    assert fast.labour_s == pytest.approx(events.labour_s, rel=0, abs=1e-9 * total_s)
    assert fast.time_in_state_s == pytest.approx(events.time_in_state_s, rel=0, abs=1e-9 * total_s)
    assert fast.stops == events.stops


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
@pytest.mark.parametrize("length", [Length(cycles=150), Length(hours=8)], ids=["cycles", "hours"])
def test_the_stapler_with_its_jams_and_refills(length, firmware):
    scenario = load("stapler").scenario(["plant.jams_per_1000_staples=2"], firmware=firmware)
    fast_path = FastPath(scenario)
    assert fast_path.why_not is None
    for replication in range(2):
        events = run_cell_by_events(scenario, length, 1, replication)
        assert events.stops["stapler jammed"] > 5
        assert_same(fast_path.run(length, 1, replication), events)


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
def test_the_same_however_late_it_is(firmware):
    """After 1,700 h the clock has 22 bits fewer for fractions of a second, and every event is rounded to what is left.

    A person who takes most of an hour to come makes it late with few events.
    """
    changed = [*SMALL, "operator.response_s=2500", "operator.response_spread=0.2"]
    scenario = load("stapler").scenario(changed, firmware=firmware)
    length = Length(cycles=3000)
    events = run_cell_by_events(scenario, length, 1, 0)
    assert sum(events.cycle_times_s) > 3600 * 1700
    assert_same(FastPath(scenario).run(length, 1, 0), events)


@settings(max_examples=25, deadline=None)
@given(
    jams=st.sampled_from([0, 1, 30, 200]),
    slats=st.integers(1, 6),
    speed=st.integers(40, 400),
    rest_s=st.floats(0.07, 0.3),
    response_s=st.floats(15, 60),
    spread=st.sampled_from([0.0, 0.1, 1.5]),
    allowance=st.sampled_from([0.0, 0.15]),
    firmware=st.sampled_from(["cellwright", "configurable"]),
    seed=st.integers(0, 1000),
)
def test_any_design_of_the_stapler(jams, slats, speed, rest_s, response_s, spread, allowance, firmware, seed):
    scenario = load("stapler").scenario(
        [
            f"plant.jams_per_1000_staples={jams}",
            f"layout.slats={slats}",
            "layout.staple_spacing_mm=700",
            f"carriage.max_speed={speed}",
            f"trigger.rest_s={rest_s}",
            f"operator.response_s={response_s}",
            f"manual.spread={spread}",
            f"manual.allowance={allowance}",
        ],
        firmware=firmware,
    )
    length, fast_path = Length(cycles=100), FastPath(scenario)
    assume(fast_path.why_not != HARDLY_AGAIN)  # then events are taken
    assert_same(fast_path.run(length, seed, 0), run_cell_by_events(scenario, length, seed, 0))


def test_work_timed_with_a_stopwatch():
    observed = (
        Element("refill", 0.0, observed_s=(20.0, 25.0, 31.0)),
        Element("lay slats", 0.0, observed_s=(40.0, 44.0)),
    )
    scenario = load("stapler").scenario(SMALL, observed)
    assert_same(
        FastPath(scenario).run(Length(cycles=100), 3, 2), run_cell_by_events(scenario, Length(cycles=100), 3, 2)
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_cell_of_ones_own(study, seed):
    """One in which chance decides at every shot, by a draw that is a fraction."""
    scenario = study().scenario()
    fast_path = FastPath(scenario)
    for replication in range(3):
        events = run_cell_by_events(scenario, Length(cycles=300), seed, replication)
        assert events.stops["no pins"] > 100
        assert_same(fast_path.run(Length(cycles=300), seed, replication), events)


@pytest.mark.parametrize("response_s", [15, 2.2], ids=["nothing rare", "now and then a person is at once there"])
def test_the_same_bytes_whatever_was_known_before(response_s):
    """The person who comes at once, before the button is let go of, makes things happen in another order."""
    changed = [f"operator.response_s={response_s}", "operator.walk_s=0", "plant.jams_per_1000_staples=20"]
    scenario = load("stapler").scenario([*SMALL, *changed])
    length, by_events, fast_path = Length(cycles=200), [], FastPath(scenario)

    def run(fast: FastPath, replication: int) -> Replication:
        try:
            return fast.run(length, 1, replication)
        except NotExact as reason:
            assert "another order" in str(reason)
            by_events.append(replication)
            return run_cell_by_events(scenario, length, 1, replication)

    one_after_the_other = [run(fast_path, replication) for replication in range(12)]
    assert [run(FastPath(scenario), replication) for replication in reversed(range(12))] == one_after_the_other[::-1]
    assert 0 < len(by_events) < 24 if response_s < 15 else not by_events
    assert fast_path.why_not is None
    recorded = len(fast_path.path_cache.paths)
    for replication in tuple(by_events):
        run(fast_path, replication)
    assert len(fast_path.path_cache.paths) == recorded  # what cannot be taken again is not kept


def test_a_row_that_takes_longer_than_any_of_its_moves_may():
    scenario = load("stapler").scenario(["layout.slats=6", "layout.staple_spacing_mm=700", "carriage.max_speed=2"])
    assert FastPath(scenario).why_not is None


def test_paths_are_taken_again_and_not_recorded_anew():
    fast_path = FastPath(load("stapler").scenario([*SMALL, "plant.jams_per_1000_staples=0"]))
    fast_path.run(Length(cycles=400), 1, 0)
    recorded = len(fast_path.path_cache.paths)
    fast_path.run(Length(cycles=4000), 1, 1)
    assert len(fast_path.path_cache.paths) == recorded < 400


@pytest.mark.parametrize(
    ("length", "is_taken"),
    [(Length(cycles=100), True), (Length(hours=2), True), (Length(cycles=99), False), (Length(hours=1.9), False)],
    ids=str,
)
def test_it_is_chosen_by_itself_where_it_pays(length, is_taken, monkeypatch):
    scenario = load("stapler").scenario(SMALL)
    events = run_cell_by_events(scenario, length, 1, 0)
    fast = run_cell(scenario, length, 1, 0)
    assert_same(fast, events)
    assert (fast != events) == is_taken  # to rounding only


def test_what_is_known_of_one_firmware_is_not_taken_for_another():
    usual, other = (load("stapler").scenario(SMALL, firmware=name) for name in ("cellwright", "configurable"))
    assert fast_path_of(usual) is not fast_path_of(other)
    assert usual.input_hash() == load("stapler").scenario(SMALL).input_hash() != other.input_hash()


def test_what_is_known_is_kept_by_what_goes_in():
    one, same, other = (load("stapler").scenario([*SMALL, f"trigger.rest_s={rest}"]) for rest in (0.1, 0.1, 0.2))
    assert fast_path_of(one) is fast_path_of(same)
    assert fast_path_of(one) is not fast_path_of(other)


class Dryer(Cell):
    """Dries a board; after 5 s it looks whether it is dry, and then waits until it is."""

    unit = "board"
    cycle_ends_with = "cooled"
    stop_triggers: ClassVar = {"late": "dried for long"}
    heater = Lamp(pin=4)
    dry = Switch(pin=5)
    states = ["drying", "cooling"]
    transitions = [["dried", "drying", "cooling"], ["late", "drying", "cooling"], ["cooled", "cooling", "drying"]]

    def drying(self):
        self.heater.on()
        yield self.env.timeout(5)
        trigger = "dried" if self.dry.is_closed else "late"
        yield self.dry.closed(within_s=60)
        self.heater.off()
        yield self.env.timeout(0.1)
        return trigger

    def cooling(self):
        yield self.env.timeout(10)
        return "cooled"


class Oven(CellPlant):
    """A board dries in a time that is drawn."""

    def connect(self):
        self.board.on_output(self.cell.heater.pin, self._heat)

    def _heat(self, is_on):
        if is_on:
            self.board.env.process(self._dry())
        else:
            self.open(self.cell.dry)

    def _dry(self):
        yield self.board.env.timeout(self.streams.lognormal("dry", 5, 0.5))
        self.close(self.cell.dry)


@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
def test_two_things_of_which_now_one_and_now_the_other_comes_first(study, order):
    """Both ways are known after a while, whichever was met first, and each is taken where it belongs."""
    scenario = study(Dryer, Oven).scenario()
    fast_path = FastPath(scenario)
    for replication in range(6)[::order]:
        events = run_cell_by_events(scenario, Length(cycles=120), 1, replication)
        assert 30 < events.stops["dried for long"] < 90
        assert_same(fast_path.run(Length(cycles=120), 1, replication), events)
        assert fast_path.run(Length(cycles=120), 1, replication) == FastPath(scenario).run(
            Length(cycles=120), 1, replication
        )


def test_a_cycle_that_ends_as_the_asked_hours_do_is_left_to_the_events(study):
    scenario = study().scenario()
    length = Length(hours=sum(run_cell_by_events(scenario, Length(cycles=200), 1, 0).cycle_times_s) / 3600)
    assert run_cell(scenario, length, 1, 0) == run_cell_by_events(scenario, length, 1, 0)


def test_what_is_known_of_a_cell_is_not_taken_for_another_of_the_same_name(study, presser):
    def of_that_name(pause_s: float) -> Scenario:
        class Other(presser):
            def presenting(self):
                yield self.env.timeout(pause_s)
                return (yield from super().presenting())

        return study(Other).scenario()

    one, other = of_that_name(1), of_that_name(2)
    assert one.input_hash() == other.input_hash()
    assert fast_path_of(one) is not fast_path_of(other)
