"""The model board's axes, which share a firmware's loop, and the switches on them."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
import simpy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cellwright.errors import CellFault
from cellwright.hardware import CONFIGURABLE_FIRMATA, ModelBoard, move_time
from cellwright.hardware.model.axes import TripPoint

TIMING = CONFIGURABLE_FIRMATA
PASS_S = TIMING.poll_s + 3 * TIMING.step_s
VALVE = SimpleNamespace(name="valve")
moves = st.tuples(st.integers(1, 3000), st.floats(400, 15_000), st.floats(500, 60_000))


def axis_on(board, step=2, name="axis"):
    return board.declare_stepper(SimpleNamespace(name=name), step, step + 20, False)


def note_time(event, into, name):
    event.callbacks.append(lambda _: into.setdefault(name, event.env.now))


# ---- axes ----


def test_a_move_arrives_when_the_firmware_does(env, board, firmware):
    axis, arrived = axis_on(board), {}
    note_time(axis.move_to(-2000, 1000, 4000), arrived, "axis")
    env.run()
    (made,) = firmware(TIMING, [(0.0, 0, -2000, 1000, 4000)])
    assert arrived == {"axis": pytest.approx(made[-1][0], rel=1e-3)}
    assert axis.position == -2000


def test_a_move_to_where_it_stands_is_over_at_once(board):
    assert axis_on(board).move_to(0, 1000, 1000).callbacks is None
    assert board.is_safe


def test_a_second_move_is_refused_while_the_first_goes_on(env, board):
    axis = axis_on(board, name="bridge")
    axis.move_to(100, 1000, 1000)
    env.run(until=0.05)
    with pytest.raises(CellFault) as refused:
        axis.move_to(50, 1000, 1000)
    assert str(refused.value) == "bridge was commanded to move while it was moving; wait for its move first."


def test_zero_moves_the_count_and_not_the_axis(env, board):
    axis = axis_on(board)
    axis.set_true_position(500)
    assert axis.position == 500
    axis.zero()
    assert (axis.position, axis.true_position) == (0, 500)
    axis.move_to(-200, 1000, 1000)
    env.run()
    assert (axis.position, axis.true_position) == (-200, 300)


def position_at(steps, at_s, start=0):
    return next((where for when, where in reversed(steps) if when <= at_s), start)


@given(moves, st.floats(0.01, 0.99))
def test_position_on_the_way_and_after_an_abrupt_stop(firmware, move, share):
    steps, speed, acceleration = move
    (made,) = firmware(TIMING, [(0.0, 0, steps, speed, acceleration)])
    at_s = share * made[-1][0]
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axis, arrived = axis_on(board), {}
    note_time(axis.move_to(steps, speed, acceleration), arrived, "axis")
    env.run(until=at_s)
    near = 1 + 1e-3 * at_s * speed  # one step, and 0.1 % of time
    assert abs(axis.position - position_at(made, at_s)) <= near
    stood = axis.position
    axis.stop_abruptly()
    assert axis.position == stood
    env.run(until=2 * made[-1][0])
    assert axis.position == stood
    assert not arrived
    assert board.is_safe


@settings(max_examples=40)
@given(moves, moves, st.floats(0.05, 0.95))
def test_an_axis_that_joins_midway(firmware, first, second, share):
    joins_s = share * first[0] / min(first[1], 3600)
    made = firmware(TIMING, [(0.0, 0, *first), (joins_s, 0, *second)])
    assume(made[0][-1][0] > joins_s + PASS_S)
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axes, arrived = [axis_on(board, 2), axis_on(board, 3)], {}
    note_time(axes[0].move_to(*first), arrived, 0)
    env.run(until=joins_s)
    note_time(axes[1].move_to(*second), arrived, 1)
    env.run()
    for number in (0, 1):
        assert arrived[number] == pytest.approx(made[number][-1][0], rel=1e-3, abs=2 * PASS_S)
        assert axes[number].position == (first, second)[number][0]


@settings(max_examples=40)
@given(st.lists(moves, min_size=2, max_size=3))
def test_overlapping_moves_end_in_the_firmwares_order(firmware, together):
    made = firmware(TIMING, [(0.0, 0, *move) for move in together])
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axes, arrived = [axis_on(board, 2 + number) for number in range(len(together))], {}
    for number, move in enumerate(together):
        note_time(axes[number].move_to(*move), arrived, number)
    env.run()
    ends = [steps[-1][0] for steps in made]
    assert [arrived[number] for number in range(len(ends))] == pytest.approx(ends, rel=1e-3, abs=2 * PASS_S)
    order = sorted(range(len(ends)), key=ends.__getitem__)
    gaps = [abs(ends[a] - ends[b]) for a, b in pairwise(order)]
    if min(gaps) > 2e-3 * max(ends) + 4 * PASS_S:
        assert list(arrived) == order


def test_stopping_one_axis_speeds_up_the_other(env, board, firmware):
    one, other, arrived = axis_on(board, 2), axis_on(board, 3), {}
    note_time(one.move_to(3000, 5000, 100_000), arrived, "one")
    note_time(other.move_to(3000, 5000, 100_000), arrived, "other")
    env.run(until=0.5)
    done = other.position
    one.stop_abruptly()
    env.run()
    assert "one" not in arrived
    assert arrived["other"] == pytest.approx(0.5 + (3000 - done) / TIMING.ceiling(1), rel=0.03)


def test_make_safe_stops_every_axis(env, board):
    axes, arrived = [axis_on(board, 2), axis_on(board, 3)], {}
    for number, axis in enumerate(axes):
        note_time(axis.move_to(3000, 10_000, 60_000), arrived, number)
    env.run(until=0.5)
    stood = [axis.position for axis in axes]
    board.make_safe()
    assert board.is_safe
    env.run(until=10)
    assert [axis.position for axis in axes] == stood
    assert not arrived


# ---- switches on axes ----


@given(moves, st.floats(0, 1))
@example((500, 1000.0, 2000.0), 0.0)
@example((500, 1000.0, 2000.0), 1.0)
def test_a_trip_point_fires_as_the_axis_passes(firmware, move, share):
    """Both ways: down to 0 and up again; the last step that can trip it included."""
    steps, speed, acceleration = move
    trips_at = min(round(share * steps), steps - 1)
    env = simpy.Environment()
    board = ModelBoard(env, TIMING)
    axis, changes = axis_on(board), []
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=trips_at, level=False))
    axis.set_true_position(steps)
    assert switch.level is True
    switch.on_change = lambda level: changes.append((env.now, level))
    down = axis.move_to(0, speed, acceleration)
    env.run(until=down)
    assert switch.level is False
    turned_s = env.now
    env.run(until=axis.move_to(steps, speed, acceleration))
    assert switch.level is True
    (downward,) = firmware(TIMING, [(0.0, steps, 0, speed, acceleration)])
    (upward,) = firmware(TIMING, [(0.0, 0, steps, speed, acceleration)])
    closed_s = next(at_s for at_s, where in downward if where == trips_at)
    opened_s = turned_s + next(at_s for at_s, where in upward if where == trips_at + 1)
    assert [level for _, level in changes] == [False, True]
    assert [at_s for at_s, _ in changes] == pytest.approx([closed_s, opened_s], rel=1e-3, abs=PASS_S)


def test_a_switch_is_shown_before_the_move_that_ends_on_it_is_over(env, board):
    axis = axis_on(board)
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=0, level=False))
    axis.set_true_position(300)
    read = []
    axis.move_to(0, 1000, 2000).callbacks.append(lambda _: read.append(switch.level))
    env.run()
    assert read == [False]


def test_an_abrupt_stop_at_a_trip_point_stands_on_it(env, board):
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


@pytest.mark.parametrize("stopped_first", [2, 3])
def test_axes_that_pass_their_switches_in_one_pass_both_show_them(env, board, stopped_first):
    """Stopping one makes the plan anew; the other's moment, due a step later, is not lost with the old plan."""
    axes = {pin: axis_on(board, pin) for pin in (2, 3)}
    switches = {}
    for pin, axis in axes.items():
        switches[pin] = board.declare_input(pin + 7, at_rest=True)
        axis.trip_points.append(TripPoint(pin + 7, at=500, level=False))
        axis.set_true_position(3000)
        switches[pin].on_change = lambda level, axis=axis: axis.stop_abruptly()
    for pin in (stopped_first, 5 - stopped_first):
        axes[pin].move_to(0, 10_000, 60_000)
    env.run()
    assert [switch.level for switch in switches.values()] == [False, False]
    assert all(axis.true_position in (499, 500) for axis in axes.values())


