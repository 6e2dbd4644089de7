"""Composition of steps: run several at once, and set time limits on events that have none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import simpy
from simpy.events import Event

from cellwright.errors import CellFault
from cellwright.hardware import Wait
from cellwright.hardware.clock import WallClock
from cellwright.hardware.waits import leave_running
from cellwright.sequences.supervision import Step, StepProcess, describe_exception

T = TypeVar("T")
EventT = TypeVar("EventT", bound=Event)


class StepTools:
    """The methods of a cell that compose steps and events."""

    env: simpy.Environment
    _running: list[StepProcess]

    @classmethod
    def name(cls) -> str:
        """The cell's name."""
        raise NotImplementedError

    def fault(self, reason: str) -> None:
        """Make the cell safe and record the reason."""
        raise NotImplementedError

    def together(self, *parts: Event | Step) -> Event:
        """One event for several events or steps that run in parallel; it succeeds when all have.

        If a step fails, the event fails; a fault or a stop ends all of them.
        """
        # Events that have happened already are left out: an axis that is in position costs nothing.
        pending: Event | Step | None = None
        for part in parts:
            if getattr(part, "callbacks", ()) is None:
                continue
            if pending is not None:
                return self._all_of(parts)
            pending = part
        if isinstance(pending, Event):
            return pending
        return self.env.timeout(0) if pending is None else self._all_of((pending,))

    def _all_of(self, parts: tuple[Event | Step, ...]) -> Event:
        steps = [StepProcess(self.env, part) for part in parts if not isinstance(part, Event)]
        whole = self.env.all_of([*(part for part in parts if isinstance(part, Event)), *steps])
        for step in steps:
            self._running.append(step)
            step.callbacks.append(lambda ended: self._part_ended(ended, whole))
        return whole

    def _part_ended(self, part: Event, whole: Event) -> None:
        """A failure of a part fails ``whole``; if nothing waits for that any more, it is a fault at once."""
        if part.ok:
            return
        part.defused = True
        if whole.callbacks is None or len(whole.callbacks) < 2:  # one callback is SimPy's own
            whole.defused = True
            if any(each is part and not each.is_abandoned for each in self._running):
                self.fault(str(part.value))

    def leave_running(self, wait: EventT) -> EventT:
        """Say that the step need not wait for this: it goes on by itself, beyond this state too. Returns it.

        Example:
            self.leave_running(self.buzzer.beep())
        """
        return leave_running(wait)

    def offload(self, function: Callable[[], T], *, within_s: float, takes_s: float = 0.0) -> Generator[Event, Any, T]:
        """A step that lets ``function`` work on a thread of its own, and returns its result.

        So long work holds up neither the stop nor the messages of the board. In a simulation it is called at once, and
        ``takes_s`` seconds pass.

        Args:
            function: The work; it must not touch the cell or its devices.
            within_s: The longest that it may take, s. Then it is a fault; the thread is left to itself.
            takes_s: How long it takes in a simulation, s.

        Raises:
            CellFault: The function failed.
            StepTimeoutError: It took too long.

        Example:
            plan = yield from self.offload(lambda: plan_cuts(self.orders), within_s=10, takes_s=2)
        """
        if not isinstance(self.env, WallClock):
            yield self.env.timeout(takes_s)
            return function()
        name = getattr(function, "__name__", "work").strip("<>")
        wait = Wait(self.env, _WaitOwner(f"offloaded {name}"), "did not end", within_s)
        work = partial(_work, self.env, function, wait)
        threading.Thread(target=work, name=f"offloaded {name}", daemon=True).start()
        result: T = yield wait
        return result

    def within(self, seconds: float, event: Event, what: str) -> Wait:
        """Give any SimPy event a time limit. ``what`` completes the error text "<cell> ..." when the limit passes."""
        wait = Wait(self.env, _WaitOwner(self.name()), what, seconds)
        if event.callbacks is None:
            wait.complete()
        else:
            event.callbacks.append(wait.end_like)
        return wait


def _work(clock: WallClock, function: Callable[[], Any], wait: Wait) -> None:
    """Call a function on a thread of its own, and end ``wait`` on the clock's."""
    try:
        result = function()
    except Exception as error:
        clock.post(_fail, wait, CellFault(describe_exception(error)))
    else:
        clock.post(wait.complete, result)


def _fail(wait: Wait, fault: CellFault) -> None:
    if wait.callbacks:  # somebody still waits
        wait.fail(fault)


@dataclass(slots=True)
class _WaitOwner:
    name: str
