"""avrdude, where it is installed: the uploader that the Arduino IDE itself uses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from cellwright.errors import NotFlashed
from cellwright.hardware.flashing.boards import Chip, Dialect

LIMIT_S = 180
"""Far above the 40 s that a full Mega takes; an avrdude that hangs is ended then."""
MISMATCH = re.compile(r"mismatch at byte (?:0x)?([0-9a-fA-F]+)|mismatch.*?0x([0-9a-fA-F]+)")
OUT_OF_TOUCH = ("not in sync", "not responding", "timeout", "protocol expects", "can't open programmer")


def find_avrdude() -> str | None:
    """Where avrdude is, if it is on the PATH."""
    return shutil.which("avrdude")


def write_with_avrdude(avrdude: str, port: str, chip: Chip, dialect: Dialect, firmware: Path) -> None:
    """Write a hex file and verify it. The port must be closed.

    Raises NotFlashed with a sentence made of what avrdude says, or once it takes longer than ``LIMIT_S``.
    """
    command = [avrdude, "-q", "-p", chip.avrdude_part, "-c", dialect.programmer, "-P", port, "-b", str(dialect.baud)]
    # -D: boot loaders erase page by page as they write; asked to erase the whole chip the Mega's says that it failed.
    command += ["-D", "-U", f"flash:w:{firmware}:i"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=False)
    except OSError as error:
        raise NotFlashed(f"{avrdude} cannot be run ({error.strerror}): use --with python.") from error
    except subprocess.TimeoutExpired as error:
        raise NotFlashed(
            f"avrdude was ended as it was not done after {LIMIT_S} s: try again, or --with python."
        ) from error
    if ended.returncode:
        raise NotFlashed(why_it_failed(ended.stdout + ended.stderr, ended.returncode))


def why_it_failed(said: str, code: int) -> str:
    """A sentence made of what avrdude printed."""
    if found := MISMATCH.search(said):
        address = int(found[1] or found[2], 16)
        return (
            f"The board does not hold what avrdude wrote: the first byte that differs is at 0x{address:04X}; "
            "try again, with a shorter or better cable."
        )
    complaints = [line for line in said.splitlines() if "error" in line.lower()]
    if any(words in said for words in OUT_OF_TOUCH):
        return "avrdude lost touch with the boot loader, and the board may hold half a firmware: try again."
    words = complaints[0].split(":", 1)[-1] if complaints else f"it ended with exit code {code}"
    return f"avrdude failed ({words.strip(' .')}): try again, or --with python."
