"""What steps use beside their devices: several things at once, and time limits on events that have none."""

from __future__ import annotations

from dataclasses import dataclass

import simpy
from simpy.events import Event

from cellwright.hardware import Wait
from cellwright.sequences.supervision import Step, Supervision


class StepTools:
    """The part of a cell that its steps call."""

    env: simpy.Environment
    _running: list[Supervision]

    @classmethod
    def name(cls) -> str:
        """The cell's name."""
        raise NotImplementedError

    def fault(self, reason: str) -> None:
        """Something is wrong."""
        raise NotImplementedError

    def together(self, *parts: Event | Step) -> Event:
        """One event for all of several events or steps that go on at once.

        A step that fails fails the event; a fault or a stop ends all of them.
        """
        # What has happened already is left out: an axis that stands where it should costs nothing.
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
        steps = [Supervision(self.env, part) for part in parts if not isinstance(part, Event)]
        whole = self.env.all_of([*(part for part in parts if isinstance(part, Event)), *steps])
        for step in steps:
            self._running.append(step)
            step.callbacks.append(lambda ended: self._part_ended(ended, whole))
        return whole

    def _part_ended(self, part: Event, whole: Event) -> None:
        """Hear of a failure through ``whole``; if nobody waits for that any more, it is a fault at once."""
        if part.ok:
            return
        part.defused = True
        if whole.callbacks is None or len(whole.callbacks) < 2:  # one callback is SimPy's own
            whole.defused = True
            if any(each is part and not each.abandoned for each in self._running):
                self.fault(str(part.value))

    def within(self, seconds: float, event: Event, what: str) -> Wait:
        """Give any SimPy event a time limit; ``what`` ends the sentence "<cell> ..." when it passes."""
        wait = Wait(self.env, _Named(self.name()), what, seconds)
        if event.callbacks is None:
            wait.complete()
        else:
            event.callbacks.append(lambda ended: _pass_on(ended, wait))
        return wait


@dataclass(slots=True)
class _Named:
    name: str


def _pass_on(ended: Event, wait: Wait) -> None:
    """End ``wait`` as the event that it stands for has ended."""
    if ended.ok:
        wait.complete()
        return
    ended.defused = wait.defused = True
    if not wait.triggered and isinstance(ended.value, Exception):
        wait.fail(ended.value)
