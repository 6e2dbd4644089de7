"""Real boot loaders on emulated chips, in virtual time: Optiboot, the old Nano's ATmegaBOOT, the Mega's STK500v2."""

from __future__ import annotations

import pytest

from cellwright.errors import FlashError, InputError
from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.flashing.boards import BOARDS, BOOTLOADER_PROTOCOLS, load_image
from cellwright.hardware.flashing.bootloader import find_boot_loader
from cellwright.hardware.flashing.identify import identify_firmware
from cellwright.hardware.intel_hex import read_hex

pytestmark = pytest.mark.emulated

ALL = ["uno", "nano", "mega"]
STOCK = {"uno": "StandardFirmata 2.4", "nano": "StandardFirmata 2.4", "mega": "StandardFirmata 2.3"}


def nothing():
    """Nobody watches the progress."""


def find(upload_port):
    return find_boot_loader(upload_port, BOOTLOADER_PROTOCOLS, "port")


def firmware_of(path, board):
    return read_hex(path, BOARDS[board].room_bytes, board)


@pytest.mark.parametrize("board", ALL)
def test_it_is_found_and_its_flash_read(board, chip_with, stock):
    firmware = firmware_of(stock(board), board)
    boot = find(chip_with(board, stock(board)))
    assert boot.chip.name in BOARDS[board].chips
    assert boot.protocol in BOARDS[board].protocols
    assert boot.contents(0, BOARDS[board].room_bytes, nothing).used == firmware.rstrip(b"\xff")


@pytest.mark.parametrize("board", ALL)
def test_firmware_is_written_verified_and_runs(board, chip_with, stock):
    firmware = firmware_of(stock(board), board)
    upload_port = chip_with(board)
    boot = find(upload_port)
    assert boot.contents(0, BOARDS[board].room_bytes, nothing).used == b""
    boot.write(firmware, nothing)
    boot.verify(firmware, nothing)
    assert upload_port.chip.flash(0, len(firmware)) == firmware
    boot.leave()
    assert str(identify_firmware(upload_port)) == STOCK[board]


@pytest.mark.parametrize("board", ALL)
def test_what_ships_is_read_written_and_verified_in_seconds(board, chip_with):
    """Prints the times in docs/guides/flash-the-firmware.md (pytest -n 0 -s)."""
    room = BOARDS[board].room_bytes
    firmware = load_image(board, None, room).data
    upload_port = chip_with(board, firmware_hex(board))
    boot = find(upload_port)
    took_s = {}

    def time(what, work, *requested):
        began = upload_port.chip.cycle
        done = work(*requested, nothing)
        took_s[what] = (upload_port.chip.cycle - began) / CLOCK_HZ
        return done

    assert time("read", boot.contents, len(firmware), room).begins_with(firmware)
    time("write", boot.write, firmware)
    time("verify", boot.verify, firmware)
    assert time("backup", boot.contents, room, room).begins_with(firmware)
    print(f"\n{board}, {len(firmware):,} bytes:", ", ".join(f"{what} {s:.1f} s" for what, s in took_s.items()))
    assert max(took_s[what] for what in ("read", "write", "verify")) < 10
    assert took_s["backup"] < 40


@pytest.mark.parametrize("board", ALL)
def test_a_longer_firmware_is_written_over(board, chip_with, stock, hex_file):
    upload_port = chip_with(board, stock(board))
    new = bytes(range(256)) * 9 + b"the end"
    boot = find(upload_port)
    boot.write(new, nothing)
    boot.verify(new, nothing)
    assert boot.contents(len(new), BOARDS[board].room_bytes, nothing).begins_with(new)


@pytest.mark.parametrize("board", ["uno", "mega"])
def test_a_bit_that_turns_over_on_the_way_is_detected(board, chip_with):
    upload_port = chip_with(board)
    boot = find(upload_port)
    firmware = bytes(range(1, 251)) * 4
    upload_port.in_transit = lambda data: data.replace(bytes([7, 8, 9]), bytes([7, 8 ^ 4, 9]))
    if board == "uno":  # its boot loader has no check sums: what it was sent is what it writes
        boot.write(firmware, nothing)
        with pytest.raises(FlashError, match="at 0x0007 there is 0C and not 08"):
            boot.verify(firmware, nothing)
    else:
        with pytest.raises(FlashError, match="did not take the page at 0x0000"):
            boot.write(firmware, nothing)


@pytest.mark.parametrize("board", ALL)
def test_after_a_cut_in_the_middle_the_boot_loader_still_answers(board, chip_with, stock):
    firmware = firmware_of(stock(board), board)
    upload_port = chip_with(board)
    boot = find(upload_port)
    upload_port.unplugged_after = 3000
    with pytest.raises(FlashError, match="was lost"):
        boot.write(firmware, nothing)
    assert 0 < len(upload_port.chip.flash(0, len(firmware)).rstrip(b"\xff")) < 3000
    upload_port.unplugged_after = None
    again = find(upload_port)
    again.write(firmware, nothing)
    again.verify(firmware, nothing)


def test_without_a_boot_loader_that_is_reported(emulator_library, stock, chip_with):
    from cellwright.hardware.emulator.chip import EmulatedChip

    upload_port = chip_with("uno")
    upload_port.chip = EmulatedChip(emulator_library, stock("uno"), 115_200)
    with pytest.raises(InputError, match="No boot loader answers at port"):
        find(upload_port)
    upload_port.reset_board()
    assert str(identify_firmware(upload_port)) == "StandardFirmata 2.4"


@pytest.mark.parametrize("board", ALL)
def test_firmware_is_identified_after_the_reset_that_opening_the_port_makes(board, chip_with, stock):
    upload_port = chip_with(board, stock(board)).open("port")
    assert str(identify_firmware(upload_port)) == STOCK[board]


@pytest.mark.parametrize("board", ALL)
def test_the_firmware_that_ships_is_flashed_and_answers(board, chip_with, stock):
    firmware = load_image(board, None, BOARDS[board].room_bytes).data
    upload_port = chip_with(board, stock(board))
    boot = find(upload_port)
    boot.write(firmware, nothing)
    boot.verify(firmware, nothing)
    boot.leave()
    assert identify_firmware(upload_port).name == "CellwrightFirmata"
    assert identify_firmware(upload_port.open("port")).name == "CellwrightFirmata"
