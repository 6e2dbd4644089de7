"""Limit switches and homing on the board itself."""

from __future__ import annotations

import pytest

from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol import cellwright as own

pytestmark = pytest.mark.emulated

LOW, HIGH = 10, 11
"""Pins of the two switches, both to ground and closed beyond the ends."""


def axis_with_switches(board, speed, acceleration, low=-(10**9), high=10**9):
    """Device 0 with a switch at each end: closed at or below ``low``, and at or above ``high``."""
    motor = board.add_axis(0, speed, acceleration)
    board.chip.add_trip_point(motor, low, board.port_bit(LOW), level=False)
    board.chip.add_trip_point(motor, high - 1, board.port_bit(HIGH), level=True)
    board.set_limits(0, (LOW, 0), (HIGH, 0))
    return motor


def homed(board, ms=60_000):
    return own.decode_home_result(board.wait_for(own.HOME, ms).data)


# ---- limits ----


@pytest.mark.parametrize("speed", [1000, 10_000, 40_000])
@pytest.mark.parametrize("end", [0, 1])
def test_a_limit_stops_an_axis_within_one_step_and_says_so(board, speed, end):
    motor = axis_with_switches(board, speed, 500_000, low=-2345, high=2345)
    way = 4000 if end else -4000
    reported = board.send_until(accelstepper.ACCELSTEPPER_DATA, accelstepper.move_to(0, way))
    limit = 2345 if end else -2345
    assert abs(board.position(motor) - limit) <= 1
    assert accelstepper.decode_reply(reported.data) == (accelstepper.MOVE_COMPLETE, 0, board.position(motor))
    (hit,) = board.received(own.AXIS)
    assert own.decode_limit_hit(hit.data) == (0, end)
    assert hit.cycle < reported.cycle
    steps = board.steps(motor)
    board.send(accelstepper.move_by(0, 100 if end else -100), ms=100)
    assert board.steps(motor) <= steps + 1
    board.send(accelstepper.move_to(0, 0), ms=5000 if speed == 1000 else 400)
    assert board.position(motor) == board.reported_position(0) == 0


def test_a_limit_stops_its_own_axis_in_its_own_direction_only(board):
    board.set_input(LOW, True)
    board.set_input(HIGH, True)
    motors = board.three_axes(10_000, 100_000)
    board.set_limits(0, (LOW, 0), (HIGH, 0))
    board.move_to(4000, 4000, -4000)
    board.run(100)
    board.set_input(LOW, False)  # not where axis 0 is going
    board.run(800)
    assert [board.position(motor) for motor in motors] == [4000, 4000, -4000]
    assert not board.received(own.AXIS)


def test_a_limit_that_is_active_from_the_start_lets_no_step_that_way(board):
    motor = board.add_axis(0, 5000, 50_000)
    board.set_input(LOW, False)
    board.set_input(HIGH, True)
    board.set_limits(0, (LOW, 0), (HIGH, 0))
    board.send(accelstepper.move_to(0, -500), ms=300)
    assert board.steps(motor) == 0
    board.send(accelstepper.move_to(0, 500), ms=300)
    assert board.position(motor) == 500


def test_a_limit_that_a_member_meets_stops_its_group(board):
    motors = [axis_with_switches(board, 4000, 40_000, high=1000), board.add_axis(1, 4000, 40_000)]
    board.send(accelstepper.configure_group(0, [0, 1]))
    board.send_until(accelstepper.ACCELSTEPPER_DATA, accelstepper.move_group_to(0, [2000, 4000]))
    assert abs(board.position(motors[0]) - 1000) <= 1
    assert abs(board.position(motors[1]) - 2000) <= 12  # the main loop stops it
    kinds = [accelstepper.decode_reply(each.data).kind for each in board.received(accelstepper.ACCELSTEPPER_DATA)]
    assert kinds == [accelstepper.GROUP_COMPLETE]


def test_a_spike_on_the_wire_shorter_than_a_poll_stops_no_axis(uno):
    motor = axis_with_switches(uno, 10_000, 0)
    uno.send(accelstepper.move_to(0, 3000), ms=10)
    for _ in range(50):
        uno.set_input(HIGH, False)
        uno.run(0.0001)
        uno.set_input(HIGH, True)
        uno.run(1.003)
    uno.run(300)
    assert uno.position(motor) == 3000


# ---- homing ----


