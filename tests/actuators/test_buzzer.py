from __future__ import annotations

import pytest
import simpy

from cellwright.actuators.buzzer import Buzzer
from cellwright.errors import CellFault
from cellwright.hardware import ModelBoard


@pytest.mark.parametrize("active_low", [False, True])
def test_a_beep_ends_by_itself(env: simpy.Environment, board: ModelBoard, active_low: bool) -> None:
    buzzer = Buzzer(pin=11, active_low=active_low)
    buzzer.name = "buzzer"
    buzzer.attach(board)
    buzzer.beep()
    assert board.outputs[11] != active_low
    env.run(until=0.16)
    assert board.outputs[11] == active_low
    buzzer.beep(0.6)
    env.run(until=0.7)
    assert board.outputs[11] != active_low
    board.make_safe()
    assert board.outputs[11] == active_low
    with pytest.raises(CellFault, match="made safe"):
        buzzer.beep()


def test_a_beep_of_no_time_is_a_problem() -> None:
    assert "beeps for 0 s" in next(Buzzer(pin=11, beep_s=0).problems())
