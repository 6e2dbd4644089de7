"""The model board: pins, pulses, inputs, and axes that share a firmware's loop."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import simpy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cellwright.errors import CellFault, DescriptionError
from cellwright.hardware import CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.model import TripPoint

TIMING = CONFIGURABLE_FIRMATA
TURN_S = TIMING.poll_s + 3 * TIMING.step_s
VALVE = SimpleNamespace(name="valve")
moves = st.tuples(st.integers(1, 3000), st.floats(400, 15_000), st.floats(500, 60_000))


def axis_on(board, step=2, name="axis"):
    return board.declare_stepper(SimpleNamespace(name=name), step, step + 20, None, False)


def note_time(event, into, name):
    event.callbacks.append(lambda _: into.setdefault(name, event.env.now))


# ---- outputs ----


def test_an_output_must_be_declared_before_it_is_driven(board):
    with pytest.raises(DescriptionError, match="pin 4 cannot be driven before it is declared"):
        board.write(4, True)
    with pytest.raises(DescriptionError, match="pin 4"):
        board.pulse(VALVE, 4, True, 0.1, 0.1)


@pytest.mark.parametrize("safe", [False, True])
def test_outputs_start_safe_and_are_taken_back_there(board, safe):
    board.declare_output(4, safe=safe)
    assert board.outputs[4] is safe
    board.write(4, not safe)
    assert board.outputs[4] is not safe
    assert not board.is_safe
    board.make_safe()
    assert board.outputs[4] is safe
    assert board.is_safe


def test_nothing_is_driven_between_make_safe_and_release(board):
    board.declare_output(4, safe=False)
    axis = axis_on(board)
    board.make_safe()
    for attempt in (
        lambda: board.write(4, True),
        lambda: board.pulse(VALVE, 4, True, 0.1, 0.1),
        lambda: axis.move_to(100, 1000, 1000),
    ):
        with pytest.raises(CellFault, match="made safe; reset the cell first"):
            attempt()
        assert board.is_safe
    board.release()
    board.write(4, True)
    assert board.outputs[4]


def test_an_enable_pin_is_an_output_that_is_safe_when_high(board):
    board.declare_stepper(SimpleNamespace(name="axis"), 2, 3, 8, False)
    assert board.outputs[8] is True
    board.write(8, False)
    board.make_safe()
    assert board.outputs[8] is True


def test_a_pulse_ends_on_time_and_its_wait_after_the_rest(env, board):
    changes, ended = [], {}
    board.declare_output(4, safe=False)
    board.on_output(4, lambda level: changes.append((env.now, level)))
    note_time(board.pulse(VALVE, 4, True, 0.06, 0.1), ended, "pulse")
    env.run(until=1)
    assert changes == [(0, True), (pytest.approx(0.06), False)]
    assert ended == {"pulse": pytest.approx(0.16)}


def test_make_safe_ends_a_pulse_at_once_and_for_good(env, board):
    changes, ended = [], {}
    board.declare_output(4, safe=False)
    board.on_output(4, lambda level: changes.append((env.now, level)))
    note_time(board.pulse(VALVE, 4, True, 0.06, 0.1), ended, "pulse")
    env.run(until=0.02)
    board.make_safe()
    board.release()
    env.run(until=1)
    assert changes == [(0, True), (0.02, False)]
    assert not ended  # nobody is told that it fired


def test_a_pulse_cut_short_does_not_end_the_next_one(env, board):
    changes = []
    board.declare_output(4, safe=False)
    board.on_output(4, lambda level: changes.append((env.now, level)))
    board.pulse(VALVE, 4, True, 0.06, 0.0)
    env.run(until=0.02)
    board.make_safe()
    board.release()
    board.pulse(VALVE, 4, True, 0.06, 0.0)
    env.run(until=1)
    assert changes == [(0, True), (0.02, False), (0.02, True), (pytest.approx(0.08), False)]


def test_a_pulse_of_an_active_low_output_is_low(env, board):
    board.declare_output(4, safe=True)
    board.pulse(VALVE, 4, False, 0.06, 0.0)
    assert board.outputs[4] is False
    env.run(until=1)
    assert board.outputs[4] is True


# ---- inputs ----


def test_a_level_that_is_there_is_not_waited_for(env, board):
    board.declare_input(7, at_rest=True)
    assert board.read(7) is True
    assert board.level(VALVE, 7, True, "did not rise", 5).callbacks is None
    assert board.level(VALVE, 7, False, "did not fall", 5).callbacks is not None


def test_level_and_edge_waits_end_with_the_change(env, board):
    board.declare_input(7, at_rest=False)
    ended = {}
    note_time(board.level(VALVE, 7, True, "did not rise", 5), ended, "level")
    note_time(board.edge(VALVE, 7, True, "did not rise", 5), ended, "edge")
    note_time(board.edge(VALVE, 7, False, "did not fall", 5), ended, "fall")
    env.run(until=1)
    board.set_input(7, True)
    board.set_input(7, True)
    assert ended == {"level": 1, "edge": 1}
    env.run(until=2)
    board.set_input(7, False)
    assert ended == {"level": 1, "edge": 1, "fall": 2}


def test_an_edge_is_a_change_and_not_a_level(env, board):
    board.declare_input(7, at_rest=True)
    ended = {}
    note_time(board.edge(VALVE, 7, True, "did not rise", 5), ended, "edge")
    board.set_input(7, True)
    assert not ended
    board.set_input(7, False)
    board.set_input(7, True)
    assert ended == {"edge": 0}


def test_a_wait_is_kept_until_somebody_waits_for_it(env, board):
    board.declare_input(7, at_rest=False)
    first = board.edge(VALVE, 7, True, "did not rise", 5)
    second = board.edge(VALVE, 7, True, "did not rise", 5)
    board.set_input(7, True)
    assert first.callbacks is None
    assert second.callbacks is None


def test_waits_that_were_given_up_do_not_pile_up(env, board):
    board.declare_input(7, at_rest=False)

    def poll():
        for _ in range(200):
            yield env.any_of([board.edge(VALVE, 7, True, "did not rise", 1), env.timeout(0.5)])

    env.process(poll())
    env.run()
    assert len(board._edges[7]) < 10


def test_an_input_action_comes_before_any_wait_goes_on(board):
    seen = []
    board.declare_input(7, at_rest=False)
    board.on_input(7, lambda level: seen.append(("action", level)))
    board.edge(VALVE, 7, True, "", 5).callbacks.append(lambda _: seen.append("wait"))
    board.set_input(7, True)
    board.set_input(7, False)
    assert seen == [("action", True), "wait", ("action", False)]


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
    assert str(refused.value) == "bridge was told to move while it was moving; wait for its move first."


def test_zero_moves_the_count_and_not_the_axis(env, board):
    axis = axis_on(board)
    axis.place(500)
    assert axis.position == 500
    axis.zero()
    assert (axis.position, axis.true_position) == (0, 500)
    axis.move_to(-200, 1000, 1000)
    env.run()
    assert (axis.position, axis.true_position) == (-200, 300)


def position_at(steps, at_s, start=0):
    return next((where for when, where in reversed(steps) if when <= at_s), start)


@given(moves, st.floats(0.01, 0.99))
def test_position_on_the_way_and_after_a_halt(firmware, move, share):
    steps, speed, acceleration = move
    (made,) = firmware(TIMING, [(0.0, 0, steps, speed, acceleration)])
    at_s = share * made[-1][0]
    env = simpy.Environment()
    board = ModelBoard(env)
    axis, arrived = axis_on(board), {}
    note_time(axis.move_to(steps, speed, acceleration), arrived, "axis")
    env.run(until=at_s)
    near = 1 + 1e-3 * at_s * speed  # one step, and 0.1 % of time
    assert abs(axis.position - position_at(made, at_s)) <= near
    stood = axis.position
    axis.halt()
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
    assume(made[0][-1][0] > joins_s + TURN_S)
    env = simpy.Environment()
    board = ModelBoard(env)
    axes, arrived = [axis_on(board, 2), axis_on(board, 3)], {}
    note_time(axes[0].move_to(*first), arrived, 0)
    env.run(until=joins_s)
    note_time(axes[1].move_to(*second), arrived, 1)
    env.run()
    for number in (0, 1):
        assert arrived[number] == pytest.approx(made[number][-1][0], rel=1e-3, abs=2 * TURN_S)
        assert axes[number].position == (first, second)[number][0]


@settings(max_examples=40)
@given(st.lists(moves, min_size=2, max_size=3))
def test_overlapping_moves_end_in_the_firmwares_order(firmware, together):
    made = firmware(TIMING, [(0.0, 0, *move) for move in together])
    env = simpy.Environment()
    board = ModelBoard(env)
    axes, arrived = [axis_on(board, 2 + number) for number in range(len(together))], {}
    for number, move in enumerate(together):
        note_time(axes[number].move_to(*move), arrived, number)
    env.run()
    ends = [steps[-1][0] for steps in made]
    assert [arrived[number] for number in range(len(ends))] == pytest.approx(ends, rel=1e-3, abs=2 * TURN_S)
    order = sorted(range(len(ends)), key=ends.__getitem__)
    gaps = [abs(ends[a] - ends[b]) for a, b in zip(order, order[1:], strict=False)]
    if min(gaps) > 2e-3 * max(ends) + 4 * TURN_S:
        assert list(arrived) == order


def test_halting_one_axis_speeds_up_the_other(env, board, firmware):
    one, other, arrived = axis_on(board, 2), axis_on(board, 3), {}
    note_time(one.move_to(3000, 5000, 100_000), arrived, "one")
    note_time(other.move_to(3000, 5000, 100_000), arrived, "other")
    env.run(until=0.5)
    done = other.position
    one.halt()
    env.run()
    assert "one" not in arrived
    assert arrived["other"] == pytest.approx(0.5 + (3000 - done) / TIMING.ceiling(1), rel=0.03)


def test_make_safe_halts_every_axis(env, board):
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
    board = ModelBoard(env)
    axis, changes = axis_on(board), []
    board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=trips_at, level=False))
    axis.place(steps)
    assert board.read(9) is True
    board.on_input(9, lambda level: changes.append((env.now, level)))
    down = axis.move_to(0, speed, acceleration)
    env.run(until=down)
    assert board.read(9) is False
    turned_s = env.now
    env.run(until=axis.move_to(steps, speed, acceleration))
    assert board.read(9) is True
    (downward,) = firmware(TIMING, [(0.0, steps, 0, speed, acceleration)])
    (upward,) = firmware(TIMING, [(0.0, 0, steps, speed, acceleration)])
    closed_s = next(at_s for at_s, where in downward if where == trips_at)
    opened_s = turned_s + next(at_s for at_s, where in upward if where == trips_at + 1)
    assert [level for _, level in changes] == [False, True]
    assert [at_s for at_s, _ in changes] == pytest.approx([closed_s, opened_s], rel=1e-3, abs=TURN_S)


def test_a_switch_is_shown_before_the_move_that_ends_on_it_is_over(env, board):
    axis = axis_on(board)
    board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=0, level=False))
    axis.place(300)
    read = []
    axis.move_to(0, 1000, 2000).callbacks.append(lambda _: read.append(board.read(9)))
    env.run()
    assert read == [False]


def test_a_halt_at_a_trip_point_stands_on_it(env, board):
    axis, other = axis_on(board, 2), axis_on(board, 3)
    board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=700, level=False))
    axis.place(2000)
    board.on_input(9, lambda level: axis.halt())
    axis.move_to(0, 10_000, 60_000)
    other.move_to(3000, 10_000, 60_000)
    env.run()
    assert axis.true_position == 700
    assert other.true_position == 3000


def test_a_trip_point_while_another_axis_joins_fires_once_and_later(env, board, firmware):
    axis, other, changes = axis_on(board, 2), axis_on(board, 3), []
    board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=500, level=False))
    axis.place(3000)
    board.on_input(9, lambda level: changes.append(env.now))
    axis.move_to(0, 10_000, 60_000)
    env.run(until=0.3)
    other.move_to(3000, 10_000, 60_000)
    env.run()
    made = firmware(TIMING, [(0.0, 3000, 0, 10_000, 60_000), (0.3, 0, 3000, 10_000, 60_000)])
    expected = next(at_s for at_s, where in made[0] if where == 500)
    assert changes == pytest.approx([expected], rel=1e-3)


def test_placing_an_axis_shows_its_switches(board):
    axis = axis_on(board)
    board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=0, level=False))
    axis.place(-3)
    assert board.read(9) is False
    axis.place(1)
    assert board.read(9) is True


def test_late_in_a_long_run_a_trip_still_finds_the_axis_on_its_step():
    """The environment's clock has a year on it: its rounding is coarser than that of the loop."""
    env = simpy.Environment(initial_time=365 * 86_400)
    board = ModelBoard(env)
    axis = axis_on(board)
    board.declare_input(9, at_rest=True)
    axis.trip_points.append(TripPoint(9, at=700, level=False))
    axis.place(2000)
    board.on_input(9, lambda level: axis.halt())
    axis.move_to(0, 1000, 6000)
    env.run()
    assert axis.true_position == 700
