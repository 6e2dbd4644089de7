"""The ports that only CellwrightFirmata has: outputs with limits and timed pulses, timed inputs, HX711s."""

from __future__ import annotations

import math

from simpy.events import Event, Timeout

from cellwright.hardware.firmata.host.ports import FirmataInput, FirmataOutput, Outputs
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.protocol import cellwright, messages
from cellwright.hardware.firmata.protocol.cellwright import (
    CUT_SHORT,
    DONE,
    NO_DUTY_LIMIT,
    REFUSED_LIMIT,
    REFUSED_STOPPED,
    OutputLimits,
)
from cellwright.hardware.waits import Named, Wait

JITTER_MS = 5
"""By how much a pulse may arrive early after the last one, because the last one was delayed on the line."""
MAX_ON_MS = (1 << 21) - 1
STOP_REPORT_TIMEOUT_S = 0.05


def limits_for(pin: int, safe: bool, max_on_s: float | None, max_duty: float) -> OutputLimits:
    """The limits that the board enforces: a little wider than those that the host keeps, never narrower.

    The duty is one percentage point wider, as the board's clock may differ by half a percent from the host's. The leaky
    bucket has capacity for a pulse that arrives ``JITTER_MS`` early, before the bucket has emptied. Without a duty
    limit, pulses with a shorter rest between them may merge on the line; for the board and the coil they are one.
    """
    duty = min(NO_DUTY_LIMIT, math.ceil(100 * max_duty - 1e-9) + 1)
    if max_on_s is None:
        return OutputLimits(pin, safe, 0, duty % NO_DUTY_LIMIT)
    early_ms = 1 + (0 if duty == NO_DUTY_LIMIT else JITTER_MS * duty / (NO_DUTY_LIMIT - duty))
    max_on_ms = math.ceil(1010 * max_on_s + early_ms)
    return OutputLimits(pin, safe, min(max_on_ms, MAX_ON_MS), duty % NO_DUTY_LIMIT)


class OutputLimiters:
    """The board's limiters, one for each output with limits or pulses; their number is limited."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._pins: set[int] = set()

    def reserve(self, pin: int) -> bool:
        """Reserve a limiter for a pin; false if none is left."""
        if pin not in self._pins and len(self._pins) < self.capacity:
            self._pins.add(pin)
        return pin in self._pins


class LimitedOutput(FirmataOutput):
    """A digital output whose limits the board enforces, and whose pulses the board times.

    It is written alone, not with its port: that would also write outputs whose pulse is about to end.
    """

    def __init__(self, session: Session, outputs: Outputs, limits: OutputLimits, limiters: OutputLimiters) -> None:
        super().__init__(session, outputs, limits.pin, limits.safe)
        self._limits = limits
        self._limiters = limiters
        self._is_pulsed_by_board = False
        self._pulsed_device: Named | None = None

    def declare(self) -> None:
        self.make_safe()
        self.session.send(cellwright.output(self._limits))

    def _drive(self, level: bool) -> None:
        if level != self.level:
            self.level = level
            self.session.send(messages.set_pin(self.pin, level))

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that.

        The board ends it, to a tenth of a millisecond. Where that is too long, or no limiter is left, this computer
        ends it.
        """
        microseconds = max(round(1e6 * seconds), cellwright.MIN_PULSE_US)
        fits = microseconds <= cellwright.MAX_PULSE_US
        self._is_pulsed_by_board = fits and self._limiters.reserve(self.pin)
        if not self._is_pulsed_by_board:
            return super().pulse(subject, level, seconds, rest_s)
        self.session.refuse_if_locked(f"pin {self.pin} cannot be driven")
        self._cancel_pulse()
        self.session.send(cellwright.pulse(self.pin, level, microseconds))
        self.level, self._pulsed_device = level, subject
        return self._time_pulse(subject, level, seconds, rest_s)

    def _end_pulse(self, back: Event) -> None:
        if not self._is_pulsed_by_board:
            super()._end_pulse(back)
            return
        self._pulse_end = self._rest_end = None
        self.level = bool(back.value)

    def on_pulse_result(self, result: int) -> None:
        """The board reports the result of a pulse."""
        if result == DONE or self.session.is_locked:
            return
        name = self._pulsed_device.name if self._pulsed_device else f"pin {self.pin}"
        if result in (REFUSED_STOPPED, CUT_SHORT):
            # Mostly because the board has stopped itself, and is about to report why.
            cut = f"{name} did not fire to its end: the board stopped it on its way."
            Timeout(self.session.env, STOP_REPORT_TIMEOUT_S).callbacks.append(lambda _: self._report_unless_locked(cut))
        elif result == REFUSED_LIMIT:
            self.session.report_trouble(
                f"{name} did not fire: it would have been on for longer, or more often, than its max_on_s and max_duty "
                "allow, and the board refused that."
            )
        else:
            self.session.report_trouble(f"{name} did not fire: the board does not know pin {self.pin} as an output.")

    def _report_unless_locked(self, sentence: str) -> None:
        if not self.session.is_locked:
            self.session.report_trouble(sentence)


