"""The three cells with CellwrightFirmata, byte for byte: as quick as on the model, and safe whatever happens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellwright import cells
from cellwright.hardware.fault_injection import Fault, read_fault
from cellwright.hardware.firmata.host.cellwright_board import CellwrightBoard
from cellwright.sim.fault_matrix import inject_fault
from cellwright.sim.targets import model_rig, virtual_rig

UNITS = {"stapler": 2, "lacquer_mixer": 2, "digital_tape": 4}
TOLERANCE = 0.01
"""Of the cycle time: what bytes on a line at 57600 baud may cost."""


def scenario(name):
    return replace(cells.load(name).scenario([]), firmware="cellwright")


def unit_times_s(rig, units):
    times_s, began_s = [], rig.env.now
    while len(times_s) < units:
        rig.env.step()
        assert not rig.cell.is_stopped, rig.cell.last_stop
        if rig.cell.finished > len(times_s):
            times_s.append(rig.env.now - began_s)
            began_s = rig.env.now
    return times_s


@pytest.mark.parametrize("name", UNITS)
def test_cycle_times_agree_with_the_model(name):
    virtual, model = virtual_rig(scenario(name), 1, 0), model_rig(scenario(name), 1, 0)
    assert isinstance(virtual.board, CellwrightBoard)
    by_bytes, by_model = unit_times_s(virtual, UNITS[name]), unit_times_s(model, UNITS[name])
    assert sum(by_bytes) == pytest.approx(sum(by_model), rel=TOLERANCE)
    assert sum(by_bytes) != sum(by_model)
    assert virtual.arduino.complaints == []
    assert virtual.board.notes == []


STRIKES = [
    ("stapler", "homing", "cut"),
    ("stapler", "homing", "bridge:home_open"),
    ("stapler", "homing", "carriage:home_closed"),
    ("stapler", "stapling", "cut"),
    ("stapler", "stapling", "garble"),
    ("stapler", "stapling", "drop"),
    ("stapler", "stapling", "delay"),
    ("stapler", "stapling", "reset"),
    ("stapler", "stapling", "brownout"),
    ("stapler", "stapling", "carriage:home_closed"),
    ("stapler", "stapling", "stop_button:closed"),
    ("lacquer_mixer", "dosing", "cut"),
    ("lacquer_mixer", "dosing", "reset"),
    ("lacquer_mixer", "dosing", "drop"),
    ("digital_tape", "at_cut", "cut"),
    ("digital_tape", "at_cut", "brownout"),
]


@pytest.mark.parametrize(("name", "state", "fault"), STRIKES, ids=[" ".join(each) for each in STRIKES])
def test_a_fault_leaves_nothing_driven_and_nothing_hung(name, state, fault):
    devices = dict(cells.load(name).cell.parameters(scenario(name).parameters))
    row = inject_fault(scenario(name), 1, state, read_fault(fault, devices))
    assert row.outcome != "hung"
    if row.outcome in ("faulted", "stopped"):
        assert row.reason
        assert row.safe_after_s is not None, row


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("brownout"), "reset itself"),
        (Fault("brownout"), "its supply dipped (brown-out)"),
        (Fault("reset"), "its reset button was pressed"),
        (Fault("closed", device="stop_button"), "stop_button was pressed"),
        (Fault("home_closed", device="carriage"), "carriage was stopped by its limit switch at step"),
    ],
    ids=str,
)
def test_the_reason_says_what_the_board_knows(fault, message):
    row = inject_fault(scenario("stapler"), 1, "stapling", fault)
    assert message in row.reason
