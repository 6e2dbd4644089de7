"""What CellwrightFirmata reads: encoders, HX711s, timed inputs and the I2C bus."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.codec import decode_unsigned

pytestmark = pytest.mark.emulated

ENCODERS = [(10, 11), (12, 13)]
"""Pins whose changes interrupt, on both chips."""
SWITCH = 7
"""One whose changes do not, on a Mega."""
US = 16


def counts(board):
    """The last counts reported by the encoders, by number."""
    reported = {}
    for each in board.received(messages.ENCODER_DATA):
        for at in range(0, len(each.data), 5):
            head, *digits = each.data[at : at + 5]
            reported[head & 0x3F] = decode_unsigned(digits) * (-1 if head & 0x40 else 1)
    return reported


def attach_encoders(board):
    encoders = [board.chip.add_encoder(board.port_bit(a), board.port_bit(b)) for a, b in ENCODERS]
    for number, (a, b) in enumerate(ENCODERS):
        board.send(messages.sysex(messages.ENCODER_DATA, bytes((0, number, a, b))))
    return encoders


# ---- encoders ----


@pytest.mark.parametrize("to", [(5000, 5000), (-5000, 4000), (-3000, -5000)])
def test_two_encoders_at_20_000_edges_a_second_lose_none_while_an_axis_runs(board, to):
    motor = board.add_axis(0, 10_000, 100_000)
    encoders = attach_encoders(board)
    board.move_to(3000)
    for encoder, count in zip(encoders, to, strict=True):
        board.chip.turn(encoder, count, 20_000)
    board.run(320)
    assert counts(board) == dict(enumerate(to))
    for encoder in encoders:
        board.chip.turn(encoder, 7, 20_000)
    board.run(450)
    assert counts(board) == {0: 7, 1: 7}
    assert board.position(motor) == 3000
    assert board.health().edges == 0


@pytest.mark.parametrize(("a", "b"), [(2, 3), (18, 19), (20, 21), (50, 53), (3, 11)])
def test_an_encoder_counts_on_every_kind_of_interrupting_pin_of_a_mega(mega, a, b):
    """But for 14, 15 and A8 to A15 (ports J and K), where libsimavr 1.6 raises no interrupt."""
    encoder = mega.chip.add_encoder(mega.port_bit(a), mega.port_bit(b))
    mega.send(messages.sysex(messages.ENCODER_DATA, bytes((0, 4, a, b))))
    mega.chip.turn(encoder, -2000, 20_000)
    mega.run(150)
    assert counts(mega) == {4: -2000}
    mega.send(messages.sysex(messages.ENCODER_DATA, bytes((5, 4))))
    mega.chip.turn(encoder, 0, 20_000)
    mega.run(150)
    assert counts(mega) == {4: -2000}


def test_an_encoder_is_zeroed_queried_and_released(board):
    encoder, _ = attach_encoders(board)
    board.send(messages.sysex(messages.ENCODER_DATA, bytes((4, 0))))
    board.chip.turn(encoder, -300, 5000)
    board.run(100)
    assert counts(board) == {}
    board.send(messages.sysex(messages.ENCODER_DATA, bytes((1, 0))), ms=3)
    assert counts(board) == {0: -300}
    board.send(
        messages.sysex(messages.ENCODER_DATA, bytes((3, 0))), messages.sysex(messages.ENCODER_DATA, bytes((2,))), ms=5
    )
    assert counts(board) == {0: 0, 1: 0}
    board.send(
        messages.sysex(messages.ENCODER_DATA, bytes((5, 0))),
        messages.sysex(messages.ENCODER_DATA, bytes((1, 0))),
        ms=12,
    )
    assert board.strings == ["encoder is not attached"]


# ---- HX711 ----


def conversions(board, number=0):
    reported = [own.decode_conversion(each.data) for each in board.received(own.CONVERTER)]
    return [(value, at_us) for converter, value, at_us in reported if converter == number]


@pytest.mark.parametrize("gain", [1, 2, 3])
@pytest.mark.parametrize("load", [0, 10_000])
def test_every_conversion_is_reported_at_80_a_second(board, gain, load):
    shown = []

    def show(converter):
        shown.append([123_456, -1, -(1 << 23), (1 << 23) - 1, 0, -77][len(shown) % 6])
        return shown[-1]

    board.converter_value = show
    scale = board.chip.add_hx711(board.port_bit(10), board.port_bit(11), per_s=80)
    board.send(own.attach_converter(0, 10, 11, gain))
    if load:
        board.three_axes(load, 0)
        board.move_to(load, load, load)
    board.run(700)
    assert board.chip.hx711_pulses(scale) == 24 + gain
    assert board.chip.hx711_longest_high(scale) / US < 10
    reported = conversions(board)
    assert 48 <= len(reported) <= 54
    assert [value for value, _ in reported] == shown[: len(reported)]
    assert len(shown) - len(reported) <= 1
    apart = [later - sooner for (_, sooner), (_, later) in pairwise(reported[1:])]
    assert apart == pytest.approx([12_500] * len(apart), abs=1500)


def test_a_wire_that_is_off_does_not_flood_the_line(board):
    board.set_input(10, False)
    board.send(own.attach_converter(0, 10, 11), ms=1000)
    assert len(conversions(board)) <= 112
    board.send(own.detach_converter(0), ms=50)
    before = len(conversions(board))
    board.run(100)
    assert len(conversions(board)) == before
    assert not board.drives(11)


# ---- timed inputs ----


def reported_edges(board):
    return [own.decode_edge(each.data) for each in board.received(own.TIMED_INPUT)]


@pytest.mark.parametrize("settle_ms", [0, 5, 40])
def test_a_bouncing_input_is_reported_once_and_the_time_is_of_its_first_edge(board, settle_ms):
    pin, exact = (12, 30) if board.kind == "mega" else (SWITCH, 30)
    assert_bounces_are_settled(board, pin, settle_ms, exact)


def test_where_changes_do_not_interrupt_the_time_is_to_a_quarter_of_a_millisecond(mega):
    assert_bounces_are_settled(mega, SWITCH, 10, 251)


def test_an_input_settles_while_encoders_turn_beside_three_axes_and_no_edge_is_lost(board):
    motors = board.three_axes(10_000, 100_000)
    encoders = attach_encoders(board)
    board.set_input(14, True)
    board.send(own.watch_input(14, True, 5), ms=20)
    board.move_to(4000, 4000, 4000)
    for encoder in encoders:
        board.chip.turn(encoder, 5000, 20_000)
    for level in (False, True):
        board.run(50.123)
        board.set_input(14, level)
    board.run(50)
    (*_, (_, down, down_us), (_, up, up_us)) = reported_edges(board)
    assert (down, up) == (False, True)
    assert up_us - down_us == pytest.approx(50_123, abs=100)
    board.run(600)
    assert counts(board) == {0: 5000, 1: 5000}
    assert board.health().edges == 0
    assert [board.position(motor) for motor in motors] == [4000, 4000, 4000]


def assert_bounces_are_settled(board, pin, settle_ms, exact_us):
    board.set_input(pin, True)
    board.send(own.watch_input(pin, True, settle_ms), ms=settle_ms + 10)
    (first,) = reported_edges(board)
    assert first[:2] == (pin, True)
    board.run(1.2345)
    starts = []
    for level in (False, True, False):
        starts.append(board.chip.cycle)
        for _ in range(4 if settle_ms else 0):
            board.set_input(pin, level)
            board.run(0.3)
            board.set_input(pin, not level)
            board.run(0.4)
        board.set_input(pin, level)
        board.run(settle_ms + 20.777)
    reported = reported_edges(board)[1:]
    assert [(which, level) for which, level, _ in reported] == [(pin, False), (pin, True), (pin, False)]
    apart = [(later - sooner) / US for sooner, later in pairwise(starts)]
    assert [reported[1][2] - reported[0][2], reported[2][2] - reported[1][2]] == pytest.approx(apart, abs=exact_us)


def test_a_spike_shorter_than_it_takes_to_settle_is_not_reported(board):
    board.set_input(12, True)
    board.send(own.watch_input(12, True, 5), ms=20)
    for _ in range(10):
        board.set_input(12, False)
        board.run(1)
        board.set_input(12, True)
        board.run(10)
    assert len(reported_edges(board)) == 1


def test_stamps_are_exact_while_an_axis_runs(board):
    board.set_input(12, True)
    board.add_axis(0, 10_000, 0)
    board.send(own.watch_input(12, True, 1), ms=10)
    board.move_to(10_000)
    starts = []
    for number in range(20):
        board.run(9 + 0.0137 * number)
        starts.append(board.chip.cycle)
        board.set_input(12, bool(number % 2))
    board.run(10)
    reported = [at_us for _, _, at_us in reported_edges(board)[1:]]
    offsets = [at_us - cycle / US for at_us, cycle in zip(reported, starts, strict=True)]
    assert max(offsets) - min(offsets) < 60


# ---- I2C ----


def read_once(address, register, count):
    data = bytes((address, 0x08, register & 0x7F, register >> 7, count, 0))
    return messages.sysex(messages.I2C_REQUEST, data)


def test_devices_on_the_bus_are_written_to_and_read(board):
    board.chip.put_on_bus(0x2A)
    board.bus_reply = bytes((0x12, 0xFF, 0x80))
    board.send(messages.sysex(messages.I2C_CONFIG), ms=2)
    board.send(messages.sysex(messages.I2C_REQUEST, bytes((0x2A, 0x00, 0x15, 0, 0x7F, 1))), ms=5)
    assert board.bus_written == [(0x2A, b"\x15\xff")]
    board.send(read_once(0x2A, 0x90, 3), ms=10)
    assert board.bus_written[1:] == [(0x2A, b"\x90")]
    (reply,) = board.received(messages.I2C_REPLY)
    assert reply.data == bytes((0x2A, 0, 0x10, 1, 0x12, 0, 0x7F, 1, 0, 1))
    assert board.strings == []


def test_an_empty_bus_is_reported_and_nothing_blocks(board):
    board.send(messages.sysex(messages.I2C_CONFIG), ms=2)
    board.send(read_once(0x2B, 0x10, 3), ms=20)
    board.send(messages.sysex(messages.I2C_REQUEST, bytes((0x2B, 0x00, 0x15, 0))), ms=20)
    assert board.strings == ["I2C: nobody answers"] * 2
    assert board.received(messages.I2C_REPLY)[0].data == bytes((0x2B, 0, 0x10, 0))
    assert board.state().reason == own.NOT_STOPPED


def test_continuous_readings_come_at_the_sampling_interval_until_they_are_stopped(board):
    board.chip.put_on_bus(0x2A)
    board.bus_reply = b"\x01\x02"
    board.send(messages.sysex(messages.I2C_CONFIG), messages.sampling_interval(50), ms=2)
    board.send(messages.sysex(messages.I2C_REQUEST, bytes((0x2A, 0x10, 0x05, 0, 2, 0))), ms=500)
    assert len(board.received(messages.I2C_REPLY)) == pytest.approx(10, abs=1)
    board.send(messages.sysex(messages.I2C_REQUEST, bytes((0x2A, 0x18))), ms=60)
    before = len(board.received(messages.I2C_REPLY))
    board.run(300)
    assert len(board.received(messages.I2C_REPLY)) == before