SETTLE_S = 0.005
LOST_EDGE_TIMEOUT_S = 0.1
"""When a port has reported a level for this long without an edge, the edge was lost."""


class TimedInput(FirmataInput):
    """A digital input that the board debounces and times. edge_us: when its last change began, on the board's clock.

    Its port is read as well, for the first level and in case the message of an edge is lost.
    """

    def __init__(self, session: Session, pin: int, at_rest: bool) -> None:
        super().__init__(session, pin, at_rest)
        self._debounce_s = 0.0
        self.edge_us: int | None = None
        self._pull_up = at_rest
        self._is_known = False
        self._differs_since_s: float | None = None

    def declare(self) -> None:
        self._is_known = False
        super().declare()
        self.session.send(cellwright.watch_input(self.pin, self._pull_up, round(1000 * SETTLE_S)))

    def on_edge(self, level: bool, at_us: int) -> None:
        """The board reports a change, and its time."""
        self.edge_us = at_us
        self._is_known, self._differs_since_s = True, None
        self.set_level(level)

    def on_port(self, level: bool) -> None:
        """The present level in a report of its port, stable or not."""
        now_s = self.session.env.now
        if level == self.level:
            self._is_known, self._differs_since_s = True, None
        elif not self._is_known or (
            self._differs_since_s is not None and now_s >= self._differs_since_s + LOST_EDGE_TIMEOUT_S
        ):
            self._is_known, self._differs_since_s = True, None
            self.set_level(level)
        elif self._differs_since_s is None:
            self._differs_since_s = now_s


class FirmataConverter:
    """An HX711 that the board reads as fast as it converts. latest: counts, and µs of the board's clock."""

    def __init__(self, session: Session, number: int, data: int, clock: int) -> None:
        self.session = session
        self.number = number
        self.latest: tuple[int, int] | None = None
        self._pins = (data, clock)
        self._is_read = True
        self._waiting: list[Wait] = []

    def declare(self) -> None:
        self.session.send(cellwright.attach_converter(self.number, *self._pins))

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait for a conversion that was not read yet; its value is in counts."""
        wait = Wait(self.session.env, subject, "sent no sample", within_s)
        if self._is_read or self.latest is None:
            self._waiting.append(wait)
        else:
            self._is_read = True
            wait.complete(self.latest[0])
        return wait

    def on_conversion(self, counts: int, at_us: int) -> None:
        """Handle a conversion."""
        self.latest = counts, at_us
        waiting, self._waiting = self._waiting, []
        self._is_read = bool(waiting)
        for wait in waiting:
            wait.complete(counts)


class EmergencyStopInput:
    """The board's emergency stop, declared again after each reset."""

    def __init__(self, session: Session, pin: int, active: bool) -> None:
        self.session = session
        self._message = cellwright.emergency_stop_input(pin, active)

    def declare(self) -> None:
        self.session.send(self._message)
