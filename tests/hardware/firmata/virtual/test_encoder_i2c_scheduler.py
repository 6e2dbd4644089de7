"""The virtual Arduino's encoders, I2C bus and scheduler, and what no bytes can do to it."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.hardware import ModelBoard
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.encoder_i2c_scheduler import TaskReply
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine

# ---- encoders ----


def counts(**by_number):
    return features.encoder_counts({int(number[1:]): count for number, count in by_number.items()}).hex(" ")


def test_an_encoder_counts_from_0_where_it_is_attached(desk):
    encoder = desk.board.declare_encoder(2, 3)
    encoder.true_count = 500
    assert desk.tell(features.attach_encoder(1, 2, 3)) == counts(_1=0)
    encoder.true_count = 495
    assert desk.tell(features.query_encoder(1)) == counts(_1=-5) == "f0 61 41 05 00 00 00 f7"
    desk.tell(features.zero_encoder(1))
    assert desk.tell(features.query_encoder(1)) == counts(_1=0)
    assert desk.arduino.complaints == []


def test_changed_counts_are_reported_at_the_interval_until_told_otherwise(desk):
    desk.tell(features.attach_encoder(0, 2, 3))
    assert desk.tell(wait_s=0.1) == ""
    desk.board.declare_encoder(2, 3).true_count = 7
    assert desk.tell(wait_s=0.1) == counts(_0=7)
    desk.tell(features.report_encoders(True))
    assert desk.tell(wait_s=0.019) == counts(_0=7)
    assert desk.tell(wait_s=0.019) == counts(_0=7)
    desk.tell(features.report_encoders(False))
    desk.board.declare_encoder(2, 3).true_count = 8
    assert desk.tell(wait_s=0.1) == ""


def test_all_encoders_in_one_answer(make_desk):
    desk = make_desk(kind="mega")
    desk.tell(features.attach_encoder(0, 2, 3), features.attach_encoder(3, 18, 19))
    desk.board.declare_encoder(18, 19).true_count = 9
    assert desk.tell(features.QUERY_ENCODERS) == counts(_0=0, _3=9)
    desk.tell(features.detach_encoder(0))
    assert desk.tell(features.QUERY_ENCODERS) == counts(_3=9)
    assert desk.tell(features.query_encoder(0)) == ""


def test_a_detached_encoder_is_not_sampled(desk):
    desk.tell(features.attach_encoder(0, 2, 3), wait_s=0.1)
    assert not desk.is_idle()
    desk.tell(features.detach_encoder(0), wait_s=0.1)
    assert desk.is_idle()


def test_encoders_beyond_the_fifth_are_complained_of(desk):
    assert desk.tell(features.attach_encoder(5, 2, 3)) == ""
    assert desk.arduino.complaints == ["Encoder 5 cannot be attached to pins 2 and 3."]


# ---- I2C ----


class Registers:
    """A device with two registers of two bytes."""

    def __init__(self):
        self.written = []
        self.at = 0

    def write(self, data):
        self.written.append(data)
        self.at = data[0]

    def read(self, count):
        return bytes((0xA0 + self.at + place) & 0xFF for place in range(count))


@pytest.fixture
def device(desk):
    desk.board.i2c_devices[0x20] = Registers()
    desk.tell(features.i2c_config())
    return desk.board.i2c_devices[0x20]


def test_i2c_reads_and_writes(desk, device):
    assert desk.tell(features.i2c_write(0x20, b"\x05\xff")) == ""
    assert device.written == [b"\x05\xff"]
    assert desk.tell(features.i2c_read(0x20, 3, 2)) == features.i2c_reply(0x20, 3, b"\xa3\xa4").hex(" ")
    assert device.written[1:] == [b"\x03"]
    assert desk.tell(features.i2c_read(0x20, None, 1)) == features.i2c_reply(0x20, 0, b"\xa3").hex(" ")
    assert desk.arduino.complaints == []


def test_i2c_reads_at_every_sampling_until_stopped(desk, device):
    desk.tell(features.i2c_read(0x20, 1, 1, features.READ_CONTINUOUSLY))
    reply = (messages.I2C_REPLY, features.i2c_reply(0x20, 1, b"\xa1")[2:-1])
    assert [message for _, message in desk.messages(0.1)] == [reply] * 5
    desk.tell(features.i2c_stop_reading(0x20))
    assert desk.messages(0.1) == []


def test_an_address_where_nobody_is_answers_with_no_bytes(desk, device):
    assert desk.tell(features.i2c_read(0x33, 3, 2)) == features.i2c_reply(0x33, 3, b"").hex(" ")


def test_the_bus_is_to_be_configured_first(desk):
    assert "f0 71" in desk.tell(features.i2c_read(0x20, 3, 2))
    assert desk.tell(messages.query_pin_state(18)) == "f0 6e 12 02 00 f7"
    desk.tell(features.i2c_config())
    assert desk.tell(messages.query_pin_state(18)) == "f0 6e 12 06 00 f7"


# ---- the scheduler ----


def store(desk, task, stored):
    assert desk.tell(features.create_task(task, len(stored)), features.add_to_task(task, stored)) == ""


def outputs_over_time(desk, pin):
    changes = []
    start_s = desk.env.now
    desk.board.on_output(pin, lambda level: changes.append((round(desk.env.now - start_s, 3), level)))
    return changes


def test_a_task_runs_once_when_it_is_due(desk):
    store(desk, 1, messages.set_pin(6, True))
    changes = outputs_over_time(desk, 6)
    desk.tell(features.schedule_task(1, 500), wait_s=2)
    assert changes == [(pytest.approx(0.5, abs=0.0021), True)]
    assert desk.tell(features.LIST_TASKS) == "f0 7b 09 f7"
    assert desk.arduino.complaints == []


def test_scheduling_anew_replaces_the_time(desk):
    store(desk, 1, messages.set_pin(6, True))
    changes = outputs_over_time(desk, 6)
    for _ in range(5):
        desk.tell(features.schedule_task(1, 500), wait_s=0.2)
    assert changes == []
    desk.wait(2)
    assert changes == [(pytest.approx(0.8 + 0.5, abs=0.0021), True)]


def test_a_delay_holds_the_rest_of_a_task_and_at_the_end_makes_it_begin_again(desk):
    blink = messages.set_pin(6, True) + features.delay_task(100) + messages.set_pin(6, False) + features.delay_task(50)
    store(desk, 1, blink)
    changes = outputs_over_time(desk, 6)
    desk.tell(features.schedule_task(1, 10), wait_s=0.4)
    assert [level for _, level in changes] == [True, False, True, False, True]
    assert [time for time, _ in changes] == pytest.approx([0.01, 0.11, 0.16, 0.26, 0.31], abs=0.0021)
    desk.tell(features.delete_task(1))
    assert desk.tell(wait_s=1) == "" and len(changes) == 5


def test_what_is_known_of_a_task(desk):
    desk.tell(features.create_task(3, 4), features.add_to_task(3, b"\xf9"))
    answer = bytes.fromhex(desk.tell(features.query_task(3)))
    assert features.decode_task_reply(answer[2:-1]) == TaskReply(3, 0, 1, b"\xf9\0\0\0")
    desk.tell(features.create_task(4, 1))
    assert desk.tell(features.LIST_TASKS) == "f0 7b 09 04 03 f7"
    assert desk.tell(features.query_task(9)) == "f0 7b 0a 09 f7"
    assert desk.tell(features.schedule_task(9, 1)) == "f0 7b 08 09 f7"
    assert desk.tell(features.add_to_task(9, b"\xf9")) == "f0 7b 08 09 f7"
    assert desk.tell(features.create_task(4, 1)).startswith("f0 7b 08 04 ")
    desk.tell(features.CLEAR_TASKS)
    assert desk.tell(features.LIST_TASKS) == "f0 7b 09 f7"


def test_a_full_task_takes_no_more(desk):
    store(desk, 1, b"\xf9")
    desk.tell(features.add_to_task(1, b"\xf9"))
    assert desk.arduino.complaints == ["Task 1 has no room for 1 bytes more."]


def test_a_task_that_deletes_itself_ends_there(desk):
    store(desk, 1, features.delete_task(1) + messages.set_pin(6, True))
    desk.tell(features.schedule_task(1, 10), wait_s=1)
    assert desk.board.outputs[6] is False


@pytest.mark.parametrize("reset", ["system", "hardware"])
def test_resets_forget_tasks(desk, reset):
    store(desk, 1, messages.set_pin(6, True))
    desk.tell(features.schedule_task(1, 3000))
    if reset == "system":
        desk.tell(messages.RESET)
    else:
        desk.arduino.reset()
    desk.wait(5)
    assert desk.board.outputs[6] is False


def arm_communication_watchdog(desk):
    desk.tell(accelstepper.configure(0, 2, 5, enable_pin=8, inverted=accelstepper.INVERT_ENABLE))
    desk.tell(accelstepper.speed(0, 100), messages.set_pin(6, True))
    release = accelstepper.stop(0) + accelstepper.enable(0, False) + messages.set_pin(6, False)
    store(desk, 1, b"\xf7" + release)
    desk.tell(accelstepper.move_to(0, 10_000))
    return desk.board.axis(2)


def test_a_communication_watchdog_does_nothing_while_it_is_re_armed(desk):
    axis = arm_communication_watchdog(desk)
    for _ in range(20):
        assert desk.tell(features.schedule_task(1, 500), wait_s=0.2) == ""
    assert axis.is_moving
    assert (desk.board.outputs[6], desk.board.outputs[8]) == (True, False)


@pytest.mark.parametrize("half_said", ["", "f0 62 03 00", "f0", "f5 06", "f4"])
def test_a_communication_watchdog_stops_all_when_the_host_falls_silent(desk, half_said):
    axis = arm_communication_watchdog(desk)
    desk.tell(features.schedule_task(1, 500), half_said, wait_s=0.49)
    assert axis.is_moving
    desk.wait(0.02)
    assert not axis.is_moving
    assert (desk.board.outputs[6], desk.board.outputs[8]) == (False, True)
    assert desk.sent() == accelstepper.move_complete(0, axis.position).hex(" ")


def test_without_its_leading_f7_half_a_sysex_swallows_the_switch(desk):
    store(desk, 1, accelstepper.query_position(0) + messages.set_pin(6, True))
    desk.tell(accelstepper.configure(0, 2, 5), features.schedule_task(1, 100), "f0 62 03 00", wait_s=0.5)
    assert desk.sent() == ""


# ---- whatever bytes come ----

valid = st.sampled_from(
    [
        messages.pin_mode(6, PinMode.OUTPUT),
        messages.pin_mode(9, PinMode.PULLUP),
        messages.pin_mode(3, PinMode.PWM),
        messages.report_port(1, True),
        messages.report_analog(0, True),
        messages.sampling_interval(50),
        accelstepper.configure(0, 2, 5, 8, 0x10),
        accelstepper.speed(0, 500),
        accelstepper.acceleration(0, 800),
        accelstepper.move_to(0, 300),
        accelstepper.move_by(0, -50),
        accelstepper.stop(0),
        accelstepper.zero(0),
        accelstepper.configure_group(0, [0]),
        accelstepper.move_group_to(0, [100]),
        features.attach_encoder(0, 2, 3),
        features.i2c_config(),
        features.i2c_read(0x20, 1, 4, features.READ_CONTINUOUSLY),
        features.create_task(1, 8),
        features.add_to_task(1, b"\xf7" + messages.set_pin(6, True)),
        features.schedule_task(1, 30),
        messages.RESET,
    ]
)
anything = st.lists(st.one_of(st.binary(max_size=12), valid), max_size=30)


@given(anything, st.sampled_from(["standard", "configurable"]))
def test_no_bytes_break_it(chunks, firmware):
    env = simpy.Environment()
    line, board = LoopbackLine(env), ModelBoard(env)
    board.i2c_devices[0x20] = Registers()
    arduino = VirtualArduino(env, line.board, board, "uno", firmware, boot_s=0.0)
    env.run(until=0.01)
    for chunk in chunks:
        line.host.write(chunk)
        env.run(until=env.now + 0.02)
    line.host.write(b"\xf7\xff")
    heard = bytearray()
    line.host.on_bytes = heard.extend
    env.run(until=env.now + 0.1)
    line.host.write(messages.QUERY_VERSION)
    env.run(until=env.now + 0.1)
    assert bytes(heard[-3:]) == messages.version(*arduino.program.protocol)
    assert not any(axis.is_moving for axis in board.steppers.values())


# What drives pins, makes them something else or moves motors is left out of these bytes.
MOVERS = {*range(0x90, 0xA0), 0x61, 0x62, 0x6F, 0x70, 0x78, 0x7B}
HARMLESS = [*sorted(set(range(0xC0)) - MOVERS), 0xC0, 0xD1, 0xF0, 0xF7, 0xF9]


@given(st.lists(st.sampled_from(HARMLESS), max_size=120).map(bytes))
def test_no_output_changes_unless_a_valid_message_says_so(stream):
    env = simpy.Environment()
    line, board = LoopbackLine(env), ModelBoard(env)
    VirtualArduino(env, line.board, board, "uno", "configurable", boot_s=0.0)
    env.run(until=0.01)
    line.host.write(messages.pin_mode(6, PinMode.OUTPUT) + messages.set_pin(6, True))
    env.run(until=0.02)
    before = dict(board.outputs)
    changes = []
    for pin in range(20):
        board.on_output(pin, changes.append)
    line.host.write(stream)
    env.run(until=0.5)
    assert changes == []
    assert board.outputs == before
