from __future__ import annotations

import pytest
import simpy

from cellwright.actuators.motor import Motor
from cellwright.actuators.valve import Valve
from cellwright.errors import CellFault
from cellwright.hardware import ModelBoard


def attached(board: ModelBoard, **more: bool) -> Valve:
    valve = Valve(pin=9, max_open_s=10, **more)
    valve.name = "valve"
    valve.attach(board)
    return valve


@pytest.mark.parametrize("active_low", [False, True])
def test_it_closes_itself_when_the_step_that_opened_it_is_gone(
    env: simpy.Environment, board: ModelBoard, active_low: bool
) -> None:
    valve = attached(board, active_low=active_low)
    valve.open()
    env.run(until=9.9)
    assert valve.is_open and board.outputs[9] != active_low
    env.run(until=10.1)
    assert not valve.is_open and board.outputs[9] == active_low


def test_holding_it_opens_it_for_longer_and_closing_closes_it(env: simpy.Environment, board: ModelBoard) -> None:
    valve = attached(board)
    valve.open()
    for at_s in range(1, 30):
        env.run(until=at_s)
        valve.hold()
        assert board.outputs[9]
    valve.close()
    assert not valve.is_open and not board.outputs[9]
    valve.open()
    env.run(until=38)
    assert board.outputs[9], "an earlier opening's time limit ended this one"
    env.run(until=39.5)
    assert not board.outputs[9]


def test_a_safe_board_has_closed_it(env: simpy.Environment, board: ModelBoard) -> None:
    valve = attached(board)
    valve.open()
    board.make_safe()
    valve.reset()
    assert board.is_safe and not valve.is_open
    with pytest.raises(CellFault, match="made safe"):
        valve.open()


def test_a_motor_keeps_to_its_duty(board: ModelBoard) -> None:
    motor = Motor(pin=3, max_duty=0.7)
    motor.name = "stirrer"
    motor.attach(board)
    motor.run(0.6)
    assert board.levels[3].value == 0.6
    with pytest.raises(CellFault, match=r"takes 0 to 0\.7"):
        motor.run(0.8)
    motor.stop()
    assert board.is_safe
    assert list(Motor(pin=3, max_duty=1.2).problems())
