"""Intel hex files: what is written is read again; the rest of what a reader refuses is in test_emulated.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.errors import InputError
from cellwright.hardware.intel_hex import read_hex, write_hex


@given(firmware=st.binary(min_size=1, max_size=200), at=st.sampled_from([0, 5, 0xFFF0, 0x1FFF8]))
def test_what_is_written_is_read_again(tmp_path, firmware, at):
    path = tmp_path / "firmware.hex"
    whole = b"\x01" + b"\xff" * at + firmware
    write_hex(path, whole)
    assert read_hex(path, 0x40000, "a Mega") == whole.rstrip(b"\xff").ljust(len(_to_record_end(whole)), b"\xff")


def _to_record_end(whole: bytes) -> bytes:
    """What is left when trailing records that are all erased are left out."""
    while len(whole) > 16 * ((len(whole) - 1) // 16) and not whole[16 * ((len(whole) - 1) // 16) :].strip(b"\xff"):
        whole = whole[: 16 * ((len(whole) - 1) // 16)]
    return whole


def test_a_known_file(tmp_path):
    path = tmp_path / "firmware.hex"
    write_hex(path, bytes.fromhex("0c9434000c945100"))
    assert path.read_text() == ":080000000C9434000C94510033\n:00000001FF\n"


def test_a_file_that_breaks_off_is_refused(tmp_path):
    path = tmp_path / "firmware.hex"
    path.write_text(":080000000C9434000C94510033\n")
    with pytest.raises(InputError, match="breaks off"):
        read_hex(path, 0x8000, "an Uno")


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"cannot be written \(No such file"):
        write_hex(tmp_path / "none" / "firmware.hex", b"\x01")
