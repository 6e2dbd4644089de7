"""The fast path is left alone where it would be slower than the events, by counts and never by a clock."""

from __future__ import annotations

import pytest

from cellwright.cells import load
from cellwright.sim import Length, run_cell, run_cell_by_events
from cellwright.sim.fast_path import FastPath
from cellwright.sim.fast_path.engine import LEARNING_PATHS

SMALL = ("layout.slats=4", "layout.staple_spacing_mm=700")


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
@pytest.mark.parametrize("jams", [10, 20, 50, 200])
def test_it_gives_up_soon_where_jams_come_at_ever_new_places(jams: int, firmware: str) -> None:
    scenario = load("stapler").scenario([f"plant.jams_per_1000_staples={jams}"], firmware=firmware)
    fast_path = FastPath(scenario)
    assert fast_path.why_not == "what it does hardly ever comes again in the same way"
    # Recording takes about five times as long as the events; 20 shifts are 4,000 paths and more.
    assert len(fast_path.path_cache.paths) < 3 * LEARNING_PATHS


@pytest.mark.parametrize(
    "overrides", [(), ("plant.jams_per_1000_staples=2",), SMALL, (*SMALL, "plant.jams_per_1000_staples=50")]
)
def test_it_stays_where_the_same_comes_again(overrides: tuple[str, ...]) -> None:
    assert FastPath(load("stapler").scenario(overrides)).why_not is None


def test_giving_up_gives_the_events_own_bytes() -> None:
    scenario = load("stapler").scenario(["plant.jams_per_1000_staples=100"])
    length = Length(hours=2)
    assert run_cell(scenario, length, 3, 0) == run_cell_by_events(scenario, length, 3, 0)


NOTHING = [
    "manual.felt_mods=0", "manual.lift_mods=0", "manual.slat_mods=0", "manual.press_start_mods=0",
    "operator.walk_s=0", "operator.response_s=0", "manual.spread=0", "operator.response_spread=0",
]  # fmt: skip


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
@pytest.mark.parametrize("overrides", [[each] for each in NOTHING] + [NOTHING[:4], NOTHING[4:], NOTHING])
def test_work_that_takes_no_time_or_always_the_same_is_no_reason(overrides: list[str], firmware: str) -> None:
    scenario = load("stapler").scenario([*SMALL, *overrides], firmware=firmware)
    fast_path = FastPath(scenario)
    assert fast_path.why_not is None
    length = Length(cycles=100)
    fast, events = fast_path.run(length, 5, 1), run_cell_by_events(scenario, length, 5, 1)
    assert fast.cycle_times_s.tolist() == pytest.approx(events.cycle_times_s.tolist(), rel=0, abs=1e-9)
    assert fast.labour_s == pytest.approx(events.labour_s)
    assert fast.stops == events.stops
