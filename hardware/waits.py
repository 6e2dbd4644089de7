"""Waits: SimPy events with a time limit and a description of what was waited for."""

from __future__ import annotations

from collections.abc import Generator
from heapq import heapify, heappush
from typing import Any, Protocol

import simpy
from simpy.events import NORMAL, Event, Timeout

Steps = Generator[Event, Any, Any]
"""A step in progress: a generator that yields events, as SimPy runs it; its return value is the step's result."""


class Named(Protocol):
    """The subject of a wait; its name is shown when the wait takes too long."""

    @property
    def name(self) -> str:
        """The name."""
        ...


class Wait(Event):
    """An event of a device that must come within ``limit_s`` seconds of being waited for.

    It describes a timeout as ``{subject.name} {verb}``: "panel did not close".
    """

    limit_s: float
    _ok = True

    def __init__(self, env: simpy.Environment, subject: Named, verb: str, limit_s: float) -> None:
        super().__init__(env)
        self._subject = subject
        self._verb = verb
        self.limit_s = limit_s

    @property
    def what(self) -> str:
        """What has not happened when the limit passes, as a clause."""
        return f"{self._subject.name} {self._verb}"

    def complete(self, value: Any = None) -> None:
        """Resume the waiting processes now, within the event being processed, with ``value``.

        ``succeed()`` would cost one more turn through SimPy's queue at the same instant. Completing an
        event that was completed before does nothing.
        """
        callbacks = self.callbacks
        if callbacks is None:
            return
        self._value = value
        self.callbacks = None  # type: ignore[assignment]  # SimPy's mark of a processed event
        for callback in callbacks:
            callback(self)


class ScheduledWait(Wait):
    """A wait that is certain to end at ``due_s``, as a model board can compute.

    Most events of a simulation are moves and pulses. Like SimPy's own Timeout it is in the queue from the
    start, with its value, and sets the attributes of an event without a chain of constructors. Moves and pulses
    are of one class because Python reads attributes several times as fast where it meets only one.
    """

    def __init__(self, env: simpy.Environment, subject: Named, verb: str, due_s: float, limit_s: float) -> None:
        self.env = env
        self.callbacks = []
        self._ok = True
        self._value = None
        self._subject = subject
        self._verb = verb
        self.limit_s = limit_s
        heappush(env._queue, (due_s, NORMAL, next(env._eid), self))


def cancel(env: simpy.Environment, *events: Event | None) -> None:
    """Remove events from SimPy's queue, which has no function for it: they do not come unless scheduled again."""
    queue = env._queue
    queue[:] = [entry for entry in queue if entry[3] not in events]
    heapify(queue)


def limit_of(event: Any) -> float | None:
    """The longest that ``event`` may take, in seconds, or None if it has no limit.

    A timeout is its own limit. Of a condition for all of several events the longest limit counts, and each event needs
    one; of a condition for any of them the shortest.
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
