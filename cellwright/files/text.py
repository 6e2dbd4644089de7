"""The text of files: read with a limit and in any usual encoding, written all or nothing."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from cellwright.errors import InputError, NoRoomError

MAX_BYTES = 2_000_000
"""A larger file is refused before it is read: it is rarely written by hand, and often the wrong file."""
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises InputError if it cannot be read or is too large."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path} has {size} bytes; more than {MAX_BYTES} are not read.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises InputError if it cannot be read or is too large."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode(content: bytes, path: Path) -> tuple[str, str]:
    """The text of a table that any program may have saved, and its encoding.

    A byte order mark decides; without one it is UTF-16 if every second byte is zero, UTF-8 if it can be, and else
    Windows-1252, which older Norwegian spreadsheets write. Raises InputError if it is no text.
    """
    encoding = next((name for mark, name in _BOMS.items() if content.startswith(mark)), "") or _without_mark(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if any(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text):
        raise InputError(f"{path} cannot be read: it is not text; save it as CSV (UTF-8) or as .xlsx.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def _without_mark(content: bytes) -> str:
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        every_second = content[start::2]
        if len(content) > 3 and not len(content) % 2 and every_second.count(0) > 0.8 * len(every_second):
            return encoding
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: all of it or nothing, even if power fails. Raises InputError if it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError, kept: str = "") -> InputError:
    """The error of a file that cannot be written, for its caller to raise; ``kept``: what is not lost, a clause."""
    has_room = error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "choose a folder you may write to" if has_room else "make room there, or choose another place"
    sentence = f"{path} cannot be written ({error.strerror or error}); {kept + '; ' if kept else ''}{advice}."
    return InputError(sentence) if has_room else NoRoomError(sentence)
