"""A link that tells the standard library's logging what is sent and heard, in words."""

from __future__ import annotations

import logging

import simpy

from cellwright.hardware.firmata.protocol.describe import describe
from cellwright.hardware.transport.link import Link

LOG = logging.getLogger(__name__)


def logged(env: simpy.Environment, link: Link) -> Link:
    """The link itself, or one that logs where somebody listens: a run that is not watched pays nothing."""
    return LoggedLink(env, link) if LOG.isEnabledFor(logging.DEBUG) else link


class LoggedLink(Link):
    """Logs what goes over ``link`` in both directions, each message in words with the time of the run's clock."""

    def __init__(self, env: simpy.Environment, link: Link) -> None:
        super().__init__(link.name)
        self.env = env
        self.link = link
        link.on_bytes = self._on_bytes
        link.on_lost = self._on_lost

    @property
    def problem(self) -> str | None:  # type: ignore[override]
        """What went wrong beside the line, as its inner link says."""
        return self.link.problem

    def write(self, data: bytes) -> None:
        LOG.debug("%.6f s, sent: %s", self.env.now, describe(data))
        self.link.write(data)

    def try_another_rate(self) -> None:
        LOG.debug("%.6f s, another baud rate is tried on %s", self.env.now, self.name)
        self.link.try_another_rate()

    def close(self) -> None:
        self.link.close()

    def _on_bytes(self, data: bytes) -> None:
        LOG.debug("%.6f s, heard: %s", self.env.now, describe(data))
        self.on_bytes(data)

    def _on_lost(self, reason: str) -> None:
        LOG.debug("%.6f s, %s was lost: %s", self.env.now, self.name, reason)
        self.on_lost(reason)
