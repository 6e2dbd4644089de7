"""Numbers, text and bytes in Firmata's bytes of seven bits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cellwright.errors import InputError


def u14(value: int) -> bytes:
    """A number of up to 14 bits in two bytes, low seven bits first."""
    return bytes((value & 0x7F, value >> 7 & 0x7F))


def decode_u14(data: Sequence[int], at: int = 0) -> int:
    """Decode ``u14`` from two bytes at ``at``."""
    return data[at] | data[at + 1] << 7


def unsigned(value: int) -> bytes:
    """An unsigned number of any size, low seven bits first; at least one byte."""
    groups = bytearray((value & 0x7F,))
    while value := value >> 7:
        groups.append(value & 0x7F)
    return bytes(groups)


def decode_unsigned(data: Iterable[int]) -> int:
    """Decode ``unsigned``."""
    return sum((each & 0x7F) << 7 * place for place, each in enumerate(data))


def i32(value: int) -> bytes:
    """A signed number of up to 31 bits in five bytes: sign and magnitude, the format of AccelStepper."""
    size = abs(value)
    if size >= 1 << 31:
        raise InputError(f"{value} cannot be sent to a stepper: it must be below 2147483648 in size.")
    sign = 0x08 if value < 0 else 0
    return bytes((size & 0x7F, size >> 7 & 0x7F, size >> 14 & 0x7F, size >> 21 & 0x7F, size >> 28 | sign))


def decode_i32(data: Sequence[int], at: int = 0) -> int:
    """Decode ``i32`` from five bytes at ``at``."""
    last = data[at + 4]
    size = data[at] | data[at + 1] << 7 | data[at + 2] << 14 | data[at + 3] << 21 | (last & 0x07) << 28
    return -size if last & 0x08 else size


def decimal(value: float) -> bytes:
    """A float in four bytes: 23 bits of significand, a power of ten from -11 to 4, and a sign.

    Six to seven digits are kept; what is smaller than 5e-12 becomes 0.
    """
    significand, exponent = _significand(abs(value))
    if significand >= 1 << 23:
        raise InputError(f"{value} cannot be sent to a stepper: it must be below 8e10 in size.")
    sign = 0x40 if value < 0 else 0
    return bytes(
        (
            significand & 0x7F,
            significand >> 7 & 0x7F,
            significand >> 14 & 0x7F,
            significand >> 21 | exponent + 11 << 2 | sign,
        )
    )


def _significand(size: float) -> tuple[int, int]:
    """The shortest significand, and its power of ten, that keep as many digits of ``size`` as fit."""
    if not math.isfinite(size):
        return 1 << 23, 0
    exponent = -11
    while exponent < 4 and round(size / 10.0**exponent) >= 1 << 23:
        exponent += 1
    significand = round(size / 10.0**exponent)
    while exponent < 4 and significand % 10 == 0:
        significand //= 10
        exponent += 1
    return significand, exponent


def decode_decimal(data: Sequence[int], at: int = 0) -> float:
    """Decode ``decimal`` from four bytes at ``at``."""
    last = data[at + 3]
    significand = data[at] | data[at + 1] << 7 | data[at + 2] << 14 | (last & 0x03) << 21
    exponent = (last >> 2 & 0x0F) - 11
    # A power of ten below 1 is not exact, so divide by one that is.
    value = significand * 10.0**exponent if exponent > 0 else significand / 10.0**-exponent
    return -value if last & 0x40 else value


def text(characters: str) -> bytes:
    """Text with two bytes for each character; a character outside Latin-1 becomes a question mark."""
    return b"".join(u14(each) for each in characters.encode("latin-1", "replace"))


def decode_text(data: bytes) -> str:
    """Decode ``text``."""
    return "".join(chr(decode_u14(data, at) & 0xFF) for at in range(0, len(data) - 1, 2))


def pack(data: bytes) -> bytes:
    """Bytes of eight bits in bytes of seven, low bits first: the scheduler's encoding (Encoder7Bit)."""
    packed = bytearray()
    held, bits = 0, 0
    for byte in data:
        held |= byte << bits
        packed.append(held & 0x7F)
        held, bits = held >> 7, bits + 1
        if bits == 7:
            packed.append(held)
            held, bits = 0, 0
    if bits:
        packed.append(held)
    return bytes(packed)


def unpack(packed: Sequence[int]) -> bytes:
    """Decode ``pack``; bits left over at the end are padding."""
    return bytes(
        (packed[bit // 7] >> bit % 7 | packed[bit // 7 + 1] << 7 - bit % 7) & 0xFF
        for bit in range(0, len(packed) * 7 // 8 * 8, 8)
    )
