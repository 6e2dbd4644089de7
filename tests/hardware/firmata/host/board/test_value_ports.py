"""Analog inputs, duties, angles, counters and the I2C bus over the line."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.errors import CapabilityError, CellFault, StepTimeoutError
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.sequences.supervision import StepProcess

DEVICE = SimpleNamespace(name="probe")


# ---- analog inputs ----


def test_volts_are_of_ten_bits(rig):
    port = rig.board.declare_analog(15)
    rig.prepare()
    for volts in (0.0, 1.234, 2.5, 5.0):
        rig.model.analog_inputs[15].volts = volts
        rig.run(0.05)
        assert port.volts == pytest.approx(volts, abs=5 / 1023)


def test_a_converter_of_twelve_bits_is_taken_at_its_word(rig):
    rig.board.session.client.capabilities[15][PinMode.ANALOG] = 12
    port = rig.board.declare_analog(15)
    rig.run(0.035)  # between two samplings
    rig.arduino.session.send(messages.analog(1, 4095))
    rig.run(0.001)
    assert port.volts == 5.0
    rig.arduino.session.send(messages.analog(1, 1365))
    rig.run(0.001)
    assert port.volts == pytest.approx(5 / 3)


def test_a_sample_is_the_next_one(rig):
    port = rig.board.declare_analog(14)
    rig.model.declare_analog(14).volts = 1.0
    rig.prepare()
    rig.run(0.05)
    rig.model.analog_inputs[14].volts = 3.0
    assert rig.env.run(until=port.sample(DEVICE, 0.1)) == pytest.approx(3.0, abs=0.01)


def test_no_sample_within_its_limit_is_a_timeout(rig):
    port = rig.board.declare_analog(14)
    rig.prepare()
    rig.lose_replies("e0")

    def step():
        yield port.sample(DEVICE, 0.1)

    with pytest.raises(StepTimeoutError, match=r"probe sent no sample within 0\.1 s\."):
        rig.env.run(until=StepProcess(rig.env, step()))


def test_the_analog_inputs_of_a_mega_have_their_own_channels(make_rig):
    rig = make_rig(kind="mega")
    ports = {pin: rig.board.declare_analog(pin) for pin in (54, 60, 69)}
    rig.prepare()
    for pin in ports:
        rig.model.analog_inputs[pin].volts = (pin - 50) / 4
    rig.run(0.05)
    assert [port.volts for port in ports.values()] == pytest.approx([1.0, 2.5, 4.75], abs=0.01)


# ---- duties and angles ----


def test_a_duty_is_of_the_boards_resolution(rig):
    port = rig.board.declare_pwm(9, safe=0.2)
    before = rig.sent[-1].data
    assert before == messages.pin_mode(9, PinMode.PWM) + messages.analog(9, 51)
    rig.run(0.01)
    assert rig.model.levels[9].value == pytest.approx(0.2)
    for duty in (0.0, 0.5, 1.0):
        port.write(duty)
        rig.run(0.01)
        assert rig.model.levels[9].value == pytest.approx(duty, abs=1 / 255)


STEP_DEG = 180 / (2400 - 544) / 2
"""Half a microsecond of a servo's pulse, which is sent in whole ones."""


@pytest.mark.parametrize("pin", [9, 13, 45])
def test_a_servo_turns_to_its_angle_on_any_pin(make_rig, pin):
    rig = make_rig(kind="mega")
    port = rig.board.declare_servo(pin, safe=30)
    rig.run(0.01)
    assert rig.model.levels[pin].value == pytest.approx(30, abs=STEP_DEG)
    for angle in (0, 33.3, 90, 179.9, 180):
        port.write(angle)
        rig.run(0.01)
        assert rig.model.levels[pin].value == pytest.approx(angle, abs=STEP_DEG)
    assert rig.arduino.complaints == []


def test_a_servo_never_turns_to_its_middle_while_it_is_declared(rig):
    """Attached, a servo goes to 90 degrees; its angle comes in the same write, before a pulse of 20 ms is over."""
    before_s = rig.env.now
    rig.board.declare_servo(9, safe=30)
    assert len(rig.sent_since(before_s)) == 1


