"""The board's own watchdog, kept fed: a board that hears nothing from its host for a while stops by itself."""

from __future__ import annotations

import simpy

from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.host.keep_alive import KeepAlive
from cellwright.hardware.firmata.protocol import cellwright

STOPS_AFTER_S = 0.5
FEED_S = 0.15
"""Two feeds in a row may be lost."""
KEEP_ALIVE = cellwright.watchdog(round(1000 * STOPS_AFTER_S))


class Watchdog:
    """Arms a board's watchdog and feeds it.

    It is fed with what arms it, so that it is armed also where the first such message was lost.
    """

    def __init__(self, env: simpy.Environment, client: FirmataClient) -> None:
        self.client = client
        self._feeding = KeepAlive(env, client, KEEP_ALIVE, FEED_S)

    @property
    def armed(self) -> bool:
        """Whether it is armed and fed now."""
        return self._feeding.runs

    def arm(self) -> None:
        """Let the board stop when it has heard nothing for ``STOPS_AFTER_S``."""
        self._feeding.start()

    def disarm(self) -> None:
        """Let the board be silent from now on: the run is over."""
        if self.armed:
            self._feeding.stop()
            self.client.send(cellwright.watchdog(0))
