"""Parsers of the firmware, which a virtual Arduino uses: they treat valid and invalid bytes as the real ones do."""

from __future__ import annotations

from collections.abc import Callable

from cellwright.hardware.firmata.protocol.messages import (
    ANALOG_MESSAGE,
    DIGITAL_MESSAGE,
    END_SYSEX,
    REPORT_ANALOG,
    REPORT_DIGITAL,
    REPORT_VERSION,
    SET_DIGITAL_PIN_VALUE,
    SET_PIN_MODE,
    START_SYSEX,
    SYSTEM_RESET,
)

MessageHandler = Callable[[int, bytes], None]
"""Called with a command (a fixed message's with its port or channel) and the bytes that follow it."""

MAX_SYSEX_BYTES = 64
"""MAX_DATA_BYTES: command and data of a sysex, in bytes."""

_DATA_LENGTHS = {
    DIGITAL_MESSAGE: 2,
    ANALOG_MESSAGE: 2,
    SET_PIN_MODE: 2,
    SET_DIGITAL_PIN_VALUE: 2,
    REPORT_ANALOG: 1,
    REPORT_DIGITAL: 1,
}


class FirmwareParser:
    """A firmware's parser, from FirmataParser.cpp and ConfigurableFirmata.cpp (both as ``parse`` has it).

    Inside a sysex every byte but F7 is data, even F0: a sysex cut short swallows the next message up to its F7.
    Outside a sysex, an unknown byte is skipped, and the message under way continues.
    ConfigurableFirmata (``resets_anywhere``) handles FF even inside a message; FirmataParser treats it as data there.
    on_overflow: called when a sysex is longer than the buffer; ConfigurableFirmata drops it at that moment.
    """

    def __init__(
        self,
        on_message: MessageHandler,
        on_sysex: MessageHandler,
        on_overflow: Callable[[], None],
        resets_anywhere: bool,
    ) -> None:
        self.on_message = on_message
        self.on_sysex = on_sysex
        self.on_overflow = on_overflow
        self.resets_anywhere = resets_anywhere
        self.reset()

    def reset(self) -> None:
        """Drop the message under way."""
        self._in_sysex = False
        self._missing_bytes = 0
        self._command = 0
        self._buffer = bytearray(MAX_SYSEX_BYTES)  # one buffer for all; messages of fixed length fill it from the end
        self._count = 0

    def feed(self, data: bytes) -> None:
        """Parse bytes; each message is handled before the next byte is parsed."""
        for byte in data:
            self.feed_byte(byte)

    def feed_byte(self, byte: int) -> None:
        """Parse one byte."""
        if byte == SYSTEM_RESET and (self.resets_anywhere or not self._in_sysex):
            self.reset()
            self.on_message(SYSTEM_RESET, b"")
        elif self._in_sysex:
            self._feed_sysex_byte(byte)
        elif self._missing_bytes and byte < 0x80:
            self._missing_bytes -= 1
            self._buffer[self._missing_bytes] = byte
            if self._missing_bytes == 0 and self._command:
                command, self._command = self._command, 0
                self.on_message(command, bytes(self._buffer[_DATA_LENGTHS[command_of(command)] - 1 :: -1]))
        elif byte == START_SYSEX:
            self._in_sysex = True
            self._count = 0
        elif byte == REPORT_VERSION:
            self.on_message(REPORT_VERSION, b"")
        elif command_of(byte) in _DATA_LENGTHS:
            self._missing_bytes = _DATA_LENGTHS[command_of(byte)]
            self._command = byte

    def _feed_sysex_byte(self, byte: int) -> None:
        if byte == END_SYSEX:
            self._in_sysex = False
            # StandardFirmata would act on the truncated message, reading past its buffer.
            if 0 < self._count <= MAX_SYSEX_BYTES:
                self.on_sysex(self._buffer[0], bytes(self._buffer[1 : self._count]))
        elif self._count < MAX_SYSEX_BYTES:
            self._buffer[self._count] = byte
            self._count += 1
        elif self._count == MAX_SYSEX_BYTES:
            self._count += 1
            self.on_overflow()
            if self.resets_anywhere:
                self._in_sysex = False
                self._missing_bytes = 0


class StrictParser:
    """CellwrightFirmata's parser, from its messages.cpp: it drops a message inside which another begins.

    on_any_message: called for every complete message, before it is handled. The rest is as in ``FirmwareParser``.
    """

    MAX_SYSEX_BYTES = 72

    def __init__(
        self,
        on_message: MessageHandler,
        on_sysex: MessageHandler,
        on_overflow: Callable[[], None],
        on_any_message: Callable[[], None],
    ) -> None:
        self.on_message = on_message
        self.on_sysex = on_sysex
        self.on_overflow = on_overflow
        self.on_any_message = on_any_message
        self._command: int | None = None
        self._data = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes) -> None:
        """Parse bytes; each message is handled before the next byte is parsed."""
        for byte in data:
            self.feed_byte(byte)

    def feed_byte(self, byte: int) -> None:
        """Parse one byte."""
        if byte >= 0x80:
            self._begin(byte)
        elif self._command is not None:
            if len(self._data) == self.MAX_SYSEX_BYTES:
                self._is_too_long = True
                return
            self._data.append(byte)
            if self._command != START_SYSEX and len(self._data) == _DATA_LENGTHS[command_of(self._command)]:
                command, self._command = self._command, None
                self.on_any_message()
                self.on_message(command, bytes(self._data))

    def _begin(self, byte: int) -> None:
        if byte == END_SYSEX and self._command == START_SYSEX:
            self._end_sysex()
        self._command = byte if byte == START_SYSEX or command_of(byte) in _DATA_LENGTHS else None
        self._data, self._is_too_long = bytearray(), False
        if byte in (REPORT_VERSION, SYSTEM_RESET):
            self.on_any_message()
            self.on_message(byte, b"")

    def _end_sysex(self) -> None:
        if self._is_too_long:
            self.on_overflow()
            return
        self.on_any_message()
        if self._data:
            self.on_sysex(self._data[0], bytes(self._data[1:]))


def command_of(command: int) -> int:
    """The command of a message of fixed length, without its port or channel."""
    return command & 0xF0 if command < START_SYSEX else command
