"""Character displays: an HD44780 behind a PCF8574 backpack on the I2C bus."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cellwright.hardware.board import Board, I2cPort
from cellwright.hardware.device import Device
from cellwright.hardware.pins import Pin
from cellwright.hardware.waits import Steps

# The backpack's outputs (the usual wiring): P0 RS, P1 RW, P2 E, P3 the light, P4 to P7 the four data lines.
RS, ENABLE, LIGHT = 0x01, 0x04, 0x08
# Instructions and times. Source: Hitachi, HD44780U datasheet, tables 6 and 13, figure 24 (start in 4-bit mode).
CLEAR, ENTRY_FORWARD, DISPLAY_ON, FUNCTION_4_BIT_2_LINES, SET_ADDRESS = 0x01, 0x06, 0x0C, 0x28, 0x80
POWER_UP_S, FIRST_S, SECOND_S, CLEAR_S = 0.04, 0.0041, 0.0001, 0.0016
ROW_ADDRESSES = (0x00, 0x40, 0x14, 0x54)
MAX_WRITE_BYTES = 30
"""Five characters. A Firmata message holds 64 bytes, two for each byte to write; Arduino's Wire library takes 32."""
PRESENCE_TIMEOUT_S = 0.5
_MISSING_CHARACTER = re.compile(r"[^ -\[\]-}]")


@dataclass(kw_only=True)
class CharacterDisplay(Device):
    """A display of some rows of characters. It uses only the board's two I2C pins (18 and 19 on an Uno).

    Each nibble is three bytes to the backpack: data, data with enable, data. At the bus's 100 kbit/s a byte takes
    90 µs, which is longer than the display needs for a character, so no waits are needed.
    """

    address: int = 0x27
    columns: int = 16
    rows: int = 2
    is_ready: bool = field(default=False, init=False)
    port: I2cPort = field(init=False, repr=False)
    _shown: list[str] = field(default_factory=list, init=False, repr=False)

    def pins(self) -> dict[str, Pin]:
        return {}

    def i2c_addresses(self) -> tuple[int, ...]:
        return (self.address,)

    def problems(self) -> Iterator[str]:
        if not 1 <= self.rows <= len(ROW_ADDRESSES) or not 1 <= self.columns <= 40:
            yield f"has {self.rows} rows of {self.columns}; there are displays of 1 to 4 rows of up to 40 characters"
        if not 0x08 <= self.address <= 0x77:
            yield f"is on I2C address {self.address:#x}; those from 0x08 to 0x77 are free"

    def attach(self, board: Board) -> None:
        self.board = board
        self.port = board.declare_i2c(self.address)

    def reset(self) -> None:
        self.is_ready = False  # the display may have lost its power

    def start(self) -> Steps:
        """Check that it answers, and bring it from any state to an empty screen in 4-bit mode.

        Raises StepTimeoutError if nothing answers at its address.
        """
        env = self.board.env
        yield self.port.read(self, None, 1, PRESENCE_TIMEOUT_S)
        yield env.timeout(POWER_UP_S)
        for pause_s in (FIRST_S, SECOND_S, SECOND_S):
            self.port.write(_nibble(0x3, 0))
            yield env.timeout(pause_s)
        self.port.write(_nibble(0x2, 0))
        for instruction in (FUNCTION_4_BIT_2_LINES, DISPLAY_ON, CLEAR):
            self.port.write(_byte(instruction, 0))
        yield env.timeout(CLEAR_S)
        self.port.write(_byte(ENTRY_FORWARD, 0))
        self._shown = [" " * self.columns for _ in range(self.rows)]
        self.is_ready = True
        self.note("started", None)

    def show(self, lines: Sequence[str]) -> None:
        """Show ``lines`` from the first row on; only changed characters are written. No effect before ``start``."""
        if not self.is_ready:
            return
        for row in range(self.rows):
            line = lines[row] if row < len(lines) else ""
            self._show_row(row, _plain(line)[: self.columns].ljust(self.columns))

    def _show_row(self, row: int, line: str) -> None:
        old = self._shown[row]
        if line == old:
            return
        changed = [column for column in range(self.columns) if line[column] != old[column]]
        first, last = changed[0], changed[-1]
        self._shown[row] = line
        data = _byte(SET_ADDRESS | (ROW_ADDRESSES[row] + first), 0)
        for character in line[first : last + 1]:
            data += _byte(ord(character), RS)
        for start in range(0, len(data), MAX_WRITE_BYTES):
            self.port.write(data[start : start + MAX_WRITE_BYTES])


def _plain(line: str) -> str:
    """Replace characters that the display's character set lacks, or has elsewhere than ASCII, by question marks."""
    return _MISSING_CHARACTER.sub("?", line)


def _nibble(nibble: int, register: int) -> bytes:
    outputs = nibble << 4 | register | LIGHT
    return bytes((outputs, outputs | ENABLE, outputs))


@lru_cache(maxsize=512)
def _byte(byte: int, register: int) -> bytes:
    return _nibble(byte >> 4, register) + _nibble(byte & 0xF, register)
