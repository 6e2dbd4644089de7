"""Composition of steps: run several at once, and set time limits on events that have none."""

from __future__ import annotations

from dataclasses import dataclass

import simpy
from simpy.events import Event

from cellwright.hardware import Wait
from cellwright.sequences.supervision import Step, StepProcess


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

    def within(self, seconds: float, event: Event, what: str) -> Wait:
        """Give any SimPy event a time limit. ``what`` completes the error text "<cell> ..." when the limit passes."""
        wait = Wait(self.env, _WaitOwner(self.name()), what, seconds)
        if event.callbacks is None:
            wait.complete()
        else:
            event.callbacks.append(lambda ended: _forward(ended, wait))
        return wait


@dataclass(slots=True)
class _WaitOwner:
    name: str


def _forward(ended: Event, wait: Wait) -> None:
    """End ``wait`` as the event that it stands for ended."""
    if ended.ok:
        wait.complete()
        return
    ended.defused = wait.defused = True
    if not wait.triggered and isinstance(ended.value, Exception):
        wait.fail(ended.value)
