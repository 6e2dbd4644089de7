"""What the fault matrices of the cells share."""

from __future__ import annotations

from collections.abc import Collection

from cellwright.cells import load
from cellwright.sim.fault_matrix import inject_each, possible_faults

ENDS = ("faulted", "stopped")


def every_fault_ends_well(cell: str, state: str, but: Collection[str] = ()) -> None:
    """Inject every fault in ``state``. but: devices whose faults are injected elsewhere."""
    scenario = load(cell).scenario()
    faults = possible_faults(scenario.study.cell.parameters(scenario.parameters))
    for row in inject_each(scenario, 1, state, [fault for fault in faults if fault.device not in but]):
        if row.outcome in ENDS:
            assert row.safe_after_s is not None, row
            assert len(row.reason) > 20, row
        else:
            assert row.outcome == "finished", row
