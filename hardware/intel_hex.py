"""Firmware in Intel hex files, as compilers write them and uploaders read them.

Source of the format: Intel, Hexadecimal Object File Format Specification, revision A, 1988.
"""

from __future__ import annotations

from pathlib import Path

from cellwright.errors import InputError
from cellwright.files import unwritable

DATA, END, SEGMENT, LINEAR = 0, 1, 2, 4
"""Record types: data, end of file, and two kinds of base address."""
BASES = {SEGMENT: 16, LINEAR: 65_536}
"""The unit of the base address in each of the two."""
ERASED = 0xFF
"""The value of an erased byte of flash."""
RECORD_BYTES = 16


def read_hex(path: Path, max_bytes: int, board: str) -> bytes:
    """Read firmware as it is in a chip from address 0; gaps are FF, as in erased flash.

    max_bytes: the size of the flash. board: the name of the boards of that size, for messages: "an Uno or a Nano".

    Raises InputError if it is not an Intel hex file, or does not fit.
    """
    try:
        lines = path.read_text(encoding="ascii").split()
    except OSError as error:
        raise InputError(f"The firmware {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not firmware in Intel hex.") from error
    firmware, base, has_ended = bytearray(), 0, False
    for number, line in enumerate(lines, start=1):
        address, kind, data = _record(path, number, line)
        if kind == DATA:
            start, end = base + address, base + address + len(data)
            if end > max_bytes:
                raise InputError(f"{path} is not for {board}: it needs more than the {max_bytes:,} bytes there are.")
            firmware.extend(bytes([ERASED]) * (end - len(firmware)))
            firmware[start:end] = data
        elif kind in BASES:
            base = int.from_bytes(data) * BASES[kind]
        has_ended = kind == END
    if not firmware:
        raise InputError(f"{path} holds no firmware.")
    if not has_ended:
        raise InputError(f"{path} breaks off: the record that ends an Intel hex file is missing; fetch it anew.")
    return bytes(firmware)


def _record(path: Path, number: int, line: str) -> tuple[int, int, bytes]:
    """Address, kind and data of one line: count, address, kind, data, checksum."""
    try:
        record = bytes.fromhex(line.removeprefix(":"))
    except ValueError:
        record = b""
    if not line.startswith(":") or len(record) < 5 or len(record) != record[0] + 5 or sum(record) % 256:
        raise InputError(f"{path} is not firmware in Intel hex: its line {number} is damaged.")
    return int.from_bytes(record[1:3]), record[3], record[4:-1]


def write_hex(path: Path, firmware: bytes) -> None:
    """Write firmware from address 0 on; erased parts are left out.

    Raises InputError if the file cannot be written.
    """
    lines, base = [], 0
    for address in range(0, len(firmware), RECORD_BYTES):
        data = firmware[address : address + RECORD_BYTES]
        if data.count(ERASED) == len(data):
            continue
        if address >> 16 != base:
            base = address >> 16
            lines.append(_line(0, LINEAR, base.to_bytes(2)))
        lines.append(_line(address & 0xFFFF, DATA, data))
    lines.append(_line(0, END, b""))
    try:
        path.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise unwritable(path, error) from error


def _line(address: int, kind: int, data: bytes) -> str:
    record = bytes([len(data)]) + address.to_bytes(2) + bytes([kind]) + data
    return f":{(record + bytes([-sum(record) % 256])).hex().upper()}\n"
