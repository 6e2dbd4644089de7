"""The virtual Arduino's pins, answers and boot."""

from __future__ import annotations

import itertools

import pytest

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.transport.loopback import LoopbackLine

CONFIGURABLE = messages.firmware(2, 12, "ConfigurableFirmata").hex(" ")
STANDARD = messages.firmware(2, 5, "StandardFirmata.ino").hex(" ")


# ---- boot and reset ----


def test_it_says_who_it_is_once_it_has_booted(desk):
    booting = messages.string("Booting device. Stand by...").hex(" ")
    assert desk.greeting == f"f9 02 06 {CONFIGURABLE} {booting}"


def test_standard_firmata_says_it_in_one_sysex(standard):
    assert standard.greeting == f"f9 02 05 {STANDARD}"


def test_it_is_deaf_while_it_boots(desk):
    desk.arduino.reset()
    assert desk.tell(messages.QUERY_VERSION, wait_s=desk.arduino.boot_s - 0.1) == ""
    desk.wait(0.2)
    assert desk.sent() == desk.greeting
    assert desk.tell(messages.QUERY_VERSION) == "f9 02 06"


def test_a_second_reset_starts_the_boot_again(desk):
    desk.arduino.reset()
    desk.wait(2.0)
    desk.arduino.reset()
    desk.wait(2.1)
    assert desk.sent() == ""
    desk.wait(0.2)
    assert desk.sent() == desk.greeting


def test_a_hardware_reset_lets_pins_float_and_forgets_reports(desk):
    desk.board.output(7).safe = True  # a relay board pulls this pin up
    desk.tell(messages.pin_mode(6, PinMode.OUTPUT), messages.set_pin(6, True))
    desk.tell(messages.pin_mode(9, PinMode.PULLUP), messages.report_port(1, True))
    assert desk.board.outputs[6] is True
    desk.arduino.reset()
    assert desk.board.outputs == {}
    assert desk.board.output(6).level is False
    assert desk.board.output(7).level is True
    desk.board.set_input(9, False)
    desk.wait(3.0)
    assert desk.sent() == desk.greeting


def test_active_low_relays_fire_at_the_end_of_the_boot(desk):
    levels = []
    desk.board.output(7).safe = True
    desk.arduino.reset()
    desk.board.on_output(7, lambda level: levels.append((desk.env.now, level)))
    started_s = desk.env.now
    desk.wait(3.0)
    assert levels == [(pytest.approx(started_s + 2.2), False)]


def test_a_system_reset_drives_digital_pins_low_at_once(desk):
    desk.tell(messages.pin_mode(6, PinMode.OUTPUT), messages.set_pin(6, True))
    desk.tell(messages.pin_mode(9, PinMode.PULLUP), messages.report_port(1, True))
    assert desk.tell(messages.RESET) == ""
    assert desk.board.outputs == dict.fromkeys(range(2, 14), False)
    desk.board.set_input(9, False)
    assert desk.tell(messages.query_pin_state(9)) == "f0 6e 09 01 00 f7"


def test_a_system_reset_leaves_standard_firmatas_outputs(standard):
    standard.tell(messages.pin_mode(6, PinMode.OUTPUT), messages.set_pin(6, True), messages.RESET)
    assert standard.board.outputs[6] is True
    assert standard.board.outputs[7] is False


# ---- questions ----


@pytest.mark.parametrize(("kind", "pins"), [("uno", 20), ("nano", 22), ("mega", 70)])
@pytest.mark.parametrize("firmware", ["standard", "configurable"])
def test_it_tells_its_capabilities_and_channels(make_desk, kind, pins, firmware):
    desk = make_desk(kind=kind, firmware=firmware)
    answer = bytes.fromhex(desk.tell(messages.QUERY_CAPABILITIES))
    assert answer[:2] == b"\xf0\x6c"
    assert messages.decode_capabilities(answer[2:-1]) == desk.arduino.session.capabilities
    assert len(desk.arduino.session.capabilities) == pins
    answer = bytes.fromhex(desk.tell(messages.QUERY_ANALOG_MAPPING))
    assert messages.decode_analog_mapping(answer[2:-1]) == [
        desk.arduino.session.pin_map.channel(pin) for pin in range(pins)
    ]


def test_it_tells_firmware_and_version(desk, standard):
    assert desk.tell(messages.QUERY_FIRMWARE) == CONFIGURABLE
    assert standard.tell(messages.QUERY_FIRMWARE) == STANDARD
    assert standard.tell(messages.QUERY_VERSION) == "f9 02 05"


