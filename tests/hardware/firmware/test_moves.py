"""Moves of CellwrightFirmata's axes: exact, changed in flight, controlled stops, and in groups on a straight line."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import sysex

pytestmark = pytest.mark.emulated

US = CLOCK_HZ // 1_000_000
BUSY = 13


def replies(board):
    return [accelstepper.decode_reply(each.data) for each in board.received(accelstepper.ACCELSTEPPER_DATA)]


def arrive(board, *commands, timeout_ms=20_000):
    return accelstepper.decode_reply(
        board.send_until(accelstepper.ACCELSTEPPER_DATA, *commands, timeout_ms=timeout_ms).data
    )


def assert_driver_is_pleased(board, motor):
    seen = board.chip.axis(motor)
    assert seen.min_high >= 2 * US
    assert seen.min_low >= 2 * US
    assert seen.min_set_up is None or seen.min_set_up >= 20 * US


def assert_never_harder_than(steps, acceleration):
    """From ten steps to the next ten the mean speed changes no more than the acceleration allows, and 10 %."""
    tens = [(a, b) for a, b in pairwise(steps[::10]) if abs(b[1] - a[1]) == 10]  # where it does not turn round
    for (a, b), (c, d) in pairwise(tens):
        if b is not c:
            continue
        before, after = ((q[1] - p[1]) * CLOCK_HZ / (q[0] - p[0]) for p, q in ((a, b), (c, d)))
        apart_s = (c[0] + d[0] - a[0] - b[0]) / 2 / CLOCK_HZ
        assert abs(after - before) <= acceleration * apart_s + 0.1 * abs(before) + 60


# ---- a driver's needs ----


@pytest.mark.parametrize("speed", [1000, 20_000, 40_000])
def test_pulses_are_as_long_and_directions_as_early_as_drivers_need(board, speed):
    motor = board.add_axis(0, speed, 400_000)
    for target in (3000, 0, 1, 0, 2, -500, 0):
        arrive(board, accelstepper.move_to(0, target))
    assert board.position(motor) == 0
    assert_driver_is_pleased(board, motor)


def test_inverted_pins_and_an_enable_pin(board):
    board.watch(6)
    motor = board.chip.add_axis(board.port_bit(2), board.port_bit(3), forward=False, active=False)
    bits = sysex(accelstepper.ACCELSTEPPER_DATA, bytes((0, 0, 0x11, 2, 3, 6, 0x13)))
    board.send(bits, accelstepper.speed(0, 1000), ms=1)
    assert board.level(6)  # enabled: inverted
    arrive(board, accelstepper.move_to(0, 100))
    assert board.position(motor) == 100
    board.send(accelstepper.enable(0, False))
    assert not board.level(6)


# ---- changed in flight ----


def test_a_soft_stop_keeps_to_the_acceleration_and_tells_where_it_stands(board):
    motor = board.add_axis(0, 8000, 40_000)
    board.chip.log_steps(motor, 10_000)
    board.send(accelstepper.move_to(0, 1_000_000), ms=400)
    asked_at, before = board.chip.cycle, board.position(motor)
    reply = arrive(board, accelstepper.stop(0))
    assert reply == (accelstepper.MOVE_COMPLETE, 0, board.position(motor))
    ideal = 8000**2 / (2 * 40_000)
    assert ideal <= board.position(motor) - before <= ideal + 8000 * 0.012
    took_ms = board.in_ms(board.chip.axis(motor).last_step - asked_at)
    assert took_ms == pytest.approx(200 + 5, abs=15)
    assert_never_harder_than(board.chip.logged_steps(motor), 40_000)


def test_a_stop_where_there_is_no_acceleration_is_at_once(board):
    motor = board.add_axis(0, 8000, 0)
    board.send(accelstepper.move_to(0, 100_000), ms=100)
    before = board.position(motor)
    reply = arrive(board, accelstepper.stop(0))
    assert reply.position == board.position(motor) <= before + 12


@pytest.mark.parametrize(
    ("change", "end"),
    [
        (accelstepper.move_to(0, 4000), 4000),
        (accelstepper.move_to(0, 1300), 1300),  # it is past it before it stands: it comes back
        (accelstepper.move_to(0, -700), -700),
        (accelstepper.speed(0, 2000), 3000),
        (accelstepper.speed(0, 12_000), 3000),
        (accelstepper.acceleration(0, 20_000), 3000),
        (accelstepper.acceleration(0, 90_000), 3000),
    ],
)
@pytest.mark.parametrize("when_ms", [40, 210, 400])
def test_a_move_is_changed_in_flight_without_a_jolt(board, change, end, when_ms):
    assert_changes_without_a_jolt(board, change, end, when_ms)


def test_a_speed_is_raised_shortly_before_the_move_slows_down(board):
    assert_changes_without_a_jolt(board, accelstepper.speed(0, 12_000), 3000, 430)


def assert_changes_without_a_jolt(board, change, end, when_ms):
    motor = board.add_axis(0, 6000, 40_000)
    board.chip.log_steps(motor, 20_000)
    board.send(accelstepper.move_to(0, 3000), ms=when_ms)
    reply = arrive(board, change)
    assert reply == (accelstepper.MOVE_COMPLETE, 0, end)
    board.run(5)
    assert board.position(motor) == end
    assert_never_harder_than(board.chip.logged_steps(motor), 90_000 if change[2] == 0x08 else 40_000)
    assert_driver_is_pleased(board, motor)


def test_a_thousand_random_moves_and_stops_lose_no_step(uno):
    chance = random.Random(6)
    motors = [uno.add_axis(device, 3000, 60_000) for device in range(3)]
    for _ in range(1000):
        device = chance.randrange(3)
        kind = chance.random()
        if kind < 0.5:
            uno.send(accelstepper.move_to(device, chance.randrange(-400, 400)), ms=0)
        elif kind < 0.6:
            uno.send(accelstepper.speed(device, chance.choice([400, 3000, 9000])), ms=0)
        elif kind < 0.7:
            uno.send(accelstepper.acceleration(device, chance.choice([9000, 60_000, 300_000])), ms=0)
        elif kind < 0.85:
            uno.send(accelstepper.stop(device), ms=0)
        else:
            uno.send(own.stop_axis_abruptly(device), ms=0)
        uno.run(chance.choice([0, 1, 5, 20, 60]))
    uno.run(3000)
    for device, motor in enumerate(motors):
        assert uno.reported_position(device) == uno.position(motor)
        assert_driver_is_pleased(uno, motor)
    uno.send(*(accelstepper.move_to(device, 0) for device in range(3)), ms=3000)
    assert [uno.position(motor) for motor in motors] == [0, 0, 0]


def test_zero_in_mid_move_moves_the_origin_and_not_the_axis(board):
    motor = board.add_axis(0, 2000, 40_000)
    board.send(accelstepper.move_to(0, 1000), ms=200)
    board.send(accelstepper.zero(0), ms=1500)
    assert board.position(motor) == 1000
    here = board.reported_position(0)
    assert here == replies(board)[-1].position
    board.send(accelstepper.move_to(0, here - 1000), ms=1500)
    assert board.position(motor) == 0


def test_speeds_beyond_the_ceiling_are_refused(uno):
    motors = uno.three_axes(1000, 100_000)
    ceilings = own.decode_features(uno.send_until(own.FEATURES, own.QUERY_FEATURES).data)
    uno.send(accelstepper.speed(0, ceilings.one_axis + 1000), ms=12)
    assert uno.strings == ["speed is beyond this board's"]
    most = ceilings.all_axes // 2 - 500
    uno.send(*(accelstepper.speed(device, min(most, ceilings.one_axis)) for device in range(3)))
    uno.move_to(1000, 1000)
    uno.send(accelstepper.move_to(2, 1000), ms=800)
    assert uno.strings[1:] == ["axes too fast together"]
    assert [uno.position(motor) for motor in motors] == [1000, 1000, 0]


# ---- groups ----


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((0, 0, 0), (1000, 700, 300)),
        ((50, -80, 10), (-1200, 900, 10)),
        ((0, 0, 0), (17, 2000, -1)),
        ((5, 5, 5), (6, 5, 5)),
    ],
)
def test_a_group_starts_and_ends_together_on_a_straight_line(board, start, end):
    motors = board.three_axes(4000, 40_000)
    for device, at in enumerate(start):
        if at:
            arrive(board, accelstepper.move_to(device, at))
    for motor in motors:
        board.chip.log_steps(motor, 5000)
    board.send(accelstepper.configure_group(1, [0, 1, 2]))
    reply = arrive(board, accelstepper.move_group_to(1, end))
    assert (reply.kind, reply.number) == (accelstepper.GROUP_COMPLETE, 1)
    assert tuple(board.position(motor) for motor in motors) == end
    logs = [board.chip.logged_steps(motor) for motor in motors]
    ways = [b - a for a, b in zip(start, end, strict=True)]
    assert [len(log) for log in logs] == [abs(way) for way in ways]
    lasts = [log[-1][0] for log in logs if log]
    assert (max(lasts) - min(lasts)) / US < 100
    longest = max(range(3), key=lambda device: abs(ways[device]))
    for device, log in enumerate(logs):
        for cycle, position in log[:: max(1, len(log) // 200)]:
            share = sum(1 for at, _ in logs[longest] if at <= cycle) / abs(ways[longest])
            assert abs(start[device] + share * ways[device] - position) <= 2


def test_a_group_is_stopped_dead_and_its_members_know_where_they_are(board):
    motors = board.three_axes(4000, 40_000)
    board.send(accelstepper.configure_group(0, [0, 1, 2]))
    board.send(accelstepper.move_group_to(0, [3000, 2000, -1000]), ms=300)
    reply = arrive(board, accelstepper.stop_group(0))
    assert reply.kind == accelstepper.GROUP_COMPLETE
    at = [board.position(motor) for motor in motors]
    assert 500 < at[0] < 1500
    board.run(50)
    assert [board.reported_position(device) for device in range(3)] == at == [board.position(motor) for motor in motors]


# ---- a full line ----


@pytest.mark.parametrize("kind", ["uno", "nano", "mega"])
@pytest.mark.parametrize("phase", range(12))
def test_three_fast_axes_leave_time_for_a_full_line_and_for_their_plans(unstarted, kind, phase):
    """How near their steps come to each other decides how much time they leave, so they begin at odd moments."""
    board, moments = unstarted(kind), random.Random(phase)
    speed, acceleration, target = 20_000, 200_000, 9000
    board.run(20)
    board.send(own.output(own.OutputLimits(BUSY, safe=False)))
    motors = board.three_axes(speed, acceleration)
    for device, motor in enumerate(motors):
        board.chip.log_steps(motor, target)
        board.send(accelstepper.move_to(device, target), ms=moments.uniform(0, 9))
    board.flood(600, BUSY)
    board.run(800)
    health = board.health()
    assert health.lost == 0
    assert health.late <= 40  # of 27,000, by more than 20 µs
    assert health.underruns <= 6
    for motor in motors:
        times = [cycle / CLOCK_HZ for cycle, _ in board.chip.logged_steps(motor)]
        assert len(times) == target
        lasted_s = times[-1] - times[0] + (2 / acceleration) ** 0.5
        assert lasted_s == pytest.approx(target / speed + speed / acceleration, rel=5e-3)
