"""Runs a step as a SimPy process and holds every one of its waits to a time limit."""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any

import simpy
from simpy.events import Event, Timeout

from cellwright.errors import CellFault, TimedOut
from cellwright.hardware import Wait
from cellwright.hardware.waits import limit_of

Step = Generator[Event, Any, Any]


class Supervision:
    """One step under way. ``process`` ends with what the step returns, or fails as the step fails.

    One timer watches all waits of a step: it is set for the deadline of the first and moved on when it
    rings too early, so a limit costs next to nothing while waits end in time.
    """

    def __init__(self, env: simpy.Environment, step: Step) -> None:
        self.env = env
        self._step = step
        self._abandoned = False
        self._waits_for: Event | None = None
        self._deadline_s = inf
        self._timer_due_s = inf
        self._timer: Event | None = None
        self.process = env.process(self._run())

    def _run(self) -> Generator[Event, Any, Any]:
        env, step = self.env, self._step
        try:
            event = step.send(None)
            while True:
                limit_s = event.limit_s if isinstance(event, Wait) else self._limit_of(event)
                self._waits_for = event
                self._deadline_s = deadline_s = env.now + limit_s
                if deadline_s < self._timer_due_s:
                    self._set_timer(deadline_s)
                try:
                    value = yield event
                except Exception as failure:
                    if self._abandoned:
                        return None
                    timed_out = isinstance(failure, simpy.Interrupt) and isinstance(failure.cause, TimedOut)
                    event = step.throw(failure.cause if timed_out else failure)  # type: ignore[attr-defined]
                else:
                    event = step.send(value)
                if self._abandoned:
                    return None
        except StopIteration as end:
            return end.value
        finally:
            self._waits_for = None
            step.close()

    @staticmethod
    def _limit_of(event: Any) -> float:
        if not isinstance(event, Event):
            raise CellFault(f"the step yielded {event!r}; a step yields what devices return, or other SimPy events.")
        limit_s = limit_of(event)
        if limit_s is None:
            raise CellFault(
                "the step waits without a time limit; wait for a device's event, or wrap it in self.within()."
            )
        return limit_s

    def _set_timer(self, due_s: float) -> None:
        self._timer_due_s = due_s
        self._timer = timer = Timeout(self.env, due_s - self.env.now)
        timer.callbacks.append(self._ring)

    def _ring(self, timer: Event) -> None:
        if timer is not self._timer:
            return  # a shorter wait set an earlier timer since
        self._timer_due_s = inf
        waited = self._waits_for
        if waited is None or self._deadline_s == inf:
            return
        if self.env.now < self._deadline_s - 1e-9:
            self._set_timer(self._deadline_s)
        elif waited.callbacks is not None and not waited.triggered:
            limit_s = limit_of(waited)
            what = waited.what if isinstance(waited, Wait) else self._describe(waited)
            self.process.interrupt(TimedOut(f"{what} within {limit_s:g} s."))

    @staticmethod
    def _describe(event: Any) -> str:
        parts = [part.what for part in getattr(event, "_events", ()) if isinstance(part, Wait) and not part.triggered]
        return " and ".join(parts) if parts else getattr(event, "what", "what the step waits for did not happen")

    def abandon(self, reason: str) -> None:
        """End the step where it is. The step is closed, so its own clean-up (``finally``) runs."""
        self._abandoned = True
        if self.process.is_alive and self.process is not self.env.active_process:
            self.process.interrupt(reason)
