"""avrdude, where it is installed: the uploader that the Arduino IDE itself uses."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

from cellwright.errors import FlashError
from cellwright.hardware.flashing.boards import BootloaderProtocol, Chip

PORT_CHECK_INTERVAL_S = 0.2
"""How often the port is checked for: an avrdude whose port is gone waits for it without end."""
UPLOAD_TIMEOUT_S = 30.0
UPLOAD_TIMEOUT_S_PER_BYTE = 1e-3
"""After this an avrdude that hangs is ended; at 57600 baud writing and verifying take 0.4 ms a byte."""
MISMATCH = re.compile(r"(?:mismatch at byte|at addr) 0x([0-9a-fA-F]+)")
"""The message of avrdude 6, and of avrdude 7 and 8."""
LOST_SYNC = ("not in sync", "not responding", "timeout", "protocol expects", "can't open programmer")


def find_avrdude() -> str | None:
    """Where avrdude is, if it is on the PATH."""
    return shutil.which("avrdude")


def write_with_avrdude(
    avrdude: str, port: str, chip: Chip, protocol: BootloaderProtocol, firmware: Path, size: int
) -> None:
    """Write a hex file of ``size`` bytes and verify it. The port must be closed.

    Raises FlashError with a sentence based on avrdude's output, or if the port is gone or it takes too long.
    """
    command = [
        avrdude,
        "-q",
        "-p",
        chip.avrdude_part,
        "-c",
        protocol.avrdude_programmer,
        "-P",
        port,
        "-b",
        str(protocol.baud),
    ]
    # -D: boot loaders erase page by page as they write; asked to erase the whole chip the Mega's says that it failed.
    command += ["-D", "-U", f"flash:w:{firmware}:i"]
    try:
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
    except OSError as error:
        raise FlashError(f"{avrdude} cannot be run ({error.strerror}): use --with python.") from error
    with running:
        try:
            output = _read_output(running, port, UPLOAD_TIMEOUT_S + UPLOAD_TIMEOUT_S_PER_BYTE * size)
        finally:
            running.kill()
    if running.returncode:
        raise FlashError(describe_failure(output, running.returncode))


def _read_output(running: subprocess.Popen[str], port: str, limit_s: float) -> str:
    """Its output, once it has ended."""
    is_a_file = Path(port).exists()  # not on Windows
    until_s = time.monotonic() + limit_s
    while True:
        try:
            return running.communicate(timeout=PORT_CHECK_INTERVAL_S)[0]
        except subprocess.TimeoutExpired as error:
            if is_a_file and not Path(port).exists():
                raise FlashError(
                    f"{port} was lost while avrdude wrote, so the board may hold half a firmware: "
                    "plug it in again and repeat."
                ) from error
            if time.monotonic() > until_s:
                raise FlashError(
                    f"avrdude was ended as it was not done after {limit_s:.0f} s: try again, or --with python."
                ) from error


def describe_failure(output: str, code: int) -> str:
    """A sentence based on the output of avrdude."""
    if match := MISMATCH.search(output):
        address = int(match[1], 16)
        return (
            f"The board does not hold what avrdude wrote: the first byte that differs is at 0x{address:04X}; "
            "try again, with a shorter or better cable."
        )
    complaints = [line for line in output.splitlines() if "error" in line.lower() and "ioctl" not in line]
    if any(words in output for words in LOST_SYNC):
        return "avrdude lost touch with the boot loader, and the board may hold half a firmware: try again."
    words = complaints[0].split(":", 1)[-1] if complaints else f"it ended with exit code {code}"
    return f"avrdude failed ({words.strip(' .')}): try again, or --with python."