@pytest.mark.parametrize(("value", "most"), [(-0.01, 1), (1.01, 1), (float("nan"), 1), (-1, 180), (181, 180)])
def test_what_is_no_duty_or_angle_is_refused_and_not_sent(rig, value, most):
    """A negative number would come out as a large one."""
    port = rig.board.declare_pwm(9) if most == 1 else rig.board.declare_servo(9, safe=0)
    before_s = rig.env.now
    rig.run(0.001)
    with pytest.raises(CellFault, match=rf"pin 9 cannot be driven to {value:g}; it takes 0 to {most}\."):
        port.write(value)
    assert len(rig.sent_since(before_s + 0.0005)) == 0


def test_duties_and_angles_are_made_safe_too(rig):
    pwm, servo = rig.board.declare_pwm(9, safe=0.0), rig.board.declare_servo(10, safe=45)
    rig.prepare()
    pwm.write(0.7)
    servo.write(120)
    rig.run(0.01)
    assert not rig.board.is_safe
    rig.board.make_safe()
    rig.run(0.01)
    assert rig.board.is_safe
    assert (rig.model.levels[9].value, rig.model.levels[10].value) == (0.0, 45)
    for port in (pwm, servo):
        with pytest.raises(CellFault, match="made safe; reset the cell first"):
            port.write(0.5)
    rig.board.release()
    pwm.write(0.5)
    rig.run(0.01)
    assert rig.model.levels[9].value == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
def test_where_a_servo_is_while_the_board_is_stopped_and_once_it_is_released(make_rig, firmware):
    """Our firmware sends no pulses while it is stopped: the servo stays. Stock firmware is sent the safe angle."""
    rig = make_rig(firmware=firmware)
    servo = rig.board.declare_servo(6, safe=45)
    rig.prepare()
    servo.write(120)
    rig.run(0.01)
    rig.board.make_safe()
    rig.run(0.01)
    stopped_at = 120 if firmware == "cellwright" else 45
    assert rig.model.levels[6].value == pytest.approx(stopped_at, abs=STEP_DEG)
    assert rig.board.is_safe
    if firmware == "cellwright":
        assert rig.model.is_safe
    rig.board.release()
    rig.run(0.01)
    assert rig.model.levels[6].value == pytest.approx(45, abs=STEP_DEG)


def test_a_board_that_was_left_stopped_turns_its_servos_once_it_is_prepared(env, rig_class):
    rig = rig_class(env, firmware="cellwright")
    rig.run(0.2)
    rig.line.host.write(own.STOP_BOARD)
    rig.run(0.1)
    rig.connect()
    rig.board.declare_servo(6, safe=45)
    rig.run(0.01)
    assert rig.model.levels.get(6) is None
    rig.prepare()
    rig.run(0.01)
    assert rig.model.levels[6].value == pytest.approx(45, abs=STEP_DEG)


@pytest.mark.parametrize("firmware", ["cellwright", "configurable", "standard"])
def test_an_analog_input_has_its_volts_as_soon_as_the_board_is_prepared(make_rig, firmware):
    rig = make_rig(firmware=firmware)
    port = rig.board.declare_analog(15)
    rig.model.declare_analog(15).volts = 3.2
    rig.prepare()
    assert port.volts == pytest.approx(3.2, abs=5 / 1024)


def test_an_analog_input_that_sends_nothing_is_said_before_the_run(make_rig):
    rig = make_rig(firmware="cellwright")
    rig.board.declare_analog(15)
    rig.lose_replies("e1")
    with pytest.raises(
        CellFault, match=r"the board on .* sent no sample of A1 \(pin 15\) within 1 s; check its cable\."
    ):
        rig.prepare()


# ---- counters ----


@pytest.fixture
def encoder(rig):
    port = rig.board.declare_encoder(2, 3)
    rig.prepare()
    return port


def turn_to(rig, count):
    rig.model.encoders[2, 3].true_count = count


def test_an_encoder_is_read_at_every_sampling(rig, encoder):
    for count in (5, -7, 123_456):
        turn_to(rig, count)
        rig.run(0.03)
        assert encoder.count == count