def test_it_tells_the_state_of_a_pin(desk):
    assert desk.tell(messages.query_pin_state(14)) == "f0 6e 0e 02 00 f7"
    desk.tell(messages.pin_mode(3, PinMode.PWM), messages.extended_analog(3, 200))
    assert desk.tell(messages.query_pin_state(3)) == "f0 6e 03 03 48 01 f7"
    desk.tell(messages.pin_mode(8, PinMode.PULLUP))
    assert desk.tell(messages.query_pin_state(8)) == "f0 6e 08 0b 01 f7"


def test_only_configurable_firmata_says_that_it_does_not_understand(desk, standard):
    assert desk.tell("f0 03 01 f7") == messages.string("Unhandled sysex command: 0x3 (len: 1)"[:31]).hex(" ")
    assert standard.tell("f0 03 01 f7") == ""
    assert standard.tell("f0 62 06 00 f7 f0 61 02 f7 f0 7b 05 f7") == ""
    assert len(standard.arduino.complaints) == 4


# ---- outputs ----


def test_outputs_are_low_at_first_and_driven_by_pin_and_by_port(desk):
    desk.tell(messages.pin_mode(8, PinMode.OUTPUT), messages.pin_mode(9, PinMode.PULLUP))
    assert desk.board.outputs[8] is False
    desk.tell(messages.set_pin(8, True))
    assert desk.board.outputs[8] is True
    assert desk.tell(messages.query_pin_state(8)) == "f0 6e 08 01 01 f7"
    desk.tell(messages.port(1, 0b0000_0110))
    assert (desk.board.outputs[8], desk.board.outputs[10]) == (False, True)
    assert 9 not in desk.board.outputs
    assert desk.arduino.complaints == []


def test_a_pin_that_is_no_output_is_not_driven(desk):
    desk.tell(messages.pin_mode(9, PinMode.INPUT), messages.set_pin(9, True), messages.set_pin(0, True))
    desk.tell(messages.set_pin(99, True))
    assert 9 not in desk.board.outputs and 0 not in desk.board.outputs
    assert desk.arduino.complaints == [f"Pin {pin} was driven without being an output." for pin in (9, 0, 99)]


def test_an_output_made_an_input_floats(desk):
    desk.tell(messages.pin_mode(8, PinMode.OUTPUT), messages.set_pin(8, True), messages.pin_mode(8, PinMode.INPUT))
    assert 8 not in desk.board.outputs
    assert desk.board.output(8).level is False


@pytest.mark.parametrize(("firmware", "level"), [("configurable", False), ("standard", True)])
def test_making_a_pull_up_an_output_leaves_it_high_in_standard_firmata(make_desk, firmware, level):
    desk = make_desk(firmware=firmware)
    desk.tell(messages.pin_mode(8, PinMode.PULLUP), messages.pin_mode(8, PinMode.OUTPUT))
    assert desk.board.outputs[8] is level


def test_duties_go_from_0_to_1(desk):
    desk.tell(messages.pin_mode(3, PinMode.PWM))
    assert desk.board.levels[3].value == 0
    desk.tell(messages.analog(3, 51))
    assert desk.board.levels[3].value == pytest.approx(0.2)
    desk.tell(messages.extended_analog(3, 255))
    assert desk.board.levels[3].value == 1
    desk.tell(messages.pin_mode(3, PinMode.OUTPUT))
    assert 3 not in desk.board.levels


def test_servos_take_degrees_or_microseconds(desk):
    desk.tell(messages.pin_mode(9, PinMode.SERVO), messages.analog(9, 45))
    assert desk.board.levels[9].value == 45
    desk.tell(messages.analog(9, 1472))
    assert desk.board.levels[9].value == pytest.approx(90)
    desk.tell(messages.servo_config(10, 1000, 2000), messages.analog(10, 1250))
    assert desk.board.levels[10].value == pytest.approx(45)


def test_standard_firmata_drives_twelve_servos(make_desk):
    desk = make_desk(firmware="standard")
    pins = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
    sent = desk.tell(*(messages.pin_mode(pin, PinMode.SERVO) for pin in pins), wait_s=0.2)
    assert messages.string("Max servos attached").hex(" ") in sent
    assert sorted(desk.board.levels) == pins[:12]
    assert desk.arduino.complaints == ["Pin 14 would be one servo too many."]


