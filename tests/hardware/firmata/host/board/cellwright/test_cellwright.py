"""A FirmataBoard on a board with CellwrightFirmata: what it says, what it hears, and what it tells its user."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cellwright.actuators import Solenoid
from cellwright.errors import CapabilityError
from cellwright.hardware.firmata.host.cellwright_board import CellwrightBoard
from cellwright.hardware.firmata.host.cellwright_ports import limits_for
from cellwright.hardware.firmata.host.stock_board import StockFirmataBoard
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import OutputLimits

SPEED, ACCELERATION = 1600.0, 16_000.0
TRIGGER = SimpleNamespace(name="trigger")


# ---- getting to know it ----


def test_a_board_that_answers_is_used_with_all_that_it_has(rig):
    assert isinstance(rig.board, CellwrightBoard)
    assert rig.board.features == own.Features(1, 0, 6, 5, 2, 5, 2, 6, *rig.board.features[8:])


@pytest.mark.parametrize("firmware", ["standard", "configurable"])
def test_a_board_that_does_not_answer_costs_no_time(make_rig, firmware):
    rig = make_rig(firmware=firmware)
    assert type(rig.board) is StockFirmataBoard
    asked = [each.data for each in rig.sent_since(0.0)][:3]
    assert asked == [own.QUERY_FEATURES, messages.QUERY_CAPABILITIES, messages.QUERY_ANALOG_MAPPING]
    assert rig.ready_s - rig.sent[0].written_s < 0.06


def test_an_answer_that_was_lost_is_asked_for_again(env, rig_class):
    lost = []

    def lose_one(data):
        if data.startswith(b"\xf0\x01") and not lost:
            lost.append(data)
            return b""
        return data

    rig = rig_class(env, firmware="cellwright", baud=57600)
    rig.replies = lose_one
    rig.connect()
    assert lost
    assert isinstance(rig.board, CellwrightBoard)


def test_there_are_as_many_steppers_and_encoders_as_it_says(rig):
    for number in range(6):
        rig.board.declare_stepper(SimpleNamespace(name="axis"), 2 + 2 * number, 3 + 2 * number, False)
    with pytest.raises(CapabilityError, match="one stepper more than the firmware's 6"):
        rig.board.declare_stepper(SimpleNamespace(name="axis"), 14, 15, False)
    for pin in (16, 18):
        rig.board.declare_encoder(pin, pin + 1)
    with pytest.raises(CapabilityError, match="one encoder more than the firmware's 2"):
        rig.board.declare_encoder(14, 15)


# ---- outputs ----


def test_an_output_is_declared_with_its_safe_level_and_its_limits(rig):
    began_s = rig.env.now
    rig.board.declare_output(8, safe=True, max_on_s=0.2, max_duty=0.5)
    rig.board.declare_output(13, safe=False)
    assert rig.data_since(began_s, own.OUTPUT) == [
        own.output(OutputLimits(8, True, 209, 51)),
        own.output(OutputLimits(13, False)),
    ]
    rig.run(0.02)
    assert rig.model.outputs == {8: True, 13: False}


def test_a_pulse_is_one_message_and_its_wait_ends_with_its_rest(rig):
    port = rig.board.declare_output(8, safe=False, max_on_s=0.1)
    rig.prepare()
    changes = rig.watch(8)
    began_s = rig.env.now
    rig.arrive(port.pulse(TRIGGER, True, 0.06, 0.05))
    assert rig.env.now - began_s == pytest.approx(0.11)
    assert rig.data_since(began_s, own.PULSE) == [own.pulse(8, True, 60_000)]
    assert rig.data_since(began_s, messages.SET_DIGITAL_PIN_VALUE) == []
    (on_s, _, _), (off_s, _, level) = changes
    assert off_s - on_s == pytest.approx(0.06, abs=1e-6)
    assert not level
    assert port.is_safe
    assert rig.troubles == []


def test_a_pulse_that_the_board_refuses_is_trouble(rig):
    port = rig.board.declare_output(8, safe=False, max_on_s=0.1)
    rig.prepare()
    port.pulse(TRIGGER, True, 0.2, 0.0)
    rig.run(0.01)
    assert rig.troubles == [
        "trigger did not fire: it would have been on for longer, or more often, than its max_on_s and max_duty allow, "
        "and the board refused that."
    ]


def test_outputs_beyond_the_boards_limiters_are_pulsed_by_this_computer(rig):
    ports = [rig.board.declare_output(pin, safe=False, max_on_s=0.1) for pin in (2, 3, 4, 5, 6, 7, 8)]
    rig.prepare()
    assert [note for note in rig.board.notes if "pin 8 is one more" in note]
    changes = rig.watch(8)
    began_s = rig.env.now
    rig.arrive(ports[-1].pulse(TRIGGER, True, 0.06, 0.05))
    assert rig.data_since(began_s, own.PULSE) == []
    assert [level for _, _, level in changes] == [True, False]
    assert rig.troubles == []


@given(
    pulse_ms=st.integers(5, 300),
    share=st.integers(2, 100),
    spare=st.sampled_from([0.0, 0.01, 0.3]),
    lates_ms=st.lists(st.floats(0, 5), min_size=30, max_size=30),
    drift=st.sampled_from([-0.004, 0.0, 0.004]),
)
def test_the_board_refuses_no_pulse_that_a_solenoid_may_fire(pulse_ms, share, spare, lates_ms, drift):
    """However late each message is, within 5 ms, and with a board's clock that is 0.4 % off."""
    pulse_s = pulse_ms / 1000
    rest_s = max(0.0, pulse_s * 100 / share - pulse_s)
    solenoid = Solenoid(pin=8, pulse_s=pulse_s, rest_s=rest_s, max_on_s=pulse_s * (1 + spare), max_duty=share / 100)
    assert list(solenoid.problems()) == []
    limits = limits_for(8, False, solenoid.max_on_s, solenoid.max_duty)
    assume(limits.duty or rest_s > 0.006)  # else pulses meet on their way
    filling, emptying = (100 - limits.duty, limits.duty) if limits.duty else (1, 1e9)
    fill, off_since_ms = 0.0, None
    for number, late_ms in enumerate(lates_ms):
        arrives_ms = number * 1000 * (pulse_s + rest_s) * (1 + drift) + late_ms
        if off_since_ms is not None:
            fill = max(0.0, fill - emptying * max(0.0, arrives_ms - off_since_ms))
        assert fill + pulse_ms * filling <= limits.max_on_ms * filling, number
        fill += pulse_ms * filling
        off_since_ms = arrives_ms + pulse_ms


