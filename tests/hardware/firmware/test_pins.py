"""Every pin of every board does what CellwrightFirmata reports as its capabilities, seen from outside."""

from __future__ import annotations

import pytest

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.codec import decode_u14
from cellwright.hardware.firmata.protocol.messages import PinMode

pytestmark = pytest.mark.emulated


@pytest.fixture(params=["uno", "nano", "mega"])
def any_board(request, unstarted):
    board = unstarted(request.param)
    board.run(20)
    return board


def pins_that_can(board, mode):
    reported = board.send_until(messages.CAPABILITY_RESPONSE, messages.QUERY_CAPABILITIES).data
    return [pin for pin, modes in enumerate(messages.decode_capabilities(reported)) if mode in modes]


def test_every_digital_pin_is_read_with_its_pull_up_and_reported_by_its_port(any_board):
    pins = pins_that_can(any_board, PinMode.PULLUP)
    any_board.send(*(messages.pin_mode(pin, PinMode.PULLUP) for pin in pins))
    any_board.send(*(messages.report_port(port, True) for port in range(max(pins) // 8 + 1)))
    for pin in pins:
        for level in (False, True):
            any_board.set_input(pin, level)
            reported = [each for each in any_board.run(3) if each.command == messages.DIGITAL_MESSAGE | pin // 8]
            assert len(reported) == 1, pin
            levels = decode_u14(reported[0].data)
            assert bool(levels >> pin % 8 & 1) == level, pin
            others = {other for other in pins if other // 8 == pin // 8} - {pin}
            assert all(levels >> other % 8 & 1 for other in others), pin


def test_every_digital_pin_drives_both_levels_and_no_other(any_board):
    pins = pins_that_can(any_board, PinMode.OUTPUT)
    for pin in pins:
        any_board.send(messages.pin_mode(pin, PinMode.OUTPUT))
        assert any_board.driven() == {each for each in pins if each <= pin}
    for pin in pins:
        any_board.send(messages.set_pin(pin, True))
        assert [each for each in pins if any_board.level(each)] == [pin]
        any_board.send(messages.set_pin(pin, False))


@pytest.mark.parametrize("duty", [1, 64, 200])
def test_every_pin_with_pwm_has_the_duty_that_is_commanded(any_board, duty):
    pins = pins_that_can(any_board, PinMode.PWM)
    assert len(pins) == (13 if any_board.kind == "mega" else 4)
    for pin in pins:
        any_board.send(messages.pin_mode(pin, PinMode.PWM), messages.extended_analog(pin, duty), ms=5)
        assert any_board.chip.duty(*any_board.port_bit(pin)) == pytest.approx(duty / 255, abs=0.006), pin
    for pin in pins:  # none has changed another's
        assert any_board.chip.duty(*any_board.port_bit(pin)) == pytest.approx(duty / 255, abs=0.006), pin
        any_board.send(messages.extended_analog(pin, 0), ms=5)
        assert not any_board.level(pin)


def test_every_analog_channel_is_converted_and_distinguished(any_board):
    pins = pins_that_can(any_board, PinMode.ANALOG)
    channels = range(len(pins))
    assert len(pins) == {"uno": 6, "nano": 8, "mega": 16}[any_board.kind]
    for channel, pin in zip(channels, pins, strict=True):
        any_board.chip.set_analog(channel, 0.25 * (channel + 1))
        any_board.send(messages.pin_mode(pin, PinMode.ANALOG), messages.report_analog(channel, True))
    any_board.messages.clear()
    any_board.run(60)
    for channel in channels:
        value = decode_u14(any_board.received(messages.ANALOG_MESSAGE | channel)[-1].data)
        assert value == int(1024 * 0.25 * (channel + 1) / 5), channel
