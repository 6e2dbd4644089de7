"""Numbers and words in bytes of seven bits: the protocol's own examples, and there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.errors import InputError
from cellwright.hardware.firmata.protocol import codec


@pytest.mark.parametrize(
    ("value", "data"),
    [(-20, "14 00 00 00 08"), (20, "14 00 00 00 00"), (1 << 28, "00 00 00 00 01"), (-(2**31 - 1), "7f 7f 7f 7f 0f")],
)
def test_whole_numbers_are_sign_and_magnitude(value, data):
    assert codec.i32(value) == bytes.fromhex(data)
    assert codec.decode_i32(bytes.fromhex(data)) == value


@given(st.integers(-(2**31) + 1, 2**31 - 1))
def test_whole_numbers_come_back(value):
    data = codec.i32(value)
    assert len(data) == 5 and max(data) < 0x80
    assert codec.decode_i32(b"\x01\x02" + data, 2) == value


@pytest.mark.parametrize("value", [2**31, -(2**31)])
def test_numbers_too_large_for_a_stepper_are_refused(value):
    with pytest.raises(InputError, match="must be below 2147483648"):
        codec.i32(value)


@pytest.mark.parametrize(
    ("value", "data"),
    [(100.0, "01 00 00 34"), (-100.0, "01 00 00 74"), (0.5, "05 00 00 28"), (1.0, "01 00 00 2c"), (0.0, "00 00 00 3c")],
)
def test_floats_are_a_significand_and_a_power_of_ten(value, data):
    assert codec.decimal(value) == bytes.fromhex(data)
    assert codec.decode_decimal(bytes.fromhex(data)) == value


@given(st.floats(1e-4, 8e10), st.sampled_from([1, -1]))
def test_floats_come_back_to_six_digits(size, sign):
    data = codec.decimal(sign * size)
    assert len(data) == 4 and max(data) < 0x80
    assert codec.decode_decimal(data) == pytest.approx(sign * size, rel=6e-7)


@given(st.integers(0, 8_388_607))
def test_whole_floats_of_23_bits_come_back_exactly(value):
    assert codec.decode_decimal(codec.decimal(float(value))) == value


@pytest.mark.parametrize("value", [9e10, -9e10, float("inf"), float("nan")])
def test_floats_that_do_not_fit_are_refused(value):
    with pytest.raises(InputError, match="below 8e10"):
        codec.decimal(value)


@given(st.integers(0, 2**14 - 1))
def test_pairs_come_back(value):
    assert codec.decode_u14(codec.u14(value)) == value
    assert max(codec.u14(value)) < 0x80


@given(st.integers(0, 2**40))
def test_numbers_of_any_size_come_back(value):
    data = codec.unsigned(value)
    assert max(data) < 0x80
    assert codec.decode_unsigned(data) == value


@given(st.text(st.characters(max_codepoint=255)))
def test_words_come_back(words):
    assert codec.decode_text(codec.text(words)) == words


def test_words_lose_what_latin_1_lacks():
    assert codec.decode_text(codec.text("5 €")) == "5 ?"


@given(st.binary(max_size=64))
def test_packed_bytes_come_back(data):
    packed = codec.pack(data)
    assert len(packed) == -(-len(data) * 8 // 7)
    assert max(packed, default=0) < 0x80
    assert codec.unpack(packed) == data


def test_packing_puts_low_bits_first():
    # Worked out by hand from Encoder7Bit.cpp.
    assert codec.pack(bytes((0xFF, 0x00, 0x80))) == bytes((0x7F, 0x01, 0x00, 0x04))