# ---- the watchdog ----


def test_the_watchdog_is_armed_fed_and_disarmed(rig):
    rig.board.declare_output(8, safe=False)
    rig.prepare().run(10)
    fed = [each.written_s for each in rig.sent_since(0.0, own.WATCHDOG)]
    assert max(b - a for a, b in pairwise(fed)) <= 0.1501
    assert not rig.arduino.session.is_stopped
    rig.board.close()
    assert rig.sent[-1].data == own.watchdog(0)


@pytest.mark.parametrize("cut_s", [0.0, 0.005, 0.03])
def test_a_host_that_dies_in_mid_pulse_leaves_all_safe(rig, cut_s):
    port = rig.board.declare_output(8, safe=True)
    rig.board.declare_output(7, safe=False).declare()
    stepper, _ = rig.stepper(0)
    rig.prepare()
    rig.board.outputs[7].write(True)
    stepper.move_to(100_000, SPEED, ACCELERATION)
    port.pulse(TRIGGER, False, 2.0, 0.0)
    rig.run(cut_s)
    rig.line.host.close()
    rig.run(0.65)
    assert rig.is_really_safe
    assert rig.arduino.session.is_stopped


def test_a_board_that_stopped_since_it_heard_nothing_says_so(rig):
    stepper, model = rig.stepper(0)
    rig.prepare()
    stepper.move_to(100_000, SPEED, ACCELERATION)
    rig.run(0.3)
    rig.line.host.write = lambda data: None
    rig.run(0.6)
    (told,) = rig.troubles
    assert told.startswith(
        "The board on a virtual Uno stopped itself: it heard nothing from this computer for 0.5 s; "
        "the computer was too busy, or the link broke off ("
    )
    assert told.endswith(f"with axis0 at step {model.position}).")


