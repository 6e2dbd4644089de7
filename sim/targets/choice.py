"""Puts a cell on the target that a name says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cellwright.errors import InputError
from cellwright.hardware.fault_injection import Fault
from cellwright.hardware.firmware_profiles import BAUDS
from cellwright.sequences import RunLog
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets.assembly import CellOnBoard, VirtualLine, model_rig, virtual_rig

MODEL, VIRTUAL, EMULATED, REPLAY = "model", "virtual", "emulated", "replay:"


def put_on_target(
    target: str,
    scenario: Scenario,
    seed: int,
    log: RunLog | None = None,
    *,
    line: VirtualLine | None = None,
    record: Path | None = None,
    faults: Sequence[Fault] = (),
) -> CellOnBoard:
    """Put a cell on a target, ready to run; close it afterwards.

    Args:
        target: "model", "virtual", "emulated", "replay:FILE", a serial port, or "auto" for the only port there is.
        scenario: The cell with its parameters and the firmware that steps its axes.
        seed: Of everything that is random.
        log: Where events and cycles are written.
        line: The Arduino and its line; by default the one in the description of the cell, at its firmware's rate.
        record: Where the bytes of the line and the answers of peripherals are recorded; the model board has no line.
        faults: What strikes, and when.

    Raises:
        InputError: The target is not there, lacks what the cell needs, or cannot have these options.

    Example:
        >>> from cellwright.cells import load
        >>> cell = put_on_target("virtual", load("stapler").scenario(), seed=1).cell
        >>> cell.state
        'homing'
    """
    if target == MODEL:
        placed: CellOnBoard = model_rig(scenario, seed, 0, log)
    elif target == VIRTUAL:
        placed = virtual_rig(scenario, seed, 0, log, line, record)
    elif target == EMULATED:
        placed = _emulated(scenario, seed, log, line or VirtualLine(), record)
    elif target.startswith(REPLAY):
        from cellwright.sim.targets.real import replayed_cell

        if faults:
            raise InputError("A replay contains the recorded faults; leave out --fault.")
        return replayed_cell(scenario, Path(target.removeprefix(REPLAY)), log)
    else:
        from cellwright.sim.targets.real import cell_on_port

        return cell_on_port(scenario, target, seed, log, line, record, faults)
    assert placed.faults is not None
    for fault in faults:
        placed.faults.schedule(fault)
    return placed


def _emulated(
    scenario: Scenario,
    seed: int,
    log: RunLog | None,
    line: VirtualLine,
    record: Path | None,
) -> CellOnBoard:
    from cellwright.sim.targets.emulated import emulated_rig

    baud = BAUDS[scenario.firmware]
    if line.baud not in (None, baud):
        raise InputError(f"The firmware runs at {baud} baud; leave out --baud.")
    return emulated_rig(scenario, seed, 0, log, kind=line.kind, record=record)
