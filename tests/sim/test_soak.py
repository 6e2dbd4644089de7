"""Ten minutes of the cell's time with random faults and resets: nothing leaks, is lost, or is left unsafe."""

from __future__ import annotations

import gc
import sqlite3
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from cellwright.cells import load
from cellwright.errors import CellFault
from cellwright.hardware.fault_injection import Fault
from cellwright.sequences import RunLog
from cellwright.sim import virtual_rig

SOAK_S = 600.0
BOOTS_WITHIN_S = 3.0
QUIET_S = 120.0
"""How long a cell that nothing disturbs any more may take for a panel, homing included."""
FAULTS = {"reset": None, "brownout": None, "garble": 0.002, "drop": 0.3, "delay": 0.2, "slips": 500.0}
# A small panel and a quick person, so that panels are finished between the faults.
SCENARIO = load("stapler").scenario(
    [
        "operator.response_s=1",
        "operator.walk_s=0.5",
        "manual.mod_s=0.02",
        "plant.jams_per_1000_staples=10",
        "layout.slats=3",
        "layout.panel_length_mm=300",
        "bridge.travel=0,400",
    ]
)


class Heard:
    """Keeps the rows written to a run log, to be compared with what the file holds."""

    def __init__(self, log):
        self.events = []
        self.cycles = []
        self._event, self._cycle = log.event, log.cycle
        log.event, log.cycle = self.event, self.cycle

    def event(self, at_s, state, source, what, value, detail=""):
        self.events.append((at_s, state, source, what, value, detail))
        self._event(at_s, state, source, what, value, detail)

    def cycle(self, ended_s, number):
        self.cycles.append((number, ended_s))
        self._cycle(ended_s, number)


@dataclass
class Soaked:
    """What happened: how often the cell was stopped, and what only its panels showed."""

    stops: int = 0
    seen: list[str] = field(default_factory=list)


def soak(rig, random, seconds=SOAK_S):
    """Faults at random, and a person who clears up after each and resets the cell."""
    soaked = Soaked()
    until_s = rig.env.now + seconds
    while rig.env.now < until_s:
        pass_time(rig, float(random.uniform(2, 25)), soaked)
        if rig.cell.is_stopped:
            soaked.stops += 1
            assert rig.board.is_safe
            assert rig.model.is_safe
            assert rig.cell.last_stop.reason
            bring_back(rig, soaked)
            continue
        kind = str(random.choice([*FAULTS, "stop", "none"]))
        if kind == "stop":
            rig.cell.stop("the soak stopped it.")
        elif kind != "none":
            rig.faults.schedule(Fault(kind, FAULTS[kind], device="carriage" if kind == "slips" else ""))
    return soaked


def pass_time(rig, seconds, soaked):
    """Let time pass. A panel that is not as it should be is noted, and goes: an axis that slips makes such."""
    until_s = rig.env.now + seconds
    while rig.env.peek() < until_s:
        try:
            rig.env.step()
        except CellFault as seen:
            assert "the panel was collected" in str(seen) or "beside its slat" in str(seen)
            soaked.seen.append(str(seen))
            take_panel_away(rig)
            rig.cell.stop("the panel is spoiled.")


def bring_back(rig, soaked):
    """What a person does after a stop: mend the line, let the board boot, clear the cell, and reset it."""
    rig.faults.link.garble = rig.faults.link.drop = rig.faults.link.delay_s = 0.0
    pass_time(rig, BOOTS_WITHIN_S, soaked)
    if not rig.cell.is_stopped:
        return  # somebody who had been called pressed start, which resets it
    take_panel_away(rig)
    fill_magazine(rig)
    for axis in (rig.cell.bridge, rig.cell.carriage):
        push_back_on_rail(rig, axis)
    rig.cell.reset()


