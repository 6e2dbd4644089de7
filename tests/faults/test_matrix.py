"""The fault matrix: every state of the stapler, every fault; each ends safely with a reason, or in a correct finish."""

from __future__ import annotations

from collections import Counter

import pytest

from cellwright.cells import load
from cellwright.hardware.faults import ON_BOARD, ON_LINE
from cellwright.sim.fault_matrix import faults_of, strike

SCENARIO = load("stapler").scenario(["plant.jams_per_1000_staples=30"])
FAULTS = faults_of(SCENARIO.kit.cell.parts(SCENARIO.groups))
ENDS = ("faulted", "stopped")


def test_there_is_one_of_each_that_a_stapler_can_have():
    names = [str(fault) for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert {fault.kind for fault in FAULTS} >= {*ON_LINE, *ON_BOARD, "open", "closed", "bouncing", "slips", "dead"}
    assert "carriage:home_open" in names
    assert "trigger:open" not in names


@pytest.mark.slow
@pytest.mark.parametrize("state", SCENARIO.kit.cell.states)
def test_every_fault_in_this_state_ends_safely(state):
    rows = [strike(SCENARIO, 1, state, fault) for fault in FAULTS]
    for row in rows:
        if row.outcome in ENDS:
            assert row.safe_after_s is not None, row
            assert row.safe_after_s <= 0.6, row  # the dead man's switch at the latest
            assert len(row.reason) > 20, row
        else:
            assert row.outcome == "finished", row
    ends = {row.fault: row for row in rows}
    assert ends["cut"].outcome == "faulted"
    assert "the cable was pulled" in ends["cut"].reason
    assert "silent" in ends["reset"].reason or "reset itself" in ends["reset"].reason
    assert ends["stop_button:closed"].outcome == "stopped"
    assert "stop_button was pressed" in ends["stop_button:closed"].reason
    assert ends["start_button:bouncing=8"].outcome == "finished"
    assert ends["delay=0.05"].outcome == "finished"
    assert Counter(row.outcome for row in rows)["faulted"] >= 8
