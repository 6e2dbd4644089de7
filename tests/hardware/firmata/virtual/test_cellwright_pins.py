"""CellwrightFirmata in the virtual Arduino: outputs, pulses, the watchdog, stops, and what a restart leaves."""

from __future__ import annotations

import pytest

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import OutputLimits
from cellwright.hardware.firmata.protocol.messages import MessageReader, PinMode

VALVE = 8  # declared active-low: safe is high
LAMP = 13


def words(sent):
    """The strings in what was sent."""
    received = MessageReader().feed(bytes.fromhex(sent.replace(" ", "")))
    return [each.data[::2].decode() for each in received if each.command == messages.STRING_DATA]


def states(sent):
    received = MessageReader().feed(bytes.fromhex(sent.replace(" ", "")))
    return [own.decode_state(each.data) for each in received if each.command == own.STATE]


def pulses(sent):
    received = MessageReader().feed(bytes.fromhex(sent.replace(" ", "")))
    return [own.decode_pulse_result(each.data) for each in received if each.command == own.PULSE]


@pytest.fixture
def valve(cell_desk):
    cell_desk.tell(own.output(OutputLimits(VALVE, True, 200, 50)))
    return cell_desk.board.output(VALVE)


# ---- who is there ----


def test_it_greets_with_version_and_name_and_drives_nothing(cell_desk):
    assert cell_desk.greeting.startswith("f9 02 06 f0 79 01 00 43 00 65 00")
    assert cell_desk.greeting.count("f0") == 1
    assert cell_desk.board.outputs == {}


def test_it_tells_its_features(cell_desk, make_desk):
    assert cell_desk.tell(own.QUERY_FEATURES).startswith("f0 01 01 00 06 05 02 05 02 06")
    assert make_desk(kind="mega", firmware="cellwright").tell(own.QUERY_FEATURES).startswith("f0 01 01 01 0a 05 05 10")


@pytest.mark.parametrize("message", ["f0 7b 05 f7", "f0 0c f7", "f0 5e 01 02 f7"])
def test_an_unknown_sysex_is_refused_in_words(cell_desk, message):
    assert words(cell_desk.tell(message)) == ["sysex command is not known"]


def test_a_message_that_is_too_long_is_dropped(cell_desk):
    assert words(cell_desk.tell(b"\xf0" + bytes(73) + b"\xf7")) == ["message longer than 72 bytes"]
    assert words(cell_desk.tell(b"\xf0\x71" + bytes(71) + b"\xf7")) == []


def test_a_message_that_another_begins_in_is_dropped(cell_desk):
    assert cell_desk.tell("f0 02 08 01 f9") == "f9 02 06"
    assert cell_desk.board.outputs == {}


# ---- outputs ----


def test_an_output_takes_its_safe_level_without_a_glitch(cell_desk):
    seen = []
    cell_desk.board.on_output(VALVE, seen.append)
    cell_desk.tell(own.output(OutputLimits(VALVE, True)))
    assert cell_desk.board.outputs == {VALVE: True}
    assert seen == [True]


