"""The model board's axes as CellwrightFirmata steps them: each in its own time, and the switches on them."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.errors import CellFault
from cellwright.hardware import CELLWRIGHT_FIRMATA, CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.model.axes import TripPoint

TIMING = CELLWRIGHT_FIRMATA
moves = st.tuples(st.integers(1, 3000), st.floats(400, 15_000), st.floats(500, 60_000))


def axis_on(board, step=2, name="axis"):
    return board.declare_stepper(SimpleNamespace(name=name), step, step + 20, False)


def note_time(event, into, name):
    event.callbacks.append(lambda _: into.setdefault(name, event.env.now))


@given(st.lists(st.tuples(moves, st.floats(0, 2)), min_size=2, max_size=4))
def test_axes_do_not_slow_each_other_down(together):
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    arrived, ends_s = {}, {}

    def moves_later(number, move, starts_s):
        yield env.timeout(starts_s)
        axis = axis_on(board, 2 + number)
        ends_s[number] = starts_s + TIMING.move_time(*move)
        note_time(axis.move_to(*move), arrived, number)

    for number, (move, starts_s) in enumerate(together):
        env.process(moves_later(number, move, starts_s))
    env.run()
    assert arrived == pytest.approx(ends_s, rel=1e-9)
    assert board.is_safe


@given(moves, moves, st.floats(0.01, 0.99))
def test_stopping_one_leaves_the_other_as_it_was(one, other, share):
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axes, arrived = [axis_on(board, 2), axis_on(board, 3)], {}
    for number, move in enumerate((one, other)):
        note_time(axes[number].move_to(*move), arrived, number)
    stopped_s = share * TIMING.move_time(*one)
    env.run(until=stopped_s)
    stood = axes[0].position
    axes[0].stop_abruptly()
    env.run(until=100)
    assert axes[0].position == stood < one[0]
    assert arrived == {1: pytest.approx(TIMING.move_time(*other), rel=1e-9)}


def test_make_safe_stops_every_axis_at_once(env, board):
    axes, arrived = [axis_on(board, 2), axis_on(board, 3)], {}
    for number, axis in enumerate(axes):
        note_time(axis.move_to(3000, 10_000, 60_000), arrived, number)
    env.run(until=0.2)
    stood = [axis.position for axis in axes]
    board.make_safe()
    assert board.is_safe
    env.run(until=10)
    assert stood == [axis.position for axis in axes] == [int(10_000 * (0.2 - 10_000 / 60_000 / 2))] * 2
    assert not arrived


@given(moves, st.floats(0, 1), st.booleans())
def test_a_trip_point_fires_at_the_step_that_passes_it(move, share, with_another):
    """Both ways: down to 0 and up again; the last step that can trip it included."""
    steps, speed, acceleration = move
    trips_at = min(round(share * steps), steps - 1)
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axis, other, changes = axis_on(board), axis_on(board, 3), []
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=trips_at, level=False))
    axis.set_true_position(steps)
    switch.on_change = lambda level: changes.append((env.now, level, axis.true_position))
    down = axis.move_to(0, speed, acceleration)
    if with_another:
        other.move_to(777, 3000.0, 9000.0)
    env.run(until=down)
    turned_s = env.now
    env.run(until=axis.move_to(steps, speed, acceleration))
    state = (TIMING.start_from_rest(0, steps, speed, acceleration),)
    ((closes_s, _),) = TIMING.crossings(state, 0, steps - trips_at - 1)
    ((opens_s, _),) = TIMING.crossings(state, 0, trips_at)
    assert [(level, where) for _, level, where in changes] == [(False, trips_at), (True, trips_at + 1)]
    assert [at_s for at_s, _, _ in changes] == pytest.approx([closes_s, turned_s + opens_s], rel=1e-9, abs=1e-9)


def test_an_abrupt_stop_at_a_trip_point_stands_on_it_even_late_in_a_long_run():
    env = simpy.Environment(initial_time=365 * 86_400)
    board = ModelBoard(env, TIMING)
    axis, other = axis_on(board, 2), axis_on(board, 3)
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=700, level=False))
    axis.set_true_position(2000)
    switch.on_change = lambda level: axis.stop_abruptly()
    axis.move_to(0, 10_000, 60_000)
    other.move_to(3000, 10_000, 60_000)
    env.run()
    assert axis.true_position == 700
    assert other.true_position == 3000


# ---- changes in mid-move ----


def test_a_soft_stop_takes_v_squared_over_2a_and_v_over_a(env, board):
    axis = axis_on(board)
    axis.move_to(3000, 1000, 2000)
    env.run(until=1.5)  # cruising since 0.5 s, so at step 1250
    env.run(until=axis.slow_down())
    assert axis.position == 1500
    assert env.now == pytest.approx(2.0, rel=1e-9)
    assert not axis.is_moving


@given(moves, moves, st.floats(0.02, 0.98))
def test_an_axis_slows_down_within_its_acceleration_whatever_the_others_do(move, other, share):
    steps, speed, acceleration = move
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axis, arrived = axis_on(board), {}
    axis.move_to(*move)
    note_time(axis_on(board, 3).move_to(*other), arrived, "other")
    env.run(until=share * TIMING.move_time(*move))
    began_at = axis.position
    env.run(until=axis.slow_down())
    assert began_at <= axis.position <= min(steps, began_at + math.ceil(speed**2 / (2 * acceleration)) + 1)
    env.run()
    assert arrived == {"other": pytest.approx(TIMING.move_time(*other), rel=1e-9)}


def test_a_passed_target_is_come_back_to_and_a_switch_beyond_it_opens_and_closes(env, board):
    """1,000 steps/s and 4,000 steps/s² need 125 steps: given the target 526 at step 500, it turns at 625."""
    axis, changes = axis_on(board), []
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=600, level=False))
    axis.set_true_position(0)
    switch.on_change = lambda level: changes.append((round(env.now, 6), level, axis.true_position))
    moved = axis.move_to(2000, 1000, 4000)
    env.run(until=0.625)
    assert axis.change_target(526) is moved
    env.run(until=moved)
    assert axis.position == 526
    there_s = 0.875 - math.sqrt(2 * 24 / 4000)
    back_s = 0.875 + math.sqrt(2 * 25 / 4000)
    assert changes == [(round(there_s, 6), True, 601), (round(back_s, 6), False, 600)]


def test_another_speed_in_mid_move(env, board):
    axis = axis_on(board)
    moved = axis.move_to(2000, 1000, 4000)
    env.run(until=0.625)  # at step 500
    axis.change_target(2000, max_speed=500.0)
    env.run(until=moved)
    slows_s, way = 500 / 4000, (1000 + 500) / 2 * 500 / 4000
    assert env.now == pytest.approx(0.625 + slows_s + (1500 - way) / 500 + 500 / 4000 / 2, rel=1e-9)
    assert axis.position == 2000


# ---- ceilings ----


def test_a_speed_above_the_ceiling_is_a_fault_that_says_what_to_do(board):
    axis = axis_on(board, name="bridge")
    for ask in (lambda: axis.move_to(100, 51_000.0, 1000.0), lambda: axis.prepare(51_000.0, 1000.0)):
        with pytest.raises(CellFault) as refused:
            ask()
        assert str(refused.value) == (
            "bridge cannot make 51,000 steps/s: CellwrightFirmata on a 16 MHz ATmega328P refuses more than 50,000 "
            "steps/s on one axis; lower its speed or its steps_per_mm."
        )
    assert not axis.is_moving
    assert board.is_safe


def test_axes_that_are_too_fast_together_are_a_fault_and_the_first_goes_on(env, board):
    one, other, arrived = axis_on(board, 2, "bridge"), axis_on(board, 3, "carriage"), {}
    note_time(one.move_to(50_000, 35_000.0, 1e6), arrived, "one")
    env.run(until=0.1)
    with pytest.raises(CellFault, match="carriage cannot start while others move: together that is 70,000 steps/s"):
        other.move_to(50_000, 35_000.0, 1e6)
    assert not other.is_moving
    env.run()
    assert arrived == {"one": pytest.approx(TIMING.move_time(50_000, 35_000.0, 1e6), rel=1e-9)}
    env.run(until=other.move_to(50_000, 35_000.0, 1e6))
    assert other.position == 50_000


def test_configurable_firmata_refuses_no_speed(env):
    axis = axis_on(ModelBoard(env, CONFIGURABLE_FIRMATA))
    axis.prepare(1e6, 1e6)
    env.run(until=axis.move_to(100, 1e6, 1e6))
    assert axis.position == 100
