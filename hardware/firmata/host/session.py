"""The session with a board: what its ports know of it, and no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import simpy

from cellwright.errors import CellFault
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.waits import Wait

REPLY_TIMEOUT_S = 1.0
"""How long the firmware may take to reply to a query."""
TIMEOUT_MARGIN_S = 5.0
"""What a wait allows beyond the computed time of a move or a pulse."""


class Session:
    """The messages to a board, its lock, and whom trouble is reported to, in the time of ``env``.

    client: the board's end of the line, which is ready. is_locked: the board has been made safe, and nothing may be
    driven. notes: sentences for a person to read about this board.
    """

    def __init__(self, env: simpy.Environment, client: FirmataClient) -> None:
        self.env = env
        self.client = client
        self.is_locked = False
        self.notes: list[str] = []
        self._trouble_actions: list[Callable[[str], None]] = []
        self._round_trips: deque[tuple[float, Wait]] = deque()  # until when each may take
        client.on_sysex(messages.ANALOG_MAPPING_RESPONSE, self._end_round_trip)

    # ---- what the board is ----

    @property
    def name(self) -> str:
        """The board in the user's words."""
        return f"the board on {self.client.name}"

    @property
    def firmware(self) -> str:
        """Name and version of its firmware."""
        major, minor = self.client.firmware_version or (0, 0)
        name = (self.client.firmware_name or "an unknown firmware").removesuffix(".ino")
        return f"{name} {major}.{minor}"

    @property
    def description(self) -> str:
        """What this board is, as the end of a sentence."""
        return f"this board runs {self.firmware} and has pins 0 to {len(self.client.capabilities) - 1}"

    # ---- messages ----

    def send(self, data: bytes) -> None:
        """Send messages."""
        self.client.send(data)

    def round_trip(self) -> Wait:
        """A wait for the reply to a query sent now: all that was sent before has arrived by then."""
        wait = Wait(self.env, self, "did not answer", REPLY_TIMEOUT_S)
        self._round_trips.append((self.env.now + REPLY_TIMEOUT_S, wait))
        self.send(messages.QUERY_ANALOG_MAPPING)
        return wait

    def _end_round_trip(self, _: bytes) -> None:
        while self._round_trips:
            until_s, wait = self._round_trips.popleft()
            if self.env.now <= until_s:  # an earlier one without a reply was lost
                wait.complete()
                return

    # ---- trouble ----

    def refuse_if_locked(self, what: str) -> None:
        """Raise CellFault while the board is locked. what: what cannot be done, as in "pin 7 cannot be driven"."""
        if self.is_locked:
            raise CellFault(f"{what}: the board has been made safe; reset the cell first.")

    def on_trouble(self, action: Callable[[str], None]) -> None:
        """Call ``action`` with a sentence whenever something is wrong with the board."""
        self._trouble_actions.append(action)

    def report_trouble(self, reason: str) -> None:
        """Report that something is wrong with the board. Raises CellFault if nobody listens."""
        if not self._trouble_actions:
            raise CellFault(reason)
        for action in self._trouble_actions:
            action(reason)
