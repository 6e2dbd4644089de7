"""The communication watchdog of CellwrightFirmata: a board that receives nothing for a while stops by itself."""

from __future__ import annotations

from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.protocol import cellwright

WATCHDOG_TIMEOUT_S = 0.5
FEED_INTERVAL_S = 0.15
"""Two feeds in a row may be lost without a stop."""
FEED_MESSAGE = cellwright.watchdog(round(1000 * WATCHDOG_TIMEOUT_S))


class KeepAlive:
    """Sends ``message`` every ``interval_s`` seconds while it ``is_running`` and the link is open."""

    def __init__(self, session: Session, message: bytes, interval_s: float) -> None:
        self.is_running = False
        self._session = session
        self._message = message
        self._interval_s = interval_s
        self._timer: Event | None = None

    def start(self) -> None:
        """Send it now and at every interval from now on."""
        self.stop()
        self.is_running = True
        self._send()

    def _send(self, _: Event | None = None) -> None:
        if self._session.client.is_open:
            self._session.send(self._message)
            self._timer = Timeout(self._session.env, self._interval_s)
            self._timer.callbacks.append(self._send)

    def stop(self) -> None:
        """Stop sending it."""
        self.is_running = False
        if self._timer is not None:
            cancel(self._session.env, self._timer)
            self._timer = None


class FirmwareWatchdog:
    """Arms and feeds the communication watchdog of a board.

    The message that arms it also feeds it, so it is armed even if the first message was lost.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._keep_alive = KeepAlive(session, FEED_MESSAGE, FEED_INTERVAL_S)

    @property
    def is_armed(self) -> bool:
        """Whether it is armed and fed now."""
        return self._keep_alive.is_running

    def arm(self) -> None:
        """Let the board stop when it receives nothing for ``WATCHDOG_TIMEOUT_S``."""
        self._keep_alive.start()

    def disarm(self) -> None:
        """Switch the watchdog off: the run is over."""
        if self.is_armed:
            self._keep_alive.stop()
            self._session.send(cellwright.watchdog(0))