def test_a_pin_cannot_be_what_it_has_no_hardware_for(desk):
    assert desk.tell(messages.pin_mode(2, PinMode.PWM)) == messages.string("Unknown pin mode").hex(" ")
    desk.tell(messages.pin_mode(40, PinMode.OUTPUT), messages.analog(2, 100))
    assert desk.board.levels == {}
    assert desk.arduino.complaints == [
        "Pin 2 cannot be used in mode 3.",
        "Pin 40 does not exist on an Arduino Uno.",
        "Pin 2 was given a level without being a PWM or a servo pin.",
    ]


# ---- inputs ----


def test_a_port_is_reported_when_asked_and_at_every_change(desk):
    desk.board.set_input(9, True)
    desk.tell(messages.pin_mode(8, PinMode.INPUT), messages.pin_mode(9, PinMode.PULLUP))
    assert desk.tell(messages.report_port(1, True)) == "91 02 00"
    desk.board.set_input(8, True)
    assert desk.tell() == "91 03 00"
    desk.board.set_input(9, False)
    desk.board.set_input(8, False)
    assert desk.tell() == "91 01 00 91 00 00"
    desk.board.set_input(8, False)
    assert desk.tell() == ""
    desk.tell(messages.report_port(1, False))
    desk.board.set_input(8, True)
    assert desk.tell() == ""


def test_the_eighth_pin_of_a_port_is_in_the_second_byte(desk):
    desk.tell(messages.pin_mode(7, PinMode.PULLUP))
    assert desk.tell(messages.report_port(0, True)) == "90 00 01"


def test_only_inputs_are_reported(desk):
    desk.tell(messages.pin_mode(8, PinMode.OUTPUT), messages.set_pin(8, True), messages.pin_mode(9, PinMode.PULLUP))
    assert desk.tell(messages.report_port(1, True)) == "91 02 00"
    assert desk.tell(messages.pin_mode(9, PinMode.OUTPUT)) == "91 00 00"
    desk.board.set_input(9, False)
    assert desk.tell() == ""


def test_analog_channels_are_sampled_at_the_interval(desk):
    desk.board.declare_analog(14).volts = 2.5
    assert desk.tell(messages.report_analog(0, True)) == "e0 00 04"
    times_s = [time for time, message in desk.messages(0.1) if message == (0xE0, b"\x00\x04")]
    assert len(times_s) == 5
    assert [b - a for a, b in itertools.pairwise(times_s)] == pytest.approx([0.019] * 4)
    desk.tell(messages.sampling_interval(100))
    assert len(desk.messages(1.001)) == 10
    desk.tell(messages.report_analog(0, False))
    assert desk.messages(1.0) == []


@pytest.mark.parametrize(("volts", "value"), [(-1.0, 0), (0.0, 0), (0.0049, 1), (4.99, 1021), (5.0, 1023), (9.0, 1023)])
def test_volts_are_converted_by_a_ten_bit_adc(desk, volts, value):
    desk.board.declare_analog(15).volts = volts
    assert desk.tell(messages.report_analog(1, True)) == messages.analog(1, value).hex(" ")


def test_a_pin_in_another_mode_is_not_sampled(desk):
    desk.tell(messages.report_analog(0, True), messages.pin_mode(14, PinMode.OUTPUT))
    assert desk.messages(0.1) == []
    assert desk.tell(messages.pin_mode(14, PinMode.ANALOG)) == "e0 00 00"
    assert desk.messages(0.1)


def test_nothing_is_scheduled_while_nothing_is_sampled(desk):
    desk.tell(messages.report_analog(0, True))
    assert not desk.is_idle()
    desk.tell(messages.report_analog(0, False), wait_s=0.1)
    assert desk.is_idle()


def test_channels_and_ports_that_do_not_exist_are_complained_of(desk):
    assert desk.tell(messages.report_analog(6, True), messages.report_port(3, True)) == ""
    assert desk.arduino.complaints == [
        "Analog channel 6 does not exist on an Arduino Uno.",
        "Port 3 does not exist on an Arduino Uno.",
    ]


def test_a_new_line_takes_the_place_of_a_lost_one(desk):
    desk.tell(messages.pin_mode(8, PinMode.OUTPUT), messages.set_pin(8, True))
    desk.line.cut("the cable was pulled")
    desk.wait(1.0)
    assert desk.board.outputs[8] is True
    line, heard = LoopbackLine(desk.env), []
    line.host.on_bytes = heard.append
    desk.arduino.connect(line.board)
    line.host.write(messages.QUERY_VERSION)
    desk.wait(0.1)
    assert b"".join(heard) == messages.version(2, 6)


def test_words_sent_to_it_do_nothing(desk):
    assert desk.tell(messages.string("hello")) == ""
    assert desk.arduino.complaints == []
