"""How far targets are apart, and what is said of each."""

from __future__ import annotations

import pytest

from cellwright import cells
from cellwright.errors import CellFault, InputError
from cellwright.sim.agreement import TargetResult, disagreement, percent_off, run_on_target


def account(target, *times_s):
    return TargetResult(target, times_s, {"waiting": 2.0, "pressing": 8.0}, {"valve fire": 3}, {"dose_error_g": 0.5})


def test_figures_are_one_table_whose_names_end_in_their_units():
    assert account("model", 9.0, 11.0).figures() == {
        "cycle_time_s": 10.0,
        "in_waiting_s": 2.0,
        "in_pressing_s": 8.0,
        "dose_error_g": 0.5,
        "valve fire": 3,
    }


def test_disagreement_is_real_firmware_against_the_model():
    accounts = [account("model", 10.0), account("virtual", 20.0), account("emulated", 9.9)]
    assert disagreement(accounts) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("value", "model", "off"), [(11.0, 10.0, 10.0), (0.0, 0.0, 0.0), (1.0, 0.0, None), (0, 4, -100)]
)
def test_a_figure_is_off_by_a_share_of_the_models(value, model, off):
    assert percent_off(value, model) == (off if off is None else pytest.approx(off))


def test_the_model_and_the_virtual_arduino_make_the_same_staples():
    scenario = cells.load("stapler").scenario(firmware="cellwright")
    done = []
    model = run_on_target("model", scenario, 2, 7, lambda: done.append(1))
    virtual = run_on_target("virtual", scenario, 2, 7)
    assert len(done) == len(model.unit_times_s) == len(virtual.unit_times_s) == 2
    assert model.actions["trigger fire"] == virtual.actions["trigger fire"] > 2 * 100
    assert "panel_in_place closed" not in model.actions  # what the world does is no action of the cell's
    assert sum(model.time_in_state_s.values()) == pytest.approx(model.cycle_time_s)
    assert abs(percent_off(virtual.cycle_time_s, model.cycle_time_s)) < 1.0


def test_what_was_measured_of_the_units_is_there():
    scenario = cells.load("lacquer_mixer").scenario(firmware="cellwright")
    assert run_on_target("model", scenario, 1, 1).figures()["beyond_order_g"] > 0


def test_no_units_show_nothing():
    with pytest.raises(InputError, match="0 cycles show nothing; make at least 1"):
        run_on_target("model", cells.load("stapler").scenario(), 0, 1)


def test_a_cell_that_stops_is_a_fault():
    scenario = cells.load("stapler").scenario(["bridge.travel=(0, 100)"], firmware="cellwright")
    with pytest.raises(CellFault, match="On the target model: "):
        run_on_target("model", scenario, 1, 1)