def comes_back(rig, soaked):
    """Whether a panel is finished once nothing strikes any more. An axis that has yet to slip may spoil one first."""
    finished = rig.cell.finished
    for _ in range(3):
        rig.cell.stop("the soak is over.")
        bring_back(rig, soaked)
        pass_time(rig, QUIET_S, soaked)
        if rig.cell.finished > finished:
            return
    raise AssertionError(f"the cell did not come back; it is {rig.cell.state}: {rig.cell.last_stop}")


def take_panel_away(rig):
    """A panel that was begun is spoiled: the cell would staple it again from its start."""
    rig.plant.landed = []
    rig.plant.has_panel = False
    rig.plant.open(rig.cell.panel_in_place)


def fill_magazine(rig):
    """The cell does not know whether the last shot before a stop went off."""
    rig.plant.magazine = rig.cell.left_in_magazine = rig.cell.magazine_staples


def push_back_on_rail(rig, axis):
    """The model's rails have no ends, so a garbled target, or a switch that was not heard, takes an axis past them."""
    mm = rig.model.axis(axis.step).true_position / axis.steps_per_mm
    low, high = axis.travel
    if not low < mm < high:
        rig.model.axis(axis.step).set_true_position(round((low + high) / 2 * axis.steps_per_mm))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_ten_minutes_of_faults_and_resets_lose_no_row_and_leave_nothing_unsafe(seed, tmp_path):
    path = tmp_path / "soak.db"
    with RunLog(path) as log:
        heard = Heard(log)
        rig = virtual_rig(SCENARIO, seed, 0, log)
        soaked = soak(rig, np.random.default_rng(seed))
        in_the_soak = rig.cell.finished
        comes_back(rig, soaked)
    assert soaked.stops >= 8
    assert in_the_soak >= 1
    with sqlite3.connect(path) as file:
        events = list(file.execute("SELECT at_s, state, source, what, value, detail FROM event ORDER BY rowid"))
        cycles = list(file.execute("SELECT number, ended_s FROM cycle ORDER BY rowid"))
    assert events == heard.events
    assert cycles == heard.cycles
    assert [number for number, _ in cycles] == list(range(1, rig.cell.finished + 1))
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    kinds = Counter(what for _, _, source, what, _, _ in events if source == "cell")
    assert kinds["trigger collected"] == rig.cell.finished
    assert kinds["state faulted"] == kinds["fault"]
    assert kinds["state stopped"] == kinds["stop"]
    assert kinds["fault"] + kinds["stop"] >= soaked.stops
    assert_each_change_follows_from_the_one_before(rig.cell, [event[3] for event in events if event[2] == "cell"])


def assert_each_change_follows_from_the_one_before(cell, rows):
    """Go through the cell's states as the log's triggers say: a row that is missing would not fit."""
    changes = [row for row in rows if row.startswith(("trigger ", "state "))]
    state = cell.states[0]
    assert changes[0] == f"state {state}"
    for trigger, entered in zip(changes[1::2], changes[2::2], strict=True):
        state = cell._destinations[state, trigger.removeprefix("trigger ")]
        assert entered == f"state {state}"
    assert state == cell.state


@pytest.mark.slow
def test_nothing_grows_with_the_faults_that_were_survived():
    rig = virtual_rig(SCENARIO, 4, 0)
    random = np.random.default_rng(4)
    soak(rig, random, seconds=100)
    before, finished = census(rig), rig.cell.finished
    soak(rig, random)
    after = census(rig)
    assert rig.cell.finished > finished
    assert after["queue"] <= before["queue"] + 40
    assert after["waits"] <= before["waits"] + 10
    # Objects of SimPy's and ours that are alive; a leak of one a fault or a message would be hundreds.
    assert after["events"] <= before["events"] + 150


def census(rig):
    gc.collect()
    ours = ("simpy", "cellwright.hardware.waits")
    events = sum(1 for each in gc.get_objects() if str(type(each).__module__).startswith(ours))
    waits = sum(len(contact._waiting) for contact in rig.board.inputs.values())
    return {"queue": len(rig.env._queue), "waits": waits, "events": events}
