"""The communication watchdog: it never runs while the host lives, and always once the host is silent."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cellwright.hardware.firmata.host.scheduler_watchdog import TASK_DELAY_S
from cellwright.hardware.firmata.protocol import messages
from cellwright.sequences import FAULTED


@pytest.fixture
def machine(rig):
    """An axis, a solenoid, an active-low relay, a heater and a servo, armed."""
    rig.axis_port, rig.axis = rig.stepper()
    rig.valve = rig.board.declare_output(8, safe=False)
    rig.relay = rig.board.declare_output(12, safe=True)
    rig.heater = rig.board.declare_pwm(9, safe=0.0)
    rig.servo = rig.board.declare_servo(10, safe=45)
    return rig.prepare()


def drive_all(machine):
    machine.axis_port.move_to(100_000, 2000, 8000)
    machine.valve.write(True)
    machine.relay.write(False)
    machine.heater.write(0.8)
    machine.servo.write(120)
    machine.run(0.7)
    assert machine.axis.is_moving
    assert machine.model.outputs[8]
    assert not machine.model.outputs[12]


def is_all_safe(machine):
    levels = {pin: level.value for pin, level in machine.model.levels.items()}
    return machine.is_really_safe and levels == {9: 0.0, 10: 45}


@pytest.mark.parametrize("cut_short", ["", "f0", "f0 62 03 00 14 00", "91", "91 7f", "f4 08", "e9 7f"])
def test_a_host_that_falls_silent_in_mid_message_leaves_everything_safe(machine, cut_short):
    drive_all(machine)
    silent_s = machine.env.now
    machine.line.host.write(bytes.fromhex(cut_short))
    machine.line.host.write = lambda data: None
    while not is_all_safe(machine):
        assert machine.env.now - silent_s < TASK_DELAY_S + 0.01
        machine.env.step()
    assert machine.env.now - silent_s > 0.25  # it is set anew every 0.2 s
    stood = machine.axis.true_position
    machine.run(2)
    assert is_all_safe(machine)
    assert machine.axis.true_position == stood


def test_it_never_runs_in_a_minute_of_heavy_traffic(machine):
    pulses = machine.watch(8)
    device = machine.axis_port.device

    def work():
        while True:
            machine.heater.write(0.5)
            yield machine.env.all_of(
                [
                    machine.axis_port.move_to(300 - machine.axis_port.position, 2000, 8000),
                    machine.valve.pulse(device, True, 0.02, 0.01),
                ]
            )

    machine.env.process(work())
    machine.run(60)
    assert machine.troubles == []
    assert machine.board.communication_watchdog.is_armed
    assert len(pulses) > 100
    assert machine.arduino.complaints == []
    set_anew = machine.sent_since(0, messages.SCHEDULER_DATA)
    gaps_s = [late.gone_s - soon.gone_s for soon, late in pairwise(set_anew)]
    assert max(gaps_s) < 0.25


def test_a_cable_that_is_pulled_leaves_everything_safe(machine):
    drive_all(machine)
    machine.line.cut("the cable was pulled")
    machine.run(TASK_DELAY_S + 0.01)
    assert is_all_safe(machine)


def test_a_board_that_made_itself_safe_says_so_and_can_be_gone_on_with(rig, four_by_four):
    """The host stalled: what it takes for an arrival or an output's level is no longer so."""
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(1)
    hear, held = rig.line.host.on_bytes, []
    write = rig.line.host.write
    rig.line.host.write, rig.line.host.on_bytes = lambda data: None, held.append
    rig.run(0.6)
    assert rig.is_really_safe
    rig.line.host.write, rig.line.host.on_bytes = write, hear
    changes = rig.watch(*rig.cell.SOLENOID_PINS)
    for data in held:
        hear(data)
    rig.run(0.25)
    assert rig.cell.state == FAULTED
    assert "stopped at step" in rig.cell.last_stop.reason  # the first sign of it; no step went on from there
    assert rig.is_really_safe
    assert changes == []
    rig.cell.reset()
    rig.run_to("working")
    rig.run(1)
    assert rig.board.communication_watchdog.is_armed
    assert rig.arduino.complaints == []
    rig.line.host.write = lambda data: None
    rig.run(0.6)
    assert rig.is_really_safe


def test_that_the_board_switched_to_safe_by_itself_is_trouble_once_and_it_is_armed_again_by_a_release(machine):
    machine.valve.write(True)
    write, machine.line.host.write = machine.line.host.write, lambda data: None
    machine.run(0.6)
    machine.line.host.write = write
    machine.run(1)
    assert machine.troubles == [
        "The board on a virtual Uno heard nothing for 0.5 s and switched its outputs to safe; "
        "this computer was too busy, or the link broke off."
    ]
    assert not machine.board.communication_watchdog.is_armed
    machine.board.make_safe()
    machine.board.release()
    assert machine.board.communication_watchdog.is_armed
    drive_all(machine)
    machine.line.host.write = lambda data: None
    machine.run(TASK_DELAY_S + 0.01)
    assert is_all_safe(machine)
    assert sum("switched its outputs to safe" in trouble for trouble in machine.troubles) == 1


def test_armed_again_it_does_what_it_was_last_given(machine):
    machine.board.communication_watchdog.arm(messages.port(1, 1))
    machine.run(0.1)
    assert machine.arduino.complaints == []
    drive_all(machine)
    machine.valve.write(False)
    machine.run(0.1)
    machine.line.host.write = lambda data: None
    machine.run(TASK_DELAY_S + 0.01)
    assert machine.model.outputs[8]
    assert machine.axis.is_moving


@pytest.mark.parametrize("boot_s", [0.2, 2.2])
def test_it_is_armed_again_after_the_board_was_reset(make_rig, boot_s):
    rig = make_rig(boot_s=boot_s)
    valve = rig.board.declare_output(8, safe=False)
    rig.prepare()
    rig.arduino.reset()
    rig.run(boot_s + 1)
    assert len(rig.troubles) == (1 if boot_s < 1 else 2)
    assert "switched its outputs to safe" not in " ".join(rig.troubles)
    rig.board.release()
    valve.write(True)
    rig.run(5)
    assert rig.model.outputs[8]
    rig.line.host.write = lambda data: None
    rig.run(TASK_DELAY_S + 0.01)
    assert not rig.model.outputs[8]


def test_a_large_machine_fits_into_the_firmwares_buffer(make_rig):
    rig = make_rig(kind="mega")
    axes = [rig.stepper(number) for number in range(10)]
    outputs = [rig.board.declare_output(pin, safe=pin % 2 == 0) for pin in range(22, 54)]
    rig.prepare()
    rig.run(1)
    assert rig.arduino.complaints == []
    for output in outputs:
        output.write(not output.safe)
    for port, _ in axes:
        port.move_to(50_000, 2000, 8000)
    rig.run(1)
    rig.line.host.write = lambda data: None
    rig.run(TASK_DELAY_S + 0.01)
    assert rig.is_really_safe
    assert rig.arduino.complaints == []


def test_a_board_that_is_released_is_left_alone(machine):
    machine.valve.write(True)
    machine.board.close()
    machine.run(2)
    assert machine.model.outputs[8]
    assert machine.troubles == []


def test_once_closed_nothing_more_is_to_happen(rig):
    rig.prepare()
    rig.board.close()
    closed_s = rig.env.now
    rig.run(3)
    assert [each.data for each in rig.sent if each.written_s > closed_s] == []
    rig.env.run()  # nor does anything keep the environment busy
