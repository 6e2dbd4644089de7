"""Text that users wrote, made fit for any output: what steers a terminal or a page becomes visible."""

from __future__ import annotations

import codecs
import re
import unicodedata

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and newline; an escape would steer a terminal
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # directions: they would turn round what follows
    "\u2028\u2029"
    "\ud800-\udfff"  # halves of characters: what is left of a file name that is not UTF-8
    "\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)) +
    "]"
)  # fmt: skip
"""What XML, PDF or a terminal cannot hold, or would act on instead of showing it."""
_IN_ASCII = str.maketrans(
    {
        "…": "...", "–": "-", "—": "-", "−": "-", "‑": "-", "±": "+/-", "×": "x", "·": "*", "→": "->", "←": "<-",
        "≤": "<=", "≥": ">=", "≈": "~", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'",
        "°": "deg", "µ": "u", "μ": "u", "²": "2", "³": "3", "₂": "2", "½": "1/2", "\u00a0": " ", "\u202f": " ",
        "\u2009": " ", "\u200b": "", "•": "*", "✓": "v",
        "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ß": "ss",
    }
)  # fmt: skip
_READABLE = "cellwright-readable"


def plain_text(text: str, encoding: str = "utf-8") -> str:
    r"""The text as any output can hold it: every character that would steer stands there as its escape.

    Newlines and tabs stay. What ``encoding`` lacks is written with the letters that it has: "å" as "a" in ASCII,
    other scripts as escapes.

    Example:
        >>> plain_text("x$y\x1b[2J")
        'x$y\\x1b[2J'
        >>> plain_text("Bræk ±2 …", "ascii")
        'Braek +/-2 ...'
    """
    plain = STEERING.sub(_escape, text) if STEERING.search(text) else text
    return plain.encode(encoding, make_readable_handler()).decode(encoding)


def one_line(text: str) -> str:
    """The same with its lines joined by spaces, for a file that has a line for each thing."""
    return " ".join(plain_text(text).split("\n"))


def make_readable_handler() -> str:
    """The name of an error handler for encoding that writes what an encoding lacks with the letters that it has."""
    codecs.register_error(_READABLE, _write_readable)
    return _READABLE


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode("ascii")


def _write_readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_readable, lacking)), error.end


def _readable(letter: str) -> str:
    """One letter in ASCII: its plain form, without its accents, or its escape."""
    known = letter.translate(_IN_ASCII)
    if known.isascii():
        return known
    base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii")
    return base or letter.encode("unicode_escape", "surrogatepass").decode("ascii")
