"""FirmwareParser: the board's ear, byte for byte what the firmware's parser does with good bytes and with bad ones."""

from __future__ import annotations

from collections.abc import Callable

from cellwright.hardware.firmata.protocol.messages import (
    ANALOG,
    END_SYSEX,
    PIN_MODE,
    PORT,
    REPORT_ANALOG,
    REPORT_PORT,
    SET_PIN,
    START_SYSEX,
    SYSTEM_RESET,
    VERSION,
)

Handle = Callable[[int, bytes], None]
"""Called with a command (a fixed message's with its port or channel) and the bytes that follow it."""

BUFFER = 64
"""MAX_DATA_BYTES: a sysex's command and data, in bytes."""

_AWAITED = {PORT: 2, ANALOG: 2, PIN_MODE: 2, SET_PIN: 2, REPORT_ANALOG: 1, REPORT_PORT: 1}


class FirmwareParser:
    """A firmware's parser, from FirmataParser.cpp and ConfigurableFirmata.cpp (both as ``parse`` has it).

    Inside a sysex every byte but F7 is data, even F0: a sysex cut short swallows what comes next up to its F7.
    Outside one, an unknown byte is skipped but does not make the parser forget a message it waits for.
    ConfigurableFirmata (``resets_anywhere``) obeys FF even inside a message; FirmataParser takes it for data there.
    on_overflow: called when a sysex is longer than the buffer; ConfigurableFirmata lets go of it there and then.
    """

    def __init__(
        self, on_message: Handle, on_sysex: Handle, on_overflow: Callable[[], None], resets_anywhere: bool
    ) -> None:
        self.on_message = on_message
        self.on_sysex = on_sysex
        self.on_overflow = on_overflow
        self.resets_anywhere = resets_anywhere
        self.reset()

    def reset(self) -> None:
        """Forget whatever has begun."""
        self._in_sysex = False
        self._awaited = 0
        self._command = 0
        self._stored = bytearray(BUFFER)  # one buffer for all, filled from the back by fixed messages
        self._count = 0

    def feed(self, data: bytes) -> None:
        """Take bytes in; each message is handled before the next byte is looked at."""
        for byte in data:
            self.take(byte)

    def take(self, byte: int) -> None:
        """Take one byte in."""
        if byte == SYSTEM_RESET and (self.resets_anywhere or not self._in_sysex):
            self.reset()
            self.on_message(SYSTEM_RESET, b"")
        elif self._in_sysex:
            self._take_in_sysex(byte)
        elif self._awaited and byte < 0x80:
            self._awaited -= 1
            self._stored[self._awaited] = byte
            if self._awaited == 0 and self._command:
                command, self._command = self._command, 0
                self.on_message(command, bytes(self._stored[_AWAITED[kind_of(command)] - 1 :: -1]))
        elif byte == START_SYSEX:
            self._in_sysex = True
            self._count = 0
        elif byte == VERSION:
            self.on_message(VERSION, b"")
        elif kind_of(byte) in _AWAITED:
            self._awaited = _AWAITED[kind_of(byte)]
            self._command = byte

    def _take_in_sysex(self, byte: int) -> None:
        if byte == END_SYSEX:
            self._in_sysex = False
            # StandardFirmata would act on the truncated message, reading past its buffer.
            if 0 < self._count <= BUFFER:
                self.on_sysex(self._stored[0], bytes(self._stored[1 : self._count]))
        elif self._count < BUFFER:
            self._stored[self._count] = byte
            self._count += 1
        elif self._count == BUFFER:
            self._count += 1
            self.on_overflow()
            if self.resets_anywhere:
                self._in_sysex = False
                self._awaited = 0


class StrictParser:
    """CellwrightFirmata's parser, from its messages.cpp: a message that another begins in is cut short and dropped.

    on_heard: called for every whole message, before it is obeyed. The rest is as in ``FirmwareParser``.
    """

    BUFFER = 72

    def __init__(
        self, on_message: Handle, on_sysex: Handle, on_overflow: Callable[[], None], on_heard: Callable[[], None]
    ) -> None:
        self.on_message = on_message
        self.on_sysex = on_sysex
        self.on_overflow = on_overflow
        self.on_heard = on_heard
        self._command: int | None = None
        self._data = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes) -> None:
        """Take bytes in; each message is handled before the next byte is looked at."""
        for byte in data:
            self.take(byte)

    def take(self, byte: int) -> None:
        """Take one byte in."""
        if byte >= 0x80:
            self._begin(byte)
        elif self._command is not None:
            if len(self._data) == self.BUFFER:
                self._is_too_long = True
                return
            self._data.append(byte)
            if self._command != START_SYSEX and len(self._data) == _AWAITED[kind_of(self._command)]:
                command, self._command = self._command, None
                self.on_heard()
                self.on_message(command, bytes(self._data))

    def _begin(self, byte: int) -> None:
        if byte == END_SYSEX and self._command == START_SYSEX:
            self._end_sysex()
        self._command = byte if byte == START_SYSEX or kind_of(byte) in _AWAITED else None
        self._data, self._is_too_long = bytearray(), False
        if byte in (VERSION, SYSTEM_RESET):
            self.on_heard()
            self.on_message(byte, b"")

    def _end_sysex(self) -> None:
        if self._is_too_long:
            self.on_overflow()
            return
        self.on_heard()
        if self._data:
            self.on_sysex(self._data[0], bytes(self._data[1:]))


def kind_of(command: int) -> int:
    """A fixed message's command without its port or channel."""
    return command & 0xF0 if command < START_SYSEX else command