@pytest.mark.parametrize("end", [own.LOW_END, own.HIGH_END])
@pytest.mark.parametrize("start", [0, "on the switch"])
def test_homing_finds_the_switch_and_calls_its_place_zero(board, end, start):
    sign = 1 if end else -1
    motor = axis_with_switches(board, 8000, 80_000, low=-1500, high=1500)
    if start:
        board.chip.place_axis(motor, sign * 1530)
    board.send(own.home(own.HomingRequest(0, end, fast=6000, slow=500, backoff=100, max_steps=5000)))
    assert homed(board) == (0, own.HOMED, 0)
    assert board.position(motor) == sign * 1500
    board.send(accelstepper.move_to(0, -sign * 200), ms=1000)
    assert board.reported_position(0) == -sign * 200
    assert board.position(motor) == sign * 1300
    assert not board.received(own.AXIS)[:-1]  # a limit that homing searches is not reported as one


def test_homing_is_exact_time_after_time(board):
    motor = axis_with_switches(board, 8000, 80_000, low=-300)
    for start in (0, 17, -120, 333, -299):
        board.chip.place_axis(motor, start)
        board.send(own.home(own.HomingRequest(0, 0, fast=8000, slow=1000, backoff=40, max_steps=1000)))
        assert homed(board) == (0, own.HOMED, 0)
        assert board.position(motor) == -300


def test_homing_tells_what_went_wrong(board):
    motor = axis_with_switches(board, 8000, 80_000)
    board.send(own.home(own.HomingRequest(0, 0, fast=6000, slow=500, backoff=100, max_steps=700)))
    assert homed(board) == (0, own.DID_NOT_CLOSE, -700)
    assert board.position(motor) == -700
    board.set_input(LOW, False)
    board.send(own.home(own.HomingRequest(0, 0, fast=6000, slow=500, backoff=100, max_steps=700)))
    assert homed(board) == (0, own.DID_NOT_OPEN, -500)
    for device in (1, 9):
        board.send(own.home(own.HomingRequest(device, 0, fast=6000, slow=500, backoff=100, max_steps=700)))
        assert homed(board, 50)[:2] == (device, own.NO_SWITCH)


@pytest.mark.parametrize("phase_ms", [60, 400, 620, 900])
@pytest.mark.parametrize(
    "stop", [own.STOP_BOARD, own.stop_axis_abruptly(0), accelstepper.stop(0)], ids=["board", "abrupt", "stop"]
)
def test_homing_that_is_stopped_says_so_and_forgets_nothing(uno, stop, phase_ms):
    motor = axis_with_switches(uno, 2000, 80_000, low=-500)
    uno.send(own.home(own.HomingRequest(0, 0, fast=2000, slow=300, backoff=100, max_steps=5000)), ms=phase_ms)
    assert not uno.received(own.HOME)
    uno.send(stop, ms=20)
    device, how, position = (
        homed(uno, 1) if not uno.received(own.HOME) else own.decode_home_result(uno.received(own.HOME)[0].data)
    )
    assert (device, how) == (0, own.HOMING_STOPPED)
    assert uno.reported_position(0) == position == uno.position(motor)
    uno.send(own.RELEASE_BOARD)
    uno.send(own.home(own.HomingRequest(0, 0, fast=2000, slow=300, backoff=50, max_steps=5000)))
    uno.messages.clear()
    assert homed(uno) == (0, own.HOMED, 0)
    assert uno.position(motor) == -500


def test_an_axis_that_homes_accepts_no_other_command(uno):
    axis_with_switches(uno, 2000, 80_000, low=-500)
    uno.send(own.home(own.HomingRequest(0, 0, fast=2000, slow=300, backoff=100, max_steps=5000)), ms=100)
    uno.send(accelstepper.move_to(0, 1000), ms=12)
    assert uno.strings == ["axis is moved by others"]
    assert homed(uno) == (0, own.HOMED, 0)


def test_nothing_is_homed_too_fast_beside_others(uno):
    motor = axis_with_switches(uno, 2000, 80_000, low=-500)
    uno.add_axis(1, 39_000, 200_000)
    uno.send(accelstepper.move_to(1, 100_000), ms=20)
    uno.send(own.home(own.HomingRequest(0, 0, fast=39_000, slow=300, backoff=100, max_steps=5000)))
    assert homed(uno)[:2] == (0, own.HOMING_STOPPED)
    assert uno.strings == ["axes too fast together"]
    assert uno.position(motor) == 0