def test_a_trip_point_while_another_axis_joins_fires_once_and_later(env, board, firmware):
    axis, other, changes = axis_on(board, 2), axis_on(board, 3), []
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=500, level=False))
    axis.set_true_position(3000)
    switch.on_change = lambda level: changes.append(env.now)
    axis.move_to(0, 10_000, 60_000)
    env.run(until=0.3)
    other.move_to(3000, 10_000, 60_000)
    env.run()
    made = firmware(TIMING, [(0.0, 3000, 0, 10_000, 60_000), (0.3, 0, 3000, 10_000, 60_000)])
    expected = next(at_s for at_s, where in made[0] if where == 500)
    assert changes == pytest.approx([expected], rel=1e-3)


def test_placing_an_axis_shows_its_switches(board):
    axis = axis_on(board)
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=0, level=False))
    axis.set_true_position(-3)
    assert switch.level is False
    axis.set_true_position(1)
    assert switch.level is True


def test_late_in_a_long_run_a_trip_still_finds_the_axis_on_its_step():
    """The environment's clock has a year on it: its rounding is coarser than that of the loop."""
    env = simpy.Environment(initial_time=365 * 86_400)
    board = ModelBoard(env, TIMING)
    axis = axis_on(board)
    switch = board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=700, level=False))
    axis.set_true_position(2000)
    switch.on_change = lambda level: axis.stop_abruptly()
    axis.move_to(0, 1000, 6000)
    env.run()
    assert axis.true_position == 700


