"""Firmata's messages as bytes, and the reader that finds them again in whatever arrives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.encoder_i2c_scheduler import I2cReply, TaskReply
from cellwright.hardware.firmata.protocol.messages import Message, MessageReader, PinMode

PUBLISHED = {
    "f9": messages.QUERY_VERSION,
    "f9 02 05": messages.version(2, 5),
    "f0 79 f7": messages.QUERY_FIRMWARE,
    "f0 79 02 05 41 00 76 01 f7": messages.firmware(2, 5, "Aö"),
    "f0 6b f7": messages.QUERY_CAPABILITIES,
    "f0 6c 7f 00 01 0b 01 7f f7": messages.capabilities([{}, {PinMode.INPUT: 1, PinMode.PULLUP: 1}]),
    "f0 69 f7": messages.QUERY_ANALOG_MAPPING,
    "f0 6a 7f 00 f7": messages.analog_mapping([None, 0]),
    "f0 6d 0d f7": messages.query_pin_state(13),
    "f0 6e 0d 03 7f 01 f7": messages.pin_state(13, PinMode.PWM, 255),
    "f0 71 61 00 62 00 f7": messages.string("ab"),
    "f0 7a 13 00 f7": messages.sampling_interval(19),
    "f4 0d 01": messages.pin_mode(13, PinMode.OUTPUT),
    "f5 0d 01": messages.set_pin(13, True),
    "91 05 01": messages.port(1, 0x85),
    "d1 01": messages.report_port(1, True),
    "c2 00": messages.report_analog(2, False),
    "e3 7f 07": messages.analog(3, 1023),
    "f0 6f 2c 7f 01 f7": messages.extended_analog(44, 255),
    "f0 70 09 20 04 60 12 f7": messages.servo_config(9, 544, 2400),
    "ff": messages.RESET,
    "f0 62 00 01 10 02 05 00 f7": accelstepper.configure(1, 2, 5),
    "f0 62 00 01 11 02 05 08 11 f7": accelstepper.configure(1, 2, 5, enable_pin=8, inverted=0x11),
    "f0 62 01 00 f7": accelstepper.zero(0),
    "f0 62 02 00 14 00 00 00 08 f7": accelstepper.move_by(0, -20),
    "f0 62 03 00 14 00 00 00 08 f7": accelstepper.move_to(0, -20),
    "f0 62 04 00 01 f7": accelstepper.enable(0, True),
    "f0 62 05 00 f7": accelstepper.stop(0),
    "f0 62 06 00 f7": accelstepper.query_position(0),
    "f0 62 08 00 01 00 00 34 f7": accelstepper.acceleration(0, 100),
    "f0 62 09 00 01 00 00 34 f7": accelstepper.speed(0, 100),
    "f0 62 20 00 01 02 f7": accelstepper.configure_group(0, [1, 2]),
    "f0 62 21 00 14 00 00 00 00 14 00 00 00 08 f7": accelstepper.move_group_to(0, [20, -20]),
    "f0 62 23 00 f7": accelstepper.stop_group(0),
    "f0 62 06 02 14 00 00 00 08 f7": accelstepper.position(2, -20),
    "f0 62 0a 02 14 00 00 00 08 f7": accelstepper.move_complete(2, -20),
    "f0 62 24 03 f7": accelstepper.group_complete(3),
    "f0 61 00 01 02 03 f7": features.attach_encoder(1, 2, 3),
    "f0 61 01 01 f7": features.query_encoder(1),
    "f0 61 02 f7": features.QUERY_ENCODERS,
    "f0 61 03 01 f7": features.zero_encoder(1),
    "f0 61 04 01 f7": features.report_encoders(True),
    "f0 61 05 01 f7": features.detach_encoder(1),
    "f0 61 41 05 00 00 00 02 00 01 00 00 f7": features.encoder_counts({1: -5, 2: 128}),
    "f0 78 00 00 f7": features.i2c_config(),
    "f0 76 20 00 7f 01 f7": features.i2c_write(0x20, b"\xff"),
    "f0 76 20 08 03 00 02 00 f7": features.i2c_read(0x20, 3, 2),
    "f0 76 20 10 02 00 f7": features.i2c_read(0x20, None, 2, features.READ_CONTINUOUSLY),
    "f0 76 20 18 f7": features.i2c_stop_reading(0x20),
    "f0 77 20 00 03 00 7f 01 f7": features.i2c_reply(0x20, 3, b"\xff"),
    "f0 7b 00 02 00 01 f7": features.create_task(2, 128),
    "f0 7b 01 02 f7": features.delete_task(2),
    "f0 7b 02 02 77 01 f7": features.add_to_task(2, b"\xf7"),
    "f0 7b 03 74 03 00 00 00 f7": features.delay_task(500),
    "f0 7b 04 02 74 03 00 00 00 f7": features.schedule_task(2, 500),
    "f0 7b 05 f7": features.LIST_TASKS,
    "f0 7b 06 02 f7": features.query_task(2),
    "f0 7b 07 f7": features.CLEAR_TASKS,
    "f0 7b 09 02 01 f7": features.task_list(b"\x02\x01"),
    "f0 7b 08 02 f7": features.task_reply(2, None, is_error=True),
    "f0 7b 0a 02 f7": features.task_reply(2, None),
}


@pytest.mark.parametrize("published", PUBLISHED)
def test_messages_are_the_published_bytes(published):
    assert PUBLISHED[published].hex(" ") == published


def data_of(message):
    return message[2:-1]


def test_answers_come_back():
    pins = [{}, {PinMode.INPUT: 1, PinMode.ANALOG: 10}, {PinMode.SERVO: 14}]
    assert messages.decode_capabilities(data_of(messages.capabilities(pins))) == pins
    channels = [None, 0, 1]
    assert messages.decode_analog_mapping(data_of(messages.analog_mapping(channels))) == channels
    assert messages.decode_pin_state(data_of(messages.pin_state(9, PinMode.PWM, 255))) == (9, PinMode.PWM, 255)
    assert messages.decode_firmware(data_of(messages.firmware(2, 5, "StandardFirmata.ino"))) == (
        2,
        5,
        "StandardFirmata.ino",
    )


def test_answers_cut_short_are_nothing():
    assert messages.decode_pin_state(b"\x63") is None
    assert messages.decode_firmware(b"") is None
    assert features.decode_i2c_reply(b"\x20\x00\x03") is None
    assert features.decode_task_reply(b"\x0a\x02") is None
    assert accelstepper.decode_reply(b"\x0a\x02\x14\x00") is None
    assert accelstepper.decode_reply(b"\x24") is None
    assert accelstepper.decode_reply(b"\x30\x02\x14\x00\x00\x00\x00") is None


@given(st.integers(0, 9), st.integers(-(2**31) + 1, 2**31 - 1))
def test_stepper_answers_come_back(device, position):
    said = accelstepper.decode_reply(data_of(accelstepper.move_complete(device, position)))
    assert said == (accelstepper.MOVE_COMPLETE, device, position)
    said = accelstepper.decode_reply(data_of(accelstepper.position(device, position)))
    assert said == (accelstepper.REPORT_POSITION, device, position)
    said = accelstepper.decode_reply(data_of(accelstepper.group_complete(device)))
    assert said == (accelstepper.GROUP_COMPLETE, device, None)


@given(st.dictionaries(st.integers(0, 4), st.integers(-(2**28) + 1, 2**28 - 1)))
def test_encoder_counts_come_back(counts):
    assert features.decode_encoder_counts(data_of(features.encoder_counts(counts))) == counts


@given(st.integers(0, 127), st.integers(0, 255), st.binary(max_size=32))
def test_i2c_replies_come_back(address, register, data):
    reply = features.decode_i2c_reply(data_of(features.i2c_reply(address, register, data)))
    assert reply == I2cReply(address, register, data)


@given(st.integers(0, 127), st.integers(0, 2**31 - 1), st.integers(0, 40), st.binary(max_size=40))
def test_task_replies_come_back(task, due_ms, position, stored):
    reply = TaskReply(task, due_ms, position, stored)
    assert features.decode_task_reply(data_of(features.task_reply(task, reply))) == reply


# ---- the reader ----

seven_bits = st.integers(0, 0x7F)
segments = st.lists(seven_bits, max_size=20).map(bytes)
sysexes = st.tuples(seven_bits, segments)
fixed = st.one_of(
    st.tuples(
        st.sampled_from([messages.DIGITAL_MESSAGE, messages.ANALOG_MESSAGE]).flatmap(
            lambda kind: st.integers(kind, kind + 15)
        ),
        st.lists(seven_bits, min_size=2, max_size=2).map(bytes),
    ),
    st.tuples(
        st.sampled_from([messages.SET_PIN_MODE, messages.SET_DIGITAL_PIN_VALUE, messages.REPORT_VERSION]),
        st.lists(seven_bits, min_size=2, max_size=2).map(bytes),
    ),
    st.tuples(
        st.sampled_from([messages.REPORT_DIGITAL, messages.REPORT_ANALOG]).flatmap(
            lambda kind: st.integers(kind, kind + 15)
        ),
        st.lists(seven_bits, min_size=1, max_size=1).map(bytes),
    ),
)
all_messages = st.lists(st.one_of(sysexes, fixed), max_size=12)


def as_bytes(sent):
    return b"".join(
        messages.sysex(command, data) if command < 0x80 else bytes((command,)) + data for command, data in sent
    )


@given(all_messages)
def test_the_reader_finds_every_message(sent):
    assert MessageReader().feed(as_bytes(sent)) == sent


@given(all_messages, st.data())
def test_where_the_bytes_are_cut_makes_no_difference(sent, data):
    reader, stream, received = MessageReader(), as_bytes(sent), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:size])
        stream = stream[size:]
    assert received == sent


@given(st.binary(max_size=200), all_messages)
def test_messages_after_garbage_are_found(garbage, sent):
    reader = MessageReader()
    reader.feed(garbage)
    reader.feed(b"\xf7")  # ends whatever the garbage began
    assert reader.feed(as_bytes(sent)) == sent


@given(st.binary(max_size=300))
def test_whatever_comes_out_of_garbage_is_a_message(garbage):
    for command, data in MessageReader().feed(garbage):
        assert command < 0x80 or len(data) <= 2
        assert max(data, default=0) < 0x80


def test_stray_data_bytes_are_skipped():
    assert MessageReader().feed(b"\x01\x02\x90\x01\x00\x05\x06\xf7\x07\xf9\x02\x05") == [
        Message(0x90, b"\x01\x00"),
        Message(0xF9, b"\x02\x05"),
    ]


@pytest.mark.parametrize("interruption", ["90 01 00", "f0 71 61 00 f7", "f9 02 05"])
def test_a_torn_message_is_dropped_for_the_one_that_follows(interruption):
    whole = bytes.fromhex(interruption)
    expected = MessageReader().feed(whole)
    assert len(expected) == 1
    for torn in ("f0 62 0a 02", "91 01", "f0"):
        assert MessageReader().feed(bytes.fromhex(torn) + whole) == expected


def test_an_over_long_sysex_is_dropped_and_the_next_one_is_not():
    reader = MessageReader(limit=5)
    assert reader.feed(b"\xf0\x71\x01\x02\x03\x04\xf7") == [Message(0x71, b"\x01\x02\x03\x04")]
    assert reader.feed(b"\xf0\x71\x01\x02\x03\x04\x05\xf7\xf0\x79\xf7") == [Message(0x79, b"")]
    assert reader.feed(b"\xf0\x71\x01\x02\x03\x04\x05\x06\x07\x08") == []
    assert reader.feed(b"\x09\xf7\xf0\x79\xf7") == [Message(0x79, b"")]


def test_a_sysex_without_a_command_is_nothing():
    assert MessageReader().feed(b"\xf0\xf7\xf0\x79\xf7") == [Message(0x79, b"")]
