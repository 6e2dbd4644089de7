"""A boot loader at the other end of a port: its chip, the contents of the flash, and writing new pages.

The messages are those of the library arduinobootloader; the port, the resets, the timeouts and the errors are here
(docs/decisions/0009).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from arduinobootloader import ArduinoBootloader

from cellwright.errors import FlashError, InputError
from cellwright.hardware.flashing.boards import CHIPS, STK500V2, BootloaderProtocol, Chip
from cellwright.hardware.flashing.reset_port import UploadPort
from cellwright.hardware.intel_hex import ERASED

PAGE_REPLY_TIMEOUT_S = 1.0
"""Writing a page takes 10 ms, a busy USB hub some tens."""
SIGN_ON_TIMEOUT_S = 0.1
SIGN_ON_TRIES = 3
BLANK_BYTES = 4096
"""This much erased flash in a row counts as the end of the firmware."""


class FlashContents(NamedTuple):
    """The contents of a board's flash from address 0 on, as far as it was read."""

    data: bytes

    @property
    def used(self) -> bytes:
        """Up to the last byte that is not erased."""
        return self.data.rstrip(bytes([ERASED]))

    @property
    def crc(self) -> int:
        """CRC-32 of the part in use."""
        return zlib.crc32(self.used)

    def begins_with(self, firmware: bytes) -> bool:
        """Whether the flash holds this firmware; bytes after it, left by a longer one, do not matter."""
        return self.data[: len(firmware)] == firmware


class BootLoader:
    """A boot loader that has answered. Raises FlashError for every answer that does not come in time."""

    def __init__(self, programmer: Any, chip: Chip, protocol: BootloaderProtocol) -> None:
        self._programmer = programmer
        self.chip = chip
        self.protocol = protocol

    def read(self, address: int, size: int) -> bytes:
        """Read ``size`` bytes of the flash, at most a page."""
        data = self._programmer.read_memory(address, size)
        if data is None or len(data) != size:
            raise FlashError(f"The boot loader fell silent while its flash was read at 0x{address:04X}: try again.")
        return bytes(data)

    def write_page(self, address: int, data: bytes) -> None:
        """Erase a page and write it."""
        if not self._programmer.write_memory(bytearray(data), address):
            raise FlashError(
                f"The boot loader did not take the page at 0x{address:04X}, so the board holds half a firmware: "
                "try again."
            )

    def leave(self) -> None:
        """Start the firmware. Often it starts even though the boot loader does not confirm."""
        self._programmer.leave_bootloader()

    # ---- whole firmware ----

    def contents(self, at_least: int, room_bytes: int, advance: Callable[[], None]) -> FlashContents:
        """Read the flash: the first ``at_least`` bytes, then on to the end of the firmware, or of the flash.

        Optiboot on an Uno sends its 32 KiB in 3 s. ``advance`` is called after each page of the first ``at_least``.
        """
        data = bytearray()
        erased = bytes([ERASED]) * BLANK_BYTES
        while len(data) < room_bytes and (len(data) < at_least or not data.endswith(erased)):
            is_expected = len(data) < at_least
            data += self.read(len(data), min(self.chip.page_bytes, room_bytes - len(data)))
            if is_expected:
                advance()
        return FlashContents(bytes(data))

    def write(self, firmware: bytes, advance: Callable[[], None]) -> None:
        """Write a firmware from address 0 on, page by page: the Mega's boot loader erases in that order only."""
        for address, page in self._pages(firmware):
            self.write_page(address, page)
            advance()

    def verify(self, firmware: bytes, advance: Callable[[], None]) -> None:
        """Read a firmware back and compare.

        Raises FlashError with the address of the first byte that differs.
        """
        for address, page in self._pages(firmware):
            read = self.read(address, len(page))
            if read != page:
                at = next(index for index in range(len(page)) if read[index] != page[index])
                raise FlashError(
                    f"The board does not hold what was written: at 0x{address + at:04X} there is "
                    f"{read[at]:02X} and not {page[at]:02X}; try again, with a shorter or better cable."
                )
            advance()

    def _pages(self, firmware: bytes) -> Iterator[tuple[int, bytes]]:
        size = self.chip.page_bytes
        for address in range(0, len(firmware), size):
            yield address, firmware[address : address + size].ljust(size, bytes([ERASED]))

    def page_count(self, firmware: bytes) -> int:
        """The number of pages of a firmware."""
        return -(-len(firmware) // self.chip.page_bytes)


def find_boot_loader(upload_port: UploadPort, protocols: Sequence[BootloaderProtocol], port: str) -> BootLoader:
    """Reset the board and connect to its boot loader, with one protocol after the other.

    Raises InputError if none answers (each takes about 3 s), or if its chip is unknown.
    """
    for protocol in protocols:
        library = ArduinoBootloader()
        programmer = library.select_programmer(protocol.library_name)
        library.device = upload_port
        upload_port.set_baud(protocol.baud)
        upload_port.reset_board()
        if _can_sign_on(upload_port, programmer, protocol):
            upload_port.timeout = PAGE_REPLY_TIMEOUT_S
            upload_port.reset_input_buffer()
            return BootLoader(programmer, _chip(library, programmer, port), protocol)
    raise InputError(
        f"No boot loader answers at {port}: press the board's reset button as the command starts, "
        "check that it is an Uno, Nano or Mega, and that the cable carries data."
    )


def _can_sign_on(upload_port: UploadPort, programmer: Any, protocol: BootloaderProtocol) -> bool:
    if protocol != STK500V2:
        return bool(programmer.get_sync())  # tries four times, half a second each
    upload_port.timeout = SIGN_ON_TIMEOUT_S  # the library reads nine times before it gives up
    return any(programmer.get_sync() for _ in range(SIGN_ON_TRIES))


def _chip(library: Any, programmer: Any, port: str) -> Chip:
    programmer.cpu_signature()
    name = library.cpu_name  # of a chip that the library does not know: "signature: " and the number
    if not name:
        raise FlashError(f"The boot loader at {port} answers, but does not say what chip it is on: try again.")
    if name not in CHIPS:
        raise InputError(
            f"The chip at {port} is none that there is firmware for ({name}): "
            "it takes an Uno, a Nano or a Mega with ATmega328P or ATmega2560."
        )
    return CHIPS[name]
