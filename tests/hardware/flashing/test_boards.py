"""Which board it is, and which firmware it gets."""

from __future__ import annotations

import tomllib

import pytest

from cellwright.errors import InputError
from cellwright.hardware import firmware_profiles
from cellwright.hardware.flashing import boards
from cellwright.hardware.flashing.boards import (
    BOOTLOADER_PROTOCOLS,
    CHIPS,
    STK500V1,
    STK500V1_SLOW,
    STK500V2,
    board_of_usb,
    choose_board,
    load_image,
    protocols_for,
)

SMALL, LARGE = CHIPS["ATmega328P"], CHIPS["ATmega2560"]
CLONE, UNO, MEGA = (0x1A86, 0x7523), (0x2341, 0x0043), (0x2A03, 0x0042)


@pytest.mark.parametrize(("usb", "board"), [(CLONE, None), (UNO, "uno"), (MEGA, "mega"), ((None, None), None)])
def test_usb_tells_the_makers_own_boards(usb, board):
    assert board_of_usb(usb) == board


@pytest.mark.parametrize(
    ("requested", "usb", "chip", "protocol", "board"),
    [
        ("nano", UNO, SMALL, STK500V1, "nano"),
        (None, UNO, SMALL, STK500V1, "uno"),
        (None, MEGA, LARGE, STK500V2, "mega"),
        (None, CLONE, LARGE, STK500V2, "mega"),
        (None, CLONE, SMALL, STK500V1_SLOW, "nano"),
        (None, MEGA, SMALL, STK500V1_SLOW, "nano"),  # the chip is sure, the USB number is not
    ],
)
def test_the_best_evidence_decides_the_board(requested, usb, chip, protocol, board):
    assert choose_board(requested, usb, chip, protocol) == (board, None)


def test_a_guess_is_noted():
    board, note = choose_board(None, CLONE, SMALL, STK500V1)
    assert board == "uno"
    assert "if it is a Nano, say --board nano" in note


@pytest.mark.parametrize(
    ("requested", "chip", "sentence"),
    [
        ("mega", SMALL, "This is no Mega: its chip is an ATmega328P, so nothing was written; use --board uno or nano."),
        ("uno", LARGE, "This is no Uno: its chip is an ATmega2560, so nothing was written; use --board mega."),
    ],
)
def test_a_board_with_another_chip_is_refused(requested, chip, sentence):
    with pytest.raises(InputError, match=sentence):
        choose_board(requested, (None, None), chip, STK500V1)


@pytest.mark.parametrize(
    ("requested", "usb", "first"), [("mega", UNO, STK500V2), (None, MEGA, STK500V2), (None, CLONE, STK500V1)]
)
def test_the_likeliest_protocol_comes_first_and_none_is_left_out(requested, usb, first):
    order = protocols_for(requested, usb)
    assert order[0] == first
    assert sorted(order) == sorted(BOOTLOADER_PROTOCOLS)


def test_firmware_that_does_not_fit_is_refused(hex_file):
    assert load_image("uno", hex_file(b"\x01" * 32_256), 32_256).data == b"\x01" * 32_256
    with pytest.raises(InputError, match="not for a Nano: it needs more than the 30,720 bytes"):
        load_image("nano", hex_file(b"\x01" * 32_256), 30_720)


def test_firmware_of_ours_is_found_by_the_boards_name(hex_file, tmp_path, monkeypatch):
    monkeypatch.setattr(firmware_profiles, "HEX_FOLDER", tmp_path)
    hex_file(b"\x05\x06", "cellwright-mega.hex")
    assert load_image("mega", None, 253_952) == (tmp_path / "cellwright-mega.hex", b"\x05\x06", True)
    with pytest.raises(InputError, match="has no firmware for the Nano: run 'make firmware'"):
        load_image("nano", None, 30_720)


@pytest.mark.parametrize("board", boards.BOARDS)
def test_firmware_for_each_board_is_there_and_fits(board):
    image = load_image(board, None, boards.BOARDS[board].room_bytes)
    assert image.is_ours
    assert b"CellwrightFirmata" in image.data


def test_the_package_takes_firmware_and_its_sources_along():
    folder = firmware_profiles.HEX_FOLDER.parents[1]
    patterns = tomllib.loads((folder.parent / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    taken = {path for pattern in patterns["cellwright.hardware"] for path in folder.glob(pattern)}
    wanted = {
        path for suffix in ("hex", "ino", "cpp", "h", "md") for path in (folder / "firmware").rglob(f"*.{suffix}")
    }
    assert len(wanted) > 10
    assert taken == wanted
