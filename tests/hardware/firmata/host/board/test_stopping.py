"""Stops over the line: how soon everything is safe, and that it stays so until reset and homing."""

from __future__ import annotations

import pytest

from cellwright.errors import CellFault
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.accelstepper import STOP_DEVICE
from cellwright.sequences import FAULTED, STOPPED

STOP_BUTTON = 12


def is_safe_message(data):
    """Whether a message makes something safe: a port's levels, or a stepper's stop."""
    return data[0] & 0xF0 == messages.DIGITAL_MESSAGE or data[:3] == bytes(
        (messages.START_SYSEX, messages.ACCELSTEPPER_DATA, STOP_DEVICE)
    )


def press_in_full_swing(rig):
    """Press the stop button with four axes moving and four solenoids on; returns when."""
    rig.run_to("working")
    rig.run(2.0)
    while not all(rig.model.outputs[pin] == (pin != 11) for pin in rig.cell.SOLENOID_PINS):
        rig.env.step()
    rig.run(0.004)
    assert all(axis.is_moving for axis in rig.model.steppers.values())
    pressed_s = rig.env.now
    rig.model.set_input(STOP_BUTTON, False)
    return pressed_s


def when_really_safe(rig):
    while not rig.is_really_safe:
        rig.env.step()
    return rig.env.now


@pytest.mark.parametrize(
    ("kind", "baud", "told_within_s", "safe_within_s"),
    [("uno", 115200, 0.004, 0.004), ("uno", 57600, 0.007, 0.007), ("mega", 115200, 0.004, 0.004)],
)
def test_the_stop_button_reaches_four_moving_axes_and_four_solenoids(
    make_rig, four_by_four, kind, baud, told_within_s, safe_within_s
):
    rig = make_rig(kind=kind, baud=baud).start(four_by_four)
    pressed_s = press_in_full_swing(rig)
    really_safe_s = when_really_safe(rig) - pressed_s
    rig.run(0.05)
    told = [each for each in rig.sent_since(pressed_s) if is_safe_message(each.data)]
    assert len(told) == 1 + 4
    assert told[-1].gone_s - pressed_s < told_within_s
    assert really_safe_s < safe_within_s
    assert (rig.cell.state, rig.cell.last_stop.reason) == (STOPPED, "four_by_four, working: stop_button was pressed")
    assert rig.arduino.complaints == []


def test_outputs_come_before_axes_and_questions_last(rig, four_by_four):
    rig.start(four_by_four)
    pressed_s = press_in_full_swing(rig)
    rig.run(0.002)
    kinds = [each.data[2] if each.data[0] == messages.START_SYSEX else "port" for each in rig.sent_since(pressed_s)]
    assert kinds[:9] == ["port"] + [5] * 4 + [6] * 4


@pytest.mark.parametrize("baud", [57600, 115200])
def test_a_stop_right_behind_four_first_moves_waits_for_the_line(make_rig, four_by_four, baud):
    """The worst case: four shots and the targets of all axes are on the line before it."""
    rig = make_rig(baud=baud).start(four_by_four)
    rig.run_to("working")
    rig.run(0.0001)
    asked_s = rig.env.now
    rig.cell.stop("the door is open")
    told = [each for each in rig.sent_since(asked_s) if is_safe_message(each.data)]
    edge_s = 3 * rig.byte_s  # what the report of a button's edge takes
    assert told[-1].gone_s - asked_s + edge_s < 0.010 * 115200 / baud
    rig.run(0.1)
    assert rig.is_really_safe
    assert rig.is_at_rest
    assert rig.arduino.complaints == []


@pytest.mark.parametrize("after_s", [0.0, 0.0003, 0.001, 0.5, 1.2345, 2.0, 3.333, 4.1])
def test_after_a_stop_nothing_moves_or_fires_until_reset_and_homing(rig, four_by_four, after_s):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(after_s)
    rig.cell.stop("the door is open")
    rig.run(0.02)
    changes = rig.watch(*rig.cell.SOLENOID_PINS)
    stood = [axis.true_position for axis in rig.model.steppers.values()]
    rig.run(30)
    assert [axis.true_position for axis in rig.model.steppers.values()] == stood
    assert changes == []
    assert rig.is_really_safe
    assert rig.board.is_safe
    for drive in (rig.cell.one.fire, lambda: rig.cell.a.jog(5, 10), lambda: rig.cell.one.output.write(True)):
        with pytest.raises(CellFault, match="made safe; reset the cell first"):
            drive()
    rig.cell.reset()
    with pytest.raises(CellFault, match="before it was homed"):
        rig.cell.a.move_to(10)
    rig.run_to("working")
    assert all(abs(axis.true_position) <= 1 for axis in rig.model.steppers.values())
    rig.run(2)
    assert changes
    assert rig.arduino.complaints == []


