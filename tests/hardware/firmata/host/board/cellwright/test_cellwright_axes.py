"""A FirmataBoard on a board with CellwrightFirmata: axes, homing, and what it senses."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.errors import CapabilityError, CellFault
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import BoardHealth
from cellwright.hardware.model.axes import TripPoint
from cellwright.sequences import home

SPEED, ACCELERATION = 1600.0, 16_000.0
TRIGGER = SimpleNamespace(name="trigger")


# ---- steppers ----


def test_a_controlled_stop_is_one_message_and_the_position_stays_true(rig, axis):
    axis.port.move_to(4000, SPEED, ACCELERATION)
    rig.run(0.5)
    began_s = rig.env.now
    rig.arrive(axis.port.slow_down())
    assert rig.data_since(began_s, messages.ACCELSTEPPER_DATA) == [accelstepper.stop(0)]
    assert rig.env.now - began_s == pytest.approx(SPEED / ACCELERATION, abs=0.01)
    assert axis.port.position == axis.model.position
    rig.arrive(axis.port.move_to(0, SPEED, ACCELERATION))
    assert axis.model.true_position == 400


def test_an_abrupt_stop_needs_no_zeroing(rig, axis):
    axis.port.move_to(4000, SPEED, ACCELERATION)
    rig.run(0.5)
    began_s = rig.env.now
    rig.arrive(axis.port.stop_abruptly())
    assert own.stop_axis_abruptly(0) in rig.data_since(began_s, own.AXIS)
    assert accelstepper.zero(0) not in rig.data_since(began_s, messages.ACCELSTEPPER_DATA)
    assert axis.port.position == axis.model.position
    rig.arrive(axis.port.move_to(100, SPEED, ACCELERATION))
    assert axis.model.position == 100


def test_a_limit_away_from_the_target_is_trouble_and_near_it_is_arrival(rig, axis):
    rig.arrive(axis.port.move_to(-410, SPEED, ACCELERATION))
    assert axis.port.position == -400
    rig.arrive(axis.port.move_to(0, SPEED, ACCELERATION))
    axis.port.move_to(-600, SPEED, ACCELERATION)
    rig.run(2.0)
    assert rig.troubles == [
        "axis0 was stopped by its limit switch at step -400 on its way to step -600; home it, and check its switch and "
        "whether it has lost steps."
    ]


def test_a_speed_that_the_board_refuses_is_refused_here(rig, axis):
    most = rig.board.features.one_axis
    with pytest.raises(CellFault, match=f"axis0 cannot move at {most + 1000} steps/s: this board makes up to {most}"):
        axis.port.move_to(100, most + 1000.0, ACCELERATION)
    other, _ = rig.stepper(1)
    rig.prepare()
    axis.port.move_to(100_000, 39_000.0, ACCELERATION)
    with pytest.raises(CellFault, match="axis1 cannot move together with axis0"):
        other.move_to(100, 39_000.0, ACCELERATION)


def test_a_group_speeds_up_and_arrives_together(rig):
    ports = [rig.stepper(number)[0] for number in range(2)]
    group = rig.board.declare_group(ports)
    rig.prepare()
    began_s = rig.env.now
    rig.arrive(group.move_to([1600, -400], SPEED, ACCELERATION))
    assert rig.env.now - began_s == pytest.approx(1.0 + SPEED / ACCELERATION, abs=0.02)
    assert [port.position for port in ports] == [1600, -400]
    assert [rig.model.axis(2 + 2 * number).position for number in range(2)] == [1600, -400]


# ---- homing ----


def test_a_cell_homes_on_the_board(make_rig, four_by_four):
    rig = make_rig(firmware="cellwright", baud=57600, kind="mega").start(four_by_four)
    rig.run_to("working")
    assert [each[2] for each in rig.data_since(0.0, own.HOME)] == [0, 1, 2, 3]
    assert {rig.model.axis(axis.step).position - rig.model.axis(axis.step).true_position for axis in rig.cell.axes} == {
        0
    }
    assert rig.troubles == []


def test_a_third_axis_waits_until_the_board_can_home_it(rig, env, make_axis):
    axes = [make_axis(2, 3, 16), make_axis(4, 5, 17), make_axis(6, 7, 18)]
    for number, each in enumerate(axes):
        each.name = f"axis{number}"
        each.attach(rig.board)
        model = rig.model.axis(each.step)
        model.trip_points.append(TripPoint(each.home_pin, at=0, level=False))
        model.set_true_position(400)
    rig.board.on_failure(rig.troubles.append)
    rig.prepare()
    env.run(until=env.all_of([env.process(home(each)) for each in axes]))
    assert all(each.is_homed for each in axes)
    assert [rig.model.axis(each.step).position for each in axes] == [0, 0, 0]


# ---- what it senses ----


def test_inputs_are_settled_and_timed_by_the_board(rig):
    contact = rig.board.declare_input(9, at_rest=True)
    rig.prepare().run(0.05)
    began_s = rig.env.now
    wait = contact.wait_for_edge(False, TRIGGER, "did not close", 1.0)
    for level in (False, True, False):
        rig.model.set_input(9, level)
        rig.run(0.001)
    rig.arrive(wait)
    assert rig.env.now - began_s == pytest.approx(0.002 + 0.005, abs=0.003)
    assert contact.edge_us == pytest.approx(1e6 * began_s, abs=2)


def test_a_lost_edge_is_noticed_all_the_same(rig):
    contact = rig.board.declare_input(9, at_rest=True)
    rig.prepare().run(0.05)
    rig.lose_replies("f0 09")
    rig.model.set_input(9, False)
    rig.run(1.2)
    assert contact.level is False


def test_an_input_that_is_closed_at_first_is_seen(rig):
    rig.model.set_input(9, False)
    contact = rig.board.declare_input(9, at_rest=True)
    rig.prepare()
    assert contact.level is False


def test_an_hx711_gives_each_conversion_once(rig):
    counts = iter(range(1000))
    rig.model.declare_hx711(8, 9).convert = lambda: next(counts)
    port = rig.board.declare_hx711(8, 9)
    rig.prepare().run(0.1)
    received = []
    for _ in range(5):
        wait = port.sample(TRIGGER, 0.5)
        rig.arrive(wait)
        received.append(wait.value)
    assert received == list(range(received[0], received[0] + 5))


def test_there_are_two_hx711s(rig):
    for number in range(2):
        rig.board.declare_hx711(2 + 2 * number, 3 + 2 * number)
    with pytest.raises(CapabilityError, match="one HX711 more than the firmware's 2"):
        rig.board.declare_hx711(10, 11)


# ---- diagnostics ----


def test_health_is_told_and_what_is_amiss_is_noted(rig):
    rig.prepare()
    wait = rig.board.health()
    rig.arrive(wait)
    assert wait.value == BoardHealth(2048, 0, 0, 0, 0, 0, 0)
    assert rig.board.notes == []
    says = BoardHealth(2048, 1, 2, late=3, underruns=2, lost=0, edges=0)
    rig.replies = lambda data: own.health(says) if data[:2] == b"\xf0\x0b" else data
    rig.board.make_safe()
    rig.run(0.1)
    assert rig.board.notes == []  # they catch up
    says = BoardHealth(2048, 1, 2, late=1200, underruns=0, lost=4, edges=0)
    rig.board.make_safe()
    rig.run(0.1)
    assert rig.board.notes == [
        "The board's own account of the run: steps that came late: 1200, bytes from this computer that were lost: 4."
    ]
