from __future__ import annotations

import pytest
import simpy

from cellwright.actuators.pump import Pump
from cellwright.errors import CellFault
from cellwright.hardware import ModelBoard


@pytest.fixture
def pump(board: ModelBoard) -> Pump:
    made = Pump(step=2, dir=3, steps_per_rev=400, ml_per_rev=3.0, max_rpm=300, max_acceleration=60)
    made.name = "pump"
    made.attach(board)
    return made


def test_a_turn_brings_what_a_turn_brings(env: simpy.Environment, pump: Pump) -> None:
    env.run(until=pump.dispense(3.0, 60))
    assert pump.port.position == 400
    assert pump.pumped_ml == pytest.approx(3.0)
    assert env.now == pytest.approx(1.0, abs=0.1)


def test_it_doses_to_the_nearest_step_and_counts_on(env: simpy.Environment, pump: Pump) -> None:
    for _ in range(4):
        env.run(until=pump.dispense(0.01, 60))
    assert pump.port.position == 4
    pump.zero()
    assert pump.pumped_ml == 0


def test_an_abrupt_stop_leaves_it_where_it_is_and_it_can_go_on(env: simpy.Environment, pump: Pump) -> None:
    pump.dispense(300, 120)
    env.run(until=5)
    env.run(until=pump.stop_abruptly())
    stands_ml = pump.pumped_ml
    assert 25 < stands_ml < 31
    env.run(until=6)
    assert pump.pumped_ml == stands_ml
    env.run(until=pump.dispense(3, 60))
    assert pump.pumped_ml == pytest.approx(stands_ml + 3)


def test_before_a_soft_stop_it_runs_down(env: simpy.Environment, pump: Pump) -> None:
    pump.dispense(300, 120)
    env.run(until=5)
    began_ml, began_s = pump.pumped_ml, env.now
    env.run(until=pump.slow_down())
    assert began_ml < pump.pumped_ml < began_ml + 0.2
    assert env.now > began_s


@pytest.mark.parametrize(
    ("ml", "rpm", "words"), [(-1, 60, "only pumps forwards"), (1, 301, "up to 300"), (1, 0, "0 rpm")]
)
def test_what_it_cannot_do_is_refused(pump: Pump, ml: float, rpm: float, words: str) -> None:
    with pytest.raises(CellFault, match=words):
        pump.dispense(ml, rpm)


def test_nothing_moves_once_the_board_is_safe(pump: Pump, board: ModelBoard) -> None:
    pump.dispense(300, 120)
    board.make_safe()
    assert board.is_safe
    with pytest.raises(CellFault, match="made safe"):
        pump.dispense(1, 60)


def test_a_pump_with_contradictions_reports_them() -> None:
    pump = Pump(step=2, dir=3, steps_per_rev=0, ml_per_rev=-1, max_rpm=300, max_acceleration=60)
    assert len(list(pump.problems())) == 2
