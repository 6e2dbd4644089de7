"""Runs a step as a SimPy process and enforces a time limit on each of its waits."""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from pathlib import Path
from types import GeneratorType, TracebackType
from typing import Any

import simpy
from simpy.events import Event, Process, Timeout

from cellwright.errors import CellFault, CellwrightError, StepTimeoutError
from cellwright.hardware import Wait
from cellwright.hardware.event_loop import DirectProcess, cancel, delay_of, parts_of
from cellwright.hardware.waits import limit_of

Step = Generator[Event, Any, Any]


class BlockedStep(BaseException):
    """Raised in a step that does not yield, from outside, to end it. No step should catch it, so it is no Exception."""


class StepProcess(DirectProcess):
    """A running step: a SimPy process that ends with what the step returns, or fails as the step fails.

    One timer serves all waits of a step: it is set for the deadline of the first and set again when it
    expires too early, so a limit costs next to nothing while waits end in time.
    """

    completed_in_place = Wait
    limit_s = inf  # waiting for a step needs no limit: its own waits have limits

    def __init__(self, env: simpy.Environment, step: Step) -> None:
        super().__init__(env, step)
        self.deadline_s = inf
        self._timer: Event | None = None
        if getattr(env, "others_watch_limits", False):
            self.timer_due_s = -inf

    @property
    def process(self) -> Process:
        """The step as a SimPy process."""
        return self

    def failure_in_step(self, failure: BaseException) -> BaseException:
        if isinstance(failure, simpy.Interrupt) and isinstance(failure.cause, StepTimeoutError):
            return failure.cause
        return super().failure_in_step(failure)

    def failed_with(self, failure: BaseException) -> BaseException:
        return _as_fault(failure)

    def on_end(self) -> None:
        if self._timer is not None:
            cancel(self.env, self._timer)

    def limit_of(self, event: Any) -> float:
        if not isinstance(event, Event):
            if isinstance(event, GeneratorType):
                raise CellFault(f"the step yielded the step {event.__name__}(…); use yield from.")
            raise CellFault(f"the step yielded {event!r}; a step yields what devices return, or other SimPy events.")
        limit_s = limit_of(event)
        if limit_s is None:
            raise CellFault(
                "the step waits without a time limit; wait for a device's event, or wrap it in self.within()."
            )
        return limit_s

    def set_timer(self) -> None:
        """Expire a second early first, so that a slightly shorter wait need not set the timer anew, then on time."""
        if self._timer is not None:
            cancel(self.env, self._timer)
        left_s = self.deadline_s - self.env.now
        self._timer = timer = Timeout(self.env, left_s - 1.0 if left_s > 2.0 else left_s)
        self.timer_due_s = self.env.now + delay_of(timer)
        timer.callbacks.append(self._check_deadline)

    def _check_deadline(self, _: Event) -> None:
        self._timer, self.timer_due_s = None, inf
        waited = self.target
        if self.deadline_s == inf:
            return
        if self.env.now < self.deadline_s - 1e-9:
            self.set_timer()
        elif waited.callbacks is not None and (isinstance(waited, Wait) or not waited.triggered):
            limit_s = limit_of(waited)
            what = waited.what if isinstance(waited, Wait) else self._describe(waited)
            self.interrupt(StepTimeoutError(f"{what} within {limit_s:g} s."))

    @staticmethod
    def _describe(event: Any) -> str:
        waits = (part for part in parts_of(event) if isinstance(part, Wait))
        parts = [wait.what for wait in waits if wait.callbacks is not None]
        return " and ".join(parts) if parts else getattr(event, "what", "what the step waits for did not happen")

    def abandon(self, reason: str) -> None:
        """End the step at its current wait. The step is closed, so its clean-up (``finally``) runs."""
        self.is_abandoned = True
        if self.is_alive and self is not self.env.active_process:
            self.interrupt(reason)


def _as_fault(failure: BaseException) -> BaseException:
    """The failure of a step as a CellFault. SimPy copies an exception that it passes on, which loses its origin."""
    if isinstance(failure, (CellwrightError, KeyboardInterrupt)):
        return failure
    fault = CellFault(describe_exception(failure))
    fault.__cause__ = failure
    return fault


def describe_exception(error: BaseException) -> str:
    """An exception in a step as one sentence with file and line."""
    if isinstance(error, BlockedStep):
        return str(error)
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
    if isinstance(error, (SystemExit, GeneratorExit)):
        return f"the step raised {type(error).__name__}, which ends no run{where}; let it return a trigger."
    return f"the step failed with {type(error).__name__}: {error}{where}."
