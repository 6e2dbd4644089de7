"""The fault matrix: every state, every fault; each ends safely with a reason, or in a correct finish."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from cellwright.cells import load
from cellwright.hardware.fault_injection import BOARD_FAULTS, LINE_FAULTS, Fault
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmware_profiles import BAUDS
from cellwright.sim import model_rig, virtual_rig
from cellwright.sim.fault_matrix import inject_each, inject_fault, possible_faults

SCENARIO = load("stapler").scenario(
    ["plant.jams_per_1000_staples=30", "layout.slats=5", "layout.staple_spacing_mm=400"]
)
"""A small panel: the same states and the same faults, and a third of the events."""
FAULTS = possible_faults(SCENARIO.study.cell.parameters(SCENARIO.parameters))
UNNOTICED = ("trigger:dead", "driver_back:closed")
"""What nothing on the stapler senses: that no staple came."""
ENDS = ("faulted", "stopped")


def test_there_is_one_of_each_that_a_stapler_can_have():
    names = [str(fault) for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert {fault.kind for fault in FAULTS} >= {
        *LINE_FAULTS,
        *BOARD_FAULTS,
        "open",
        "closed",
        "bouncing",
        "slips",
        "dead",
    }
    assert "carriage:home_open" in names
    assert "trigger:open" not in names


@pytest.mark.slow
@pytest.mark.usefixtures("short_waits_for_a_person")
@pytest.mark.parametrize("firmware", BAUDS)
@pytest.mark.parametrize("state", SCENARIO.study.cell.states)
def test_every_fault_in_this_state_ends_safely(state, firmware):
    scenario = replace(SCENARIO, firmware=firmware)
    rows = list(inject_each(scenario, 1, state, FAULTS))
    for row in rows:
        if row.fault in UNNOTICED and "panel was collected with" in row.reason:
            assert row.outcome == "stopped", row  # by the person who saw it
        if row.outcome in ENDS:
            assert row.safe_after_s is not None, row
            assert row.safe_after_s <= 0.6, row  # the communication watchdog at the latest
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
    for modelled in inject_each(scenario, 1, state, [fault for fault in FAULTS if not fault.needs_bytes], model_rig):
        row = ends[modelled.fault]
        if not is_sensed_by_the_board(row, firmware):
            assert (modelled.outcome, modelled.reason) == (row.outcome, row.reason)
        assert modelled.outcome not in ENDS or modelled.safe_after_s == 0.0, modelled


@pytest.mark.slow
def test_hours_of_keep_alives_end_with_the_reason():
    row = inject_fault(SCENARIO, 1, "waiting", Fault("open", device="start_button"))
    assert (row.outcome, row.reason) == ("faulted", "stapler, waiting: start_button was not pressed within 14400 s.")
    assert row.safe_after_s <= 0.6


def is_sensed_by_the_board(row, firmware):
    """CellwrightFirmata homes by itself and looks at each limit switch before a step; on the model the cell does."""
    by_board = ("was stopped by its limit switch", "moved 10 mm and its home switch")
    return firmware == "cellwright" and row.outcome == "faulted" and any(words in row.reason for words in by_board)


@pytest.mark.parametrize("make_rig", [model_rig, virtual_rig])
def test_what_the_cell_cannot_notice_is_seen_on_the_unit(make_rig):
    row = inject_fault(SCENARIO, 1, "stapling", Fault("slips", 500.0, device="carriage"), make_rig)
    assert (row.outcome, row.safe_after_s is not None) == ("stopped", True)
    assert row.reason.endswith("beside its slat. Who saw it pressed stop_button.")


def test_faults_in_a_rare_state_are_injected_with_its_fault_rehearsal_overrides():
    jam_rates = []

    def make_rig(scenario, seed, replication):
        jam_rates.append(scenario.parameters["plant"].jams_per_1000_staples)
        return model_rig(scenario, seed, replication)

    scenario = load("stapler").scenario()
    for state in ("clearing", "stapling"):
        inject_fault(scenario, 1, state, Fault("slips", 500.0, device="carriage"), make_rig)
    assert jam_rates == [30, scenario.parameters["plant"].jams_per_1000_staples]


# ---- what was wrong once ----


@pytest.mark.parametrize("fault", [Fault("dead", device="trigger"), Fault("closed", device="driver_back")], ids=str)
def test_a_panel_without_staples_is_not_blamed_on_another_switch(fault):
    row = inject_fault(SCENARIO, 1, "stapling", fault, model_rig)
    assert "the panel was collected with" in row.reason
    assert "panel_in_place" not in row.reason


def stapling_over_the_line():
    rig = virtual_rig(SCENARIO, 1, 0)
    while rig.cell.state != "stapling":
        rig.env.step()
    return rig


def test_a_stop_that_was_garbled_leaves_no_solenoid_on():
    rig = stapling_over_the_line()
    while not rig.model.output(rig.cell.trigger.pin).level:
        rig.env.step()
    rig.faults.link.garble = 1.0
    rig.cell.stop("a test stopped it.")
    rig.faults.link.garble = 0.0
    rig.env.run(until=rig.env.now + 1.5)
    assert rig.board.is_safe
    assert rig.model.is_safe


def test_a_pin_whose_mode_was_garbled_is_an_input_again_after_a_reset():
    rig = stapling_over_the_line()
    pin = rig.cell.panel_in_place.pin
    rig.line.host.write(messages.pin_mode(pin, PinMode.OUTPUT))  # what a garbled message can become
    rig.env.run(until=rig.env.now + 0.1)
    rig.cell.stop("a test stopped it.")
    rig.env.run(until=rig.env.now + 2)
    rig.cell.reset()
    rig.env.run(until=rig.env.now + 2)
    assert rig.arduino.program.pins.modes[pin] == PinMode.PULLUP


def test_a_stop_button_whose_report_was_lost_stops_the_cell_all_the_same():
    rig = stapling_over_the_line()
    rig.faults.link.drop = 1.0
    rig.plant.close(rig.cell.stop_button)
    rig.env.run(until=rig.env.now + 0.05)
    rig.faults.link.drop = 0.0
    rig.env.run(until=rig.env.now + 2)
    assert rig.cell.state == "stopped"


def test_a_panel_that_was_begun_before_a_reset_gets_no_staple_twice():
    rig = model_rig(SCENARIO, 1, 0)
    while len(rig.plant.landed) < 20:
        rig.env.step()
    rig.cell.stop("a test stopped it.")
    rig.cell.reset()
    while rig.cell.state != "presenting":
        rig.env.step()
    assert len(rig.plant.landed) == len(set(rig.plant.landed))


@pytest.mark.parametrize(
    ("firmware", "protection"),
    [("cellwright", "watchdog.FirmwareWatchdog.arm"), ("configurable", "scheduler_watchdog.SchedulerWatchdog.arm")],
)
def test_a_board_without_a_watchdog_is_reported_as_unsafe(monkeypatch, firmware, protection):
    """With nothing on the board that notices it, a cut cable leaves the axis running past its home switch."""
    scenario = replace(SCENARIO, firmware=firmware)
    monkeypatch.setattr(f"cellwright.hardware.firmata.host.{protection}", lambda *_: None)
    assert inject_fault(scenario, 1, "homing", Fault("cut")).safe_after_s is None
    monkeypatch.undo()
    assert 0.1 < inject_fault(scenario, 1, "homing", Fault("cut")).safe_after_s < 0.6
