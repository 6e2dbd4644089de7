"""Boards to flash: one with a boot loader simulated in Python, and one that is an emulated chip with a real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cellwright.errors import FlashError
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.intel_hex import write_hex

SIGNATURES = {"328P": bytes.fromhex("1e950f"), "2560": bytes.fromhex("1e9801"), "328PB": bytes.fromhex("1e9516")}


class SimulatedBoard:
    """A board and its port at once: STK500 as its boot loader, then Firmata as its firmware.

    Faults: ``corrupts`` changes a byte at an address as it is written, ``silent_after`` so many
    commands, ``is_lost_after`` so many pages.
    """

    FIRMWARE_BAUD = 57_600

    def __init__(self, chip="328P", protocol=1, baud=115_200, room=32 * 1024):
        self.signature = SIGNATURES[chip]
        self.protocol, self.boot_baud = protocol, baud
        self.flash = bytearray(b"\xff" * room)
        self.names = {}  # firmware's first bytes: the name it tells
        self.timeout = 0.1
        self.baud = 0
        self.commands = 0
        self.resets = 0
        self.pages_written = []
        self.corrupts = self.silent_after = self.is_lost_after = None
        self.is_closed = False
        self._answers = bytearray()
        self._received = bytearray()
        self._address = self._erased = 0
        self._in_boot_loader = False

    # ---- as a port ----

    def open(self, port):
        self.is_closed = False
        self._start_firmware()
        return self

    def close(self):
        self.is_closed = True

    def set_baud(self, baud):
        self.baud = baud

    def reset_input_buffer(self):
        self._answers.clear()

    def reset_board(self):
        self.resets += 1
        self._in_boot_loader = True
        self._address = self._erased = 0
        self._received.clear()
        self._answers.clear()

    def read(self, size):
        if not self._in_boot_loader:
            self._report_name()
        data = bytes(self._answers[:size])
        del self._answers[:size]
        return data

    def write(self, data):
        assert not self.is_closed
        if not self._in_boot_loader:
            return
        if self.baud != self.boot_baud:
            return
        self._received += data
        (self._on_v1 if self.protocol == 1 else self._on_v2)()

    # ---- as firmware ----

    def load(self, firmware, name=None):
        self.flash[: len(firmware)] = firmware
        self.names[bytes(firmware[:16])] = name

    def _start_firmware(self):
        self._in_boot_loader = False
        self._has_reported = False

    def _report_name(self):
        name = self.names.get(bytes(self.flash[:16]))
        if name and self.baud == self.FIRMWARE_BAUD and not self._has_reported:
            self._answers += messages.firmware(2, 5, name)
            self._has_reported = True

    # ---- as a boot loader ----

    def _count(self):
        self.commands += 1
        return self.silent_after is None or self.commands <= self.silent_after

    def _program(self, data):
        if len(self.pages_written) == self.is_lost_after:
            raise FlashError("port was lost (unplugged)")
        page = bytearray(data)
        if self.corrupts is not None and self._address <= self.corrupts < self._address + len(page):
            page[self.corrupts - self._address] ^= 0x10
        self.flash[self._address : self._address + len(page)] = page
        self.pages_written.append(self._address)

    def _on_v1(self):
        command = bytes(self._received)
        if not command.endswith(b" "):
            return
        self._received.clear()
        if not self._count():
            return
        answer = b""
        kind = command[:1]
        if kind == b"u":
            answer = self.signature
        elif kind == b"U":
            self._address = 2 * int.from_bytes(command[1:3], "little")
        elif kind == b"t":
            answer = bytes(self.flash[self._address : self._address + int.from_bytes(command[1:3])])
        elif kind == b"d":
            self._program(command[4:-1])
        self._answers += b"\x14" + answer + b"\x10"
        if kind == b"Q":
            self._start_firmware()

    def _on_v2(self):
        frame = bytes(self._received)
        if len(frame) < 6 or frame[0] != 0x1B or len(frame) < 6 + int.from_bytes(frame[2:4]):
            return
        self._received.clear()
        if not self._count():
            return
        body = frame[5:-1]
        answer = b""
        if body[0] == 0x01:
            answer = b"\x08AVRISP_2"
        elif body[0] == 0x1D:
            answer = bytes((0, body[4], 0, self.signature[body[6]], 0))
        elif body[0] == 0x06:
            self._address = 2 * (int.from_bytes(body[1:5]) & 0x7FFFFFFF)
        elif body[0] == 0x14:
            size = int.from_bytes(body[1:3])
            answer = bytes(self.flash[self._address : self._address + size]) + b"\0"
        elif body[0] == 0x13:
            self._erase_as_the_mega_does()
            self._program(body[10:])
        head = bytes((0x1B, frame[1])) + (len(answer) + 2).to_bytes(2) + b"\x0e" + bytes((body[0], 0)) + answer
        check = 0
        for byte in head:
            check ^= byte
        self._answers += head + bytes((check,))
        if body[0] == 0x11:
            self._start_firmware()

    def _erase_as_the_mega_does(self):
        """Page after page from 0 on, wherever it writes."""
        assert self._erased == self._address
        self._erased += 256


@pytest.fixture
def uno() -> SimulatedBoard:
    return SimulatedBoard()


@pytest.fixture
def old_nano() -> SimulatedBoard:
    return SimulatedBoard(baud=57_600)


@pytest.fixture
def mega() -> SimulatedBoard:
    return SimulatedBoard("2560", protocol=2, room=256 * 1024)


@pytest.fixture
def play() -> type[SimulatedBoard]:
    return SimulatedBoard


@pytest.fixture
def hex_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes firmware to a hex file."""

    def write(firmware: bytes, name: str = "new.hex") -> Path:
        path = tmp_path / name
        write_hex(path, firmware)
        return path

    return write


