"""What firmware runs on a board: it tells its name by Firmata, if it speaks that."""

from __future__ import annotations

from typing import NamedTuple

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.identity import is_firmware
from cellwright.hardware.flashing.reset_port import Wire

BAUDS = (57_600, 115_200)
"""Of StandardFirmata and CellwrightFirmata; of ConfigurableFirmata."""
LISTEN_S = 0.1
BOOT_LISTENS = 25
"""2.5 s: ConfigurableFirmata tells its name 2.2 s after its start."""
ASKINGS = 3
LISTENS_PER_ASKING = 3
MAX_AT_ONCE = 256


class Firmware(NamedTuple):
    """What a firmware says of itself, and at how many bits/s."""

    name: str
    major: int
    minor: int
    baud: int

    def __str__(self) -> str:
        return f"{self.name.removesuffix('.ino')} {self.major}.{self.minor}"


def ask_firmware(wire: Wire) -> Firmware | None:
    """The name of a firmware that has just started; None after some 4 s if it does not speak Firmata."""
    for baud in BAUDS:
        wire.set_baud(baud)
        wire.timeout = LISTEN_S
        reader = messages.MessageReader()
        if baud == BAUDS[0] and (told := _listen(wire, reader, BOOT_LISTENS, baud)):
            return told
        for _ in range(ASKINGS):
            wire.write(messages.ASK_FIRMWARE)
            if told := _listen(wire, reader, LISTENS_PER_ASKING, baud):
                return told
    return None


def _listen(wire: Wire, reader: messages.MessageReader, times: int, baud: int) -> Firmware | None:
    for _ in range(times):
        for message in reader.feed(wire.read(MAX_AT_ONCE)):
            if is_firmware(message) and (told := messages.decode_firmware(message.data)):
                major, minor, name = told
                return Firmware(name, major, minor, baud)
    return None
