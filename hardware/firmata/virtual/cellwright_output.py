"""A digital output of CellwrightFirmata on a model board: its safe level, its pulses, and its limits."""

from __future__ import annotations

from collections.abc import Callable

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.protocol.cellwright import CUT_SHORT, DONE, NO_DUTY_LIMIT, OutputLimits
from cellwright.hardware.model.board import ModelOutput

DEFAULT_BUCKET_MS = 1000
"""The capacity of the leaky bucket, as time off the safe level, where only the duty is limited."""
SYSTICK_MS = 0.25
"""The firmware's systick: an output returns to its safe level at the first systick after its bucket is full."""


class VirtualOutput:
    """A declared output, and its leaky bucket, which keeps its content when the output is declared again.

    on_over: called with the result of a pulse (DONE, CUT_SHORT). on_trip: called when the limits ended the on-time.
    """

    def __init__(
        self, env: simpy.Environment, output: ModelOutput, on_result: Callable[[int], None], on_trip: Callable[[], None]
    ) -> None:
        self.env = env
        self.output = output
        self.limits = OutputLimits(output.pin, False)
        self.level = False
        self._on_result = on_result
        self._on_trip = on_trip
        self._bucket_level = 0.0  # ms times per cent; ms without a duty
        self._updated_s = env.now
        self._trip: Event | None = None
        self._pulse_end: Event | None = None

    @property
    def is_limited(self) -> bool:
        """Whether it has limits."""
        return self._bucket_capacity > 0

    @property
    def is_pulsing(self) -> bool:
        """Whether a pulse is under way."""
        return self._pulse_end is not None

    @property
    def _duty(self) -> int:
        return self.limits.duty if 0 < self.limits.duty < NO_DUTY_LIMIT else NO_DUTY_LIMIT

    @property
    def _fill_rate(self) -> int:
        """How much each ms off its safe level adds to the bucket."""
        return NO_DUTY_LIMIT - self._duty if self._duty < NO_DUTY_LIMIT else 1

    @property
    def _bucket_capacity(self) -> int:
        if self._duty < NO_DUTY_LIMIT:
            return (self.limits.max_on_ms or DEFAULT_BUCKET_MS) * self._fill_rate
        return self.limits.max_on_ms

    def declare(self, limits: OutputLimits | None = None) -> None:
        """Make it an output at its safe level; a pulse under way ends without a report."""
        self._cancel_pulse()
        if limits is not None:
            self._update_bucket()
            self.limits = limits
        self.output.declare(self.limits.safe)
        self._on_level(self.limits.safe)

    def is_full(self) -> bool:
        """Whether the bucket is full, so that it must stay at its safe level."""
        self._update_bucket()
        return self.is_limited and self._bucket_level >= self._bucket_capacity

    def fits(self, milliseconds: float) -> bool:
        """Whether a pulse off its safe level would stay within its limits."""
        self._update_bucket()
        return (
            not self.is_limited or self._bucket_level + milliseconds * self._fill_rate <= self._bucket_capacity + 1e-6
        )

    def drive(self, level: bool) -> None:
        """Drive it; a pulse under way ends when it is due all the same."""
        self.output.write(level)
        self._on_level(level)

    def pulse(self, level: bool, seconds: float) -> None:
        """Drive it to ``level``, then back, in place of a pulse under way."""
        self._cancel_pulse()
        self._pulse_end = Timeout(self.env, seconds, not level)
        self._pulse_end.callbacks.append(self._end_pulse)
        self.drive(level)

    def _end_pulse(self, back: Event) -> None:
        self._pulse_end = None
        self.drive(bool(back.value))
        self._on_result(DONE)

    def make_safe(self) -> bool:
        """Drive it to its safe level; whether that cut a pulse short."""
        was_pulsing = self.is_pulsing
        self._cancel_pulse()
        self.drive(self.limits.safe)
        return was_pulsing

    def release(self) -> None:
        """Stop driving it."""
        self._cancel_pulse()
        self._on_level(self.limits.safe)
        self.limits = self.limits._replace(safe=False)

    def _cancel_pulse(self) -> None:
        if self._pulse_end is not None:
            cancel(self.env, self._pulse_end)
            self._pulse_end = None

    # ---- the leaky bucket ----

    def _update_bucket(self) -> None:
        """Bring the bucket up to the present time."""
        passed_ms = 1000 * (self.env.now - self._updated_s)
        self._updated_s = self.env.now
        if self.level != self.limits.safe:
            self._bucket_level += passed_ms * self._fill_rate
        elif self._duty == NO_DUTY_LIMIT:
            self._bucket_level = 0.0
        else:
            self._bucket_level = max(0.0, self._bucket_level - passed_ms * self._duty)

    def _on_level(self, level: bool) -> None:
        self._update_bucket()
        self.level = level
        if self._trip is not None:
            cancel(self.env, self._trip)
            self._trip = None
        if level != self.limits.safe and self.is_limited:
            left_ms = max(0.0, self._bucket_capacity - self._bucket_level) / self._fill_rate + SYSTICK_MS
            self._trip = Timeout(self.env, left_ms / 1000)
            self._trip.callbacks.append(self._enforce_limits)

    def _enforce_limits(self, _: Event) -> None:
        self._trip = None
        if self.make_safe():
            self._on_result(CUT_SHORT)
        self._on_trip()