# ---- another target in mid-move ----


@given(moves, st.floats(0.02, 0.98))
def test_an_axis_that_slows_down_stops_as_its_acceleration_allows(move, share):
    steps, speed, acceleration = move
    env = simpy.Environment()
    axis = axis_on(ModelBoard(env, TIMING))
    whole_s = move_time(TIMING, steps, speed, acceleration)
    axis.move_to(steps, speed, acceleration)
    env.run(until=share * whole_s)
    began_at, began_s = axis.position, env.now
    rate = min(speed, TIMING.ceiling())
    stopped = axis.slow_down()
    env.run(until=stopped)
    assert not axis.is_moving
    assert axis.position >= began_at
    # From any speed that it can have had: no further, and no sooner, than its acceleration takes (and a step or two).
    assert axis.position - began_at <= min(speed**2 / (2 * acceleration) + 3, steps)
    assert env.now - began_s <= speed / acceleration + 3 / rate + 0.676 * (2 / acceleration) ** 0.5 + 0.1


def test_at_full_speed_slowing_down_takes_v_squared_over_2a(env, board):
    axis = axis_on(board)
    axis.move_to(3000, 1000, 2000)
    env.run(until=1.5)  # cruising since 0.5 s
    began_at, began_s = axis.position, env.now
    env.run(until=axis.slow_down())
    assert axis.position - began_at == pytest.approx(1000**2 / (2 * 2000), abs=4)
    assert env.now - began_s == pytest.approx(1000 / 2000, rel=0.1)
    assert axis.move_to(3000, 1000, 2000).callbacks is not None


def test_a_nearer_and_a_farther_target_in_mid_move(env, board):
    axis = axis_on(board)
    moved = axis.move_to(2000, 1000, 4000)
    env.run(until=0.5)
    assert axis.change_target(4000) is moved
    env.run(until=1.0)
    axis.change_target(1500)
    env.run(until=moved)
    assert axis.position == 1500


def test_a_target_that_is_passed_already_is_come_back_to(env, board):
    axis = axis_on(board)
    moved = axis.move_to(2000, 1000, 4000)
    env.run(until=1.0)
    passed = axis.position
    axis.change_target(passed - 100)
    env.run(until=1.05)
    assert axis.position > passed
    env.run(until=moved)
    assert axis.position == passed - 100


@given(moves, moves, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_who_looks_again_and_again_finds_an_axis_where_a_single_look_finds_it(move, other, shares):
    positions = []
    for queries in (sorted(shares), [max(shares)]):
        env = simpy.Environment()
        board = ModelBoard(env, TIMING)
        first, second = axis_on(board), axis_on(board, step=3, name="second")
        whole_s = move_time(TIMING, *move)
        first.move_to(*move)
        second.move_to(*other)
        for share in queries:
            if share * whole_s > env.now:
                env.run(until=share * whole_s)
            result = (first.position, second.position)
        positions.append(result)
    assert positions[0] == positions[1]


def test_an_axis_at_rest_has_no_target_to_change(board):
    axis = axis_on(board, name="bridge")
    with pytest.raises(CellFault, match="bridge has no move in progress"):
        axis.change_target(5)
    assert axis.slow_down().callbacks is None
