"""Bytes in words: what is in them, what is cut short, and never an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.hardware.firmata import accelstepper, features, messages
from cellwright.hardware.firmata.explain import explain


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (messages.ASK_VERSION, "ask version"),
        (messages.version(2, 6), "version 2.6"),
        (messages.ASK_FIRMWARE, "ask firmware"),
        (messages.firmware(2, 12, "ConfigurableFirmata"), "firmware ConfigurableFirmata 2.12"),
        (messages.port(0, 0x90), "port 0 with pins 4 and 7 high"),
        (messages.port(1, 0), "port 1 with all pins low"),
        (messages.pin_mode(9, 0x0B), "pin 9 as input with pull-up"),
        (messages.pin_mode(9, 0x33), "pin 9 as mode 51"),
        (messages.set_pin(4, True), "pin 4 high"),
        (messages.analog(3, 200), "analog 3 at 200"),
        (messages.extended_analog(20, 200), "analog 20 at 200"),
        (messages.report_port(1, False), "report no more port 1"),
        (messages.string("hello"), "words 'hello'"),
        (messages.pin_mode(4, 1) + messages.port(0, 0), "pin 4 as output, port 0 with all pins low"),
        (accelstepper.configure(0, 2, 5), "stepper 0: on pins 2 and 5"),
        (accelstepper.to(1, -4000), "stepper 1: move to -4000 steps"),
        (accelstepper.speed(1, 8000), "stepper 1: speed 8000 steps/s"),
        (accelstepper.ask_position(0), "stepper 0: ask position"),
        (accelstepper.position(0, 7), "stepper 0: stands at 7 steps"),
        (accelstepper.move_complete(0, 7), "stepper 0: has arrived at 7 steps"),
        (accelstepper.group_complete(2), "stepper group 2: has arrived"),
        (features.encoder_counts({0: -5, 1: 300}), "encoder 0 at -5, encoder 1 at 300"),
        (features.ask_encoder(1), "ask encoder 1"),
        (features.schedule_task(1, 500), "schedule task 1"),
        (features.ASK_TASKS, "ask tasks"),
        (features.i2c_reply(0x48, 0, b"\x12\x34"), "I2C device 0x48 says 12 34"),
        (messages.sysex(0x05, b"abc"), "sysex 05 with 3 bytes"),
        (b"\xe0\x10", "part of a message (E0 10)"),
        (b"\xf0\x62\x0a\x00", "part of a message (F0 62 0A 00)"),
        (b"\x01\xf9", "part of a message (01), ask version"),
        (b"", ""),
    ],
)
def test_messages_are_named(data, words):
    assert explain(data) == words


@given(st.binary(max_size=80))
def test_any_bytes_can_be_explained(data):
    assert bool(explain(data)) == bool(data)


@given(st.binary(max_size=40))
def test_any_sysex_can_be_explained(data):
    assert explain(messages.sysex(data[0] & 0x7F if data else 0, bytes(byte & 0x7F for byte in data[1:])))