# ---- an emulated chip with a real boot loader ----

OLD_NANO_BOOT_LOADER = Path("/usr/share/arduino/hardware/arduino/avr/bootloaders/atmega/ATmegaBOOT_168_atmega328.hex")
"""As Debian's arduino-core-avr has it."""
UBRR0L, UCSR0A, DOUBLE_SPEED = 0xC4, 0xC0, 2
TOLERANCE = 0.04


class ChipWire:
    """The port of an emulated chip in virtual time: waiting for an answer is running the chip.

    Bytes arrive only if host and chip have the same baud rate, by the chip's registers. ``in_transit`` may change what
    the host sends. After ``unplugged_after`` more bytes the cable is unplugged.
    """

    def __init__(self, chip: EmulatedChip) -> None:
        self.chip = chip
        self.timeout = 0.1
        self.baud = 115_200
        self.in_transit = bytes
        self.unplugged_after: int | None = None
        self._arrived = bytearray()

    def open(self, port):
        self.reset_board()
        return self

    def close(self):
        self._arrived.clear()

    def set_baud(self, baud):
        self.baud = baud

    def reset_board(self):
        self.chip.reset()
        self._run(0.05)
        self._arrived.clear()

    def reset_input_buffer(self):
        self._arrived.clear()

    def write(self, data):
        if self.unplugged_after is not None:
            self.unplugged_after -= len(data)
            if self.unplugged_after < 0:
                raise FlashError("port was lost (unplugged)")
        data = bytes(self.in_transit(data))
        self.chip.feed(data if self._has_same_baud() else bytes(byte ^ 0xA5 for byte in data))

    def read(self, size):
        until = self.chip.cycle + int(self.timeout * CLOCK_HZ)
        while len(self._arrived) < size and self.chip.cycle < until:
            self._take(self.chip.run(until))
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data

    def _run(self, seconds):
        until = self.chip.cycle + int(seconds * CLOCK_HZ)
        while self.chip.cycle < until:
            self._take(self.chip.run(until))

    def _take(self, events):
        received = bytes(event.value for event in events if event.kind is EventKind.BYTE)
        self._arrived += received if self._has_same_baud() else bytes(byte ^ 0xA5 for byte in received)

    def _has_same_baud(self):
        divisor = 8 if self.chip.memory(UCSR0A, 1)[0] & DOUBLE_SPEED else 16
        chip_baud = CLOCK_HZ / divisor / (int.from_bytes(self.chip.memory(UBRR0L, 2), "little") + 1)
        return abs(chip_baud / self.baud - 1) < TOLERANCE


@pytest.fixture
def boot_loaders(emulator_file: Callable[[str], Path]) -> Callable[[str], tuple[Path, str, int]]:
    """Of a board: its boot loader's hex file, its chip, its bits/s."""

    def find(board: str) -> tuple[Path, str, int]:
        if board == "uno":
            return emulator_file("optiboot-uno.hex"), "atmega328p", 115_200
        if board == "mega":
            return emulator_file("stk500boot-mega.hex"), "atmega2560", 115_200
        if not OLD_NANO_BOOT_LOADER.exists():
            pytest.skip(f"{OLD_NANO_BOOT_LOADER.name} is missing; it comes with arduino-core-avr.")
        return OLD_NANO_BOOT_LOADER, "atmega328p", 57_600

    return find


@pytest.fixture
def stock(emulator_file: Callable[[str], Path]) -> Callable[[str], Path]:
    """StandardFirmata for a board, as a hex file."""
    return lambda board: emulator_file(f"StandardFirmata-{'mega' if board == 'mega' else 'uno'}.hex")


@pytest.fixture
def chip_with(boot_loaders) -> Callable[..., ChipWire]:
    """The port of an emulated board that has a boot loader and, if given, firmware."""

    def make(board: str, *firmware: Path) -> ChipWire:
        boot_loader, mcu, baud = boot_loaders(board)
        return ChipWire(EmulatedChip(find_library(), [*firmware, boot_loader], baud, mcu))

    return make
