"""CellwrightFirmata's steppers in the virtual Arduino: moves, groups, limits, homing."""

from __future__ import annotations

import math

import pytest

from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.accelstepper import (
    GROUP_COMPLETE,
    INVERT_DIRECTION_AS_DOCUMENTED,
    MOVE_COMPLETE,
    REPORT_POSITION,
    decode_reply,
)
from cellwright.hardware.firmata.protocol.cellwright import AxisReport, HomingRequest
from cellwright.hardware.model.axes import TripPoint

SPEED, ACCELERATION = 4000.0, 20_000.0
HOME_PIN = 9


def trapezoid_s(steps, speed=SPEED, acceleration=ACCELERATION):
    return (
        steps / speed + speed / acceleration if steps > speed**2 / acceleration else 2 * math.sqrt(steps / acceleration)
    )


def configured(desk, *numbers):
    for number in numbers:
        step = 2 + 2 * number
        desk.tell(
            accelstepper.configure(number, step, step + 1),
            accelstepper.speed(number, SPEED),
            accelstepper.acceleration(number, ACCELERATION),
        )
    axes = [desk.board.axis(2 + 2 * number) for number in numbers]
    return axes if len(axes) > 1 else axes[0]


@pytest.fixture
def axis(cell_desk):
    return configured(cell_desk, 0)


@pytest.fixture
def railed(cell_desk, axis):
    """With a home switch at true step 0, where it is its low limit; 1000 steps away from it."""
    axis.trip_points.append(TripPoint(HOME_PIN, at=0, level=False))
    axis.set_true_position(1000)
    axis.zero()
    cell_desk.tell(accelstepper.low_limit(0, HOME_PIN, active=False))
    return axis


def heard(desk, seconds):
    """What comes within so many seconds, as (when, reply); a stepper's replies are decoded."""
    began_s = desk.env.now
    received = []
    for when_s, message in desk.messages(seconds):
        if message.command == messages.ACCELSTEPPER_DATA:
            reply = decode_reply(message.data)
            received.append((when_s - began_s, (reply.kind, reply.number, reply.position)))
        elif message.command == messages.STRING_DATA:
            received.append((when_s - began_s, message.data[::2].decode()))
        else:
            received.append((when_s - began_s, (message.command, *message.data)))
    return received


def said(desk, seconds):
    return [what for _, what in heard(desk, seconds)]


def ask(desk, message):
    desk.line.host.write(message)
    return said(desk, 0.001)


# ---- moves ----


@pytest.mark.parametrize("steps", [1, 10, 799, 801, 8000, -8000])
def test_a_move_takes_as_long_as_the_ideal_trapezoid(cell_desk, axis, steps):
    cell_desk.line.host.write(accelstepper.move_to(0, steps))
    ((when_s, what),) = heard(cell_desk, 5.0)
    assert what == (MOVE_COMPLETE, 0, steps)
    assert when_s == pytest.approx(trapezoid_s(abs(steps)), abs=1e-5)


def test_without_acceleration_it_has_its_speed_at_once(cell_desk, axis):
    cell_desk.tell(accelstepper.acceleration(0, 0))
    cell_desk.line.host.write(accelstepper.move_by(0, 400))
    ((when_s, _),) = heard(cell_desk, 1.0)
    assert when_s == pytest.approx(0.1, abs=1e-5)


def test_positions_have_31_bits(cell_desk, axis):
    cell_desk.tell(accelstepper.move_to(0, -(2**31) + 1), wait_s=0.5)
    assert axis.is_moving
    assert axis.rest_at == -(2**31) + 1


def test_a_move_to_where_it_stands_is_over_at_once(cell_desk, axis):
    assert ask(cell_desk, accelstepper.move_to(0, 0)) == [(MOVE_COMPLETE, 0, 0)]


def test_a_controlled_stop_takes_its_way_and_the_next_move_needs_no_zero(cell_desk, axis):
    cell_desk.tell(accelstepper.move_to(0, 8000), wait_s=0.5)
    before = axis.position
    cell_desk.line.host.write(accelstepper.stop(0))
    ((when_s, (kind, _, position)),) = heard(cell_desk, 1.0)
    assert kind == MOVE_COMPLETE
    assert when_s == pytest.approx(SPEED / ACCELERATION, rel=0.01)
    assert position - before == pytest.approx(SPEED**2 / (2 * ACCELERATION), abs=2)
    assert axis.position == position
    assert ask(cell_desk, accelstepper.stop(0)) == [(MOVE_COMPLETE, 0, position)]
    cell_desk.line.host.write(accelstepper.move_to(0, 0))
    assert said(cell_desk, 5.0) == [(MOVE_COMPLETE, 0, 0)]


def test_an_abrupt_stop_is_dead_and_the_position_true(cell_desk, axis):
    cell_desk.tell(accelstepper.move_to(0, 8000), wait_s=0.5)
    ((kind, _, position),) = ask(cell_desk, own.stop_axis_abruptly(0))
    assert kind == MOVE_COMPLETE
    assert position == axis.position == axis.true_position
    assert not axis.is_moving
    assert ask(cell_desk, accelstepper.query_position(0)) == [(REPORT_POSITION, 0, position)]