@pytest.mark.parametrize("state", ["homing", "working"])
@pytest.mark.parametrize("again_s", [0.0, 0.0005, 0.002, 0.3])
@pytest.mark.parametrize("latency_s", [0.0, 0.005])
def test_a_reset_right_behind_a_stop_begins_anew(make_rig, four_by_four, state, again_s, latency_s):
    """The firmware may not even have heard of the stop, let alone said where its axes stand."""
    rig = make_rig(latency_s=latency_s).start(four_by_four)
    rig.run_to(state)
    rig.run(0.7)
    rig.cell.stop("the door is open")
    rig.run(again_s)
    rig.cell.reset()
    rig.run_to("working")
    rig.run(5)
    assert rig.cell.state == "working"
    assert rig.cell.stops == {"the door is open": 1}
    assert rig.arduino.complaints == []


def test_stops_upon_stops_are_one_and_the_axes_are_still_known(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(1)
    for _ in range(3):
        rig.cell.fault("it rattles")
        rig.cell.stop("the door is open")
        rig.board.make_safe()
        rig.run(0.0007)
    rig.run(1)
    for device, axis in zip(rig.cell.axes, rig.model.steppers.values(), strict=True):
        assert abs(device.port.position - axis.true_position) <= 2  # as far as homing was off
    rig.cell.reset()
    rig.run_to("working")
    assert rig.arduino.complaints == []


def test_a_board_that_lost_a_message_is_made_safe_all_the_same(rig):
    """Everything is sent, also what should be safe as far as the host knows."""
    rig.board.declare_output(8, safe=False)
    port, axis = rig.stepper()
    rig.prepare()
    rig.arduino.program.pins.write_pin(8, True)  # as if garbled bytes had done it
    rig.arduino.program.parser.feed(bytes.fromhex("f0 62 08 00 01 00 00 34 f7 f0 62 09 00 01 00 00 34 f7"))
    rig.arduino.program.parser.feed(bytes.fromhex("f0 62 03 00 00 10 00 00 00 f7"))
    rig.run(0.5)
    assert axis.is_moving
    rig.board.make_safe()
    rig.run(0.01)
    assert not rig.model.outputs[8]
    assert not axis.is_moving
    assert port.position == axis.true_position


def test_a_stop_during_a_pulse_ends_it_at_once_and_for_good(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    changes = rig.watch(*rig.cell.SOLENOID_PINS)
    rig.run(0.03)
    assert rig.cell.one.output.level
    rig.cell.stop("the door is open")
    stopped_s = rig.env.now
    rig.cell.reset()
    rig.run(1)
    after = [change for change in changes if change[0] > stopped_s]
    assert sorted(pin for _, pin, _ in after) == [8, 9, 10, 11]
    assert all(at_s - stopped_s < 0.003 for at_s, _, _ in after)


def test_a_controlled_stop_lets_the_axes_slow_down_before_all_is_safe(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(1.0)
    axes = list(rig.model.steppers.values())
    before = [axis.true_position for axis in axes]
    asked_s = rig.env.now
    rig.cell.controlled_stop("Ctrl-C")
    rig.run_to(STOPPED)
    assert 0.05 < rig.env.now - asked_s < 0.5
    went = [axis.true_position - start for axis, start in zip(axes, before, strict=True)]
    assert all(20 < steps < 300 for steps in went)
    rig.run(0.1)
    assert rig.is_really_safe
    assert rig.arduino.complaints == []


# ---- boards in trouble ----


def watch_solenoids_through(rig, seconds):
    changes = rig.watch(*rig.cell.SOLENOID_PINS)
    rig.run(seconds)
    return changes


def test_a_lost_link_is_a_fault_and_a_reset_says_so(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(1)
    rig.line.cut("the cable was pulled")
    assert rig.cell.state == FAULTED
    assert rig.cell.last_stop.reason == (
        "four_by_four, working: The link to a virtual Uno was lost: the cable was pulled; "
        "check its cable and its supply."
    )
    rig.run(10)
    assert rig.cell.stops == {rig.cell.last_stop.reason.removeprefix("four_by_four, working: "): 1}
    with pytest.raises(CellFault, match="The link to a virtual Uno is lost: plug the board in and start the run again"):
        rig.board.release()
    rig.cell.reset()  # says so in the log, and does nothing
    rig.run(1)
    assert rig.cell.state == FAULTED


def test_a_silent_board_is_a_fault_and_can_be_gone_on_with_when_it_answers_again(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(1)
    rig.replies = lambda data: b""
    rig.run_to(FAULTED, within_s=1.6)
    assert "The board on a virtual Uno has been silent for 1 s" in rig.cell.last_stop.reason
    rig.run(3)
    assert rig.is_really_safe  # it could still hear
    rig.replies = lambda data: data
    rig.run(0.1)
    rig.cell.reset()
    rig.run_to("working")
    assert [device.port.position for device in rig.cell.axes] == [0] * 4
    assert all(abs(axis.true_position) <= 1 for axis in rig.model.steppers.values())
    assert sum(rig.cell.stops.values()) == 1
    assert rig.arduino.complaints == []


def test_a_silent_board_is_not_reset_before_it_is_heard_again(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.run(1)
    rig.replies = lambda data: b""
    rig.run_to(FAULTED)
    rig.cell.reset()
    rig.run(1)
    assert rig.cell.state == FAULTED
    with pytest.raises(CellFault, match="is still silent: wait until it has booted"):
        rig.board.release()
    rig.replies = lambda data: data
    rig.run(2)
    rig.cell.reset()
    rig.run_to("working")
    assert rig.arduino.complaints == []


@pytest.mark.parametrize("boot_s", [0.3, 2.2])
def test_a_board_that_resets_itself_is_a_fault_and_is_declared_again_at_safe_levels(make_rig, four_by_four, boot_s):
    rig = make_rig(boot_s=boot_s).start(four_by_four)
    rig.run_to("working")
    rig.run(1)
    while not all(rig.model.outputs[pin] == (pin != 11) for pin in rig.cell.SOLENOID_PINS):
        rig.env.step()
    reset_s = rig.env.now
    rig.arduino.reset()
    changes = watch_solenoids_through(rig, boot_s + 1)
    # The firmware takes every pin low, which is on for the fourth, until the host has answered; none other fires.
    assert {pin for at_s, pin, level in changes if level != (pin == 11) and at_s > reset_s} == {11}
    booted_s = reset_s + boot_s
    off_s = next(at_s for at_s, pin, level in changes if pin == 11 and level and at_s >= booted_s)
    assert off_s - booted_s < 0.010
    first = next(each.data for each in rig.sent_since(booted_s) if each.data[:2] not in (b"\xf9", b"\xf0\x7b"))
    assert first == messages.port(1, 1 << 3)  # before anything else: it is what ends that
    assert rig.cell.state == FAULTED
    assert ("reset itself" if boot_s < 1 else "silent") in rig.cell.last_stop.reason
    assert rig.is_really_safe
    assert rig.model.outputs == {8: False, 9: False, 10: False, 11: True, 13: False}
    assert {rig.arduino.program.pins.modes[pin] for pin in (16, 17, 18, 19, 12)} == {messages.PinMode.PULLUP}
    rig.model.set_input(16, False)
    rig.run(0.01)
    assert rig.cell.a.is_at_home
    rig.model.set_input(16, True)
    rig.run(0.01)
    rig.cell.reset()
    rig.run_to("working")
    assert all(abs(axis.true_position) <= 1 for axis in rig.model.steppers.values())
    rig.run(2)
    assert rig.cell.state == "working"
    assert rig.arduino.complaints == []


def test_a_stop_button_pressed_during_the_boards_reset_holds(rig, four_by_four):
    rig.start(four_by_four)
    rig.run_to("working")
    rig.arduino.reset()
    rig.run(1)
    rig.model.set_input(STOP_BUTTON, False)
    rig.run(3)
    assert rig.cell.state == STOPPED
    rig.cell.reset()
    assert rig.cell.state == STOPPED
