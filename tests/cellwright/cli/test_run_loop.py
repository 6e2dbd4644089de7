"""The loop of a run: Ctrl-C, resets by a person, and the end of a run."""

from __future__ import annotations

import signal

import pytest

from cellwright.cells import load
from cellwright.cli.run_loop import RunController
from cellwright.hardware.fault_injection import read_fault
from cellwright.sequences import STOPPED
from cellwright.sim import virtual_rig


@pytest.fixture
def rig():
    made = virtual_rig(load("stapler").scenario(), 1, 0)
    while made.cell.state != "stapling":
        made.env.step()
    return made


def press(rig, *after_s):
    """Ctrl-C, so many seconds from now; returns when the first is."""
    for delay_s in after_s:
        rig.env.timeout(delay_s).callbacks.append(lambda _: signal.raise_signal(signal.SIGINT))
    return rig.env.now + after_s[0]


def moving_carriage(rig):
    """Let the carriage be 0.2 s on its way, in a move of 0.5 s."""
    axis = rig.model.axis(rig.cell.carriage.step)
    while axis.is_moving:
        rig.env.step()
    while not axis.is_moving:
        rig.env.step()
    rig.env.run(until=rig.env.now + 0.2)


def test_a_first_ctrl_c_lets_the_axes_slow_down(rig):
    moving_carriage(rig)
    pressed_s = press(rig, 0.05)
    controller = RunController(rig.env, rig.cell, None, is_simulated=True)
    controller.run(shows_progress=False)
    assert controller.was_interrupted
    assert rig.cell.state == STOPPED
    assert rig.cell.last_stop.reason == "stapler, stapling: Ctrl-C was pressed."
    assert 0.03 < rig.cell.last_stop.at_s - pressed_s < 1.0  # 92 mm/s at 1500 mm/s² takes 0.06 s
    rig.env.run(until=rig.env.now + 0.1)
    assert rig.model.is_safe


def test_a_second_ctrl_c_stops_at_once(rig):
    moving_carriage(rig)
    pressed_s = press(rig, 0.05, 0.06)
    RunController(rig.env, rig.cell, None, is_simulated=True).run(shows_progress=False)
    assert rig.cell.last_stop.reason == "stapler, stapling: Ctrl-C was pressed twice."
    assert rig.cell.last_stop.at_s == pytest.approx(pressed_s + 0.01, abs=0.005)


def test_ctrl_c_is_pythons_own_again_afterwards(rig):
    before = signal.getsignal(signal.SIGINT)
    RunController(rig.env, rig.cell, 1, is_simulated=True).run(shows_progress=False)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_real_cell_waits_for_its_button_after_a_stop_and_goes_on(rig):
    rig.env.timeout(1).callbacks.append(lambda _: rig.cell.stop("the door was opened."))
    rig.env.timeout(5).callbacks.append(lambda _: rig.plant.press(rig.cell.start_button))
    controller = RunController(rig.env, rig.cell, None, is_simulated=False)
    rig.env.timeout(60).callbacks.append(lambda _: signal.raise_signal(signal.SIGINT))
    controller.run(shows_progress=False)
    assert controller.was_interrupted
    assert rig.cell.stops["the door was opened."] == 1
    assert rig.cell.last_stop.at_s > 55


def test_in_a_simulation_nobody_resets_the_cell(rig):
    rig.env.timeout(1).callbacks.append(lambda _: rig.cell.fault("the belt broke."))
    controller = RunController(rig.env, rig.cell, None, is_simulated=True)
    controller.run(shows_progress=False)
    assert controller.ended_by.reason == "stapler, stapling: the belt broke."


def test_a_real_cell_whose_link_is_lost_is_over(rig):
    rig.faults.schedule(read_fault("cut@1", rig.cell.devices))
    controller = RunController(rig.env, rig.cell, None, is_simulated=False)
    controller.run(shows_progress=False)
    assert not controller.was_interrupted
    assert "the cable was pulled" in controller.ended_by.reason
