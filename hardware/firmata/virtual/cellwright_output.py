"""A digital output of CellwrightFirmata on a model board: its safe level, its pulses, and its limits."""

from __future__ import annotations

from collections.abc import Callable

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.firmata.protocol.cellwright import CUT_SHORT, DONE, NO_DUTY, Output
from cellwright.hardware.model.board import ModelOutput
from cellwright.hardware.waits import cancel

ROOM_MS = 1000
"""How long a full reservoir lasts where there is a duty and no longest time."""
BEAT_MS = 0.25
"""How often the firmware looks: an output is taken back at the first look after its reservoir is full."""


class VirtualOutput:
    """An output that was declared, and its reservoir, which is kept when it is declared again.

    on_over: called with how a pulse ended (DONE, CUT_SHORT). on_trip: called when it was on for too long.
    """

    def __init__(
        self, env: simpy.Environment, output: ModelOutput, on_over: Callable[[int], None], on_trip: Callable[[], None]
    ) -> None:
        self.env = env
        self.output = output
        self.limits = Output(output.pin, False)
        self.level = False
        self._on_over = on_over
        self._on_trip = on_trip
        self._fill = 0.0  # ms times per cent; ms without a duty
        self._settled_s = env.now
        self._trip: Event | None = None
        self._back: Event | None = None

    @property
    def is_limited(self) -> bool:
        """Whether it has limits to be held to."""
        return self._room > 0

    @property
    def pulses(self) -> bool:
        """Whether a pulse is under way."""
        return self._back is not None

    @property
    def _duty(self) -> int:
        return self.limits.duty if 0 < self.limits.duty < NO_DUTY else NO_DUTY

    @property
    def _filling(self) -> int:
        """By how much each ms off its safe level fills it."""
        return NO_DUTY - self._duty if self._duty < NO_DUTY else 1

    @property
    def _room(self) -> int:
        if self._duty < NO_DUTY:
            return (self.limits.most_on_ms or ROOM_MS) * self._filling
        return self.limits.most_on_ms

    def declare(self, limits: Output | None = None) -> None:
        """Make it an output at its safe level; a pulse under way ends unsaid."""
        self._forget_pulse()
        if limits is not None:
            self._settle()
            self.limits = limits
        self.output.declare(self.limits.safe)
        self._note(self.limits.safe)

    def is_full(self) -> bool:
        """Whether it must rest before it may be off its safe level."""
        self._settle()
        return self.is_limited and self._fill >= self._room

    def fits(self, milliseconds: float) -> bool:
        """Whether a pulse off its safe level would keep to its limits."""
        self._settle()
        return not self.is_limited or self._fill + milliseconds * self._filling <= self._room + 1e-6

    def drive(self, level: bool) -> None:
        """Drive it; a pulse under way ends when it is due all the same."""
        self.output.write(level)
        self._note(level)

    def pulse(self, level: bool, seconds: float) -> None:
        """Drive it to ``level``, then back, in place of a pulse under way."""
        self._forget_pulse()
        self._back = Timeout(self.env, seconds, not level)
        self._back.callbacks.append(self._go_back)
        self.drive(level)

    def _go_back(self, back: Event) -> None:
        self._back = None
        self.drive(bool(back.value))
        self._on_over(DONE)

    def make_safe(self) -> bool:
        """Take the safe level; whether that cut a pulse short."""
        was_pulsing = self.pulses
        self._forget_pulse()
        self.drive(self.limits.safe)
        return was_pulsing

    def forget(self) -> None:
        """Drive it no more."""
        self._forget_pulse()
        self._note(self.limits.safe)
        self.limits = self.limits._replace(safe=False)

    def _forget_pulse(self) -> None:
        if self._back is not None:
            cancel(self.env, self._back)
            self._back = None

    # ---- the reservoir ----

    def _settle(self) -> None:
        """Bring the reservoir up to this moment."""
        passed_ms = 1000 * (self.env.now - self._settled_s)
        self._settled_s = self.env.now
        if self.level != self.limits.safe:
            self._fill += passed_ms * self._filling
        elif self._duty == NO_DUTY:
            self._fill = 0.0
        else:
            self._fill = max(0.0, self._fill - passed_ms * self._duty)

    def _note(self, level: bool) -> None:
        self._settle()
        self.level = level
        if self._trip is not None:
            cancel(self.env, self._trip)
            self._trip = None
        if level != self.limits.safe and self.is_limited:
            left_ms = max(0.0, self._room - self._fill) / self._filling + BEAT_MS
            self._trip = Timeout(self.env, left_ms / 1000)
            self._trip.callbacks.append(self._take_back)

    def _take_back(self, _: Event) -> None:
        self._trip = None
        if self.make_safe():
            self._on_over(CUT_SHORT)
        self._on_trip()
