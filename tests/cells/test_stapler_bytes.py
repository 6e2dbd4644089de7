"""The stapler through every byte: what a virtual Arduino's pins did, and its run log beside the model's."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

import pytest

from cellwright.cells import load
from cellwright.hardware.firmata.protocol.accelstepper import move_complete, move_to
from cellwright.hardware.firmware_profiles import BAUDS

STAPLES = 195
MOVE_BYTES = len(move_to(0, 0)) + len(move_complete(0, 0))
EARLY_BYTES = 12
"""By how many bytes' time the next event may seem sooner: the one before was late by as much."""
HOMING_STEP_BYTES = 138
"""What the line adds to one step of homing, in bytes' time: a jog's messages, a stop and its answers, the debouncing of
a switch."""


@pytest.fixture
def panel(cell_on_virtual):
    """A stapler on a virtual Uno that has finished a panel, without a jam."""
    rig = cell_on_virtual("stapler", set=["plant.jams_per_1000_staples=0"])
    rig.run_until_finished()
    return rig


def test_the_trigger_pulses_once_a_staple_and_never_while_an_axis_moves(panel):
    panel.assert_pulsed("trigger", times=STAPLES, seconds=panel.cell.trigger.pulse_s)
    panel.assert_never(panel.on("trigger"), while_=panel.moving("bridge", "carriage"))
    panel.assert_only(panel.on("trigger"), while_=panel.in_state("stapling"))
    panel.assert_on_at_most("trigger", seconds=panel.cell.trigger.max_on_s)
    assert panel.pins["trigger"].pulses == STAPLES
    assert panel.arduino.complaints == []


def test_the_axes_go_where_the_layout_says(panel):
    layout = load("stapler").cell.layout
    row_ends = {move.to_mm for move in panel.axes["bridge"].moves}
    slats = {move.to_mm for move in panel.axes["carriage"].moves}
    assert row_ends >= set(layout.rows_mm)
    assert slats >= set(layout.columns_mm)
    panel.assert_in_order("bridge home switch closed", "cell stapling", "trigger on", "cell presenting", "lamp on")


def test_a_panel_is_refilled_with_the_trigger_at_rest(panel):
    assert len(panel.in_state("refilling")) == 1
    panel.assert_never(panel.moving("bridge", "carriage"), while_=panel.in_state("refilling", "waiting"))


@pytest.mark.parametrize("moment_s", [0.01, 0.15, 0.3, 0.47])
def test_everything_is_safe_within_10_ms_of_the_stop(cell_on_virtual, moment_s):
    rig = cell_on_virtual("stapler")
    rig.run_until(state="stapling", within_s=600)
    rig.run(seconds=20 + moment_s)
    assert not rig.is_safe
    pressed_s = rig.now_s
    rig.press("stop_button")
    rig.run(seconds=60)
    rig.assert_safe_within(ms=10, of=pressed_s)
    rig.assert_stopped(because="stop_button was pressed")


def events(rig, but=""):
    """The run log's events, and when each was; without what is called so, or begins so."""
    rows = rig.log.connection.execute("SELECT source, what, value, at_s FROM event ORDER BY rowid").fetchall()
    kept = [row for row in rows if not (but and row[1].startswith(but))]
    return [row[:3] for row in kept], [row[3] for row in kept]


@pytest.mark.parametrize("firmware", BAUDS)
def test_the_run_log_is_the_models_but_for_what_the_line_costs(cell_on_model, cell_on_virtual, firmware):
    rigs = [make("stapler", seed=3, firmware=firmware) for make in (cell_on_model, cell_on_virtual)]
    for rig in rigs:
        rig.run_until_finished(2)
    homes_itself = firmware == "cellwright"  # and then its host has no jogs to log
    what_model, model_s = events(rigs[0], but="jog" if homes_itself else "")
    what_virtual, virtual_s = events(rigs[1])
    assert what_virtual == what_model
    costs = {
        at: (late - early) for at, (early, late) in enumerate(zip(steps(model_s), steps(virtual_s), strict=True), 1)
    }
    byte_s = 10 / BAUDS[firmware]
    assert all(-EARLY_BYTES * byte_s < cost_s < HOMING_STEP_BYTES * byte_s for cost_s in costs.values())
    moves_s = [costs[at] for at, event in enumerate(what_model) if event[1] == "move done"]
    assert median(moves_s) == pytest.approx(MOVE_BYTES * byte_s, abs=1e-6), "a move costs its order and its answer"
    assert sum(costs.values()) < 0.01 * model_s[-1]


def steps(times_s):
    """From each event to the next, s."""
    return [after - before for before, after in pairwise(times_s)]