def test_a_zeroed_encoder_counts_from_there(rig, encoder):
    turn_to(rig, 500)
    rig.run(0.03)
    encoder.zero()
    assert encoder.count == 0
    rig.run(0.03)
    assert encoder.count == 0
    turn_to(rig, 480)
    rig.run(0.03)
    assert encoder.count == -20


@pytest.mark.parametrize("latency_s", [0.0, 0.01])
def test_a_count_from_before_it_was_zeroed_does_not_count(make_rig, latency_s):
    rig = make_rig(latency_s=latency_s)
    encoder = rig.board.declare_encoder(2, 3)
    rig.prepare()
    turn_to(rig, 500)
    rig.run(0.1)
    for _ in range(50):  # at whatever moment between samplings
        rig.run(0.0007)
        turn_to(rig, rig.model.encoders[2, 3].true_count + 1)
        encoder.zero()
        for _ in range(60):
            rig.run(0.001)
            assert encoder.count == 0


def test_an_encoder_is_heard_again_if_the_answer_that_it_was_zeroed_is_lost(rig, encoder):
    rig.lose_replies("f0 6a")
    encoder.zero()
    rig.run(0.01)
    turn_to(rig, 33)
    rig.run(1.1)
    assert encoder.count == 33


# ---- I2C ----


class Scales:
    """A device with registers on the bus."""

    def __init__(self):
        self.registers = {0: b"\x00\xff\x80", 5: b"\x12\x34"}
        self.register = 0
        self.written = []

    def write(self, data):
        self.written.append(data)
        self.register = data[0]

    def read(self, count):
        return self.registers[self.register][:count]


@pytest.fixture
def scales(rig):
    rig.model.i2c_devices[0x40] = Scales()
    return rig.model.i2c_devices[0x40]


def test_bytes_are_written_and_read(rig, scales):
    port = rig.board.declare_i2c(0x40)
    rig.prepare()
    assert rig.env.run(until=port.read(DEVICE, 5, 2, 0.1)) == b"\x12\x34"
    port.write(b"\x00\xfe")
    assert rig.env.run(until=port.read(DEVICE, None, 3, 0.1)) == b"\x00\xff\x80"
    assert scales.written == [b"\x05", b"\x00\xfe"]
    assert rig.arduino.complaints == []


def test_answers_go_to_those_who_asked(rig, scales):
    port = rig.board.declare_i2c(0x40)
    assert rig.board.declare_i2c(0x40) is port
    rig.prepare()
    first, second = port.read(DEVICE, 0, 1, 0.1), port.read(DEVICE, 5, 2, 0.1)
    rig.run(0.1)
    assert (first.value, second.value) == (b"\x00", b"\x12\x34")


def ask_for_two_bytes(rig, port):
    def step():
        return (yield port.read(DEVICE, 5, 2, 0.1))

    return rig.env.run(until=StepProcess(rig.env, step()))


@pytest.mark.parametrize("why", ["not there", "too short", "lost"])
def test_a_device_that_does_not_answer_is_a_timeout_and_the_next_answer_counts(rig, why):
    port = rig.board.declare_i2c(0x40)
    rig.prepare()
    device = Scales()
    if why != "not there":
        rig.model.i2c_devices[0x40] = device
    if why == "too short":
        device.registers[5] = b"\x12"
    if why == "lost":
        rig.lose_replies("f0 77")
    with pytest.raises(StepTimeoutError, match=r"probe did not answer on I2C address 0x40 within 0\.1 s\."):
        ask_for_two_bytes(rig, port)
    rig.lose_replies("aa")
    device.registers[5] = b"\x56\x78"
    rig.model.i2c_devices[0x40] = device
    assert ask_for_two_bytes(rig, port) == b"\x56\x78"


def test_a_board_without_a_bus_says_so(rig):
    for modes in rig.board.session.client.capabilities:
        modes.pop(PinMode.I2C, None)
    with pytest.raises(CapabilityError, match="needs I2C; this board runs ConfigurableFirmata"):
        rig.board.declare_i2c(0x40)
