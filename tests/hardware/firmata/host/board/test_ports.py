"""Outputs and inputs over the line: on and off."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.actuators import Solenoid
from cellwright.errors import CellFault
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.sequences.supervision import StepProcess

DEVICE = SimpleNamespace(name="probe")


# ---- outputs ----


def test_a_level_is_written_once_and_seen_on_the_pin(rig):
    output = rig.board.declare_output(4, safe=False)
    rig.prepare().run(0.05)
    changes = rig.watch(4)
    before_s = rig.env.now
    for level in (True, True, False, False):
        output.write(level)
        rig.run(0.01)
    assert [(pin, level) for _, pin, level in changes] == [(4, True), (4, False)]
    assert changes[0][0] - before_s == pytest.approx(3 * rig.byte_s)


def test_outputs_on_one_port_leave_each_other_alone(rig):
    outputs = {pin: rig.board.declare_output(pin, safe=pin == 5) for pin in (3, 5, 7, 8)}
    rig.prepare()
    outputs[3].write(True)
    outputs[7].write(True)
    outputs[3].write(False)
    outputs[8].write(True)
    rig.run(0.01)
    assert {pin: rig.model.outputs[pin] for pin in outputs} == {3: False, 5: True, 7: True, 8: True}


@pytest.mark.parametrize("latency_s", [0.0, 0.008])
@pytest.mark.parametrize("active_low", [False, True])
def test_a_pulse_is_as_long_as_asked(make_rig, active_low, latency_s):
    rig = make_rig(latency_s=latency_s)
    output = rig.board.declare_output(4, safe=active_low)
    port, _ = rig.stepper(4)
    rig.prepare()
    rig.run(0.05)
    changes = rig.watch(4)
    port.move_to(3000, 2000, 8000)
    for turn in range(40):
        rig.arrive(output.pulse(DEVICE, not active_low, 0.0613 + turn / 9973, 0.05))
    assert [level for _, _, level in changes] == [not active_low, active_low] * 40
    ons, offs = changes[::2], changes[1::2]
    for turn, ((on_s, _, _), (off_s, _, _)) in enumerate(zip(ons, offs, strict=True)):
        before_it = 28 if turn == 0 else 12  # bytes of another message: the move's, or the communication watchdog's
        assert off_s - on_s == pytest.approx(0.0613 + turn / 9973, abs=(before_it + 1) * rig.byte_s)


def test_a_pulse_on_a_quiet_line_is_exact(rig):
    output = rig.board.declare_output(4, safe=False)
    rig.prepare()
    rig.run(0.1)
    changes = rig.watch(4)
    asked_s = rig.env.now
    rig.arrive(output.pulse(DEVICE, True, 0.06, 0.1))
    assert rig.env.now - asked_s == pytest.approx(0.16)
    assert changes[1][0] - changes[0][0] == pytest.approx(0.06)


def test_a_pulse_in_place_of_another_begins_anew_and_ends(rig):
    output = rig.board.declare_output(4, safe=False)
    rig.prepare().run(0.05)
    changes = rig.watch(4)
    first = output.pulse(DEVICE, True, 0.1, 0.1)
    rig.run(0.06)
    second = output.pulse(DEVICE, True, 0.1, 0.1)
    rig.arrive(second)
    assert not first.processed
    assert [level for _, _, level in changes] == [True, False]
    assert changes[1][0] - changes[0][0] == pytest.approx(0.16)
    assert not rig.model.outputs[4]


def test_a_pulse_after_another_leaves_its_rest_alone(rig):
    output = rig.board.declare_output(4, safe=False)
    rig.prepare()
    first = output.pulse(DEVICE, True, 0.1, 0.5)
    rig.run(0.2)
    output.pulse(DEVICE, True, 0.1, 0.1)
    rig.run(0.45)
    assert first.processed


@pytest.mark.parametrize("level", [True, False])
def test_a_write_does_not_keep_a_pulse_from_ending(rig, level):
    output = rig.board.declare_output(4, safe=False)
    rig.prepare()
    fired = output.pulse(DEVICE, True, 0.1, 0.1)
    rig.run(0.05)
    output.write(level)
    rig.arrive(fired)
    assert not rig.model.outputs[4]


@pytest.mark.parametrize("active_low", [False, True])
@pytest.mark.parametrize("ending", ["interrupted", "faulted", "made safe", "safe and fired again", "left alone"])
def test_a_solenoid_is_never_on_for_longer_than_it_may(rig, active_low, ending):
    solenoid = Solenoid(pin=4, pulse_s=0.08, rest_s=0.05, max_on_s=0.1, active_low=active_low)
    solenoid.name = "valve"
    solenoid.attach(rig.board)
    rig.prepare()
    rig.run(0.05)
    changes = rig.watch(4)

    def step():
        yield solenoid.fire()
        if ending == "faulted":
            raise AssertionError

    supervision = StepProcess(rig.env, step())
    supervision.defused = True
    rig.run(0.03)
    if ending == "interrupted":
        supervision.abandon("enough")
    elif ending == "faulted":
        supervision._generator.close()
    elif ending != "left alone":
        rig.board.make_safe()
    if ending == "safe and fired again":
        rig.board.release()
        with pytest.raises(CellFault, match="valve was fired before its rest was over"):
            solenoid.fire()
    rig.run(1)
    (on_s, _, on), (off_s, _, off) = changes
    assert (on, off) == (not active_low, active_low)
    assert off_s - on_s <= 0.08 + 10 * rig.byte_s


# ---- inputs ----


def on_presses(rig, pin=8):
    contact = rig.board.declare_input(pin, at_rest=True)
    rig.prepare()
    rig.run(0.1)
    heard = []
    contact.on_change = lambda level: heard.append((rig.env.now, level))
    return contact, heard


def test_the_first_edge_counts_at_once(rig):
    _, heard = on_presses(rig)
    pressed_s = rig.env.now
    rig.model.set_input(8, False)
    rig.run(0.1)
    assert heard == [(pytest.approx(pressed_s + 3 * rig.byte_s), False)]


def test_a_contact_that_bounces_for_3_ms_is_pressed_once(rig):
    contact, heard = on_presses(rig)
    for level in (False, True, False, True, False, True, False):
        rig.model.set_input(8, level)
        rig.run(0.0005)
    rig.run(0.1)
    assert [level for _, level in heard] == [False]
    assert not contact.level
    for level in (True, False, True, False, True):
        rig.model.set_input(8, level)
        rig.run(0.0006)
    rig.run(0.1)
    assert [level for _, level in heard] == [False, True]


def test_a_change_within_the_lockout_that_lasts_is_noticed_at_its_end(rig):
    _, heard = on_presses(rig)
    pressed_s = rig.env.now
    rig.model.set_input(8, False)
    rig.run(0.002)
    rig.model.set_input(8, True)
    rig.run(0.1)
    assert [level for _, level in heard] == [False, True]
    assert heard[1][0] - pressed_s == pytest.approx(0.005 + 3 * rig.byte_s)


def test_inputs_of_one_port_are_told_apart(rig):
    inputs = {pin: rig.board.declare_input(pin, at_rest=pin != 9) for pin in (8, 9, 10, 12)}
    rig.prepare()
    for pin, level in ((9, True), (12, False)):
        rig.model.set_input(pin, level)
    rig.run(0.1)
    assert {pin: contact.level for pin, contact in inputs.items()} == {8: True, 9: True, 10: True, 12: False}


def test_levels_at_the_start_are_known_once_the_board_is_prepared(rig):
    rig.model.set_input(8, False)
    contact = rig.board.declare_input(8, at_rest=True)
    assert contact.level
    rig.prepare()
    assert not contact.level


def test_a_pin_without_a_pull_up_is_a_plain_input_and_the_resistor_is_asked_for(make_rig):
    rig = make_rig(firmware="standard")
    rig.board.session.client.capabilities[8].pop(PinMode.PULLUP)
    rig.board.declare_input(8, at_rest=True)
    rig.board.declare_input(9, at_rest=False)
    rig.board.declare_input(10, at_rest=True)
    assert rig.board.notes == ["Pin 8 has no pull-up in this firmware: wire a resistor of 10 kΩ to 5 V."]
    rig.run(0.01)
    assert [rig.arduino.program.pins.modes[pin] for pin in (8, 9, 10)] == [PinMode.INPUT, PinMode.INPUT, PinMode.PULLUP]
