"""WallClock: a SimPy environment in real time that receives calls from other threads."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import simpy
from simpy.events import Event

from cellwright.hardware.event_loop import pop_due, schedule_at, set_now

# On Windows Ctrl-C waits until a lock is released, so a long wait is cut into slices; elsewhere it interrupts one.
MAX_WAIT_S = 0.1 if sys.platform == "win32" else 3600.0

Post = Callable[[], object]


class WallClock(simpy.Environment):
    """SimPy's environment in real time, in seconds: an event comes when it is due, or as soon after as possible.

    Other threads pass calls with ``post``. ``run`` waits for posts even when no event is scheduled, so that without
    ``until`` it runs until something raises. Time passes only while it runs.

    A late event counts as due when it really comes: the delays that follow start from there, so that no pulse is cut
    short because its start was late. The order is SimPy's all the same.

    seconds: the source of real time, which must never go backwards.
    """

    max_lateness_s: float = 0.0
    """The largest delay of an event behind its due time, s."""
    is_waiting: bool = False
    """Whether it waits for the next event or post."""
    turns: int = 0
    """How often it has begun to wait."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._started_s = seconds()  # real time when ``now`` was 0
        self._inbox: SimpleQueue[Post] = SimpleQueue()

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Have ``function(*args)`` called on the environment's thread. Any thread may call this; the order is kept."""
        self._inbox.put(lambda: function(*args))

    def run(self, until: float | Event | None = None) -> Any | None:
        self._started_s = self._seconds() - self.now
        return super().run(until)

    def step(self) -> None:
        """Process the next event once it is due, and before it the calls posted in the meantime."""
        while self.peek() > self.now:
            post = self._next_post(within_s=self.peek() - self._wall_s())
            self._catch_up()
            if post is not None:
                post()
        super().step()

    def _wall_s(self) -> float:
        return self._seconds() - self._started_s

    def _next_post(self, within_s: float) -> Post | None:
        """The next posted call, or None if none comes in time."""
        self.turns += 1
        self.is_waiting = True
        try:
            return self._inbox.get(timeout=min(max(within_s, 0.0), MAX_WAIT_S))
        except Empty:
            return None
        finally:
            self.is_waiting = False

    def _catch_up(self) -> None:
        """Set ``now`` to real time; overdue events become due now, in their order."""
        now_s = max(self.now, self._wall_s())
        overdue = list(pop_due(self, now_s))
        set_now(self, now_s)
        for due_s, event in overdue:
            self.max_lateness_s = max(self.max_lateness_s, now_s - due_s)
            schedule_at(self, now_s, event)
