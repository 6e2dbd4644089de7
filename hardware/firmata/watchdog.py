"""The board's own watchdog, kept fed: a board that hears nothing from its host for a while stops by itself."""

from __future__ import annotations

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.firmata import cellwright_messages
from cellwright.hardware.firmata.client import FirmataClient
from cellwright.hardware.waits import cancel

STOPS_AFTER_S = 0.5
FEED_S = 0.15
"""Two feeds in a row may be lost."""


class Watchdog:
    """Arms a board's watchdog and feeds it. armed: whether it does so now.

    It is fed with what arms it, so that it is armed also where the first such message was lost.
    """

    def __init__(self, env: simpy.Environment, client: FirmataClient) -> None:
        self.env = env
        self.client = client
        self.armed = False
        self._timer: Event | None = None

    def arm(self) -> None:
        """Let the board stop when it has heard nothing for ``STOPS_AFTER_S``."""
        self._stop_feeding()
        self.armed = True
        self._feed()

    def _feed(self, _: Event | None = None) -> None:
        if self.client.is_open:
            self.client.send(KEEP_ALIVE)
            self._timer = Timeout(self.env, FEED_S)
            self._timer.callbacks.append(self._feed)

    def _stop_feeding(self) -> None:
        self.armed = False
        if self._timer is not None:
            cancel(self.env, self._timer)
            self._timer = None

    def disarm(self) -> None:
        """Let the board be silent from now on: the run is over."""
        if self.armed:
            self._stop_feeding()
            self.client.send(cellwright_messages.watchdog(0))


KEEP_ALIVE = cellwright_messages.watchdog(round(1000 * STOPS_AFTER_S))
