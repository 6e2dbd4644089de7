"""A serial port made of a pseudo-terminal, for simulated boards: a host opens its path as it would a USB port."""

from __future__ import annotations

import errno
import os
import select
import time
import tty
from pathlib import Path

from cellwright.errors import InputError

_READ_BYTES = 4096


class PseudoTerminalPort:
    """The board's end of a pseudo-terminal; the host opens the other end at ``path``, a symbolic link.

    Only programs on this computer can reach it. It has no baud rate and no DTR: a board that resets when its port is
    opened polls ``was_opened()``.

    Raises InputError if ``path`` cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._board_end, host_end = os.openpty()
        tty.setraw(host_end)
        self._host_end_name = os.ttyname(host_end)
        os.close(host_end)  # from now on the terminal shows whether another program has it open
        os.set_blocking(self._board_end, False)
        self._was_open = False
        self._is_closed = False
        try:
            path.symlink_to(self._host_end_name)
        except FileExistsError as error:
            os.close(self._board_end)
            raise InputError(f"{path} exists already; choose another name or remove it.") from error
        except OSError as error:
            os.close(self._board_end)
            raise InputError(f"A port cannot be made at {path}: {error.strerror}.") from error

    @property
    def is_open_by_client(self) -> bool:
        """Whether a host has it open."""
        poll = select.poll()
        poll.register(self._board_end, select.POLLIN)
        return not any(events & select.POLLHUP for _, events in poll.poll(0))

    def was_opened(self) -> bool:
        """Whether a host has opened it since the last call. A close and reopen between two calls goes unnoticed."""
        was_open, self._was_open = self._was_open, self.is_open_by_client
        return self._was_open and not was_open

    def read(self) -> bytes:
        """The bytes received from a host, if any. Does not block."""
        try:
            return os.read(self._board_end, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:  # no host has it open
                return b""
            raise

    def wait(self, seconds: float) -> None:
        """Wait until a host sends something, for at most ``seconds``."""
        if self.is_open_by_client:
            select.select([self._board_end], [], [], seconds)
        else:
            time.sleep(seconds)

    def write(self, data: bytes) -> None:
        """Send to the host. Does not block: what no host reads, or what does not fit, is lost, as on a cable."""
        if not self.is_open_by_client:
            return
        try:
            while data:
                data = data[os.write(self._board_end, data) :]
        except BlockingIOError:
            return

    def close(self) -> None:
        """Remove the port and its path. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        os.close(self._board_end)
        if self.path.is_symlink() and str(self.path.readlink()) == self._host_end_name:
            self.path.unlink()
