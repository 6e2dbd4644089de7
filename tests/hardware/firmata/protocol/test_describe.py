"""Bytes in words: what is in them, what is cut short, and never an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.describe import describe


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (messages.QUERY_VERSION, "ask version"),
        (messages.version(2, 6), "version 2.6"),
        (messages.QUERY_FIRMWARE, "ask firmware"),
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
        (accelstepper.move_to(1, -4000), "stepper 1: move to -4000 steps"),
        (accelstepper.speed(1, 8000), "stepper 1: speed 8000 steps/s"),
        (accelstepper.query_position(0), "stepper 0: ask position"),
        (accelstepper.position(0, 7), "stepper 0: stands at 7 steps"),
        (accelstepper.move_complete(0, 7), "stepper 0: has arrived at 7 steps"),
        (accelstepper.group_complete(2), "stepper group 2: has arrived"),
        (features.encoder_counts({0: -5, 1: 300}), "encoder 0 at -5, encoder 1 at 300"),
        (features.query_encoder(1), "ask encoder 1"),
        (features.schedule_task(1, 500), "schedule task 1"),
        (features.LIST_TASKS, "ask tasks"),
        (features.i2c_reply(0x48, 0, b"\x12\x34"), "I2C device 0x48 says 12 34"),
        (messages.sysex(0x0E, b"abc"), "sysex 0E with 3 bytes"),
        (accelstepper.low_limit(0, 9, active=False), "stepper 0: limited at its low end by pin 9"),
        (own.QUERY_FEATURES, "ask features"),
        (
            own.output(own.OutputLimits(8, True, 200, 50)),
            "pin 8 as output, safe high, 200 ms at most, 50 % of the time",
        ),
        (own.output(own.OutputLimits(8, False)), "pin 8 as output, safe low"),
        (own.pulse(8, True, 60_000), "pin 8 high for 60 ms"),
        (own.pulse_result(8, own.CUT_SHORT), "pulse on pin 8 was cut short"),
        (own.watchdog(500), "stop after 500 ms of silence"),
        (own.STOP_BOARD + own.RELEASE_BOARD, "stop all, release"),
        (own.emergency_stop_input(12, False), "emergency stop on pin 12, active low"),
        (own.query_state(), "ask state"),
        (
            own.state(own.FirmwareState(0, True, own.EMERGENCY, 1500, 1, {0: -7})),
            "stopped, the last time by the emergency stop at 1500 ms, stepper 0 at -7",
        ),
        (own.home(own.HomingRequest(0, 0, 3200.0, 320.0, 200, 9999)), "home stepper 0 at 3200 and 320 steps/s"),
        (own.home_result(0, own.HOMED, 0), "stepper 0 is homed, at 0 steps"),
        (own.conversion(1, -5, 9), "HX711 1 at -5"),
        (own.attach_converter(1, 8, 9), "attach HX711 1 on pins 8 and 9"),
        (own.watch_input(9, True, 5), "time pin 9, settled after 5 ms"),
        (own.edge(9, False, 77), "pin 9 low since 77 µs"),
        (own.stop_axis_abruptly(2), "stepper 2: stop abruptly"),
        (own.limit_hit(2, own.LOW_END), "stepper 2 was stopped by its low limit"),
        (own.QUERY_HEALTH, "ask health"),
        (b"\xe0\x10", "part of a message (E0 10)"),
        (b"\xf0\x62\x0a\x00", "part of a message (F0 62 0A 00)"),
        (b"\x01\xf9", "part of a message (01), ask version"),
        (b"", ""),
    ],
)
def test_messages_are_named(data, words):
    assert describe(data) == words


@given(st.binary(max_size=80))
def test_any_bytes_can_be_explained(data):
    assert bool(describe(data)) == bool(data)


@given(st.binary(max_size=40))
def test_any_sysex_can_be_explained(data):
    assert describe(messages.sysex(data[0] & 0x7F if data else 0, bytes(byte & 0x7F for byte in data[1:])))
