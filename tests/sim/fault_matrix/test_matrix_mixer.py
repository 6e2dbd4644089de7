"""The fault matrix of the lacquer mixer: each fault ends safely with a reason, or in a correct finish.

In a file of its own, so that it runs beside the other cells' matrices.
"""

from __future__ import annotations

import pytest
from fault_checks import every_fault_ends_well

from cellwright.cells import load
from cellwright.cells.lacquer_mixer.batch_steps import BatchSteps


@pytest.mark.slow
@pytest.mark.usefixtures("short_waits_for_a_person")
@pytest.mark.parametrize("state", load("lacquer_mixer").cell.states)
def test_every_fault_in_this_state_ends_safely(state, monkeypatch):
    if state == "rinsing":  # after the first can: half a pot life of dosing before each fault shows nothing more
        monkeypatch.setattr(BatchSteps, "_is_stirrer_drying", lambda cell: cell.dirty_since_s is not None)
    every_fault_ends_well("lacquer_mixer", state, but=("pump_2", "pump_3", "valve_2", "valve_3"))
