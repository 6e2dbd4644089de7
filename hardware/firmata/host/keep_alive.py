"""A sign of life, sent again and again to a board that would otherwise take its host for dead."""

from __future__ import annotations

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.waits import cancel


class KeepAlive:
    """Sends ``message`` every ``every_s`` seconds while it ``runs`` and the link is there."""

    def __init__(self, env: simpy.Environment, client: FirmataClient, message: bytes, every_s: float) -> None:
        self.runs = False
        self._env = env
        self._client = client
        self._message = message
        self._every_s = every_s
        self._timer: Event | None = None

    def start(self) -> None:
        """Send it now and from now on."""
        self.stop()
        self.runs = True
        self._send()

    def _send(self, _: Event | None = None) -> None:
        if self._client.is_open:
            self._client.send(self._message)
            self._timer = Timeout(self._env, self._every_s)
            self._timer.callbacks.append(self._send)

    def stop(self) -> None:
        """Send it no more."""
        self.runs = False
        if self._timer is not None:
            cancel(self._env, self._timer)
            self._timer = None
