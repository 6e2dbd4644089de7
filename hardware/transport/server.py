"""The board's end of a line that other programs open: a pseudo-terminal or a TCP port, for simulated boards."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cellwright.errors import InputError
from cellwright.hardware.clock import WallClock
from cellwright.hardware.transport.link import Link
from cellwright.hardware.transport.pseudo_terminal import PseudoTerminalPort

POLL_INTERVAL_S = 0.02  # how often an end checks for a host, and for its own closing
TCP_READ_BYTES = 4096
LOOPBACK_ADDRESS = "127.0.0.1"


class ServerLink(Link):
    """A link to whatever program opens it; ``on_open`` is called then, as DTR resets an Uno."""

    def __init__(self, clock: WallClock, name: str) -> None:
        super().__init__(name)
        self.on_open: Callable[[], None] = lambda: None
        self._clock = clock
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"server of {name}", daemon=True)

    def _serve(self) -> None:
        """Post the openings by hosts and their bytes to the clock, until closing."""
        raise NotImplementedError

    def _post_open(self) -> None:
        self._clock.post(lambda: self.on_open())

    def _post_bytes(self, data: bytes) -> None:
        self._clock.post(lambda: self.on_bytes(data))

    def close(self) -> None:
        self._closing.set()
        self._thread.join(1.0)


class PseudoTerminalLink(ServerLink):
    """A pseudo-terminal at ``path``. Raises InputError if it cannot be made."""

    def __init__(self, clock: WallClock, path: Path) -> None:
        super().__init__(clock, str(path))
        self._port = PseudoTerminalPort(path)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            if self._port.was_opened():
                self._post_open()
            data = self._port.read()
            if data:
                self._post_bytes(data)
            else:
                self._port.wait(POLL_INTERVAL_S)

    def write(self, data: bytes) -> None:
        self._port.write(data)

    def close(self) -> None:
        super().close()
        self._port.close()


class TcpLink(ServerLink):
    """A TCP port, for one host at a time. Raises InputError if it cannot be opened."""

    def __init__(self, clock: WallClock, host: str, port: int) -> None:
        self._host: socket.socket | None = None
        try:
            self._listener = socket.create_server((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"No board can be served at {host}:{port}: {reason}; choose another port.") from error
        self._listener.settimeout(POLL_INTERVAL_S)
        super().__init__(clock, "socket://{}:{}".format(*self._listener.getsockname()[:2]))
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                host, _ = self._listener.accept()
            except TimeoutError:
                continue
            with host:
                host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                host.settimeout(POLL_INTERVAL_S)
                self._host = host
                self._post_open()
                self._receive_from(host)
                self._host = None

    def _receive_from(self, host: socket.socket) -> None:
        """Receive what this host sends until it disconnects."""
        while not self._closing.is_set():
            try:
                data = host.recv(TCP_READ_BYTES)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            self._post_bytes(data)

    def write(self, data: bytes) -> None:
        host = self._host
        if host is None:
            return
        with suppress(OSError):  # disconnected, or it accepts nothing: lost, as on a cable; the reader notices
            host.sendall(data)

    def close(self) -> None:
        super().close()
        self._listener.close()


def address(text: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT", ":PORT" or "PORT"; the loopback address unless a host is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise InputError(f"{text!r} is no address to serve at; write HOST:PORT, or PORT for this computer only.")
    return host or LOOPBACK_ADDRESS, int(port)