def test_a_pin_that_is_no_output_is_not_driven(cell_desk):
    assert words(cell_desk.tell(messages.set_pin(LAMP, True))) == [f"pin {LAMP} is an input"]
    assert cell_desk.tell(messages.port(LAMP // 8, 1 << LAMP % 8), messages.analog(LAMP, 90)) == ""
    assert cell_desk.board.outputs == {}


def test_a_pin_mode_declares_an_output_whose_safe_level_is_low_or_as_it_was_said(cell_desk, valve):
    cell_desk.tell(messages.pin_mode(LAMP, PinMode.OUTPUT), messages.pin_mode(VALVE, PinMode.OUTPUT))
    assert cell_desk.board.outputs == {LAMP: False, VALVE: True}


def test_a_pulse_lasts_as_long_as_was_said(cell_desk, valve):
    cell_desk.tell(own.pulse(VALVE, False, 60_000), wait_s=0.0598)
    assert not valve.level
    assert pulses(cell_desk.tell(b"", wait_s=0.0004)) == [(VALVE, own.DONE)]
    assert valve.level


def test_a_pulse_in_place_of_another_is_the_only_one_that_is_answered(cell_desk, valve):
    cell_desk.tell(own.pulse(VALVE, False, 50_000), wait_s=0.04)
    assert pulses(cell_desk.tell(own.pulse(VALVE, False, 50_000), wait_s=0.049)) == []
    assert not valve.level
    assert pulses(cell_desk.tell(b"", wait_s=0.002)) == [(VALVE, own.DONE)]


def test_a_write_ends_what_a_pulse_began_and_the_pulse_is_over_when_it_is_due(cell_desk, valve):
    cell_desk.tell(own.pulse(VALVE, False, 50_000), wait_s=0.01)
    cell_desk.tell(messages.set_pin(VALVE, True))
    assert valve.level
    assert pulses(cell_desk.tell(b"", wait_s=0.041)) == [(VALVE, own.DONE)]


@pytest.mark.parametrize(
    ("message", "how"),
    [
        (own.pulse(VALVE, False, 200_100), own.REFUSED_LIMIT),
        (own.pulse(VALVE, False, 99), own.REFUSED_PIN),
        (own.pulse(LAMP, True, 1000), own.REFUSED_PIN),
    ],
)
def test_a_pulse_that_cannot_be_is_refused(cell_desk, valve, message, how):
    assert pulses(cell_desk.tell(message)) == [(message[2], how)]
    assert valve.level


def test_an_output_is_never_off_its_safe_level_for_longer_than_it_may(cell_desk, valve):
    cell_desk.tell(messages.set_pin(VALVE, False), wait_s=0.2)
    assert not valve.level
    assert words(cell_desk.tell(b"", wait_s=0.0003)) == ["pin 8 was on too long"]
    assert valve.level
    assert words(cell_desk.tell(messages.set_pin(VALVE, False))) == ["pin 8 must rest first"]
    assert valve.level


def test_the_duty_is_kept_over_a_declaration(cell_desk, valve):
    for _ in range(2):
        cell_desk.tell(own.pulse(VALVE, False, 100_000), wait_s=0.1001)
        cell_desk.tell(own.output(OutputLimits(VALVE, True, 200, 50)))
    assert pulses(cell_desk.tell(own.pulse(VALVE, False, 100_000)))[-1] == (VALVE, own.REFUSED_LIMIT)
    cell_desk.wait(0.1)
    assert pulses(cell_desk.tell(own.pulse(VALVE, False, 100_000), wait_s=0.11)) == [(VALVE, own.DONE)]


def test_no_sequence_of_pulses_exceeds_the_duty(cell_desk, valve):
    on_s = [0.0, None]

    def measure(level):
        if not level:
            on_s[1] = cell_desk.env.now
        elif on_s[1] is not None:
            on_s[0] += cell_desk.env.now - on_s[1]

    cell_desk.board.on_output(VALVE, measure)
    began_s = cell_desk.env.now
    while cell_desk.env.now < began_s + 20:
        cell_desk.tell(own.pulse(VALVE, False, 30_000), wait_s=0.01)
    assert on_s[0] <= 0.5 * 20 + 0.2
    assert on_s[0] > 0.45 * 20


def test_an_uno_has_five_limiters(cell_desk):
    pins = [2, 3, 4, 5, 6, 7]
    sent = cell_desk.tell(*(own.output(OutputLimits(pin, False, 100)) for pin in pins))
    assert words(sent) == ["pin 7 has no limiter"]
    assert set(cell_desk.board.outputs) == set(pins[:5])


# ---- stopping ----


def test_a_stop_makes_all_safe_and_nothing_is_driven_until_the_release(cell_desk, valve):
    cell_desk.tell(own.pulse(VALVE, False, 60_000), messages.pin_mode(3, PinMode.PWM), messages.analog(3, 128))
    sent = cell_desk.tell(own.STOP_BOARD)
    assert [(each.stopped, each.reason) for each in states(sent)] == [(True, own.HOST_REQUEST)]
    assert pulses(sent) == [(VALVE, own.CUT_SHORT)]
    assert valve.level
    assert cell_desk.board.levels[3].value == 0
    sent = cell_desk.tell(messages.set_pin(VALVE, False), messages.analog(3, 9), own.pulse(VALVE, False, 1000))
    assert words(sent) == ["stopped: release first"] * 2
    assert pulses(sent) == [(VALVE, own.REFUSED_STOPPED)]
    assert valve.level
    cell_desk.tell(own.RELEASE_BOARD, messages.set_pin(VALVE, False))
    assert not valve.level


def test_a_servo_gets_no_pulses_before_it_is_written_to_and_while_the_board_is_stopped(cell_desk):
    cell_desk.tell(messages.pin_mode(9, PinMode.SERVO))
    assert cell_desk.board.levels == {}
    cell_desk.tell(messages.analog(9, 1472))
    cell_desk.tell(own.STOP_BOARD)
    level = cell_desk.board.levels[9]
    assert (level.value, level.is_safe) == (90, True)
    assert words(cell_desk.tell(messages.analog(9, 600))) == ["stopped: release first"]
    cell_desk.tell(own.RELEASE_BOARD)
    assert level.value == 90
    cell_desk.tell(messages.analog(9, 2400))
    assert level.value == 180


def test_it_has_room_for_four_servos(cell_desk):
    pins = (2, 3, 4, 5, 6)
    assert words(cell_desk.tell(*(messages.pin_mode(pin, PinMode.SERVO) for pin in pins))) == [
        "no room for another servo"
    ]
    cell_desk.tell(*(messages.analog(pin, 1472) for pin in pins))
    assert sorted(cell_desk.board.levels) == [2, 3, 4, 5]
    assert words(cell_desk.tell(messages.servo_config(6, 544, 2400))) == ["no room for another servo"]
    cell_desk.tell(messages.pin_mode(2, PinMode.INPUT))
    assert words(cell_desk.tell(messages.pin_mode(6, PinMode.SERVO))) == []


def test_an_analog_channel_is_reported_from_the_next_sampling_on(cell_desk):
    cell_desk.board.declare_analog(15).volts = 2.5
    cell_desk.tell(messages.pin_mode(15, PinMode.ANALOG), messages.sampling_interval(100))
    assert cell_desk.tell(messages.report_analog(1, True), wait_s=0.05) == ""
    assert cell_desk.tell(b"", wait_s=0.06) == "e1 00 04"
    cell_desk.tell(messages.report_analog(1, False))
    assert cell_desk.tell(b"", wait_s=0.3) == ""


def test_a_stopped_board_keeps_an_output_an_output(cell_desk, valve):
    sent = cell_desk.tell(messages.pin_mode(LAMP, PinMode.OUTPUT), own.STOP_BOARD, messages.pin_mode(LAMP, 0))
    assert words(sent) == [f"pin {LAMP} is kept safe"]
    assert cell_desk.board.outputs == {VALVE: True, LAMP: False}


def test_the_watchdog_stops_the_board_when_the_host_is_silent(cell_desk, valve):
    cell_desk.tell(own.watchdog(500), messages.set_pin(VALVE, False), wait_s=0.15)
    cell_desk.tell(messages.set_pin(VALVE, True), wait_s=0.4)
    cell_desk.tell("f9", wait_s=0.49)
    assert states(cell_desk.tell(b"")) == []
    stopped = states(cell_desk.tell(b"", wait_s=0.02))
    assert [(each.stopped, each.reason) for each in stopped] == [(True, own.COMMUNICATION_TIMEOUT)]
    assert stopped[0].ms == pytest.approx(1000 * (cell_desk.env.now - 0.01), abs=15)


def test_half_a_message_does_not_feed_the_watchdog(cell_desk):
    cell_desk.tell(own.watchdog(100))
    for _ in range(10):
        cell_desk.tell("f0 71", wait_s=0.02)
    assert cell_desk.arduino.session.is_stopped


@pytest.mark.parametrize(("ms", "refused"), [(99, True), (100, False), (2000, False), (2001, True), (0, False)])
def test_the_watchdogs_range(cell_desk, ms, refused):
    assert words(cell_desk.tell(own.watchdog(ms))) == (["watchdog: 100 to 2000 ms, or 0"] if refused else [])


def test_a_watchdog_that_is_switched_off_stops_nothing(cell_desk):
    cell_desk.tell(own.watchdog(100), own.watchdog(0), wait_s=5)
    assert not cell_desk.arduino.session.is_stopped


def test_the_emergency_stop_acts_within_a_millisecond(cell_desk, valve):
    cell_desk.tell(own.emergency_stop_input(12, False))
    cell_desk.tell(messages.set_pin(VALVE, False), wait_s=0.05)
    cell_desk.board.set_input(12, False)
    sent = cell_desk.tell(b"", wait_s=0.001)
    assert valve.level
    assert [each.reason for each in states(sent)] == [own.EMERGENCY]
    assert words(cell_desk.tell(own.RELEASE_BOARD)) == ["emergency stop is pressed"]
    assert cell_desk.arduino.session.is_stopped
    cell_desk.board.set_input(12, True)
    cell_desk.tell(own.RELEASE_BOARD)
    assert not cell_desk.arduino.session.is_stopped


def test_a_spike_on_the_emergency_stops_wire_stops_nothing(cell_desk):
    cell_desk.tell(own.emergency_stop_input(12, False))
    cell_desk.board.set_input(12, False)
    cell_desk.wait(0.0001)
    cell_desk.board.set_input(12, True)
    cell_desk.wait(0.01)
    assert not cell_desk.arduino.session.is_stopped


def test_a_forgotten_emergency_stop_stops_nothing(cell_desk):
    cell_desk.tell(own.emergency_stop_input(12, False), own.REMOVE_EMERGENCY_STOP)
    cell_desk.board.set_input(12, False)
    cell_desk.wait(0.01)
    assert not cell_desk.arduino.session.is_stopped


# ---- what a restart leaves ----


@pytest.mark.parametrize("why", [own.RESET_BUTTON, own.BROWN_OUT])
def test_after_a_restart_outputs_are_safe_and_the_board_says_why(cell_desk, valve, why):
    cell_desk.tell("f0 62 00 00 10 02 05 00 f7")
    cell_desk.tell(messages.set_pin(VALVE, False), wait_s=1.0)
    cell_desk.arduino.reset(why)
    assert cell_desk.board.outputs == {}
    cell_desk.wait(cell_desk.arduino.boot_s + 0.001)
    assert cell_desk.board.outputs == {VALVE: True}
    assert states(cell_desk.sent()) == []
    (told,) = states(cell_desk.tell(own.QUERY_FEATURES))
    assert states(cell_desk.tell(own.QUERY_FEATURES)) == []
    assert (told.which, told.reason, told.starts, dict(told.positions)) == (own.BEFORE_START, why, 2, {0: 0})
    assert told.ms == pytest.approx(1050, abs=10)
    assert states(cell_desk.tell(own.query_state(own.BEFORE_START))) == [told]


def test_after_power_on_nothing_is_known(cell_desk, valve):
    cell_desk.arduino.reset(own.POWER_ON)
    cell_desk.wait(1.0)
    assert cell_desk.board.outputs == {}
    assert states(cell_desk.sent()) == []
    (told,) = states(cell_desk.tell(own.query_state(own.BEFORE_START)))
    assert (told.reason, told.ms, told.starts, dict(told.positions)) == (own.POWER_ON, 0, 1, {})


def test_a_reset_of_the_link_forgets_all_but_outputs_and_leaves_them_safe(cell_desk, valve):
    cell_desk.tell("f0 62 00 00 10 02 05 00 f7", messages.set_pin(VALVE, False), own.watchdog(100))
    assert states(cell_desk.tell(messages.RESET, wait_s=1.0)) == []
    assert valve.level
    (told,) = states(cell_desk.tell(own.query_state()))
    assert (told.stopped, told.reason, dict(told.positions)) == (False, own.LINK_RESET, {})
    cell_desk.tell(messages.set_pin(VALVE, False))
    assert not valve.level


def test_after_a_reset_of_the_link_pins_are_inputs(cell_desk):
    cell_desk.tell(messages.pin_mode(3, PinMode.PWM), messages.analog(3, 128), messages.RESET)
    assert cell_desk.board.levels == {}
    assert cell_desk.tell(messages.port(0, 0), messages.pin_mode(3, PinMode.INPUT)) == ""
    assert words(cell_desk.tell(messages.port(0, 0x88))) == ["pin 3 is an input", "pin 7 is an input"]
    assert cell_desk.board.outputs == {}


def test_a_reset_of_the_link_releases_no_board_that_was_stopped(cell_desk, valve):
    cell_desk.tell(own.STOP_BOARD, messages.RESET)
    assert cell_desk.arduino.session.is_stopped
