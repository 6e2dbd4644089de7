"""The Arduinos that can be flashed: their chips, their boot loaders, and how to identify each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cellwright.errors import InputError, nearest
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.intel_hex import read_hex


class BootloaderProtocol(NamedTuple):
    """The protocol of a boot loader, as the upload library and as avrdude name it, and its baud rate."""

    library_name: str
    avrdude_programmer: str
    baud: int


STK500V1 = BootloaderProtocol("Stk500v1", "arduino", 115_200)
"""Optiboot, on the Uno and on Nanos made since 2018."""
STK500V1_SLOW = BootloaderProtocol("Stk500v1", "arduino", 57_600)
"""ATmegaBOOT, on older Nanos and on most of their clones."""
STK500V2 = BootloaderProtocol("Stk500v2", "wiring", 115_200)
"""The Mega's."""
BOOTLOADER_PROTOCOLS = (STK500V1, STK500V2, STK500V1_SLOW)


class Chip(NamedTuple):
    """A microcontroller: what avrdude calls it, and its flash page size in bytes."""

    name: str
    avrdude_part: str
    page_bytes: int


CHIPS = {
    chip.name: chip
    for chip in (
        Chip("ATmega328P", "m328p", 128),
        Chip("ATmega328", "m328", 128),
        Chip("ATmega2560", "m2560", 256),
    )
}


class Flashable(NamedTuple):
    """A board. room_bytes: the flash for firmware, below the boot loader (boards.txt of the Arduino core)."""

    title: str
    chips: tuple[str, ...]
    room_bytes: int
    protocols: tuple[BootloaderProtocol, ...]


BOARDS = {
    "uno": Flashable("Uno", ("ATmega328P", "ATmega328"), 32_256, (STK500V1,)),
    "nano": Flashable("Nano", ("ATmega328P", "ATmega328"), 30_720, (STK500V1, STK500V1_SLOW)),
    "mega": Flashable("Mega", ("ATmega2560",), 253_952, (STK500V2,)),
}

UsbId = tuple[int | None, int | None]
"""A USB vendor id and product id; None for a port that is not USB."""
ARDUINO_MAKERS = (0x2341, 0x2A03)
UNO_PRODUCTS = (0x0043, 0x0001, 0x0243)
MEGA_PRODUCTS = (0x0010, 0x0042, 0x0210, 0x0242)
"""From boards.txt of the Arduino core. The USB id of a clone is that of its serial chip, not of the board."""


def board_of_usb(usb: UsbId) -> str | None:
    """The board with a USB id, if that identifies one."""
    vendor, product = usb
    if vendor in ARDUINO_MAKERS and product in UNO_PRODUCTS:
        return "uno"
    if vendor in ARDUINO_MAKERS and product in MEGA_PRODUCTS:
        return "mega"
    return None


def checked_name(board: str | None) -> str | None:
    """A board's name in lower case.

    Raises InputError for a board that cannot be flashed.
    """
    if board is None or board.lower() in BOARDS:
        return board and board.lower()
    raise InputError(f"There is no firmware for a board {board!r}; {nearest(board, BOARDS)}")


class BoardChoice(NamedTuple):
    """The chosen board; ``note`` is a sentence for the user if it was guessed."""

    board: str
    note: str | None = None


def choose_board(requested: str | None, usb: UsbId, chip: Chip, protocol: BootloaderProtocol) -> BoardChoice:
    """The board with this chip and boot loader: the one requested, or else the most likely one.

    Raises InputError if the requested board has another chip.
    """
    if requested is not None:
        if chip.name not in BOARDS[requested].chips:
            fitting = " or ".join(name for name, board in BOARDS.items() if chip.name in board.chips)
            raise InputError(
                f"This is no {BOARDS[requested].title}: its chip is an {chip.name}, so nothing was written; "
                f"use --board {fitting}."
            )
        return BoardChoice(requested)
    from_usb = board_of_usb(usb)
    if from_usb is not None and chip.name in BOARDS[from_usb].chips:
        return BoardChoice(from_usb)
    if chip.name in BOARDS["mega"].chips:
        return BoardChoice("mega")
    if protocol == STK500V1_SLOW:
        return BoardChoice("nano")
    note = "Taken for an Uno; if it is a Nano, say --board nano, or its inputs A6 and A7 are not there."
    return BoardChoice("uno", note)


def protocols_for(requested: str | None, usb: UsbId) -> tuple[BootloaderProtocol, ...]:
    """Every protocol, the likeliest first."""
    likely = requested or board_of_usb(usb)
    first = BOARDS[likely].protocols if likely else ()
    return tuple(dict.fromkeys([*first, *BOOTLOADER_PROTOCOLS]))


class FirmwareImage(NamedTuple):
    """Firmware for a board: its file, and its bytes from address 0 on."""

    path: Path
    data: bytes
    is_ours: bool


def load_image(board: str, given: Path | None, room_bytes: int) -> FirmwareImage:
    """The given file, or else CellwrightFirmata for that board.

    Raises InputError if it is missing, is damaged, or does not fit.
    """
    path = given or firmware_hex(board)
    return FirmwareImage(path, read_hex(path, room_bytes, f"a {BOARDS[board].title}"), given is None)
