"""The ports that only CellwrightFirmata has: outputs that it guards and pulses, inputs that it times, HX711s."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simpy.events import Event, Timeout

from cellwright.hardware.firmata.host.ports import FirmataInput, FirmataOutput, refuse_locked
from cellwright.hardware.firmata.protocol import cellwright, messages
from cellwright.hardware.firmata.protocol.cellwright import (
    CUT_SHORT,
    DONE,
    NO_DUTY,
    REFUSED_LIMIT,
    REFUSED_STOPPED,
    Output,
)
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

JITTER_MS = 5
"""By how much sooner after the last one a pulse may come than this computer sent it: the last was late on its way."""
LONGEST_ON_MS = (1 << 21) - 1
STOP_IS_TOLD_WITHIN_S = 0.05
TIMEOUT_MARGIN_S = 5.0


def limits_for(pin: int, safe: bool, most_on_s: float | None, most_duty: float) -> Output:
    """The limits that the board is given: a little wider than those that the host keeps to, and never narrower.

    The duty is a per cent wider, as the board's clock may be half a per cent off the host's. The reservoir has room for
    a pulse that comes ``JITTER_MS`` too early, while it still holds what would have run out in that time. With no duty,
    pulses with less rest than that between them may meet on their way; to the board, and to the coil, they are one.
    """
    duty = min(NO_DUTY, math.ceil(100 * most_duty - 1e-9) + 1)
    if most_on_s is None:
        return Output(pin, safe, 0, duty % NO_DUTY)
    early_ms = 1 + (0 if duty == NO_DUTY else JITTER_MS * duty / (NO_DUTY - duty))
    most_on_ms = math.ceil(1010 * most_on_s + early_ms)
    return Output(pin, safe, min(most_on_ms, LONGEST_ON_MS), duty % NO_DUTY)


class Guards:
    """The board's guards, one for each output that has limits or pulses; there are only so many."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._pins: set[int] = set()

    def take(self, pin: int) -> bool:
        """Have a guard for a pin; false if there is none left."""
        if pin not in self._pins and len(self._pins) < self.room:
            self._pins.add(pin)
        return pin in self._pins


class GuardedOutput(FirmataOutput):
    """A digital output that the board takes to its safe level by itself, and whose pulses the board times.

    It is written by itself, and not with its port: that would also say a level for outputs whose pulse is about to end.
    """

    def __init__(self, board: FirmataBoard, limits: Output, guards: Guards) -> None:
        super().__init__(board, limits.pin, limits.safe)
        self._limits = limits
        self._guards = guards
        self._is_pulsed_by_board = False
        self._fired: Named | None = None

    def declare(self) -> None:
        self.make_safe()
        self.board.send(cellwright.output(self._limits))

    def _drive(self, level: bool) -> None:
        if level != self.level:
            self.level = level
            self.board.send(messages.set_pin(self.pin, level))

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that.

        The board ends it, to a tenth of a millisecond. Where that is too long for it, or it has no guard left, this
        computer does.
        """
        microseconds = max(round(1e6 * seconds), cellwright.SHORTEST_PULSE_US)
        fits = microseconds <= cellwright.LONGEST_PULSE_US
        self._is_pulsed_by_board = fits and self._guards.take(self.pin)
        if not self._is_pulsed_by_board:
            return super().pulse(subject, level, seconds, rest_s)
        refuse_locked(self.board, self.pin)
        self._forget_pulse()
        self.board.send(cellwright.pulse(self.pin, level, microseconds))
        self.level, self._fired = level, subject
        return self._time_pulse(subject, level, seconds, rest_s)

    def _go_back(self, back: Event) -> None:
        if not self._is_pulsed_by_board:
            super()._go_back(back)
            return
        self._back = self._rest = None
        self.level = bool(back.value)

    def on_pulse_over(self, how: int) -> None:
        """The board says how a pulse ended."""
        if how == DONE or self.board.locked:
            return
        name = self._fired.name if self._fired else f"pin {self.pin}"
        if how in (REFUSED_STOPPED, CUT_SHORT):
            # Most often since the board has stopped itself, and it is about to say why.
            cut = f"{name} did not fire to its end: the board stopped it on its way."
            Timeout(self.board.env, STOP_IS_TOLD_WITHIN_S).callbacks.append(lambda _: self._report_unless_locked(cut))
        elif how == REFUSED_LIMIT:
            self.board.report_trouble(
                f"{name} did not fire: it would have been on for longer, or more often, than its max_on_s and max_duty "
                "allow, and the board refused that."
            )
        else:
            self.board.report_trouble(f"{name} did not fire: the board does not know pin {self.pin} as an output.")

    def _report_unless_locked(self, sentence: str) -> None:
        if not self.board.locked:
            self.board.report_trouble(sentence)


SETTLE_S = 0.005
LOST_EDGE_S = 0.1
"""A level that the port has shown for so long without its edge having come: that was lost."""


class TimedInput(FirmataInput):
    """A digital input that the board settles and times. edge_us: when its last change began, on the board's clock.

    Its port is looked at as well, for its level at first and in case the message of an edge is lost.
    """

    def __init__(self, board: FirmataBoard, pin: int, at_rest: bool) -> None:
        super().__init__(board, pin, at_rest)
        self._debounce_s = 0.0
        self.edge_us: int | None = None
        self._pull_up = at_rest
        self._is_known = False
        self._differs_since_s: float | None = None

    def declare(self) -> None:
        self._is_known = False
        super().declare()
        self.board.send(cellwright.watch_input(self.pin, self._pull_up, round(1000 * SETTLE_S)))

    def on_edge(self, level: bool, at_us: int) -> None:
        """The board says that it has changed, and when."""
        self.edge_us = at_us
        self._is_known, self._differs_since_s = True, None
        self.sense(level)

    def on_port(self, level: bool) -> None:
        """The board shows what it reads just now, settled or not."""
        now_s = self.board.env.now
        if level == self.level:
            self._is_known, self._differs_since_s = True, None
        elif not self._is_known or (self._differs_since_s is not None and now_s >= self._differs_since_s + LOST_EDGE_S):
            self._is_known, self._differs_since_s = True, None
            self.sense(level)
        elif self._differs_since_s is None:
            self._differs_since_s = now_s


class FirmataConverter:
    """An HX711 that the board reads as fast as it converts. latest: counts, and µs of the board's clock."""

    def __init__(self, board: FirmataBoard, number: int, data: int, clock: int) -> None:
        self.board = board
        self.number = number
        self.latest: tuple[int, int] | None = None
        self._pins = (data, clock)
        self._is_taken = True
        self._waiting: list[Wait] = []

    def declare(self) -> None:
        self.board.send(cellwright.attach_converter(self.number, *self._pins))

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait for a conversion that nobody has had yet; its value is in counts."""
        wait = Wait(self.board.env, subject, "sent no sample", within_s)
        if self._is_taken or self.latest is None:
            self._waiting.append(wait)
        else:
            self._is_taken = True
            wait.complete(self.latest[0])
        return wait

    def hear(self, counts: int, at_us: int) -> None:
        """Take in a conversion."""
        self.latest = counts, at_us
        waiting, self._waiting = self._waiting, []
        self._is_taken = bool(waiting)
        for wait in waiting:
            wait.complete(counts)
