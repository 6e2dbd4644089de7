"""Digital inputs, the same for every board: their level, and the waits for a change."""

from __future__ import annotations

from collections.abc import Callable

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.waits import LONG_AGO_S, Named, Wait


class DigitalInput:
    """A digital input. ``level`` is what it reads.

    debounce_s: a change takes effect at once; for so long after it further changes are ignored, and then the contact
    is read again. So a stop button has no delay, and a bouncing button is one press.
    """

    def __init__(self, env: simpy.Environment, level: bool, debounce_s: float = 0.0) -> None:
        self.env = env
        self.level = level
        self.on_change: Callable[[bool], None] | None = None
        """Called with the level at every change, before any wait goes on."""
        self._debounce_s = debounce_s
        self._contact = level
        self._settles_at_s = 0.0
        self._waiting: list[tuple[bool, Wait, float]] = []  # level, wait, when its limit is over

    def wait_for_level(self, level: bool, subject: Named, verb: str, within_s: float) -> Wait:
        """A wait for it to be at ``level``; over at once if it is."""
        if self.level == level:
            wait = Wait(self.env, subject, verb, within_s)
            wait.complete()
            return wait
        return self.wait_for_edge(level, subject, verb, within_s)

    def wait_for_edge(self, level: bool, subject: Named, verb: str, within_s: float) -> Wait:
        """A wait for it to change to ``level``."""
        wait = Wait(self.env, subject, verb, within_s)
        # Abandoned waits (after a fault, or another event) are dropped here once their limit is over; until then a step
        # may have made them to yield them later.
        now_s = self.env.now
        kept = [each for each in self._waiting if each[1].callbacks or each[2] > now_s]
        self._waiting = [*kept, (level, wait, now_s + within_s)]
        return wait

    @property
    def is_at_rest(self) -> bool:
        """Whether nobody waits for it. Only for moments at which no step holds a wait that it has yet to yield."""
        self._waiting = [each for each in self._waiting if each[1].callbacks]  # the others were abandoned
        return not self._waiting

    def snapshot(self) -> tuple[bool, bool]:
        """Its state at rest, for ``restore``."""
        return self.level, self._contact

    def restore(self, state: tuple[bool, bool]) -> None:
        """Take the state of a snapshot; nothing is called, nobody waits."""
        self.level, self._contact = state
        self._waiting, self._settles_at_s = [], LONG_AGO_S

    def set_level(self, level: bool) -> None:
        """Set the level of the contact, as the board reports it."""
        self._contact = level
        if not self._debounce_s:
            self._change(level)
        elif level != self.level and self.env.now >= self._settles_at_s:
            self._settles_at_s = self.env.now + self._debounce_s
            Timeout(self.env, self._debounce_s).callbacks.append(self._after_debounce)
            self._change(level)

    def _after_debounce(self, _: Event) -> None:
        self.set_level(self._contact)

    def _change(self, level: bool) -> None:
        if level == self.level:
            return
        self.level = level
        if self.on_change is not None:
            self.on_change(level)
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        due = [wait for awaited, wait, _ in waiting if awaited == level]
        self._waiting = [each for each in waiting if each[0] != level] + self._waiting
        for wait in due:
            wait.complete()
