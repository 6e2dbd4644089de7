"""What Cellwright uses of SimPy that SimPy keeps to itself; each part says why.

No other file of the project touches an attribute of SimPy's that begins with an underscore (a test looks), and
pyproject.toml caps SimPy below its next minor version: there these attributes may be others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from typing import Any, ClassVar

import simpy
from simpy.events import NORMAL, Condition, Event, Process, Timeout

# ---- the queue ----


def cancel(env: simpy.Environment, *events: Event | None) -> None:
    """Remove events from the queue: they do not come unless scheduled again.

    Why: SimPy has no function for it. A timer that is not needed any more would keep a simulation alive until it ends.
    """
    queue = env._queue
    queue[:] = [entry for entry in queue if entry[3] not in events]
    heapify(queue)


def schedule_at(env: simpy.Environment, due_s: float, event: Event) -> None:
    """Put an event into the queue at a time of the clock.

    Why: SimPy schedules after a delay, and now + (due - now) is not always due.
    """
    heappush(env._queue, (due_s, NORMAL, next(env._eid), event))


def pop_due(env: simpy.Environment, until_s: float) -> Iterator[tuple[float, Event]]:
    """Take the events that are due until then out of the queue, in their order, each with its time.

    Why: on real time an event that is overdue is due now.
    """
    while env.peek() <= until_s:
        due_s, _, _, event = heappop(env._queue)
        yield due_s, event


def is_idle(env: simpy.Environment) -> bool:
    """Whether nothing is in the queue.

    Why: ``peek()`` gives infinity for it, which a symbolic clock cannot be compared with.
    """
    return not env._queue


def has_due_event(env: simpy.Environment, priority: int) -> bool:
    """Whether an event of a higher priority than this is due now; of two priorities the lower number is the higher.

    Why: ``peek()`` does not say the priority.
    """
    queue = env._queue
    return bool(queue) and bool(queue[0][0] <= env.now and queue[0][1] < priority)


# ---- the clock ----


class VirtualClock(simpy.Environment):
    """An environment in virtual time whose ``now`` is quick to read.

    Why: devices, boards and plants read the time several times for each event, and SimPy's ``now`` is a call of a
    Python function. Here the time lies in a slot, and ``now`` is that slot.
    """

    __slots__ = ("_now",)


VirtualClock.now = vars(VirtualClock)["_now"]  # type: ignore[method-assign]  # mypy knows the property


def set_now(env: simpy.Environment, now_s: Any) -> None:
    """Set the clock.

    Why: real time goes on without events; and the fast path starts a path at a symbolic time.
    """
    env._now = now_s


# ---- events ----


class CompletableEvent(Event):
    """An event that resumes those who wait for it at once.

    Why: ``succeed()`` costs one more turn through the queue at the same instant.
    """

    _ok = True
    limit_s: float

    def complete(self, value: Any = None) -> None:
        """Resume the waiting processes now, within the event being processed, with ``value``.

        Completing an event that was completed before does nothing.
        """
        callbacks = self.callbacks
        if callbacks is None:
            return
        self._value = value
        self.callbacks = None  # type: ignore[assignment]  # SimPy's mark of a processed event
        for callback in callbacks:
            callback(self)


class ScheduledEvent(CompletableEvent):
    """An event that is certain to come at ``due_s``. subject, verb, limit_s: as of ``waits.Wait``.

    Why: most events of a simulation are moves and pulses, and a chain of constructors is most of their time. SimPy's
    own Timeout sets its attributes in the same way.
    """

    def __init__(self, env: simpy.Environment, subject: Any, verb: str, due_s: float, limit_s: float) -> None:
        self.env = env
        self.callbacks = []
        self._ok = True
        self._value = None
        self.subject = subject
        self.verb = verb
        self.limit_s = limit_s
        heappush(env._queue, (due_s, NORMAL, next(env._eid), self))


class MadeEvents:
    """Calls ``note`` with each completable event that is made, while ``noted`` lasts.

    Why: a dry run looks for waits that a step forgets. A constructor that asked whether somebody looks would slow down
    every simulation, so the constructors are others for that while.
    """

    def __init__(self, note: Callable[[Event], None]) -> None:
        self.note = note

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note events within the block."""
        note, of_event, of_scheduled = self.note, Event.__init__, ScheduledEvent.__init__

        def make(event: CompletableEvent, env: simpy.Environment) -> None:
            of_event(event, env)
            note(event)

        def schedule(event: ScheduledEvent, *arguments: Any) -> None:
            of_scheduled(event, *arguments)
            note(event)

        CompletableEvent.__init__ = make  # type: ignore[method-assign, assignment]
        ScheduledEvent.__init__ = schedule  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            del CompletableEvent.__init__  # it is SimPy's again
            ScheduledEvent.__init__ = of_scheduled  # type: ignore[method-assign]


