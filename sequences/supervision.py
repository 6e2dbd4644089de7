"""Runs a step as a SimPy process and holds every one of its waits to a time limit."""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any

import simpy
from simpy.events import PENDING, Event, Process, Timeout

from cellwright.errors import CellFault, TimedOut
from cellwright.hardware import Wait
from cellwright.hardware.waits import cancel, limit_of

Step = Generator[Event, Any, Any]


class Supervision(Process):
    """One step under way: a process that ends with what the step returns, or fails as the step fails.

    One timer watches all waits of a step: it is set for the deadline of the first and moved on when it
    rings too early, so a limit costs next to nothing while waits end in time.
    """

    limit_s = inf  # for who waits for the step: its own waits have limits

    def __init__(self, env: simpy.Environment, step: Step) -> None:
        self._abandoned = False
        self._deadline_s = inf
        self._timer_due_s = inf
        self._timer: Event | None = None
        super().__init__(env, step)

    @property
    def process(self) -> Process:
        """The step as a SimPy process."""
        return self

    # In place of Process._resume, so that supervising costs no generator of its own round the step's.
    def _resume(self, event: Event) -> None:
        """Take the step on to its next wait, as ``event``, for which it waited, has come or failed."""
        env, step = self.env, self._generator
        outer, env._active_proc = env._active_proc, self
        try:
            while not self._abandoned:
                event = step.send(event._value) if event._ok else step.throw(self._failure(event))
                limit_s = event.limit_s if isinstance(event, Wait) else self._limit_of(event)
                if event.callbacks is not None and not self._abandoned:
                    self._target = event
                    self._deadline_s = deadline_s = env._now + limit_s
                    if deadline_s < self._timer_due_s:
                        self._set_timer(deadline_s)
                    event.callbacks.append(self._resume)
                    return
            event._defused = True
            self._close()
            self._end(True, None)
        except StopIteration as end:
            self._end(True, end.value)
        except BaseException as failure:
            self._end(False, self._after_closing(failure))
        finally:
            env._active_proc = outer

    @staticmethod
    def _failure(event: Event) -> BaseException:
        """What to raise in the step for an event that failed: a copy, as SimPy does, of what others may raise too."""
        event._defused = True
        failure: BaseException = event._value
        if isinstance(failure, simpy.Interrupt) and isinstance(failure.cause, TimedOut):
            return failure.cause
        copy = type(failure)(*failure.args)
        copy.__cause__ = failure
        return copy
