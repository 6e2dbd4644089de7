"""A model of a PCF8574 backpack with its HD44780: it interprets the bytes on the bus as the chip does."""

from __future__ import annotations

import simpy

from cellwright.actuators.display import ENABLE, RS, CharacterDisplay
from cellwright.hardware.model.world import World

ROW_LENGTH = 0x40
READABLE_S = 0.04
"""How long a text must be unchanged before a person has read it: longer than writing a row at 57600 baud takes."""


class ModelDisplay:
    """Takes the backpack's bytes as the chip does: a nibble counts when enable falls.

    env: the clock, where bytes take their time on the way here: a person who looks while they come reads what was
    there before. Without one they all come at once.

    Source: Hitachi, HD44780U datasheet, tables 6 (instructions) and figures 9 and 24 (4-bit bus, start).
    """

    def __init__(self, columns: int = 16, env: simpy.Environment | None = None) -> None:
        self.columns = columns
        self._env = env
        self._changed_s = -READABLE_S
        self._read: list[str] = []  # what the memory was before it began to change
        self.is_on = False
        self._memory = [" "] * (2 * ROW_LENGTH)
        self._address = 0
        self._is_4_bit = False
        self._high: int | None = None
        self._held = 0

    def write(self, data: bytes) -> None:
        """Bytes from the board: each is what the backpack's outputs are from then on."""
        self._save_read_text()
        for byte in data:
            if self._held & ENABLE and not byte & ENABLE:
                self._nibble(self._held >> 4, bool(self._held & RS))
            self._held = byte

    def read(self, count: int) -> bytes:
        """The backpack's pins."""
        return bytes((self._held,)) * count

    def line(self, row: int) -> str:
        """What a row shows."""
        start = row * ROW_LENGTH
        memory = self._read if self._is_changing() else self._memory
        return "".join(memory[start : start + self.columns]) if self.is_on else ""

    def _is_changing(self) -> bool:
        return self._env is not None and self._env.now - self._changed_s < READABLE_S

    def _save_read_text(self) -> None:
        """Save the text that a person has read, when it begins to change."""
        if self._env is None:
            return
        if not self._is_changing():
            self._read = list(self._memory)
        self._changed_s = self._env.now

    def _nibble(self, nibble: int, is_data: bool) -> None:
        if not self._is_4_bit:  # on an 8-bit bus a nibble is an instruction of which only the upper half is wired
            self._is_4_bit = nibble == 0x2
            return
        if self._high is None:
            self._high = nibble
            return
        byte, self._high = self._high << 4 | nibble, None
        if is_data:
            self._memory[self._address % len(self._memory)] = chr(byte)
            self._address += 1
        else:
            self._instruct(byte)

    def _instruct(self, byte: int) -> None:
        if byte & 0x80:
            self._address = byte & 0x7F
        elif byte >> 4 == 0x3:
            self._is_4_bit, self._high = False, None
        elif byte & 0xF8 == 0x08:
            self.is_on = bool(byte & 0x04)
        elif byte == 0x01:
            self._memory = [" "] * len(self._memory)
            self._address = 0


def put_display(board: World, display: CharacterDisplay) -> ModelDisplay:
    """Put the chip that ``display`` talks to on a model board, for a plant's person to read."""
    drives: object = display.board
    chip = ModelDisplay(display.columns, None if drives is board else board.env)
    board.i2c_devices[display.address] = chip
    return chip