def parts_of(event: Event) -> tuple[Event, ...]:
    """The events of a condition; none of another event.

    Why: a step that waits for several must be able to say which did not come.
    """
    return tuple(event._events) if isinstance(event, Condition) else ()


def is_any_of(condition: Condition) -> bool:
    """Whether one of its events is enough.

    Why: of "any" the shortest time limit counts, of "all" the longest.
    """
    return condition._evaluate is Condition.any_events


def delay_of(timeout: Timeout) -> float:
    """How long a timeout is, s. Why: SimPy keeps it, and shows it in its text only."""
    return float(timeout._delay)


# ---- processes ----


class DirectProcess(Process):
    """A process that goes on at once where it waits for the very next event, and whose waits can be limited.

    Why: SimPy's own process needs a second generator round the step to watch its waits, and a pass through the loop of
    the environment for each event. In virtual time, when a step waits for the very next event in the queue and nothing
    else waits for it, the step continues at once: the same events in the same order. Not so after an event that was
    completed in place: the process that completed it, such as a plant that closed a switch, has not returned yet, and
    the time must not advance for it.
    """

    completed_in_place: ClassVar[type[Event]] = CompletableEvent
    """The events, of exactly this class, after which the process does not skip ahead."""
    deadline_s: float
    """When the current wait must be over, on the clock of the environment."""

    def __init__(self, env: simpy.Environment, step: Generator[Event, Any, Any]) -> None:
        self.is_abandoned = False
        self.timer_due_s = float("inf")
        self._skips_ahead = type(env).step is simpy.Environment.step
        self._in_place = self.completed_in_place  # of the instance: every wait of every step reads it
        super().__init__(env, step)

    def _resume(self, event: Event) -> None:
        """Run the step to its next wait: ``event``, for which it waited, has succeeded or failed."""
        env, step = self.env, self._generator
        queue = env._queue if self._skips_ahead and type(event) is not self._in_place else ()
        outer, env._active_proc = env._active_proc, self
        try:
            while not self.is_abandoned:
                event = step.send(event._value) if event._ok else step.throw(self._raised_by(event))
                if queue and queue[0][3] is event and not event.callbacks and not self.is_abandoned:
                    env._now = heappop(queue)[0]
                    event.callbacks = None  # type: ignore[assignment]  # SimPy marks a processed event like this
                    continue
                limit_s = event.limit_s if isinstance(event, CompletableEvent) else self.limit_of(event)
                if event.callbacks is not None and not self.is_abandoned:
                    self._target = event
                    self.deadline_s = deadline_s = env._now + limit_s
                    if deadline_s < self.timer_due_s:
                        self.set_timer()
                    event.callbacks.append(self._resume)
                    return
            event._defused = True
            step.close()
            self._end(True, None)
        except StopIteration as end:
            self._end(True, end.value)
        except BaseException as failure:
            self._end(False, self.failed_with(self._closed_after(failure)))
        finally:
            env._active_proc = outer

    def _raised_by(self, event: Event) -> BaseException:
        """The exception to raise in the step for a failed event."""
        event._defused = True
        failure: BaseException = event._value
        return self.failure_in_step(failure)

    def _closed_after(self, failure: BaseException) -> BaseException:
        """Close the step after a refused wait, so that it cleans up; an exception in that takes precedence."""
        try:
            self._generator.close()
        except Exception as worse:
            return worse
        return failure

    def _end(self, ok: bool, value: Any) -> None:
        self.on_end()
        self._ok, self._value = ok, value
        self.env.schedule(self)

    # ---- what a kind of process decides ----

    def limit_of(self, event: Any) -> float:
        """The longest that an event may take, s. Raises what the step gets for an event that it may not wait for."""
        raise NotImplementedError

    def set_timer(self) -> None:
        """Set a timer for ``deadline_s``, which is before ``timer_due_s``."""
        raise NotImplementedError

    def failure_in_step(self, failure: BaseException) -> BaseException:
        """The exception that the step gets for a failed event: a copy, as in SimPy, as others may raise it too."""
        copy = type(failure)(*failure.args)
        copy.__cause__ = failure
        return copy

    def failed_with(self, failure: BaseException) -> BaseException:
        """The exception with which the process fails."""
        return failure

    def on_end(self) -> None:
        """Called when the step has ended, before those who wait for it."""
