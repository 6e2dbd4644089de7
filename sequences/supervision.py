"""Runs a step as a SimPy process and holds every one of its waits to a time limit."""

from __future__ import annotations

from collections.abc import Generator
from heapq import heappop
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any

import simpy
from simpy.events import Event, Process, Timeout

from cellwright.errors import CellFault, CellwrightError, StepTimeoutError
from cellwright.hardware import Wait
from cellwright.hardware.waits import cancel, limit_of

Step = Generator[Event, Any, Any]


class Supervision(Process):
    """One step under way: a process that ends with what the step returns, or fails as the step fails.

    One timer watches all waits of a step: it is set for the deadline of the first and moved on when it
    rings too early, so a limit costs next to nothing while waits end in time.
    """

    deadline_s: float
    """When the wait under way must be over, on the environment's clock."""
    limit_s = inf  # for who waits for the step: its own waits have limits

    def __init__(self, env: simpy.Environment, step: Step) -> None:
        self.abandoned = False
        self.deadline_s = inf
        self._timer_due_s = -inf if getattr(env, "others_watch_limits", False) else inf
        self._timer: Event | None = None
        self._skips_ahead = type(env).step is simpy.Environment.step
        super().__init__(env, step)

    @property
    def process(self) -> Process:
        """The step as a SimPy process."""
        return self

    # In place of Process._resume, so that supervising costs no generator of its own round the step's. Every wait of
    # every step comes through here. In virtual time, when what a step waits for is the very next thing to happen and
    # nobody else waits for it, the step goes on at once: the same events in the same order, without a turn through
    # the environment's loop. Not so where a plain Wait has ended: whoever ended it, a plant that closed a switch, is in
    # the middle of something, and its time must not run on.
    def _resume(self, event: Event) -> None:
        """Take the step on to its next wait: ``event``, for which it waited, has come or failed."""
        env, step = self.env, self._generator
        coming = env._queue if self._skips_ahead and type(event) is not Wait else ()
        outer, env._active_proc = env._active_proc, self
        try:
            while not self.abandoned:
                event = step.send(event._value) if event._ok else step.throw(self._failure(event))
                if coming and coming[0][3] is event and not event.callbacks and not self.abandoned:
                    env._now = heappop(coming)[0]
                    event.callbacks = None  # type: ignore[assignment]  # SimPy's own mark of a processed event
                    continue
                limit_s = event.limit_s if isinstance(event, Wait) else self._limit_of(event)
                if event.callbacks is not None and not self.abandoned:
                    self._target = event
                    self.deadline_s = deadline_s = env._now + limit_s
                    if deadline_s < self._timer_due_s:
                        self._set_timer()
                    event.callbacks.append(self._resume)
                    return
            event._defused = True
            step.close()
            self._end(True, None)
        except StopIteration as end:
            self._end(True, end.value)
        except BaseException as failure:
            self._end(False, _as_fault(self._closing(failure)))
        finally:
            env._active_proc = outer

    @staticmethod
    def _failure(event: Event) -> BaseException:
        """What to raise in the step for an event that failed: a copy, as in SimPy, as others may raise it too."""
        event._defused = True
        failure: BaseException = event._value
        if isinstance(failure, simpy.Interrupt) and isinstance(failure.cause, StepTimeoutError):
            return failure.cause
        copy = type(failure)(*failure.args)
        copy.__cause__ = failure
        return copy

    def _closing(self, failure: BaseException) -> BaseException:
        """Let the step clean up after a wait that was refused; what goes wrong in that counts instead."""
        try:
            self._generator.close()
        except Exception as worse:
            return worse
        return failure

    def _end(self, ok: bool, value: Any) -> None:
        if self._timer is not None:
            cancel(self.env, self._timer)
        self._ok, self._value = ok, value
        self.env.schedule(self)

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

    def _set_timer(self) -> None:
        """Look again a second early, so that a somewhat shorter wait need not set the timer anew, then in time."""
        if self._timer is not None:
            cancel(self.env, self._timer)
        left_s = self.deadline_s - self.env.now
        self._timer = timer = Timeout(self.env, left_s - 1.0 if left_s > 2.0 else left_s)
        self._timer_due_s = self.env.now + timer._delay
        timer.callbacks.append(self._ring)

    def _ring(self, _: Event) -> None:
        self._timer, self._timer_due_s = None, inf
        waited = self._target
        if self.deadline_s == inf:
            return
        if self.env.now < self.deadline_s - 1e-9:
            self._set_timer()
        elif waited.callbacks is not None and (isinstance(waited, Wait) or not waited.triggered):
            limit_s = limit_of(waited)
            what = waited.what if isinstance(waited, Wait) else self._describe(waited)
            self.interrupt(StepTimeoutError(f"{what} within {limit_s:g} s."))

    @staticmethod
    def _describe(event: Any) -> str:
        waits = (part for part in getattr(event, "_events", ()) if isinstance(part, Wait))
        parts = [wait.what for wait in waits if wait.callbacks is not None]
        return " and ".join(parts) if parts else getattr(event, "what", "what the step waits for did not happen")

    def abandon(self, reason: str) -> None:
        """End the step where it is. The step is closed, so its own clean-up (``finally``) runs."""
        self.abandoned = True
        if self.is_alive and self is not self.env.active_process:
            self.interrupt(reason)


def _as_fault(failure: BaseException) -> BaseException:
    """What a step fails with. SimPy copies an exception that it passes on, which loses where it came from."""
    if isinstance(failure, CellwrightError) or not isinstance(failure, Exception):
        return failure
    fault = CellFault(plain(failure))
    fault.__cause__ = failure
    return fault


def plain(error: Exception) -> str:
    """A mistake in a step as one sentence that says where it is."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
    return f"the step failed with {type(error).__name__}: {error}{where}."
