"""The model board: pins, pulses, inputs, and axes that share a firmware's loop."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from cellwright.errors import CellFault
from cellwright.hardware import CONFIGURABLE_FIRMATA

TIMING = CONFIGURABLE_FIRMATA
PASS_S = TIMING.poll_s + 3 * TIMING.step_s
VALVE = SimpleNamespace(name="valve")
moves = st.tuples(st.integers(1, 3000), st.floats(400, 15_000), st.floats(500, 60_000))


def axis_on(board, step=2, name="axis"):
    return board.declare_stepper(SimpleNamespace(name=name), step, step + 20, False)


def note_time(event, into, name):
    event.callbacks.append(lambda _: into.setdefault(name, event.env.now))


# ---- outputs ----


@pytest.mark.parametrize("safe", [False, True])
def test_outputs_start_safe_and_are_taken_back_there(board, safe):
    valve = board.declare_output(4, safe=safe)
    assert board.outputs[4] is safe
    valve.write(not safe)
    assert board.outputs[4] is not safe
    assert not board.is_safe
    board.make_safe()
    assert board.outputs[4] is safe
    assert board.is_safe


def test_a_stopped_servo_stays_until_the_release_which_turns_it_to_its_safe_angle(board):
    servo, motor = board.declare_servo(6, safe=45), board.declare_pwm(5, safe=0.1)
    servo.write(120)
    motor.write(0.9)
    assert not board.is_safe
    board.make_safe()
    assert (board.levels[6].value, board.levels[5].value) == (120, 0.1)
    assert board.is_safe
    board.release()
    assert (board.levels[6].value, board.levels[5].value) == (45, 0.1)
    assert board.is_safe
    servo.write(120)
    assert not board.is_safe


@pytest.mark.parametrize(("volts", "held"), [(-1, 0.0), (0, 0.0), (2.345, 2.345), (5, 5.0), (7.2, 5.0)])
def test_an_analog_input_is_held_between_ground_and_the_supply(board, volts, held):
    port = board.declare_analog(14)
    board.declare_analog(14).volts = volts
    assert port.volts == held
    assert port.sample(VALVE, 1.0).value == held


def test_nothing_is_driven_between_make_safe_and_release(board):
    valve = board.declare_output(4, safe=False)
    axis = axis_on(board)
    board.make_safe()
    for attempt in (
        lambda: valve.write(True),
        lambda: valve.pulse(VALVE, True, 0.1, 0.1),
        lambda: axis.move_to(100, 1000, 1000),
    ):
        with pytest.raises(CellFault, match="made safe; reset the cell first"):
            attempt()
        assert board.is_safe
    board.release()
    valve.write(True)
    assert board.outputs[4]


def test_a_pulse_ends_on_time_and_its_wait_after_the_rest(env, board):
    changes, ended = [], {}
    valve = board.declare_output(4, safe=False)
    board.on_output(4, lambda level: changes.append((env.now, level)))
    note_time(valve.pulse(VALVE, True, 0.06, 0.1), ended, "pulse")
    env.run(until=1)
    assert changes == [(0, True), (pytest.approx(0.06), False)]
    assert ended == {"pulse": pytest.approx(0.16)}


def test_make_safe_ends_a_pulse_at_once_and_for_good(env, board):
    changes, ended = [], {}
    valve = board.declare_output(4, safe=False)
    board.on_output(4, lambda level: changes.append((env.now, level)))
    note_time(valve.pulse(VALVE, True, 0.06, 0.1), ended, "pulse")
    env.run(until=0.02)
    board.make_safe()
    board.release()
    env.run(until=1)
    assert changes == [(0, True), (0.02, False)]
    assert not ended  # no completion is reported


def test_a_pulse_cut_short_does_not_end_the_next_one(env, board):
    changes = []
    valve = board.declare_output(4, safe=False)
    board.on_output(4, lambda level: changes.append((env.now, level)))
    valve.pulse(VALVE, True, 0.06, 0.0)
    env.run(until=0.02)
    board.make_safe()
    board.release()
    valve.pulse(VALVE, True, 0.06, 0.0)
    env.run(until=1)
    assert changes == [(0, True), (0.02, False), (0.02, True), (pytest.approx(0.08), False)]


def test_a_pulse_cut_short_does_not_end_what_is_written_after_it(env, board):
    valve = board.declare_output(4, safe=False)
    valve.pulse(VALVE, True, 0.06, 0.0)
    env.run(until=0.02)
    board.make_safe()
    board.release()
    valve.write(True)
    env.run(until=1)
    assert board.outputs[4] is True


def test_a_pulse_of_an_active_low_output_is_low(env, board):
    valve = board.declare_output(4, safe=True)
    valve.pulse(VALVE, False, 0.06, 0.0)
    assert board.outputs[4] is False
    env.run(until=1)
    assert board.outputs[4] is True


# ---- inputs ----


def test_a_level_that_is_there_is_not_waited_for(env, board):
    contact = board.declare_input(7, at_rest=True)
    assert contact.level is True
    assert contact.wait_for_level(True, VALVE, "did not rise", 5).callbacks is None
    assert contact.wait_for_level(False, VALVE, "did not fall", 5).callbacks is not None


def test_level_and_edge_waits_end_with_the_change(env, board):
    contact = board.declare_input(7, at_rest=False)
    ended = {}
    note_time(contact.wait_for_level(True, VALVE, "did not rise", 5), ended, "level")
    note_time(contact.wait_for_edge(True, VALVE, "did not rise", 5), ended, "edge")
    note_time(contact.wait_for_edge(False, VALVE, "did not fall", 5), ended, "fall")
    env.run(until=1)
    board.set_input(7, True)
    board.set_input(7, True)
    assert ended == {"level": 1, "edge": 1}
    env.run(until=2)
    board.set_input(7, False)
    assert ended == {"level": 1, "edge": 1, "fall": 2}


def test_an_edge_is_a_change_and_not_a_level(env, board):
    contact = board.declare_input(7, at_rest=True)
    ended = {}
    note_time(contact.wait_for_edge(True, VALVE, "did not rise", 5), ended, "edge")
    board.set_input(7, True)
    assert not ended
    board.set_input(7, False)
    board.set_input(7, True)
    assert ended == {"edge": 0}


def test_a_wait_is_kept_until_somebody_waits_for_it(env, board):
    contact = board.declare_input(7, at_rest=False)
    first = contact.wait_for_edge(True, VALVE, "did not rise", 5)
    second = contact.wait_for_edge(True, VALVE, "did not rise", 5)
    board.set_input(7, True)
    assert first.callbacks is None
    assert second.callbacks is None


def test_waits_that_were_given_up_do_not_pile_up(env, board):
    contact = board.declare_input(7, at_rest=False)

    def poll():
        for _ in range(200):
            yield env.any_of([contact.wait_for_edge(True, VALVE, "did not rise", 1), env.timeout(0.5)])

    env.process(poll())
    env.run()
    assert len(contact._waiting) < 10


def test_an_input_action_comes_before_any_wait_goes_on(board):
    seen = []
    contact = board.declare_input(7, at_rest=False)
    contact.on_change = lambda level: seen.append(("action", level))
    contact.wait_for_edge(True, VALVE, "", 5).callbacks.append(lambda _: seen.append("wait"))
    board.set_input(7, True)
    board.set_input(7, False)
    assert seen == [("action", True), "wait", ("action", False)]
