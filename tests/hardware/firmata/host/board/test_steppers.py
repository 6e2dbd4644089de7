"""Axes over the line: where they land, how they stop, and what is sent to the firmware."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.actuators import Stepper
from cellwright.errors import CellFault, StepTimeoutError
from cellwright.hardware import ModelBoard
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.accelstepper import MOVE_BY, SET_ACCELERATION, SET_SPEED
from cellwright.hardware.model.axes import TripPoint
from cellwright.sequences import home
from cellwright.sequences.supervision import StepProcess

SPEED, ACCELERATION = 2000, 8000
PER_MM = 40


@pytest.fixture
def axis(rig):
    """A stepper port and its axis, prepared."""
    port, model_axis = rig.stepper()
    rig.prepare()
    return SimpleNamespace(port=port, model=model_axis)


def told(rig, since_s, sub_command):
    return [each.data for each in rig.sent_since(since_s, messages.ACCELSTEPPER_DATA) if each.data[2] == sub_command]


def agree(rig, axis):
    """That both ends know where the axis is, and that the firmware never minded."""
    rig.run(0.1)
    assert axis.port.position == axis.model.true_position
    assert not axis.port.is_moving
    assert not axis.model.is_moving
    assert rig.arduino.complaints == []
    assert rig.troubles == []


# ---- moves ----


@pytest.mark.parametrize("targets", [[500], [1, 0], [-300, 300, -1], [2000, 1999, 2000]])
def test_moves_land_where_asked(rig, axis, targets):
    for target in targets:
        rig.arrive(axis.port.move_to(target, SPEED, ACCELERATION))
        assert axis.model.true_position == target
    agree(rig, axis)


def test_an_inverted_axis_is_told_to_the_firmware(rig):
    rig.board.declare_stepper(SimpleNamespace(name="a"), 2, 3, True)
    assert rig.sent[-1].data.hex(" ") == "f0 62 00 00 10 02 03 01 f7"


def test_a_move_takes_what_the_model_takes_and_what_the_line_costs(rig, axis):
    board = ModelBoard(rig.env, rig.model.motion.timing)
    model_port = board.declare_stepper(SimpleNamespace(name="a"), 2, 3, False)
    began_s = board.env.now
    board.env.run(until=model_port.move_to(1000, SPEED, ACCELERATION))
    alone_s = board.env.now - began_s
    for pace_bytes in (18, 0):  # speed and acceleration are sent before the first move only
        began_s = rig.env.now
        target = axis.port.position + 1000
        rig.arrive(axis.port.move_to(target, SPEED, ACCELERATION))
        assert rig.env.now - began_s == pytest.approx(alone_s + (20 + pace_bytes) * rig.byte_s, abs=1e-9)


def test_a_move_to_where_it_stands_is_over_at_once_and_sends_nothing(rig, axis):
    before_s = rig.env.now
    assert axis.port.move_to(0, SPEED, ACCELERATION).triggered
    assert rig.sent_since(before_s, messages.ACCELSTEPPER_DATA) == []


def test_speed_and_acceleration_are_sent_only_when_they_change(rig, axis):
    began_s = rig.env.now
    paces = [(SPEED, ACCELERATION), (SPEED, ACCELERATION), (500, ACCELERATION), (500, 900), (SPEED, ACCELERATION)]
    for target, pace in enumerate(paces, start=1):
        rig.arrive(axis.port.move_to(100 * target, *pace))
    assert len(told(rig, began_s, SET_SPEED)) == 3
    assert len(told(rig, began_s, SET_ACCELERATION)) == 3


def test_a_second_move_is_refused_while_one_is_under_way(rig, axis):
    axis.port.move_to(500, SPEED, ACCELERATION)
    with pytest.raises(CellFault, match="axis0 was commanded to move while it was moving; wait for its move first"):
        axis.port.move_to(100, SPEED, ACCELERATION)


def test_what_the_firmware_cannot_count_is_refused(rig, axis):
    before_s = rig.env.now
    with pytest.raises(CellFault, match="axis0 cannot move to step 268435456: the firmware counts to 268435455"):
        axis.port.move_to(2**28, SPEED, ACCELERATION)
    with pytest.raises(CellFault, match="axis0 cannot move to step -268435456"):
        axis.port.move_to(-(2**28), SPEED, ACCELERATION)
    assert rig.sent_since(before_s, messages.ACCELSTEPPER_DATA) == []


def test_a_far_target_within_the_limit_arrives_whole(rig, axis):
    axis.port.move_to(2**28 - 1, SPEED, ACCELERATION)
    rig.run(0.1)
    assert axis.model.rest_at == 2**28 - 1


def run_step(rig, step):
    """Run a step under supervision, which holds waits to their limits."""
    rig.env.run(until=StepProcess(rig.env, step))


@pytest.mark.parametrize("axes", [1, 3])
def test_a_move_whose_arrival_is_lost_ends_by_its_time_limit(rig, axis, axes):
    ports = [axis.port, *(rig.stepper(number)[0] for number in range(1, axes))]
    rig.lose_replies("f0 62 0a 00")
    began_s = rig.env.now

    def move():
        for port in ports[1:]:
            port.move_to(2000, 1000, 8000)
        yield axis.port.move_to(2000, 1000, 8000)

    with pytest.raises(StepTimeoutError, match="axis0 did not arrive within"):
        run_step(rig, move())
    assert 2.1 * axes + 5 < rig.env.now - began_s < 2.3 * axes + 5


def test_many_axes_at_once_arrive_within_their_limits(rig):
    ports = [rig.stepper(number)[0] for number in range(8)]
    rig.prepare()

    def move():
        yield rig.env.all_of([port.move_to(20_000, 4000, 20_000) for port in ports])

    run_step(rig, move())
    assert {port.position for port in ports} == {20_000}
    assert rig.arduino.complaints == []


# ---- abrupt stops ----


def test_an_abrupt_stop_leaves_both_ends_agreed_and_no_stale_speed(rig, axis):
    axis.port.move_to(5000, SPEED, ACCELERATION)
    rig.run(1)
    stopping = axis.port.stop_abruptly()
    rig.arrive(stopping)
    assert 1000 < axis.port.position < 3000
    agree(rig, axis)
    assert stopping.limit_s == 1.0


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-800, 800), st.floats(0, 0.7), st.booleans()), min_size=1, max_size=6))
def test_moves_after_abrupt_stops_land_where_asked(make_rig, moves):
    rig = make_rig(env=simpy.Environment(), latency_s=0.002)
    port, model_axis = rig.stepper()
    rig.prepare()
    for target, stopped_after_s, waits in moves:
        port.move_to(target, SPEED, ACCELERATION)
        rig.run(stopped_after_s)
        stopping = port.stop_abruptly()
        if waits:
            rig.arrive(stopping)
        rig.arrive(port.move_to(3 * target + 7, SPEED, ACCELERATION))
        assert model_axis.true_position == 3 * target + 7
    agree(rig, SimpleNamespace(port=port, model=model_axis))


def test_an_abrupt_stop_that_crosses_with_the_arrival(make_rig):
    for early_s in (0.0001, 0.001, 0.003, 0.0049):
        rig = make_rig(env=simpy.Environment(), latency_s=0.005)
        port, model_axis = rig.stepper()
        rig.prepare()
        move = port.move_to(700, SPEED, ACCELERATION)
        rig.run(0.02)
        rig.run(model_axis.due_s - rig.env.now + early_s)  # it has arrived, and the host does not know
        assert not move.triggered
        rig.arrive(port.stop_abruptly())
        assert not move.triggered
        assert port.position == 700
        rig.arrive(port.move_to(100, SPEED, ACCELERATION))
        agree(rig, SimpleNamespace(port=port, model=model_axis))


def test_two_abrupt_stops_are_one(rig, axis):
    axis.port.move_to(5000, SPEED, ACCELERATION)
    rig.run(0.5)
    first = axis.port.stop_abruptly()
    assert axis.port.stop_abruptly() is first
    rig.arrive(first)
    assert axis.port.stop_abruptly().triggered
    move = axis.port.move_to(axis.port.position + 400, SPEED, ACCELERATION)
    began_s = rig.env.now
    rig.arrive(move)
    assert rig.env.now - began_s > 0.2  # no leftover answer ended it
    agree(rig, axis)


def test_an_abrupt_stop_while_a_board_is_made_safe_twice(rig, axis):
    axis.port.move_to(5000, SPEED, ACCELERATION)
    rig.run(0.5)
    axis.port.stop_abruptly()
    rig.board.make_safe()
    rig.board.make_safe()
    rig.board.release()
    move = axis.port.move_to(0, SPEED, ACCELERATION)
    began_s = rig.env.now
    rig.arrive(move)
    assert rig.env.now - began_s > 0.2
    assert axis.model.true_position == 0
    agree(rig, axis)


def test_an_abrupt_stop_forgets_a_move_that_waits_for_another(rig, axis):
    axis.port.move_to(5000, SPEED, ACCELERATION)
    rig.run(0.5)
    axis.port.stop_abruptly()
    move = axis.port.move_to(0, SPEED, ACCELERATION)
    rig.arrive(axis.port.stop_abruptly())
    rig.run(3)
    assert not move.triggered
    assert axis.model.true_position > 0
    agree(rig, axis)


def test_an_axis_at_rest_needs_no_abrupt_stop(rig, axis):
    before_s = rig.env.now
    assert axis.port.stop_abruptly().triggered
    assert axis.port.slow_down().triggered
    assert rig.sent_since(before_s, messages.ACCELSTEPPER_DATA) == []


def test_an_abrupt_stop_whose_answer_is_lost_ends_by_its_time_limit(rig, axis):
    rig.lose_replies("f0 62 06")

    def move():
        axis.port.move_to(5000, SPEED, ACCELERATION)
        yield rig.env.timeout(0.5)
        yield axis.port.stop_abruptly()

    with pytest.raises(StepTimeoutError, match=r"axis0 did not stop within 1 s\."):
        run_step(rig, move())


def test_an_axis_that_stops_by_itself_is_trouble_and_no_arrival(rig, axis):
    """As the communication watchdog stops it, or a bit that the line turned over has it seem."""
    move = axis.port.move_to(5000, SPEED, ACCELERATION)
    rig.run(0.5)
    rig.arduino.program.parser.feed(bytes.fromhex("f0 62 05 00 f7"))
    rig.run(0.1)
    assert not move.triggered
    assert rig.troubles == [
        f"axis0 stopped at step {axis.model.true_position} on its way to step 5000, though nothing commanded it to."
    ]


# ---- slowing down ----


def samples(rig, model_axis, every_s, seconds):
    places = []
    for _ in range(round(seconds / every_s)):
        rig.run(every_s)
        places.append(model_axis.true_position)
    return places


@pytest.mark.parametrize("after_s", [0.05, 0.15, 0.26, 1.0, 2.0])
@pytest.mark.parametrize("latency_s", [0.0, 0.01])
@pytest.mark.parametrize("sign", [1, -1])
def test_slowing_down_keeps_to_the_acceleration(make_rig, after_s, latency_s, sign):
    rig = make_rig(latency_s=latency_s)
    port, model_axis = rig.stepper()
    rig.prepare()
    port.move_to(sign * 8000, SPEED, ACCELERATION)
    rig.run(after_s)
    before = abs(model_axis.true_position)
    slowed = port.slow_down()
    every_s = 0.025
    places = [before, *(abs(place) for place in samples(rig, model_axis, every_s, 0.5))]
    speeds = [(late - soon) / every_s for soon, late in pairwise(places)]
    assert slowed.triggered
    assert speeds[-1] == 0
    assert min(speeds) >= -2 / every_s  # at most a step or two back
    greatest = max(soon - late for soon, late in pairwise(speeds)) / every_s
    assert greatest < 1.3 * ACCELERATION + 1 / every_s**2  # a step is as fine as it can be seen
    speed = min(SPEED, ACCELERATION * (after_s + 2 * latency_s + 0.03))
    assert abs(port.position) - before < speed**2 / (2 * ACCELERATION) + speed * (latency_s + 0.035)
    agree(rig, SimpleNamespace(port=port, model=model_axis))


@pytest.mark.parametrize("bytes_before_it", [0, 100])
@pytest.mark.parametrize("latency_s", [0.0, 0.01])
def test_slowing_down_near_the_end_does_not_go_past_it(make_rig, latency_s, bytes_before_it):
    for before_end_s in (0.4, 0.3, *(0.23 + turn / 400 for turn in range(16)), 0.2, 0.1, 0.03, 0.01, 0.001):
        rig = make_rig(env=simpy.Environment(), latency_s=latency_s)
        port, model_axis = rig.stepper()
        rig.prepare()
        port.move_to(3000, SPEED, ACCELERATION)
        rig.run(0.05)
        rig.run(model_axis.due_s - rig.env.now - before_end_s)
        rig.board.session.send(messages.QUERY_VERSION * bytes_before_it)
        slowed = port.slow_down()
        assert max(samples(rig, model_axis, 0.005, 0.8)) <= 3000
        assert slowed.triggered
        agree(rig, SimpleNamespace(port=port, model=model_axis))


def test_all_axes_that_share_the_loop_slow_down(rig):
    """They are slower than each would be alone: the host must not take them for having arrived."""
    axes = [rig.stepper(number) for number in range(4)]
    rig.prepare()
    for number, (port, _) in enumerate(axes):
        port.move_to(6000, 4000, 8000)
        rig.run(0.01 * (number + 1))
    rig.run(2.5)
    before = [model_axis.true_position for _, model_axis in axes]
    assert max(before) < 5000
    rig.env.run(until=rig.env.all_of([port.slow_down() for port, _ in axes]))
    assert all(port.position == model_axis.true_position < 5900 for port, model_axis in axes)
    assert rig.arduino.complaints == []


def test_slowing_down_twice_is_once(rig, axis):
    axis.port.move_to(8000, SPEED, ACCELERATION)
    rig.run(1)
    before_s = rig.env.now
    slowed = axis.port.slow_down()
    assert axis.port.slow_down() is slowed
    rig.run(0.05)
    assert axis.port.slow_down() is slowed
    assert len(told(rig, before_s, MOVE_BY)) == 1


def test_slowing_down_after_an_abrupt_stop_forgets_the_next_move(rig, axis):
    axis.port.move_to(5000, SPEED, ACCELERATION)
    rig.run(0.5)
    stopping = axis.port.stop_abruptly()
    axis.port.move_to(0, SPEED, ACCELERATION)
    assert axis.port.slow_down() is stopping
    rig.run(3)
    assert axis.model.true_position > 0


# ---- homing ----


def home_at(make_rig, latency_s, start_mm):
    """Home an axis that starts somewhere; where it truly stands then, in steps from its switch."""
    rig = make_rig(env=simpy.Environment(), latency_s=latency_s)
    device = Stepper(
        step=2, dir=5, home_pin=9, steps_per_mm=PER_MM, max_speed=100, max_acceleration=1000, travel=(0, 300)
    )
    device.name = "carriage"
    device.attach(rig.board)
    model_axis = rig.model.axis(2)
    model_axis.trip_points.append(TripPoint(9, at=0, level=False))
    model_axis.set_true_position(round(start_mm * PER_MM))
    rig.prepare()
    rig.env.run(until=StepProcess(rig.env, home(device)))
    assert device.is_homed
    assert device.position == 0
    rig.run(0.1)
    found_at = model_axis.true_position
    rig.arrive(device.move_to(10))
    assert model_axis.true_position == found_at + 10 * PER_MM
    assert rig.arduino.complaints == []
    return found_at


@pytest.mark.parametrize(("latency_s", "furthest"), [(0.0, 1), (0.001, 2), (0.01, 8)])
def test_homing_finds_the_same_step_from_anywhere(make_rig, latency_s, furthest):
    positions = {home_at(make_rig, latency_s, start_mm) for start_mm in (0, 0.6, 17.33, 50, 123.4, 299)}
    assert max(positions) - min(positions) <= 1
    assert all(-furthest <= step <= 0 for step in positions)


def test_homing_an_axis_whose_switch_never_closes_is_a_fault(rig):
    device = Stepper(
        step=2, dir=5, home_pin=9, steps_per_mm=PER_MM, max_speed=100, max_acceleration=1000, travel=(0, 30)
    )
    device.name = "carriage"
    device.attach(rig.board)
    rig.prepare()
    with pytest.raises(CellFault, match=r"carriage moved 33 mm and its home switch \(pin 9\) did not close"):
        rig.env.run(until=StepProcess(rig.env, home(device)))
