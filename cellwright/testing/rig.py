"""CellRig: a cell under test, on a model board or on a virtual Arduino, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import simpy
from simpy.events import Timeout

from cellwright.hardware import Board, ModelBoard
from cellwright.hardware.fault_injection import FaultInjector, read_fault
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sequences import FAULTED, STOPPED, Cell, RunLog
from cellwright.sim.plants.plant import BUTTON_PRESS_S
from cellwright.testing.history import History, look_up
from cellwright.testing.intervals import TIME_TOLERANCE_S, Intervals
from cellwright.testing.timeline import TimelineEntry, around, as_text

UNIT_TIMEOUT_S = 3600.0
LAST_LINES = 20
PULSE_TOLERANCE_MS = 2.0
"""The tolerance of a pulse's length: on a serial line, its bytes wait for those before them."""


class CellAssertion(AssertionError):
    """An assertion about a cell failed; the message ends with the timeline around the event."""


class CellRig:
    """A cell under test in virtual time, with a record of the events at its pins.

    cell: the cell. env: its simulation environment. board: the board its devices use. model: the board on which the
    plant acts; on the virtual target it is behind ``arduino`` and ``line``, otherwise it is ``board``. plant: the
    plant, if there is one. log: the run log. pins, contacts, axes: see History.
    """

    def __init__(
        self,
        cell: Cell,
        model: ModelBoard,
        history: History,
        log: RunLog,
        plant: Any,
        faults: FaultInjector,
        line: LoopbackLine | None = None,
        arduino: VirtualArduino | None = None,
    ) -> None:
        self.cell = cell
        self.env: simpy.Environment = cell.env
        self.board: Board = cell.board
        self.model = model
        self.history = history
        self.log = log
        self.plant = plant
        self.faults = faults
        self.line = line
        self.arduino = arduino
        self.pins, self.contacts, self.axes = history.pins, history.contacts, history.axes

    def fault(self, text: str) -> None:
        """Inject a fault, as ``--fault`` does: "cut@30", "carriage:slips=20", "start_button:bouncing"."""
        self.faults.schedule(read_fault(text, self.cell.devices))

    # ---- time ----

    @property
    def now_s(self) -> float:
        """Virtual time, s."""
        return self.env.now

    def run(self, *, seconds: float) -> None:
        """Advance virtual time."""
        self.env.run(until=self.env.now + seconds)

    def run_until(self, *, state: str, within_s: float) -> None:
        """Run until the cell is in ``state``. Fails if it faults or is stopped before that."""
        __tracebackhide__ = True
        look_up(self.cell, "state", state, dict.fromkeys((*self.cell.states, FAULTED, STOPPED)))
        self._run_until(lambda: self.cell.state == state, within_s, f"did not reach {state!r}")

    def run_until_finished(self, units: int = 1, *, within_s: float = UNIT_TIMEOUT_S) -> None:
        """Run until the cell has finished ``units`` more, each within ``within_s``."""
        __tracebackhide__ = True
        for _ in range(units):
            finished = partial(self._has_finished, self.cell.finished + 1)
            self._run_until(finished, within_s, f"did not finish a {self.cell.unit}")

    def _has_finished(self, units: int) -> bool:
        return self.cell.finished >= units

    def _run_until(self, is_reached: Callable[[], bool], within_s: float, failure: str) -> None:
        __tracebackhide__ = True
        limit_s = self.env.now + within_s
        stop_before = self.cell.last_stop
        while not is_reached():
            has_stopped = self.cell.last_stop is not stop_before
            if has_stopped or self.env.peek() > limit_s:
                within = "" if has_stopped else f" within {within_s:g} s"
                self._fail(f"{self.cell.name()} {failure}{within}: {self._where()}", self.env.now)
            self.env.step()

    def _where(self) -> str:
        """The state it is in, or the reason it is stopped."""
        stop = self.cell.last_stop
        return stop.reason if stop is not None and self.cell.is_stopped else f"it is in {self.cell.state!r}."

    @property
    def is_safe(self) -> bool:
        """Whether no output is on and no axis moves now."""
        return self.history.is_safe

    # ---- actions ----

    def close(self, switch: str) -> None:
        """Close a contact."""
        self._set(switch, closed=True)

    def open(self, switch: str) -> None:
        """Open a contact."""
        self._set(switch, closed=False)

    def press(self, button: str) -> None:
        """Press a button; it is released 0.2 s later."""
        self.close(button)
        Timeout(self.env, BUTTON_PRESS_S).callbacks.append(lambda _: self.open(button))

    def _set(self, name: str, closed: bool) -> None:
        contact = look_up(self.cell, "contact", name, self.contacts)
        self.model.set_input(contact.pin, closed != contact.off_level)

    def end(self) -> None:
        """Close the log; states and timeline end with it. The fixtures do this after the test."""
        self.log.close()

    # ---- conditions as intervals ----

    def on(self, output: str, *more: str) -> Intervals:
        """When at least one of these outputs was on: not at its safe level."""
        return self.history.on(output, *more)

    def closed(self, switch: str, *more: str) -> Intervals:
        """When at least one of these switches and buttons was closed."""
        return self.history.closed(switch, *more)

    def moving(self, axis: str, *more: str) -> Intervals:
        """When at least one of these axes moved."""
        return self.history.moving(axis, *more)

    def in_state(self, state: str, *more: str) -> Intervals:
        """When the cell was in one of these states."""
        return self.history.in_state(state, *more)

    # ---- assertions ----

    def assert_pulsed(
        self, output: str, *, times: int, seconds: float | None = None, within_ms: float = PULSE_TOLERANCE_MS
    ) -> None:
        """``output`` went on exactly ``times`` times; with ``seconds``, for that long each, within ``within_ms``."""
        __tracebackhide__ = True
        intervals = self.on(output)
        if len(intervals) != times:
            at_s = intervals.intervals[-1].from_s if intervals else self.env.now
            self._fail(f"{output} was on {len(intervals)} times, not {times}.", at_s, devices=(output,))
        for number, interval in enumerate(intervals, start=1):
            if seconds is not None and abs(interval.seconds - seconds) > within_ms / 1000:
                message = f"Pulse {number} of {output} took {interval.seconds:.4f} s, not {seconds:g} s."
                self._fail(message, *interval, devices=(output,))

    def assert_on_at_most(self, output: str, *, seconds: float) -> None:
        """``output`` was never on for longer than ``seconds`` at a time."""
        __tracebackhide__ = True
        for interval in self.on(output):
            if interval.seconds > seconds + TIME_TOLERANCE_S:
                message = f"{output} was on for {interval.seconds:.4f} s, longer than {seconds:g} s."
                self._fail(message, *interval, devices=(output,))

    def assert_never(self, what: Intervals, *, while_: Intervals) -> None:
        """The two conditions never held at once: ``assert_never(rig.on("trigger"), while_=rig.moving("carriage"))``."""
        __tracebackhide__ = True
        self._fail_if_any(what.during(while_))

    def assert_only(self, what: Intervals, *, while_: Intervals) -> None:
        """The first held only while the second did: ``assert_only(rig.on("drill"), while_=rig.closed("guard"))``."""
        __tracebackhide__ = True
        self._fail_if_any(what.outside(while_))

    def _fail_if_any(self, violations: Intervals) -> None:
        __tracebackhide__ = True
        for interval in violations:
            others = f" (and {len(violations) - 1} times more)" if len(violations) > 1 else ""
            message = (
                f"{violations.what}, for {1000 * interval.seconds:.1f} ms from {interval.from_s:.4f} s on{others}."
            )
            self._fail(message, *interval, devices=violations.devices)

    def assert_in_order(self, *events: str) -> None:
        """These events happened in this order, with others between: ``"clamp on", "drill on", "clamp off"``."""
        __tracebackhide__ = True
        entries = self.timeline()
        position = 0
        after_s = 0.0
        for event in events:
            places = [at for at in range(position, len(entries)) if _matches(entries[at], event)]
            if not places:
                self._fail(f"{event!r} did not happen after {after_s:.4f} s.", after_s)
            position = places[0] + 1
            after_s = entries[places[0]].at_s

    def assert_stopped(self, *, because: str) -> None:
        """The cell faulted or was stopped, it is safe, and the reason contains ``because``."""
        __tracebackhide__ = True
        stop = self.cell.last_stop
        if stop is None or not self.cell.is_stopped:
            self._fail(f"{self.cell.name()} was not stopped: {self._where()}", self.env.now)
        if because not in stop.reason:
            self._fail(f"{stop.reason!r} does not contain {because!r}.", stop.at_s)
        if not self.is_safe:
            self._fail(f"{self.cell.name()} is {self.cell.state}, and not safe.", self.env.now)

    def assert_safe_within(self, *, ms: float, of: float) -> None:
        """From ``ms`` after the time ``of`` (s) until the reset, no output is on and no axis moves."""
        __tracebackhide__ = True
        if self.env.now < of + ms / 1000:
            self._fail(f"It is only {1000 * (self.env.now - of):.1f} ms after {of:.4f} s; let {ms:g} ms pass.", of)
        unsafe = self.history.last_unsafe(of)
        if unsafe is not None and unsafe[0] > of + ms / 1000:
            at_s, intervals = unsafe
            message = f"{intervals.what} {1000 * (at_s - of):.1f} ms after {of:.4f} s, which is later than {ms:g} ms."
            self._fail(message, of, at_s, devices=intervals.devices)

    # ---- timeline ----

    def timeline(self) -> list[TimelineEntry]:
        """All events in order: time (s), device, what happened."""
        return self.history.timeline()

    def last_lines(self) -> str:
        """The end of the timeline, as text."""
        return as_text(self.timeline()[-LAST_LINES:])

    def _fail(self, message: str, at_s: float, until_s: float | None = None, devices: tuple[str, ...] = ()) -> NoReturn:
        __tracebackhide__ = True
        lines = around(self.timeline(), at_s, at_s if until_s is None else until_s, devices)
        raise CellAssertion(f"{message}\n{lines}")


def _matches(entry: TimelineEntry, event: str) -> bool:
    return f"{entry.device} {entry.what}".startswith(event)
