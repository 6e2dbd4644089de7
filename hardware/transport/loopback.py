"""LoopbackLine: a serial line in memory between a host and a virtual board, with the delays of a real one."""

from __future__ import annotations

from typing import cast

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.transport.link import Link

BITS_PER_BYTE = 10  # a start bit, eight of data, a stop bit


class _LoopbackLink(Link):
    """One end of a line. busy_until_s: when the last byte written so far has been sent. Counts bytes both ways."""

    def __init__(self, env: simpy.Environment, name: str, seconds_per_byte: float, latency_s: float) -> None:
        super().__init__(name)
        self.env = env
        self.busy_until_s = env.now
        self.bytes_written = 0
        self.bytes_received = 0
        self.is_open = True
        self.other: _LoopbackLink
        self._seconds_per_byte = seconds_per_byte
        self._latency_s = latency_s

    def write(self, data: bytes) -> None:
        if not self.is_open or not data:
            return
        now_s = self.env.now
        self.busy_until_s = max(self.busy_until_s, now_s) + len(data) * self._seconds_per_byte
        self.bytes_written += len(data)
        arrival = Timeout(self.env, self.busy_until_s + self._latency_s - now_s, data)
        arrival.callbacks.append(self.other.receive)

    def receive(self, arrival: Event) -> None:
        """Receive what the other end wrote, now that its last byte has arrived."""
        if self.is_open:
            data = cast(bytes, arrival.value)
            self.bytes_received += len(data)
            self.on_bytes(data)

    def close(self) -> None:
        self.is_open = False


class LoopbackLine:
    """A line with two ends, ``host`` and ``board``; each direction carries one byte at a time.

    baud: bits/s. latency_s: an additional delay, as of a USB adapter. What is written arrives in one chunk, with its
    last byte.
    """

    def __init__(
        self, env: simpy.Environment, baud: int = 115200, latency_s: float = 0.0, name: str = "the line in memory"
    ) -> None:
        seconds_per_byte = BITS_PER_BYTE / baud
        self.host = _LoopbackLink(env, name, seconds_per_byte, latency_s)
        self.board = _LoopbackLink(env, name, seconds_per_byte, latency_s)
        self.host.other, self.board.other = self.board, self.host

    def cut(self, reason: str) -> None:
        """Cut the line, with all bytes in transit, and report the reason at the ends that are still open."""
        ends = [end for end in (self.host, self.board) if end.is_open]
        for end in ends:
            end.close()
        for end in ends:
            end.on_lost(reason)