# ---- stops ----


def test_make_safe_is_one_message_said_again_while_locked(rig):
    rig.board.declare_output(8, safe=False)
    rig.prepare()
    began_s = rig.env.now
    rig.board.make_safe()
    rig.run(2.1)
    assert len([each for each in rig.data_since(began_s, own.STOP_COMMAND) if each == own.STOP_BOARD]) == 5
    rig.board.release()
    rig.run(1.0)
    assert not rig.arduino.session.is_stopped
    assert rig.troubles == []


def test_the_emergency_stop_stops_board_and_cell_and_explains_itself(make_rig, four_by_four):
    rig = make_rig(firmware="cellwright", baud=57600, kind="mega").start(four_by_four)
    rig.run_to("working")
    rig.run(0.3)
    rig.model.set_input(12, False)
    rig.run(0.001)
    assert rig.is_really_safe
    rig.run_to("stopped", within_s=0.1)
    assert rig.cell.last_stop.reason == "four_by_four, working: stop_button was pressed"
    rig.run(0.2)
    assert rig.cell.a.port.position == rig.model.axis(2).position


def test_a_reset_is_refused_while_the_board_is_still_stopped(rig):
    rig.board.declare_input(12, at_rest=True)
    rig.board.declare_stop_input(12, active=False)
    rig.prepare().run(0.05)
    rig.model.set_input(12, False)
    rig.run(0.05)
    rig.board.make_safe()
    assert len(rig.troubles) == 1
    assert "stopped itself: its emergency stop was pressed" in rig.troubles[0]
    rig.run(0.1)
    rig.board.release()
    rig.run(0.05)
    assert rig.troubles[1:] == [
        "The board on a virtual Uno is still stopped: its emergency stop is pressed; let it go, and reset again."
    ]
    rig.lose_replies("f0 71")
    rig.board.release()
    rig.run(1.2)
    assert "is still stopped: its emergency stop was pressed" in rig.troubles[2]


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (own.BROWN_OUT, "its supply dipped (brown-out); check its supply and what it drives."),
        (own.RESET_BUTTON, "its reset button was pressed, or its port was opened by another program."),
    ],
)
def test_a_board_that_restarted_says_why_and_where_it_was(rig, axis, why, words):
    rig.arrive(axis.port.move_to(100, SPEED, ACCELERATION))
    at_s = rig.env.now
    rig.arduino.reset(why)
    rig.run(0.2)
    (told,) = rig.troubles
    assert (
        told
        == f"The board on a virtual Uno reset itself, {at_s:.3f} s after it had started, with axis0 at step 100: "
        + words
    )
    assert rig.arduino.session.is_stopped
    rig.board.release()
    rig.run(0.1)
    rig.arrive(axis.port.move_to(150, SPEED, ACCELERATION))
    assert axis.model.true_position == 400 + 150


@pytest.mark.parametrize("lost", [("f9", "f0 79"), ("f0 01",), ("f0 06 01",)], ids=["name", "features", "reason"])
def test_a_restart_is_noticed_though_the_line_loses_what_says_so(rig, axis, lost):
    rig.run(1.0)
    rig.lose_replies(*lost)
    rig.arduino.reset(own.BROWN_OUT)
    rig.run(0.15)
    rig.lose_replies("f0 7f")
    rig.run(2.0)
    assert any("reset itself" in each for each in rig.troubles)
    assert rig.arduino.session.has_own_reports
    assert rig.arduino.session.is_stopped


def test_a_reset_of_the_link_is_noticed_and_all_is_declared_again(rig):
    stepper, _ = rig.stepper()
    rig.board.declare_output(8, safe=False)
    rig.prepare().run(1.0)
    rig.line.host.write(messages.RESET)
    rig.run(1.0)
    (told,) = rig.troubles
    assert "it was reset over the line" in told
    rig.board.release()
    rig.arrive(stepper.move_to(150, SPEED, ACCELERATION))


def test_what_the_board_refuses_is_trouble(rig):
    rig.prepare()
    rig.line.host.write(accelstepper.move_to(3, 100))
    rig.run(0.02)
    assert rig.troubles == ["The board on a virtual Uno refused a command: 'stepper is not configured'."]
