"""Homing on a model board: wherever the axis stands, 0 mm is where its switch closes."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cellwright.actuators import Stepper
from cellwright.errors import CellFault
from cellwright.hardware import ModelBoard
from cellwright.hardware.model.axes import TripPoint
from cellwright.sequences import home
from cellwright.sequences.homing import HomingAxis

PER_MM = 20


def axis_at(mm, *, switch=True, low=True, homing_speed=80.0, env=None):
    env = env or simpy.Environment()
    board = ModelBoard(env)
    axis = Stepper(
        step=2,
        dir=5,
        home_pin=9,
        steps_per_mm=PER_MM,
        max_speed=100,
        max_acceleration=1000,
        travel=(0, 300),
        homing_speed=homing_speed,
        home_active_low=low,
    )
    axis.name = "bridge"
    axis.attach(board)
    port = board.steppers[2]
    if switch:
        port.trip_points.append(TripPoint(9, at=0, level=not low))
    port.set_true_position(round(mm * PER_MM))
    return axis, port


def run(axis):
    env = axis.board.env
    env.run(until=env.process(home(axis)))


@settings(max_examples=30)
@given(st.floats(-4.5, 300), st.booleans(), st.sampled_from([5.0, 80.0, 400.0]))
@example(0.0, True, 80.0)
@example(1 / PER_MM, True, 80.0)
@example(-4.0, False, 80.0)
@example(300.0, True, 80.0)
def test_homing_finds_the_switch_from_anywhere(mm, low, homing_speed):
    axis, port = axis_at(mm, low=low, homing_speed=homing_speed)
    run(axis)
    assert axis.is_homed
    assert axis.is_at_home
    assert axis.position == 0
    assert port.true_position == 0


@settings(max_examples=10)
@given(st.floats(0, 300))
def test_homing_again_changes_nothing(mm):
    axis, port = axis_at(100)
    run(axis)
    axis.board.env.run(until=axis.move_to(mm))
    axis.reset()
    run(axis)
    assert (axis.position, port.true_position) == (0, 0)


def test_after_a_move_onto_the_switch_it_can_be_homed_again():
    axis, port = axis_at(100)
    run(axis)
    for mm in (50, 0):
        axis.board.env.run(until=axis.move_to(mm))
    assert axis.is_at_home
    axis.reset()
    run(axis)
    assert port.true_position == 0


@pytest.mark.parametrize("on_board", [True, False])
def test_an_axis_of_a_cells_own_can_be_homed(only, on_board):
    """``home`` asks for nothing but what its HomingAxis names, with a board that homes by itself and without."""
    axis, port = axis_at(100)
    own = only(axis, HomingAxis)
    if not on_board:
        port.home = lambda *_: None
    run(own)
    assert axis.is_homed and port.true_position == 0
    with pytest.raises(AttributeError):
        own.port  # noqa: B018


def test_a_switch_that_never_closes_is_named():
    axis, _ = axis_at(150, switch=False)
    with pytest.raises(CellFault) as missing:
        run(axis)
    assert str(missing.value) == (
        "bridge moved 330 mm and its home switch (pin 9) did not close; check the switch, its cable and the motor."
    )
    assert not axis.is_homed


def test_a_switch_that_never_opens_is_named():
    axis, _ = axis_at(150, switch=False)
    axis.board.set_input(9, False)
    with pytest.raises(CellFault, match=r"bridge moved 5 mm and its home switch \(pin 9\) did not open"):
        run(axis)
    assert not axis.is_homed
