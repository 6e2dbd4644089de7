"""The serial port during an upload: it can reset the board, and every loss raises an error."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from serial.tools import list_ports

from cellwright.errors import FlashError
from cellwright.hardware.flashing.boards import UsbId
from cellwright.hardware.transport.serial import READ_TIMEOUT_S, open_port

RESET_PULSE_S = 0.25
"""How long DTR is released: the capacitor at the reset pin has to discharge. avrdude waits as long."""
BOOT_LOADER_START_S = 0.05
"""From reset until a boot loader is ready."""

Result = TypeVar("Result")


class UploadPort(Protocol):
    """A port to a boot loader. timeout: how long ``read`` waits, s."""

    timeout: float

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, fewer once ``timeout`` is over."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def reset_input_buffer(self) -> None:
        """Drop what was received and not read."""

    def set_baud(self, baud: int) -> None:
        """Change the baud rate, bits/s."""

    def reset_board(self) -> None:
        """Start the board's boot loader, and wait until it is ready."""

    def close(self) -> None:
        """Close the port. May be called twice."""


LOG = logging.getLogger(__name__)


class SerialUploadPort:
    """The port over pyserial.

    Raises InputError if the port cannot be opened, FlashError once it is lost.
    """

    def __init__(self, port: str, baud: int) -> None:
        self.port = port
        self._serial = open_port(port, baud)
        self._timeout_s = READ_TIMEOUT_S

    @property
    def timeout(self) -> float:
        """How long ``read`` waits, s."""
        return self._timeout_s

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self._timeout_s = seconds
        self._run_or_fail(lambda: setattr(self._serial, "timeout", seconds))

    def read(self, size: int) -> bytes:
        heard = self._run_or_fail(lambda: bytes(self._serial.read(size)))
        LOG.debug("heard: %r", heard)
        return heard

    def write(self, data: bytes) -> None:
        LOG.debug("sent: %r", data)
        self._run_or_fail(lambda: self._serial.write(data))

    def reset_input_buffer(self) -> None:
        self._run_or_fail(self._serial.reset_input_buffer)

    def set_baud(self, baud: int) -> None:
        self._run_or_fail(lambda: setattr(self._serial, "baudrate", baud))

    def reset_board(self) -> None:
        try:
            self._set_reset_lines(False)
            time.sleep(RESET_PULSE_S)
            self._set_reset_lines(True)
        except OSError:
            self._reopen()
        time.sleep(BOOT_LOADER_START_S)
        self.reset_input_buffer()

    def _set_reset_lines(self, active: bool) -> None:
        """The reset of an Arduino is wired to DTR; on some clones to RTS."""
        self._serial.dtr = active
        self._serial.rts = active

    def _reopen(self) -> None:
        """A pseudo-terminal has no DTR: a board behind it resets when the terminal is opened."""
        baud = self._serial.baudrate
        self._serial.close()
        time.sleep(RESET_PULSE_S)
        self._serial = open_port(self.port, baud)
        self.timeout = self._timeout_s

    def close(self) -> None:
        self._run_or_fail(self._serial.close)

    def _run_or_fail(self, work: Callable[[], Result]) -> Result:
        """A port that goes away raises OSError, TypeError or termios.error, by operating system and moment."""
        try:
            return work()
        except Exception as error:
            raise FlashError(f"{self.port} was lost ({error}): plug the board in again and repeat.") from error


def usb_id(port: str) -> UsbId:
    """The USB id of a port, if it has one."""
    for port_info in list_ports.comports():
        if port_info.device == port:
            return port_info.vid, port_info.pid
    return None, None
