"""CellwrightFirmata in the virtual Arduino: HX711s, timed inputs, encoders, health; and whatever bytes come."""

from __future__ import annotations

from itertools import pairwise

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.hardware import CELLWRIGHT_FIRMATA, ModelBoard
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.cellwright import BoardHealth, HomingRequest, OutputLimits
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine


def heard(desk, seconds):
    return [(when_s, message.command, message.data) for when_s, message in desk.messages(seconds)]


def words(desk, *sent):
    for message in sent:
        desk.line.host.write(message)
    return [data[::2].decode() for _, command, data in heard(desk, 0.001) if command == messages.STRING_DATA]


# ---- HX711s ----


def test_an_hx711_is_reported_at_its_rate_with_the_boards_time(cell_desk):
    counts = iter(range(-3, 100))
    cell_desk.board.declare_hx711(8, 9).convert = lambda: next(counts)
    cell_desk.tell(own.attach_converter(1, 8, 9))
    received = [own.decode_conversion(data) for _, command, data in heard(cell_desk, 0.1) if command == own.CONVERTER]
    assert [(number, value) for number, value, _ in received] == [(1, value) for value in range(-3, 5)]
    assert {b[2] - a[2] for a, b in pairwise(received)} <= {12_499, 12_500, 12_501}
    cell_desk.tell(own.detach_converter(1))
    assert heard(cell_desk, 0.1) == []


def test_an_hx711_that_is_not_there_says_nothing(cell_desk):
    cell_desk.tell(own.attach_converter(0, 8, 9))
    assert heard(cell_desk, 0.5) == []


def test_pins_of_an_hx711_are_in_use(cell_desk):
    cell_desk.tell(own.attach_converter(0, 8, 9))
    assert words(cell_desk, own.output(OutputLimits(8, False))) == ["pin 8 cannot be an output"]
    assert words(cell_desk, messages.pin_mode(9, PinMode.PWM), messages.pin_mode(9, PinMode.SERVO)) == [
        "pin 9 has no such mode",
        "pin 9 is in use",
    ]
    assert words(cell_desk, own.attach_converter(1, 8, 7)) == ["pin 8 cannot be an HX711's"]
    assert words(cell_desk, own.attach_converter(2, 5, 6)) == ["converter is not known"]
    assert words(cell_desk, own.detach_converter(0), own.output(OutputLimits(8, False))) == []


# ---- timed inputs ----


def edges(desk, seconds):
    return [own.decode_edge(data) for _, command, data in heard(desk, seconds) if command == own.TIMED_INPUT]


def test_an_input_is_told_once_at_first_and_then_when_it_has_settled(cell_desk):
    cell_desk.line.host.write(own.watch_input(9, True, 5))
    assert [(pin, level) for pin, level, _ in edges(cell_desk, 0.05)] == [(9, True)]
    pressed_us = 1e6 * (cell_desk.env.now)
    for level in (False, True, False, True, False):
        cell_desk.board.set_input(9, level)
        cell_desk.wait(0.001)
    ((pin, level, at_us),) = edges(cell_desk, 0.05)
    assert (pin, level) == (9, False)
    assert at_us == pytest.approx(pressed_us, abs=2)


def test_what_bounces_back_is_not_told(cell_desk):
    cell_desk.tell(own.watch_input(9, True, 5), wait_s=0.05)
    cell_desk.board.set_input(9, False)
    cell_desk.wait(0.003)
    cell_desk.board.set_input(9, True)
    assert edges(cell_desk, 0.1) == []


def test_a_forgotten_input_is_told_no_more(cell_desk):
    cell_desk.tell(own.watch_input(9, True, 5), own.unwatch_input(9), wait_s=0.05)
    cell_desk.board.set_input(9, False)
    assert edges(cell_desk, 0.1) == []


def test_ports_are_reported_as_before(cell_desk):
    cell_desk.tell(own.watch_input(9, True, 5), messages.report_port(1, True), wait_s=0.05)
    cell_desk.board.set_input(9, False)
    assert [command for _, command, _ in heard(cell_desk, 0.1)] == [messages.DIGITAL_MESSAGE | 1, own.TIMED_INPUT]


def test_an_uno_has_room_for_six_inputs(cell_desk):
    sent = [own.watch_input(pin, True, 0) for pin in range(2, 9)]
    assert words(cell_desk, *sent) == ["no room for a timed input"]
    assert words(cell_desk, own.watch_input(1, True, 0)) == ["pin 1 cannot be timed"]


# ---- the rest ----


def test_two_encoders_on_any_pins(cell_desk):
    cell_desk.tell(*(features.attach_encoder(n, 2 + 2 * n, 3 + 2 * n) for n in range(3)))
    assert set(cell_desk.board.encoders) == {(2, 3), (4, 5)}


