"""Firmware in Intel hex files, as compilers write them and boot loaders are fed.

Source of the format: Intel, Hexadecimal Object File Format Specification, revision A, 1988.
"""

from __future__ import annotations

from pathlib import Path

from cellwright.errors import InputError

DATA, END, SEGMENT, LINEAR = 0, 1, 2, 4
"""Kinds of record that hold data, end the file, and move the base address."""
BASES = {SEGMENT: 16, LINEAR: 65_536}
"""The unit in which each kind gives the base address."""
ERASED = 0xFF
"""What erased flash reads as."""
RECORD_BYTES = 16


def read_hex(path: Path, most_bytes: int, whose: str) -> bytes:
    """Firmware as it lies in a chip from address 0; gaps are FF, as when erased.

    most_bytes: what there is room for. whose: a clause for who has that room: "an Uno or a Nano".

    Raises InputError where it is not such a file, or does not fit.
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
            if end > most_bytes:
                raise InputError(f"{path} is not for {whose}: it needs more than the {most_bytes:,} bytes there are.")
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
    """Write firmware that lies from address 0 on; what is erased is left out.

    Raises InputError where the file cannot be written.
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
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _line(address: int, kind: int, data: bytes) -> str:
    record = bytes([len(data)]) + address.to_bytes(2) + bytes([kind]) + data
    return f":{(record + bytes([-sum(record) % 256])).hex().upper()}\n"