def test_speed_and_target_may_change_in_mid_move(cell_desk, axis):
    cell_desk.tell(accelstepper.move_to(0, 80_000), wait_s=1.0)
    cell_desk.tell(accelstepper.speed(0, 2000.0), accelstepper.move_to(0, 6000), wait_s=3.0)
    assert axis.position == 6000


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (accelstepper.speed(0, 100_000.0), "speed is beyond this board's"),
        (accelstepper.speed(0, 0.0), "speed is beyond this board's"),
        (accelstepper.acceleration(0, -1.0), "no such acceleration"),
        (accelstepper.move_to(5, 10), "stepper is not configured"),
        (accelstepper.move_to(9, 10), "no such stepper"),
        (accelstepper.enable(0, True), "stepper has no enable pin"),
        (accelstepper.move_group_to(1, [10, 10]), "group is not configured"),
        (accelstepper.configure_group(5, [0]), "there are five groups, 0 to 4"),
        (accelstepper.configure_group(0, [0]), "a group needs two members"),
        (accelstepper.configure_group(0, [0, 3]), "group has an unknown member"),
        (accelstepper.configure(1, 2, 7), "pin 2 cannot be a stepper's"),
        (accelstepper.configure(1, 7, 7), "pin 7 cannot be a stepper's"),
        ("f0 62 00 01 50 07 08 00 f7", "such steppers are not known"),
        ("f0 62 00 01 10 07 f7", "stepper's pins are missing"),
        ("f0 62 f7", "stepper message is too short"),
        ("f0 62 0c 00 f7", "stepper message is not known"),
        ("f0 62 03 00 01 f7", "stepper message is not known"),
        (own.stop_axis_abruptly(3), "no such axis"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(cell_desk, axis, message, why):
    message = bytes.fromhex(message) if isinstance(message, str) else message
    assert ask(cell_desk, message) == [why]


def test_axes_too_fast_together_are_refused(cell_desk):
    configured(cell_desk, 0, 1)
    cell_desk.tell(accelstepper.speed(0, 39_000.0), accelstepper.speed(1, 39_000.0), accelstepper.move_to(0, 100_000))
    assert ask(cell_desk, accelstepper.move_to(1, 100)) == ["axes too fast together"]


def test_nothing_is_homed_too_fast_beside_others(cell_desk, railed):
    configured(cell_desk, 1)
    cell_desk.tell(accelstepper.speed(1, 39_000.0), accelstepper.move_to(1, 100_000))
    refused, answer = ask(cell_desk, own.home(HomingRequest(0, own.LOW_END, 39_000.0, 40.0, 200, 20_000)))
    assert refused == "axes too fast together"
    assert answer[:3] == (own.HOME, 0, own.HOMING_STOPPED)


def test_while_stopped_nothing_moves(cell_desk, axis):
    cell_desk.tell(accelstepper.move_to(0, 8000), wait_s=0.5)
    assert said(cell_desk, 0.1) == []
    cell_desk.tell(own.STOP_BOARD)
    position = axis.position
    assert ask(cell_desk, accelstepper.move_to(0, 0)) == ["stopped: release first"]
    cell_desk.tell(own.RELEASE_BOARD)
    cell_desk.line.host.write(accelstepper.move_to(0, 0))
    assert said(cell_desk, 5.0) == [(MOVE_COMPLETE, 0, 0)]
    assert 0 < position < 8000


def test_the_invert_bits_are_the_documents(cell_desk):
    reversed_by = []
    cell_desk.board.declare_stepper = lambda device, step, dir, inverted: (
        reversed_by.append(inverted),
        cell_desk.board.axis(step),
    )[1]
    for inverted in (0x01, INVERT_DIRECTION_AS_DOCUMENTED):
        cell_desk.tell(accelstepper.configure(0, 2, 3, inverted=inverted))
    assert reversed_by == [False, True]


def test_motors_without_a_driver_are_turned_too(cell_desk):
    cell_desk.tell(
        "f0 62 00 00 40 02 03 04 05 00 f7", accelstepper.speed(0, 100.0), accelstepper.move_to(0, 50), wait_s=1.0
    )
    assert cell_desk.board.axis(2).position == 50


# ---- groups ----


def test_a_group_goes_along_a_straight_line_with_acceleration(cell_desk):
    a, b = configured(cell_desk, 0, 1)
    cell_desk.tell(accelstepper.configure_group(0, [0, 1]))
    cell_desk.line.host.write(accelstepper.move_group_to(0, [8000, -2000]))
    began_s = cell_desk.env.now
    for _ in range(5):
        cell_desk.wait(0.3)
        assert b.position == pytest.approx(-a.position / 4, abs=1)
    ((when_s, what),) = heard(cell_desk, 3.0)
    assert what == (GROUP_COMPLETE, 0, None)
    assert cell_desk.env.now - 3.0 + when_s - began_s == pytest.approx(trapezoid_s(8000), abs=1e-4)
    assert (a.position, b.position) == (8000, -2000)


def test_a_stopped_group_is_dead(cell_desk):
    a, b = configured(cell_desk, 0, 1)
    cell_desk.tell(accelstepper.configure_group(0, [0, 1]), accelstepper.move_group_to(0, [8000, 2000]), wait_s=0.5)
    assert ask(cell_desk, accelstepper.move_to(0, 0)) == ["axis is moved by others"]
    assert ask(cell_desk, accelstepper.stop_group(0)) == [(GROUP_COMPLETE, 0, None)]
    assert not a.is_moving
    assert not b.is_moving
    assert said(cell_desk, 3.0) == []


def test_a_group_that_is_there_already_says_so(cell_desk):
    configured(cell_desk, 0, 1)
    cell_desk.tell(accelstepper.configure_group(0, [0, 1]))
    assert ask(cell_desk, accelstepper.move_group_to(0, [0, 0])) == [(GROUP_COMPLETE, 0, None)]


# ---- limits and homing ----


def test_a_limit_stops_an_axis_at_the_step(cell_desk, railed):
    cell_desk.line.host.write(accelstepper.move_to(0, -3000))
    assert said(cell_desk, 3.0) == [(own.AXIS, own.LIMIT_HIT, 0, own.LOW_END), (MOVE_COMPLETE, 0, -1000)]
    assert railed.true_position == 0
    assert ask(cell_desk, accelstepper.move_to(0, -1001)) == [
        (own.AXIS, own.LIMIT_HIT, 0, own.LOW_END),
        (MOVE_COMPLETE, 0, -1000),
    ]
    cell_desk.line.host.write(accelstepper.move_to(0, 0))
    assert said(cell_desk, 3.0) == [(MOVE_COMPLETE, 0, 0)]


def test_how_an_axis_stands_can_be_asked(cell_desk, railed):
    cell_desk.tell(accelstepper.move_to(0, -3000), wait_s=3.0)
    assert cell_desk.tell(own.query_axis(0)) == own.axis(AxisReport(0, False, -1000, 1)).hex(" ")


def test_a_limit_in_a_group_stops_the_group(cell_desk, railed):
    other = configured(cell_desk, 1)
    cell_desk.tell(accelstepper.configure_group(0, [0, 1]))
    cell_desk.line.host.write(accelstepper.move_group_to(0, [-3000, 3000]))
    assert said(cell_desk, 3.0) == [(own.AXIS, own.LIMIT_HIT, 0, own.LOW_END), (GROUP_COMPLETE, 0, None)]
    assert other.position == pytest.approx(1000, abs=1)


@pytest.mark.parametrize("start", [1000, 0, -30, 5])
def test_homing_finds_the_switch_and_calls_it_zero(cell_desk, railed, start):
    railed.set_true_position(start)
    cell_desk.line.host.write(own.home(HomingRequest(0, own.LOW_END, SPEED, 400.0, 200, 20_000)))
    (home,) = said(cell_desk, 30.0)
    assert home[:3] == (own.HOME, 0, own.HOMED)
    assert railed.true_position == 0
    assert railed.position == 0


@pytest.mark.parametrize(("start", "most", "how"), [(1000, 900, own.DID_NOT_CLOSE), (-900, 900, own.DID_NOT_OPEN)])
def test_homing_gives_up(cell_desk, railed, start, most, how):
    railed.set_true_position(start)
    cell_desk.line.host.write(own.home(HomingRequest(0, own.LOW_END, SPEED, 400.0, 200, most)))
    (home,) = said(cell_desk, 30.0)
    assert home[:3] == (own.HOME, 0, how)


def test_homing_without_a_switch_or_an_axis_is_refused(cell_desk, axis):
    for device in (0, 4):
        (home,) = ask(cell_desk, own.home(HomingRequest(device, own.LOW_END, SPEED, 400.0, 200, 100)))
        assert home[:3] == (own.HOME, device, own.NO_SWITCH)


def test_homing_is_stopped_by_whatever_stops(cell_desk, railed):
    for stop in (own.stop_axis_abruptly(0), accelstepper.stop(0), own.STOP_BOARD):
        cell_desk.tell(own.home(HomingRequest(0, own.LOW_END, 100.0, 40.0, 200, 20_000)), wait_s=0.1)
        answers = [each[:3] for each in ask(cell_desk, stop)]
        assert (own.HOME, 0, own.HOMING_STOPPED) in answers
        assert not railed.is_moving


def test_two_axes_are_homed_at_once_and_a_third_is_not(cell_desk):
    configured(cell_desk, 0, 1, 2)
    for number in range(3):
        cell_desk.tell(accelstepper.low_limit(number, 10 + number, active=True))
        cell_desk.board.set_input(10 + number, False)
    sent = [ask(cell_desk, own.home(HomingRequest(n, own.LOW_END, 100.0, 40.0, 200, 20_000))) for n in range(3)]
    assert sent[:2] == [[], []]
    assert sent[2][0] == "axis cannot be homed now"
    assert sent[2][1][:3] == (own.HOME, 2, own.HOMING_STOPPED)
