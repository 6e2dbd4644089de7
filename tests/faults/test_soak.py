"""Ten minutes of the cell's time with random faults and resets: nothing leaks, is lost, or is left unsafe."""

from __future__ import annotations

import gc
import sqlite3
from collections import Counter

import numpy as np
import pytest

from cellwright.cells import load
from cellwright.hardware.faults import Fault
from cellwright.sequences import RunLog
from cellwright.sim import virtual_rig

SOAK_S = 600.0
QUICK_PERSON = ["operator.response_s=1", "operator.walk_s=0.5", "hand.mod_s=0.02", "plant.jams_per_1000_staples=10"]


class Heard:
    """A run log that also keeps what it is told, to be compared with what the file holds."""

    def __init__(self, log):
        self.log = log
        self.rows = []
        self._event = log.event
        log.event = self.event

    def event(self, at_s, state, source, what, value, detail=""):
        self.rows.append((at_s, state, source, what, value, detail))
        self._event(at_s, state, source, what, value, detail)


def soak(rig, random, seconds=SOAK_S):
    """Faults at random, and a person who resets the cell some time after each; returns how often it was halted."""
    halts = 0
    until_s = rig.env.now + seconds
    while rig.env.now < until_s:
        rig.env.run(until=rig.env.now + float(random.uniform(2, 15)))
        if rig.cell.is_halted:
            halts += 1
            assert rig.board.is_safe
            assert rig.model.is_safe
            assert rig.cell.last_stop.reason
            rig.faults.link.garble = rig.faults.link.drop = rig.faults.link.delay_s = 0.0
            rig.env.run(until=rig.env.now + 3)  # a board that has reset itself is back by then
            rig.cell.reset()
            continue
        kind = str(random.choice(["reset", "brownout", "garble", "drop", "delay", "stop", "none"]))
        if kind == "stop":
            rig.cell.stop("the soak stopped it.")
        elif kind != "none":
            rig.faults.plan(Fault(kind, {"garble": 0.005, "drop": 0.3, "delay": 0.2}.get(kind)))
    return halts


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_minutes_of_faults_and_resets_lose_no_row_and_leave_nothing_unsafe(seed, tmp_path):
    path = tmp_path / "soak.db"
    with RunLog(path) as log:
        heard = Heard(log)
        rig = virtual_rig(load("stapler").scenario(QUICK_PERSON), seed, 0, log)
        halts = soak(rig, np.random.default_rng(seed))
        finished, stops = rig.cell.finished, sum(rig.cell.stops.values())
    assert halts >= 5
    with sqlite3.connect(path) as file:
        rows = list(file.execute("SELECT at_s, state, source, what, value, detail FROM event ORDER BY rowid"))
        (cycles,) = file.execute("SELECT count(*) FROM cycle").fetchone()
    assert rows == heard.rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert cycles == finished
    kinds = Counter(what for _, _, source, what, _, _ in rows if source == "cell")
    assert kinds["fault"] + kinds["stop"] >= halts
    assert stops >= halts
    assert kinds["state faulted"] == kinds["fault"]


@pytest.mark.slow
def test_nothing_grows_with_the_faults_that_were_survived():
    rig = virtual_rig(load("stapler").scenario(QUICK_PERSON), 4, 0)
    random = np.random.default_rng(4)
    soak(rig, random, seconds=100)
    before = census(rig)
    soak(rig, random, seconds=SOAK_S)
    after = census(rig)
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
