"""Groups of steppers that the firmware makes arrive together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.errors import CapabilityError, CellFault


@pytest.fixture
def pair(rig):
    ports = [rig.board.declare_stepper(SimpleNamespace(name=name), *pins, False) for name, pins in AXES.items()]
    group = rig.board.declare_group(ports)
    rig.prepare()
    return group, ports, [rig.model.axis(step) for step, _ in AXES.values()]


AXES = {"along": (2, 5), "across": (3, 6)}


def test_both_arrive_together_where_they_were_told(rig, pair):
    group, ports, axes = pair
    began_s = rig.env.now
    rig.env.run(until=group.move_to([1000, -400], speed=500))
    assert [axis.true_position for axis in axes] == [1000, -400]
    assert [port.position for port in ports] == [1000, -400]
    assert rig.env.now - began_s == pytest.approx(2.0, rel=0.15)
    rig.env.run(until=group.move_to([0, 0], speed=500))
    assert [axis.true_position for axis in axes] == [0, 0]
    assert rig.arduino.complaints == []
    assert rig.troubles == []


def test_a_single_move_after_a_group_starts_where_the_group_ended(rig, pair):
    group, ports, axes = pair
    rig.env.run(until=group.move_to([300, 300], speed=500))
    rig.env.run(until=ports[0].move_to(-50, 1000, 4000))
    assert [axis.true_position for axis in axes] == [-50, 300]


def test_an_axis_of_a_group_under_way_is_not_moved_by_itself(rig, pair):
    group, ports, _ = pair
    group.move_to([1000, 1000], speed=500)
    rig.run(0.5)
    for attempt in (lambda: ports[0].move_to(5, 100, 100), lambda: group.move_to([0, 0], speed=500)):
        with pytest.raises(CellFault, match="was commanded to move while it was moving"):
            attempt()


@pytest.mark.parametrize("stop", ["make_safe", "stop_abruptly"])
def test_a_group_is_stopped_with_its_axes_which_then_know_where_they_stand(rig, pair, stop):
    group, ports, axes = pair
    moved = group.move_to([1000, 500], speed=500)
    rig.run(1)
    if stop == "make_safe":
        rig.board.make_safe()
    else:
        ports[0].stop_abruptly()
        ports[1].stop_abruptly()
    rig.run(0.05)
    stood = [axis.true_position for axis in axes]
    rig.run(3)
    assert [axis.true_position for axis in axes] == stood
    assert [port.position for port in ports] == stood
    assert 0 < stood[0] < 1000
    assert moved.callbacks is not None
    rig.board.release()
    rig.env.run(until=group.move_to([0, 0], speed=500))
    assert [axis.true_position for axis in axes] == [0, 0]
    assert rig.troubles == []


def test_the_communication_watchdog_stops_a_group(rig, pair):
    group, _, axes = pair
    group.move_to([5000, 5000], speed=500)
    rig.run(1)
    rig.line.cut("the cable was pulled")
    rig.run(0.6)
    stood = [axis.true_position for axis in axes]
    rig.run(2)
    assert [axis.true_position for axis in axes] == stood


def test_nothing_moves_while_the_board_is_locked_and_there_are_five_groups(rig, pair):
    group, ports, _ = pair
    rig.board.make_safe()
    with pytest.raises(CellFault, match="along and across cannot move: the board has been made safe"):
        group.move_to([1, 1], speed=500)
    for _ in range(4):
        rig.board.declare_group(ports)
    with pytest.raises(CapabilityError, match="a sixth group"):
        rig.board.declare_group(ports)
