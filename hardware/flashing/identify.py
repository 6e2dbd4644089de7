"""Which firmware runs on a board: it reports its name by Firmata, if it implements that."""

from __future__ import annotations

from typing import NamedTuple

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.identity import is_firmware
from cellwright.hardware.flashing.reset_port import UploadPort

BAUDS_TO_TRY = (57_600, 115_200)
"""Of StandardFirmata and CellwrightFirmata; of ConfigurableFirmata."""
READ_SLICE_S = 0.1
READS_AFTER_BOOT = 25
"""2.5 s: ConfigurableFirmata reports its name 2.2 s after its start."""
QUERIES = 3
READS_PER_QUERY = 3
READ_BYTES = 256


class IdentifiedFirmware(NamedTuple):
    """The name and version that a firmware reports, and its baud rate."""

    name: str
    major: int
    minor: int
    baud: int

    def __str__(self) -> str:
        return f"{self.name.removesuffix('.ino')} {self.major}.{self.minor}"


def identify_firmware(upload_port: UploadPort) -> IdentifiedFirmware | None:
    """Query a firmware that has just started; None after some 4 s if it does not answer by Firmata."""
    for baud in BAUDS_TO_TRY:
        upload_port.set_baud(baud)
        upload_port.timeout = READ_SLICE_S
        reader = messages.MessageReader()
        if baud == BAUDS_TO_TRY[0] and (report := _read_report(upload_port, reader, READS_AFTER_BOOT, baud)):
            return report
        for _ in range(QUERIES):
            upload_port.write(messages.QUERY_FIRMWARE)
            if report := _read_report(upload_port, reader, READS_PER_QUERY, baud):
                return report
    return None


def _read_report(
    upload_port: UploadPort, reader: messages.MessageReader, times: int, baud: int
) -> IdentifiedFirmware | None:
    for _ in range(times):
        for message in reader.feed(upload_port.read(READ_BYTES)):
            if is_firmware(message) and (report := messages.decode_firmware(message.data)):
                major, minor, name = report
                return IdentifiedFirmware(name, major, minor, baud)
    return None
