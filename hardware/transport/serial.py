"""SerialLink: a byte line over a serial port, with a thread to read and a thread to write."""

from __future__ import annotations

import errno
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import serial
from serial.tools import list_ports

from cellwright.errors import InputError
from cellwright.hardware.clock import WallClock
from cellwright.hardware.transport.link import Link

READ_TIMEOUT_S = 0.1  # how long the reader blocks before it checks whether the link was closed
WRITE_TIMEOUT_S = 1.0  # a port that accepts nothing for this long is lost
CLOSE_TIMEOUT_S = 0.5  # how long closing waits for pending output, and for each thread to end

# USB vendors of Arduinos and of the serial chips on their clones (the USB-IF's numbers).
ARDUINO_VENDORS = {
    0x2341: "Arduino",
    0x2A03: "Arduino (arduino.org)",
    0x1A86: "QinHeng CH340",
    0x0403: "FTDI",
    0x10C4: "Silicon Labs CP210x",
}


class SerialPort(NamedTuple):
    """A serial port of this computer. is_likely_arduino: by its USB vendor."""

    name: str
    description: str
    is_likely_arduino: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.description})"


class SerialLink(Link):
    """A link over pyserial: a port's name ("/dev/ttyACM0", "COM3"), a pty's path, or a URL ("socket://host:port").

    Opening it resets an Uno, which then boots for about 2 s. clock: its thread runs the callbacks.
    bauds: the baud rates to try, the first one first. Raises InputError if the port cannot be opened.
    """

    def __init__(self, clock: WallClock, port: str, *bauds: int) -> None:
        super().__init__(port)
        self._bauds = cycle(bauds)
        self.baud = next(self._bauds)
        """The present baud rate, bits/s."""
        self._clock = clock
        self._open = True  # read and changed on the clock's thread only
        self._closing = threading.Event()
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._serial = open_port(port, self.baud)
        self._reader = self._start(self._read, f"reader of {port}")
        self._writer = self._start(self._write, f"writer of {port}")

    def write(self, data: bytes) -> None:
        if self._open:
            self._outgoing.put(bytes(data))

    def try_another_rate(self) -> None:
        self.baud = next(self._bauds)
        with suppress(Exception):  # a port that is gone: its reader reports it
            self._serial.baudrate = self.baud

    def close(self) -> None:
        self._open = False
        if self._closing.is_set():
            return
        self._outgoing.put(None)
        self._writer.join(CLOSE_TIMEOUT_S)
        self._closing.set()
        self._reader.join(CLOSE_TIMEOUT_S)
        with suppress(Exception):  # a port that is gone may not even close
            if self._writer.is_alive():
                self._serial.reset_output_buffer()  # it accepts nothing: do not wait for it
            self._serial.close()

    def _start(self, work: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=self._run_until_lost, args=(work,), name=name, daemon=True)
        thread.start()
        return thread

    def _run_until_lost(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # a port that goes away raises OSError, TypeError or termios.error
            self._clock.post(self._on_port_lost, f"the port is gone ({error})")

    def _read(self) -> None:
        while not self._closing.is_set():
            data = self._serial.read(max(1, self._serial.in_waiting))
            if data:
                self._clock.post(self._receive, data)

    def _write(self) -> None:
        while (data := self._outgoing.get()) is not None:
            self._serial.write(data)
        self._serial.flush()

    def _receive(self, data: bytes) -> None:
        if self._open:
            self.on_bytes(data)

    def _on_port_lost(self, reason: str) -> None:
        if self._open:
            self._open = False
            self.on_lost(reason)


def open_port(port: str, baud: int) -> serial.Serial:
    """Open ``port`` for this process alone, at ``baud`` bits/s, or raise InputError with the reason."""
    try:
        return serial.serial_for_url(
            port, baudrate=baud, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
        )
    except (OSError, ValueError) as error:
        raise InputError(describe_open_error(port, error)) from error


def describe_open_error(port: str, error: OSError | ValueError) -> str:
    """Why ``port`` did not open and what to do, as a sentence. Windows gives no error number, only a text."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT or "FileNotFoundError" in str(error):
        present = format_ports(list_serial_ports())
        return f"There is no serial port {port}: plug the board in, or use one of these: {present}."
    if number in (errno.EBUSY, errno.EWOULDBLOCK) or "PermissionError" in str(error):
        return f"{port} is in use by another program: close it (the Arduino IDE's serial monitor, say) and try again."
    if number == errno.EACCES and (group := group_of_device(port)):
        return (
            f"You may not use {port}, which belongs to the group {group}: "
            f"add yourself to the group with: sudo usermod -aG {group} $USER, and log in again."
        )
    return f"{port} cannot be opened as a serial port: {error}."


def group_of_device(port: str) -> str | None:
    """The group whose members may use a device file; None if only root may. POSIX only."""
    import grp

    status = Path(port).stat()
    may_use = status.st_mode & stat.S_IRGRP and status.st_mode & stat.S_IWGRP and status.st_gid != 0
    return grp.getgrgid(status.st_gid).gr_name if may_use else None


def list_serial_ports() -> list[SerialPort]:
    """The serial ports of this computer, likely Arduinos first."""
    ports = [SerialPort(port.device, port.description, port.vid in ARDUINO_VENDORS) for port in list_ports.comports()]
    return sorted(ports, key=lambda port: (not port.is_likely_arduino, port.name))


def auto_port() -> str:
    """The one port that is likely an Arduino. Raises InputError unless there is exactly one."""
    ports = list_serial_ports()
    likely = [port for port in ports if port.is_likely_arduino]
    if len(likely) == 1:
        return likely[0].name
    if likely:
        raise InputError(f"There are several boards, so name the port of the one you mean: {format_ports(likely)}.")
    raise InputError(f"No Arduino was found: plug the board in, or name its port; there are: {format_ports(ports)}.")


def format_ports(ports: list[SerialPort]) -> str:
    """Ports as the end of a sentence."""
    return ", ".join(str(port) for port in ports) or "none"
