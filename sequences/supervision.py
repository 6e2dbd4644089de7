"""Runs a step as a SimPy process and enforces a time limit on each of its waits."""

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


class StepProcess(Process):
    """A running step: a SimPy process that ends with what the step returns, or fails as the step fails.

    One timer serves all waits of a step: it is set for the deadline of the first and set again when it
    expires too early, so a limit costs next to nothing while waits end in time.
    """

    deadline_s: float
    """When the current wait must be over, on the clock of the environment."""
    limit_s = inf  # waiting for a step needs no limit: its own waits have limits

    def __init__(self, env: simpy.Environment, step: Step) -> None:
        self.is_abandoned = False
        self.deadline_s = inf
        self._timer_due_s = -inf if getattr(env, "others_watch_limits", False) else inf
        self._timer: Event | None = None
        self._skips_ahead = type(env).step is simpy.Environment.step
        super().__init__(env, step)

    @property
    def process(self) -> Process:
        """The step as a SimPy process."""
        return self

    # Overrides Process._resume, so that supervision needs no second generator round that of the step. Every wait of
    # every step passes here. In virtual time, when a step waits for the very next event in the queue and nothing else
    # waits for it, the step continues at once: the same events in the same order, without a pass through the loop of
    # the environment. Not so after a plain Wait: the process that ended it, such as a plant that closed a switch, has
    # not returned yet, and the time must not advance for it.
    def _resume(self, event: Event) -> None:
        """Run the step to its next wait: ``event``, for which it waited, has succeeded or failed."""
        env, step = self.env, self._generator
        queue = env._queue if self._skips_ahead and type(event) is not Wait else ()
        outer, env._active_proc = env._active_proc, self
        try:
            while not self.is_abandoned:
                event = step.send(event._value) if event._ok else step.throw(self._failure(event))
                if queue and queue[0][3] is event and not event.callbacks and not self.is_abandoned:
                    env._now = heappop(queue)[0]
                    event.callbacks = None  # type: ignore[assignment]  # SimPy marks a processed event like this
                    continue
                limit_s = event.limit_s if isinstance(event, Wait) else self._limit_of(event)
                if event.callbacks is not None and not self.is_abandoned:
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
            self._end(False, _as_fault(self._close_step(failure)))
        finally:
            env._active_proc = outer

    @staticmethod
    def _failure(event: Event) -> BaseException:
        """The exception to raise in the step for a failed event: a copy, as in SimPy, as others may raise it too."""
        event._defused = True
        failure: BaseException = event._value
        if isinstance(failure, simpy.Interrupt) and isinstance(failure.cause, StepTimeoutError):
            return failure.cause
        copy = type(failure)(*failure.args)
        copy.__cause__ = failure
        return copy

    def _close_step(self, failure: BaseException) -> BaseException:
        """Close the step after a refused wait, so that it cleans up; an exception in that takes precedence."""
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
        """Expire a second early first, so that a slightly shorter wait need not set the timer anew, then on time."""
        if self._timer is not None:
            cancel(self.env, self._timer)
        left_s = self.deadline_s - self.env.now
        self._timer = timer = Timeout(self.env, left_s - 1.0 if left_s > 2.0 else left_s)
        self._timer_due_s = self.env.now + timer._delay
        timer.callbacks.append(self._check_deadline)

    def _check_deadline(self, _: Event) -> None:
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
        """End the step at its current wait. The step is closed, so its clean-up (``finally``) runs."""
        self.is_abandoned = True
        if self.is_alive and self is not self.env.active_process:
            self.interrupt(reason)


def _as_fault(failure: BaseException) -> BaseException:
    """The failure of a step as a CellFault. SimPy copies an exception that it passes on, which loses its origin."""
    if isinstance(failure, CellwrightError) or not isinstance(failure, Exception):
        return failure
    fault = CellFault(describe_exception(failure))
    fault.__cause__ = failure
    return fault


def describe_exception(error: Exception) -> str:
    """An exception in a step as one sentence with file and line."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
    return f"the step failed with {type(error).__name__}: {error}{where}."
