"""Waits: SimPy events that carry a time limit and can say what was waited for."""

from __future__ import annotations

from heapq import heapify
from typing import Any, Protocol

import simpy
from simpy.events import Event, Timeout


class Named(Protocol):
    """Whatever is waited for: it has a name to show when the wait takes too long."""

    name: str


class Wait(Event):
    """An event of a device that must come within ``limit_s`` seconds of being waited for.

    It says what is waited for as ``{subject.name} {verb}``: "panel did not close".
    """

    subject: Named
    verb: str
    limit_s: float
    _ok = True

    def __init__(self, env: simpy.Environment, subject: Named, verb: str, limit_s: float) -> None:
        super().__init__(env)
        self.subject = subject
        self.verb = verb
        self.limit_s = limit_s

    @property
    def what(self) -> str:
        """What has not happened if the limit passes, as a clause."""
        return f"{self.subject.name} {self.verb}"

    def complete(self, _: Event | None = None) -> None:
        """Let those who wait go on now, within the event being processed.

        ``succeed()`` would cost one more turn through SimPy's queue at the same instant. Completing an
        event that was completed before does nothing.
        """
        callbacks = self.callbacks
        if callbacks is None:
            return
        self._value = None
        self.callbacks = None  # type: ignore[assignment]  # SimPy's own mark of a processed event
        for callback in callbacks:
            callback(self)


def cancel(env: simpy.Environment, *events: Event) -> None:
    """Take events out of SimPy's queue, which has no call for it: they will not come unless scheduled again."""
    queue = env._queue
    queue[:] = [entry for entry in queue if entry[3] not in events]
    heapify(queue)


def limit_of(event: Any) -> float | None:
    """The longest that ``event`` may take, in seconds, or None when nothing bounds it.

    A timeout bounds itself. Of several events that must all come, the longest limit counts, and each
    needs one; of several of which any will do, the shortest.
    """
    if isinstance(event, Wait):
        return event.limit_s
    if isinstance(event, Timeout) or event.callbacks is None:
        return float("inf")
    if isinstance(event, simpy.events.Condition):
        limits = [limit_of(part) for part in event._events]
        if event._evaluate is simpy.events.Condition.any_events:
            known = [limit for limit in limits if limit is not None]
            return min(known, default=None)
        return None if None in limits else max((limit for limit in limits if limit is not None), default=None)
    return getattr(event, "limit_s", None)
