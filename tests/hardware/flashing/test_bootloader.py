"""The messages to a boot loader and its answers, with a board simulated in Python."""

from __future__ import annotations

import pytest

from cellwright.errors import FlashError, InputError
from cellwright.hardware.flashing.boards import BOOTLOADER_PROTOCOLS, STK500V1, STK500V1_SLOW, STK500V2
from cellwright.hardware.flashing.bootloader import BLANK_BYTES, FlashContents, find_boot_loader

FIRMWARE = bytes(range(1, 251)) * 4


class Counter:
    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1


def boot_loader_of(board):
    return find_boot_loader(board.open("port"), BOOTLOADER_PROTOCOLS, "port")


@pytest.mark.parametrize(
    ("name", "chip", "protocol", "resets"),
    [
        ("uno", "ATmega328P", STK500V1, 1),
        ("mega", "ATmega2560", STK500V2, 2),
        ("old_nano", "ATmega328P", STK500V1_SLOW, 3),
    ],
)
def test_each_boot_loader_is_found_by_itself(request, name, chip, protocol, resets):
    board = request.getfixturevalue(name)
    boot = boot_loader_of(board)
    assert (boot.chip.name, boot.protocol) == (chip, protocol)
    assert board.resets == resets  # each dialect is tried on a board that was just reset


@pytest.mark.parametrize("name", ["uno", "mega", "old_nano"])
def test_what_is_written_is_there(request, name):
    board = request.getfixturevalue(name)
    board.load(b"\x55" * 3000)
    boot = boot_loader_of(board)
    pages = Counter()
    boot.write(FIRMWARE, pages)
    boot.verify(FIRMWARE, pages)
    assert board.flash[: len(FIRMWARE)] == FIRMWARE
    assert pages.count == 2 * boot.page_count(FIRMWARE)
    assert board.pages_written == list(range(0, len(FIRMWARE), boot.chip.page_bytes))


def test_the_rest_of_the_last_page_is_erased(uno):
    uno.load(b"\x55" * 3000)
    boot_loader_of(uno).write(b"\x01" * 130, Counter())
    assert uno.flash[130:256] == b"\xff" * 126
    assert uno.flash[256] == 0x55


def test_a_byte_that_differs_is_named(uno):
    uno.corrupts = 0x0123
    boot = boot_loader_of(uno)
    boot.write(FIRMWARE, Counter())
    wrong, right = FIRMWARE[0x123] ^ 0x10, FIRMWARE[0x123]
    with pytest.raises(FlashError, match=f"at 0x0123 there is {wrong:02X} and not {right:02X}"):
        boot.verify(FIRMWARE, Counter())


def test_reading_ends_where_nothing_is_any_more(mega):
    mega.load(FIRMWARE)
    pages = Counter()
    found = boot_loader_of(mega).contents(300, 253_952, pages)
    assert found.used == FIRMWARE
    assert len(found.data) < len(FIRMWARE) + BLANK_BYTES + 256
    assert pages.count == 2  # how much more there would be was not known before


def test_reading_goes_as_far_as_it_must_and_no_further_than_there_is_room(uno):
    uno.load(FIRMWARE)
    uno.flash[20_000] = 7
    boot = boot_loader_of(uno)
    assert len(boot.contents(20_001, 32_256, Counter()).used) == 20_001
    assert len(boot.contents(32_256, 32_256, Counter()).data) == 32_256
    uno.flash[:] = bytes(len(uno.flash))
    assert len(boot.contents(0, 30_720, Counter()).data) == 30_720


def test_contents_show_what_is_in_use():
    found = FlashContents(b"123456789" + b"\xff" * 300)
    assert found.used == b"123456789"
    assert found.crc == 0xCBF43926  # the check value that is published for CRC-32
    assert found.begins_with(b"1234")
    assert not found.begins_with(b"124")
    assert FlashContents(b"\xff" * 256).used == b""


def test_no_boot_loader_is_a_sentence(uno):
    uno.silent_after = 0
    with pytest.raises(InputError, match="No boot loader answers at port: press the board's reset button"):
        boot_loader_of(uno)
    assert uno.resets == len(BOOTLOADER_PROTOCOLS)


def test_a_boot_loader_that_does_not_tell_its_chip_is_a_fault(uno):
    uno.silent_after = 1
    with pytest.raises(FlashError, match="does not say what chip it is on"):
        boot_loader_of(uno)


def test_an_unknown_chip_is_refused(play):
    with pytest.raises(InputError, match=r"none that there is firmware for \(signature: 1e9516\)"):
        boot_loader_of(play("328PB"))


@pytest.mark.parametrize("name", ["uno", "mega"])
def test_a_boot_loader_that_falls_silent_is_a_fault_that_says_where(request, name):
    board = request.getfixturevalue(name)
    boot = boot_loader_of(board)
    board.silent_after = board.commands + 2
    with pytest.raises(FlashError, match=f"did not take the page at 0x{boot.chip.page_bytes:04X}"):
        boot.write(FIRMWARE, Counter())
    with pytest.raises(FlashError, match="fell silent while its flash was read at 0x0000"):
        boot.verify(FIRMWARE, Counter())
