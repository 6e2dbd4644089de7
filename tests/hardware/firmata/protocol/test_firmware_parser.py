"""The firmware's parser: what it makes of good bytes, and of bad ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.hardware.firmata.protocol.firmware_parser import FirmwareParser


def heard(stream, resets_anywhere=True):
    """What a parser makes of hexadecimal bytes."""
    received = []
    parser = FirmwareParser(
        lambda command, data: received.append(f"{command:02x} {data.hex(' ')}".strip()),
        lambda command, data: received.append(f"sysex {command:02x} {data.hex(' ')}".strip()),
        lambda: received.append("overflow"),
        resets_anywhere,
    )
    parser.feed(bytes.fromhex(stream))
    return received


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("f4 0d 01", ["f4 0d 01"]),
        ("91 05 01", ["91 05 01"]),
        ("d1 01", ["d1 01"]),
        ("f9", ["f9"]),
        ("f0 79 f7", ["sysex 79"]),
        ("f0 62 03 01 f7", ["sysex 62 03 01"]),
        ("01 02 f5 0d 01 03", ["f5 0d 01"]),
        # A new message in place of one cut short.
        ("f4 0d f5 06 00", ["f5 06 00"]),
        # Unknown bytes do not end a message.
        ("f4 0d f7 01", ["f4 0d 01"]),
        # A sysex cut short swallows the next one, F0 and all, unless an F7 closes it first.
        ("f0 62 03 f0 62 05 00 f7", ["sysex 62 03 f0 62 05 00"]),
        ("f0 62 03 f7 f0 62 05 00 f7", ["sysex 62 03", "sysex 62 05 00"]),
        ("f0 f7", []),
    ],
)
def test_what_is_heard(stream, expected):
    assert heard(stream) == heard(stream, resets_anywhere=False) == expected


def test_only_configurable_firmata_handles_a_reset_inside_a_message():
    assert heard("f0 62 ff f4 0d ff 01") == ["ff", "ff"]
    assert heard("f0 62 ff f7 f4 0d ff 01", resets_anywhere=False) == ["sysex 62 ff", "ff"]


def test_a_sysex_fits_in_64_bytes():
    longest = "f0 71 " + "01 " * 63 + "f7"
    assert heard(longest) == heard(longest, resets_anywhere=False) == ["sysex 71 " + ("01 " * 63).strip()]
    too_long = "f0 71 " + "01 " * 64 + "f7 f9"
    assert heard(too_long) == heard(too_long, resets_anywhere=False) == ["overflow", "f9"]


def test_after_an_overflow_only_standard_firmata_waits_for_the_end():
    stream = "f0 71 " + "01 " * 64 + "f9 f7 f9"
    assert heard(stream) == ["overflow", "f9", "f9"]
    assert heard(stream, resets_anywhere=False) == ["overflow", "f9"]


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_it(stream, resets_anywhere):
    for said in heard(stream.hex(), resets_anywhere):
        assert len(said) <= len("sysex") + 3 * 64
