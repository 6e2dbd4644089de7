"""Waits: SimPy events with a time limit and a description of what was waited for."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, Protocol, TypeVar

import simpy
from simpy.events import Condition, Event, Timeout

from cellwright.hardware.event_loop import CompletableEvent, ScheduledEvent, is_any_of, parts_of

LONG_AGO_S = -math.inf
"""Before everything: a time that no longer matters."""

EventT = TypeVar("EventT", bound=Event)

Steps = Generator[Event, Any, Any]
"""A step in progress: a generator that yields events, as SimPy runs it; its return value is the step's result."""


class Named(Protocol):
    """The subject of a wait; its name is shown when the wait takes too long."""

    @property
    def name(self) -> str:
        """The name."""
        ...


class Wait(CompletableEvent):
    """An event of a device that must come within ``limit_s`` seconds of being waited for.

    It describes a timeout as ``{subject.name} {verb}``: "panel did not close".
    """

    def __init__(self, env: simpy.Environment, subject: Named, verb: str, limit_s: float) -> None:
        super().__init__(env)
        self.subject = subject
        self.verb = verb
        self.limit_s = limit_s

    @property
    def what(self) -> str:
        """What has not happened when the limit passes, as a clause."""
        return f"{self.subject.name} {self.verb}"

    def end_like(self, ended: Event) -> None:
        """End as another event ended, for which this one stands: a callback of that event."""
        if ended.ok:
            self.complete()
            return
        ended.defused = self.defused = True
        if not self.triggered and isinstance(ended.value, Exception):
            self.fail(ended.value)


class ScheduledWait(ScheduledEvent, Wait):
    """A wait that is certain to end at ``due_s``, as a model board can compute.

    Moves and pulses are of one class because Python reads attributes several times as fast where it meets only one.
    """


def leave_running(wait: EventT) -> EventT:
    """Say that nobody need wait for this: it goes on by itself, or is only looked at. Returns it."""
    if wait.callbacks is not None:
        wait.callbacks.append(left_running)
    return wait


def left_running(_: Event) -> None:
    """The callback of an event for which nobody waits on purpose."""


def limit_of(event: Any) -> float | None:
    """The longest that ``event`` may take, in seconds, or None if it has no limit.

    A timeout is its own limit. Of a condition for all of several events the longest limit counts, and each event needs
    one; of a condition for any of them the shortest.
    """
    if isinstance(event, Wait):
        return event.limit_s
    if isinstance(event, Timeout) or event.callbacks is None:
        return float("inf")
    if isinstance(event, Condition):
        limits = [limit_of(part) for part in parts_of(event)]
        if is_any_of(event):
            known = [limit for limit in limits if limit is not None]
            return min(known, default=None)
        return None if None in limits else max((limit for limit in limits if limit is not None), default=None)
    return getattr(event, "limit_s", None)
