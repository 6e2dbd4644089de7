"""Real boot loaders on emulated chips, in virtual time: Optiboot, the old Nano's ATmegaBOOT, the Mega's STK500v2."""

from __future__ import annotations

import pytest

from cellwright.errors import FlashError, InputError
from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.flashing.boards import BOARDS, BOOTLOADER_PROTOCOLS, load_image
from cellwright.hardware.flashing.bootloader import find_boot_loader
from cellwright.hardware.flashing.identify import ask_firmware
from cellwright.hardware.intel_hex import read_hex

pytestmark = pytest.mark.emulated

ALL = ["uno", "nano", "mega"]
STOCK = {"uno": "StandardFirmata 2.4", "nano": "StandardFirmata 2.4", "mega": "StandardFirmata 2.3"}


def nothing():
    """Nobody watches the progress."""


def find(wire):
    return find_boot_loader(wire, BOOTLOADER_PROTOCOLS, "port")


def firmware_of(path, board):
    return read_hex(path, BOARDS[board].room_bytes, board)


@pytest.mark.parametrize("board", ALL)
def test_it_is_found_and_its_flash_read(board, chip_with, stock):
    firmware = firmware_of(stock(board), board)
    boot = find(chip_with(board, stock(board)))
    assert boot.chip.name in BOARDS[board].chips
    assert boot.dialect in BOARDS[board].dialects
    assert boot.contents(0, BOARDS[board].room_bytes, nothing).used == firmware.rstrip(b"\xff")


@pytest.mark.parametrize("board", ALL)
def test_firmware_is_written_verified_and_runs(board, chip_with, stock):
    firmware = firmware_of(stock(board), board)
    wire = chip_with(board)
    boot = find(wire)
    assert boot.contents(0, BOARDS[board].room_bytes, nothing).used == b""
    boot.write(firmware, nothing)
    boot.verify(firmware, nothing)
    assert wire.chip.flash(0, len(firmware)) == firmware
    boot.leave()
    assert str(ask_firmware(wire)) == STOCK[board]


@pytest.mark.parametrize("board", ALL)
def test_what_ships_is_read_written_and_verified_in_seconds(board, chip_with):
    """Prints the times in docs/guides/flash-the-firmware.md (pytest -n 0 -s)."""
    room = BOARDS[board].room_bytes
    firmware = load_image(board, None, room).data
    wire = chip_with(board, firmware_hex(board))
    boot = find(wire)
    took_s = {}

    def time(what, work, *requested):
        began = wire.chip.cycle
        done = work(*requested, nothing)
        took_s[what] = (wire.chip.cycle - began) / CLOCK_HZ
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
    wire = chip_with(board, stock(board))
    new = bytes(range(256)) * 9 + b"the end"
    boot = find(wire)
    boot.write(new, nothing)
    boot.verify(new, nothing)
    assert boot.contents(len(new), BOARDS[board].room_bytes, nothing).begins_with(new)


@pytest.mark.parametrize("board", ["uno", "mega"])
def test_a_bit_that_turns_over_on_the_way_is_detected(board, chip_with):
    wire = chip_with(board)
    boot = find(wire)
    firmware = bytes(range(1, 251)) * 4
    wire.in_transit = lambda data: data.replace(bytes([7, 8, 9]), bytes([7, 8 ^ 4, 9]))
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
    wire = chip_with(board)
    boot = find(wire)
    wire.unplugged_after = 3000
    with pytest.raises(FlashError, match="was lost"):
        boot.write(firmware, nothing)
    assert 0 < len(wire.chip.flash(0, len(firmware)).rstrip(b"\xff")) < 3000
    wire.unplugged_after = None
    again = find(wire)
    again.write(firmware, nothing)
    again.verify(firmware, nothing)


def test_without_a_boot_loader_that_is_reported(emulator_library, stock, chip_with):
    from cellwright.hardware.emulator.chip import EmulatedChip

    wire = chip_with("uno")
    wire.chip = EmulatedChip(emulator_library, stock("uno"), 115_200)
    with pytest.raises(InputError, match="No boot loader answers at port"):
        find(wire)
    wire.reset_board()
    assert str(ask_firmware(wire)) == "StandardFirmata 2.4"


@pytest.mark.parametrize("board", ALL)
def test_firmware_is_identified_after_the_reset_that_opening_the_port_makes(board, chip_with, stock):
    wire = chip_with(board, stock(board)).open("port")
    assert str(ask_firmware(wire)) == STOCK[board]


@pytest.mark.parametrize("board", ALL)
def test_the_firmware_that_ships_is_flashed_and_answers(board, chip_with, stock):
    firmware = load_image(board, None, BOARDS[board].room_bytes).data
    wire = chip_with(board, stock(board))
    boot = find(wire)
    boot.write(firmware, nothing)
    boot.verify(firmware, nothing)
    boot.leave()
    assert ask_firmware(wire).name == "CellwrightFirmata"
    assert ask_firmware(wire.open("port")).name == "CellwrightFirmata"
