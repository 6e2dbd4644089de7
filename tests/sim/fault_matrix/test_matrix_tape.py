"""The fault matrix of the digital tape: each fault ends safely with a reason, or in a correct finish.

In a file of its own, so that it runs beside the other cells' matrices.
"""

from __future__ import annotations

import pytest
from fault_checks import every_fault_ends_well

from cellwright.cells import load


@pytest.mark.slow
@pytest.mark.usefixtures("short_waits_for_a_person")
@pytest.mark.parametrize("state", load("digital_tape").cell.states)
def test_every_fault_in_this_state_ends_safely(state):
    every_fault_ends_well("digital_tape", state)
