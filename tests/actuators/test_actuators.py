"""Steppers, solenoids and lamps on a model board."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.errors import CellFault
from cellwright.hardware import CELLWRIGHT_FIRMATA, ModelBoard


def on(board, device, name):
    device.name = name
    device.attach(board)
    return device


def bridge_on(board, **changes):
    parameters = {
        "step": 2,
        "dir": 5,
        "home_pin": 9,
        "steps_per_mm": 40,
        "max_speed": 50,
        "max_acceleration": 200,
        "travel": (0, 500),
    }
    return on(board, Stepper(**(parameters | changes)), "bridge")


def valve_on(board, **changes):
    parameters = {"pin": 4, "pulse_s": 0.06, "rest_s": 0.1, "max_on_s": 0.2}
    return on(board, Solenoid(**(parameters | changes)), "valve")


# ---- steppers ----


def refusal(attempt):
    with pytest.raises(CellFault) as refused:
        attempt()
    return str(refused.value)


def test_a_stepper_refuses_what_it_cannot_do(env, board):
    bridge = bridge_on(board)
    assert refusal(lambda: bridge.move_to(10)) == "bridge was commanded to move before it was homed; home it first."
    bridge.set_home()
    outside = "bridge cannot move to 500.5 mm; its travel is 0 to 500 mm."
    assert refusal(lambda: bridge.move_to(500.5)) == outside
    assert refusal(lambda: bridge.move_to(-0.1)) == "bridge cannot move to -0.1 mm; its travel is 0 to 500 mm."
    assert refusal(lambda: bridge.move_to(float("nan"))).startswith("bridge cannot move to nan mm")
    bridge.move_to(500)
    env.run(until=0.1)
    again = "bridge was commanded to move while it was moving; wait for its move first."
    assert refusal(lambda: bridge.move_to(10)) == again


def test_after_a_reset_it_must_be_homed_again(board):
    bridge = bridge_on(board)
    bridge.set_home()
    bridge.reset()
    assert "before it was homed" in refusal(lambda: bridge.move_to(10))


@given(st.floats(0, 500), st.floats(1, 400))
def test_millimetres_become_whole_steps(mm, per_mm):
    env = simpy.Environment()
    board = ModelBoard(env)
    bridge = bridge_on(board, steps_per_mm=per_mm)
    bridge.set_home()
    bridge.move_to(mm)
    env.run()
    assert board.steppers[2].true_position == round(mm * per_mm)
    assert bridge.position == pytest.approx(mm, abs=0.5001 / per_mm)


def test_speed_and_acceleration_are_in_millimetres(env, board):
    bridge = bridge_on(board)
    bridge.set_home()
    bridge.move_to(100)
    env.run()
    assert env.now == pytest.approx(CELLWRIGHT_FIRMATA.move_time(4000, 50 * 40, 200 * 40))


def test_a_stepper_reports_contradictions(board):
    bridge = bridge_on(board, max_speed=0, max_acceleration=-1, travel=(10, 10))
    assert list(bridge.problems()) == [
        "has a max_speed of 0; it must be above 0",
        "has a max_acceleration of -1; it must be above 0",
        "has a travel from 10 to 10 mm; the first must be the lower",
    ]
    assert not list(bridge_on(board).problems())


def test_a_stepper_lists_its_pins(board):
    pins = {name: pin.number for name, pin in bridge_on(board).pins().items()}
    assert pins == {"step": 2, "direction": 5, "home switch": 9}
    assert bridge_on(board, enable=8).pins()["enable"].number == 8


@pytest.mark.parametrize("active_low", [False, True])
def test_a_home_switch_reads_closed_at_its_level(board, active_low):
    bridge = bridge_on(board, home_active_low=active_low)
    assert not bridge.is_at_home
    board.set_input(9, not active_low)
    assert bridge.is_at_home
    assert bridge.home_switch(True, 1).callbacks is None
    assert bridge.home_switch(False, 1).what == "bridge did not open its home switch"


# ---- solenoids ----


def test_a_solenoid_fires_and_rests(env, board):
    valve, levels = valve_on(board), []
    board.on_output(4, lambda level: levels.append((env.now, level)))

    def shots():
        yield valve.fire()
        yield valve.fire()

    env.run(until=env.process(shots()))
    assert levels == [(0, True)] + [(pytest.approx(at_s), on) for at_s, on in ((0.06, 0), (0.16, 1), (0.22, 0))]
    assert env.now == pytest.approx(0.32)


@pytest.mark.parametrize("again_s", [0, 0.03, 0.06, 0.1, 0.159])
def test_a_solenoid_is_not_fired_before_its_rest_is_over(env, board, again_s):
    valve = valve_on(board)
    valve.fire()
    env.run(until=again_s) if again_s else None
    assert refusal(valve.fire) == "valve was fired before its rest was over; wait for fire() to end."
    env.run(until=0.161)
    valve.fire()
    assert board.outputs[4]


def test_a_solenoid_stopped_in_its_pulse_can_fire_after_the_reset(env, board):
    valve = valve_on(board)
    valve.fire()
    env.run(until=0.03)
    board.make_safe()
    valve.reset()
    board.release()
    env.run(until=1)
    valve.fire()
    assert board.outputs[4]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"pulse_s": 0.3, "rest_s": 1}, "has a pulse of 0.3 s, longer than its max_on_s of 0.2 s"),
        (
            {"max_duty": 0.25},
            "would be on 38% of the time when fired again and again, over its duty of 25%; lengthen rest_s to 0.18 s",
        ),
        ({"pulse_s": 0}, "has a pulse of 0 s and a rest of 0.1 s; give a pulse above 0 and a rest"),
        ({"rest_s": -1}, "has a pulse of 0.06 s and a rest of -1 s; give a pulse above 0 and a rest"),
    ],
)
def test_a_solenoid_reports_contradictions(board, changes, problem):
    assert list(valve_on(board, **changes).problems()) == [problem]


def test_the_rest_that_it_advises_is_enough(board):
    assert not list(valve_on(board, max_duty=0.25, rest_s=0.18).problems())
    assert not list(valve_on(board, max_duty=0.375).problems())


@pytest.mark.parametrize("active_low", [False, True])
def test_solenoid_levels(env, board, active_low):
    valve = valve_on(board, active_low=active_low)
    assert board.outputs[4] is active_low
    valve.fire()
    assert board.outputs[4] is not active_low
    env.run(until=0.1)
    assert board.outputs[4] is active_low
    env.run(until=1)
    valve.fire()
    board.make_safe()
    assert board.outputs[4] is active_low


# ---- lamps ----


@pytest.mark.parametrize("active_low", [False, True])
def test_lamp_levels(board, active_low):
    lamp = on(board, Lamp(pin=13, active_low=active_low), "lamp")
    assert board.outputs[13] is active_low
    lamp.on()
    assert board.outputs[13] is not active_low
    lamp.off()
    assert board.outputs[13] is active_low
    lamp.on()
    board.make_safe()
    assert board.outputs[13] is active_low


def test_what_devices_do_is_recorded(env, board):
    rows = []
    bridge, valve, lamp = bridge_on(board), valve_on(board), on(board, Lamp(pin=13), "lamp")
    for device in (bridge, valve, lamp):
        device.record = lambda *row: rows.append((round(env.now, 2), *row))
    lamp.on()
    valve.fire()
    bridge.set_home()
    env.run()
    bridge.move_to(1)
    env.run()
    assert [row[1:3] for row in rows if row[1] != "valve"] == [
        ("lamp", "on"),
        ("bridge", "homed"),
        ("bridge", "move"),
        ("bridge", "move done"),
    ]
    assert (0, "valve", "fire", 0.06) in rows


def test_a_stop_and_a_reset_do_not_cut_a_solenoids_rest_short(env, board):
    """Stopped and reset again and again, it must not be on for more of the time than it was checked for."""
    valve = valve_on(board)
    valve.fire()
    env.run(until=0.01)
    board.make_safe()
    valve.reset()
    board.release()
    with pytest.raises(CellFault, match="was fired before its rest was over"):
        valve.fire()
    env.run(until=valve.pulse_s + valve.rest_s + 0.001)
    valve.fire()


def test_a_driver_is_switched_on_by_homing_and_off_by_make_safe(env, board):
    axis = on(
        board,
        Stepper(
            step=2,
            dir=5,
            home_pin=9,
            enable=8,
            steps_per_mm=40,
            max_speed=100,
            max_acceleration=1000,
            travel=(0, 100),
        ),
        "axis",
    )
    assert board.outputs[8] is True
    axis.jog(1, 10)
    assert board.outputs[8] is False
    env.run(until=0.01)
    board.make_safe()
    assert board.outputs[8] is True