def test_health(cell_desk):
    assert own.decode_health(heard_data(cell_desk, own.QUERY_HEALTH)) == BoardHealth(2048, 0, 0, 0, 0, 0, 0)


def heard_data(desk, message):
    desk.line.host.write(message)
    ((_, _, data),) = heard(desk, 0.001)
    return data


# ---- whatever bytes come ----

PINS = st.integers(0, 21)
steps = st.integers(-3000, 3000)
speed = st.sampled_from([0.0, 1.0, 500.0, 8000.0, 1e6])
device = st.integers(0, 6)
MESSAGES = st.one_of(
    st.builds(own.output, st.builds(OutputLimits, PINS, st.booleans(), st.integers(0, 300), st.integers(0, 127))),
    st.builds(own.pulse, PINS, st.booleans(), st.integers(0, 400_000)),
    st.builds(own.watchdog, st.sampled_from([0, 100, 500, 5000])),
    st.sampled_from([own.STOP_BOARD, own.RELEASE_BOARD, own.REMOVE_EMERGENCY_STOP, messages.RESET, own.QUERY_HEALTH]),
    st.builds(own.emergency_stop_input, PINS, st.booleans()),
    st.builds(own.query_state, st.integers(0, 1)),
    st.builds(
        own.home, st.builds(HomingRequest, device, st.integers(0, 2), speed, speed, st.integers(0, 300), st.just(2000))
    ),
    st.builds(own.attach_converter, st.integers(0, 4), PINS, PINS, st.integers(0, 4)),
    st.builds(own.detach_converter, st.integers(0, 4)),
    st.builds(own.watch_input, PINS, st.booleans(), st.integers(0, 20)),
    st.builds(own.unwatch_input, PINS),
    st.builds(own.stop_axis_abruptly, device),
    st.builds(own.query_axis, device),
    st.builds(accelstepper.configure, device, PINS, PINS, st.none() | PINS, st.integers(0, 31)),
    st.builds(accelstepper.move_to, device, steps),
    st.builds(accelstepper.stop, device),
    st.builds(accelstepper.zero, device),
    st.builds(accelstepper.enable, device, st.booleans()),
    st.builds(accelstepper.speed, device, speed),
    st.builds(accelstepper.acceleration, device, speed),
    st.builds(accelstepper.low_limit, device, PINS, st.booleans()),
    st.builds(accelstepper.configure_group, st.integers(0, 5), st.lists(device, max_size=4)),
    st.builds(accelstepper.move_group_to, st.integers(0, 5), st.lists(steps, max_size=4)),
    st.builds(accelstepper.stop_group, st.integers(0, 5)),
    st.builds(messages.pin_mode, PINS, st.sampled_from(list(PinMode))),
    st.builds(messages.set_pin, PINS, st.booleans()),
    st.builds(messages.port, st.integers(0, 2), st.integers(0, 255)),
    st.builds(messages.extended_analog, PINS, st.integers(0, 3000)),
    st.builds(messages.servo_config, PINS, st.integers(0, 3000), st.integers(0, 3000)),
    st.builds(messages.report_port, st.integers(0, 2), st.booleans()),
    st.builds(features.attach_encoder, st.integers(0, 3), PINS, PINS),
    st.binary(max_size=12),
    st.binary(max_size=80).map(lambda data: b"\xf0" + data + b"\xf7"),
)


@settings(max_examples=400)
@given(script=st.lists(st.tuples(MESSAGES, st.sampled_from([0.0, 0.001, 0.05, 0.3])), max_size=40), data=st.data())
def test_no_bytes_crash_it_or_leave_an_output_driven_while_it_is_stopped(script, data):
    env = simpy.Environment()
    board = ModelBoard(env, CELLWRIGHT_FIRMATA)
    line = LoopbackLine(env, baud=1_000_000)
    arduino = VirtualArduino(env, line.board, board, firmware="cellwright")
    env.run(until=0.1)
    for message, pause_s in script:
        line.host.write(message)
        env.run(until=env.now + 0.001 + pause_s)
        if data.draw(st.integers(0, 9)) == 0:
            board.set_input(data.draw(st.integers(2, 19)), data.draw(st.booleans()))
            env.run(until=env.now + 0.001)
        if arduino.session.is_stopped:
            assert not any(axis.is_moving for axis in board.steppers.values())
            assert all(level.value == level.safe for level in board.levels.values())
            for pin, output in arduino.program.pins.outputs.items():
                if arduino.program.pins.is_output(pin):
                    assert board.outputs[pin] == output.limits.safe
