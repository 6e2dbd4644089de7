"""CellRig: a cell under test, on a model board or on a virtual Arduino, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import simpy
from simpy.events import Timeout

from cellwright.hardware import Board, ModelBoard
from cellwright.hardware.fault_injection import Faults, read_fault
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import MemoryLine
from cellwright.sensors import Switch
from cellwright.sequences import FAULTED, STOPPED, Cell, RunLog
from cellwright.sim.plants.plant import PRESS_S
from cellwright.testing.history import History, look_up
from cellwright.testing.spans import AT_ONCE_S, Spans
from cellwright.testing.timeline import Entry, around, as_text

UNIT_WITHIN_S = 3600.0
LAST_LINES = 20
PULSE_WITHIN_MS = 2.0
"""How much longer or shorter a pulse may be: on a line, the bytes that begin it wait for those before them."""


class CellAssertion(AssertionError):
    """What a test asserted of a cell is not so; the message ends with the timeline round the moment."""


class CellRig:
    """A cell that runs as the test lets time pass, and a record of what really happened at its pins.

    cell: the cell. env: its virtual time. board: what its devices talk to. model: the board on which its world acts;
    on the virtual target that is behind ``arduino`` and ``line``, otherwise it is ``board``. plant: its world, if it
    has one. log: its run log. pins, contacts, axes: see History.
    """

    def __init__(
        self,
        cell: Cell,
        model: ModelBoard,
        history: History,
        log: RunLog,
        plant: Any,
        faults: Faults,
        line: MemoryLine | None = None,
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
        """Let something go wrong, as ``--fault`` does: "cut@30", "carriage:slips=20", "start_button:bouncing"."""
        self.faults.plan(read_fault(text, self.cell.devices))

    # ---- time ----

    @property
    def now_s(self) -> float:
        """Virtual time, s."""
        return self.env.now

    def run(self, *, seconds: float) -> None:
        """Let time pass."""
        self.env.run(until=self.env.now + seconds)

    def run_until(self, *, state: str, within_s: float) -> None:
        """Let time pass until the cell is in ``state``. Fails if it faults or is stopped before that."""
        __tracebackhide__ = True
        look_up(self.cell, "state", state, dict.fromkeys((*self.cell.states, FAULTED, STOPPED)))
        self._run_until(lambda: self.cell.state == state, within_s, f"did not come to {state!r}")

    def run_until_finished(self, units: int = 1, *, within_s: float = UNIT_WITHIN_S) -> None:
        """Let time pass until the cell has finished ``units`` more, each within so many seconds."""
        __tracebackhide__ = True
        for _ in range(units):
            finished = partial(self._has_finished, self.cell.finished + 1)
            self._run_until(finished, within_s, f"did not finish a {self.cell.unit}")

    def _has_finished(self, units: int) -> bool:
        return self.cell.finished >= units

    def _run_until(self, is_reached: Callable[[], bool], within_s: float, what_not: str) -> None:
        __tracebackhide__ = True
        limit_s = self.env.now + within_s
        stop_before = self.cell.last_stop
        while not is_reached():
            has_stopped = self.cell.last_stop is not stop_before
            if has_stopped or self.env.peek() > limit_s:
                within = "" if has_stopped else f" within {within_s:g} s"
                self._fail(f"{self.cell.name()} {what_not}{within}: {self._where()}", self.env.now)
            self.env.step()

    def _where(self) -> str:
        """In which state it is, or why it is halted."""
        stop = self.cell.last_stop
        return stop.reason if stop is not None and self.cell.is_stopped else f"it is in {self.cell.state!r}."

    @property
    def is_safe(self) -> bool:
        """Whether no output is on and no axis moves now."""
        return self.history.is_safe

    # ---- what the test does ----

    def close(self, switch: str) -> None:
        """Close a contact."""
        self._set(switch, closed=True)

    def open(self, switch: str) -> None:
        """Open a contact."""
        self._set(switch, closed=False)

    def press(self, button: str) -> None:
        """Press a button; it is let go 0.2 s later."""
        self.close(button)
        Timeout(self.env, PRESS_S).callbacks.append(lambda _: self.open(button))

    def _set(self, name: str, closed: bool) -> None:
        switches = {each.name: each for each in self.cell.devices.values() if isinstance(each, Switch)}
        switch = look_up(self.cell, "switch", name, switches)
        self.model.set_input(switch.pin, closed != switch.active_low)

    def end(self) -> None:
        """Let go of the log; states and timeline are gone with it. The fixtures do this after the test."""
        self.log.close()

    # ---- when what was so ----

    def on(self, output: str, *more: str) -> Spans:
        """When at least one of these outputs was on: not at its safe level."""
        return self.history.on(output, *more)

    def closed(self, switch: str, *more: str) -> Spans:
        """When at least one of these switches and buttons was closed."""
        return self.history.closed(switch, *more)

    def moving(self, axis: str, *more: str) -> Spans:
        """When at least one of these axes moved."""
        return self.history.moving(axis, *more)

    def in_state(self, state: str, *more: str) -> Spans:
        """When the cell was in one of these states."""
        return self.history.in_state(state, *more)

    # ---- what a test asserts ----

    def assert_pulsed(
        self, output: str, *, times: int, seconds: float | None = None, within_ms: float = PULSE_WITHIN_MS
    ) -> None:
        """``output`` went on exactly so many times; with ``seconds``, for so long each, give or take ``within_ms``."""
        __tracebackhide__ = True
        spans = self.on(output)
        if len(spans) != times:
            at_s = spans.spans[-1].from_s if spans else self.env.now
            self._fail(f"{output} was on {len(spans)} times, not {times}.", at_s, devices=(output,))
        for number, span in enumerate(spans, start=1):
            if seconds is not None and abs(span.seconds - seconds) > within_ms / 1000:
                words = f"Pulse {number} of {output} took {span.seconds:.4f} s, not {seconds:g} s."
                self._fail(words, *span, devices=(output,))

    def assert_on_at_most(self, output: str, *, seconds: float) -> None:
        """``output`` was never on for longer than this without a break."""
        __tracebackhide__ = True
        for span in self.on(output):
            if span.seconds > seconds + AT_ONCE_S:
                words = f"{output} was on for {span.seconds:.4f} s, longer than {seconds:g} s."
                self._fail(words, *span, devices=(output,))

    def assert_never(self, what: Spans, *, while_: Spans) -> None:
        """The two were never so at once: ``assert_never(rig.on("trigger"), while_=rig.moving("carriage"))``."""
        __tracebackhide__ = True
        self._fail_if_any(what.during(while_))

    def assert_only(self, what: Spans, *, while_: Spans) -> None:
        """The first was only so while the second was: ``assert_only(rig.on("drill"), while_=rig.closed("guard"))``."""
        __tracebackhide__ = True
        self._fail_if_any(what.outside(while_))

    def _fail_if_any(self, wrong: Spans) -> None:
        __tracebackhide__ = True
        for span in wrong:
            others = f" (and {len(wrong) - 1} times more)" if len(wrong) > 1 else ""
            words = f"{wrong.what}, for {1000 * span.seconds:.1f} ms from {span.from_s:.4f} s on{others}."
            self._fail(words, *span, devices=wrong.devices)

    def assert_in_order(self, *happenings: str) -> None:
        """These stand in the timeline in this order, others between them: ``"clamp on", "drill on", "clamp off"``."""
        __tracebackhide__ = True
        entries = self.timeline()
        position = 0
        after_s = 0.0
        for happening in happenings:
            places = [at for at in range(position, len(entries)) if _says(entries[at], happening)]
            if not places:
                self._fail(f"{happening!r} did not happen after {after_s:.4f} s.", after_s)
            position = places[0] + 1
            after_s = entries[places[0]].at_s

    def assert_stopped(self, *, because: str) -> None:
        """The cell has faulted or was stopped, everything is safe, and the reason has these words in it."""
        __tracebackhide__ = True
        stop = self.cell.last_stop
        if stop is None or not self.cell.is_stopped:
            self._fail(f"{self.cell.name()} goes on: {self._where()}", self.env.now)
        if because not in stop.reason:
            self._fail(f"{stop.reason!r} has no {because!r} in it.", stop.at_s)
        if not self.is_safe:
            self._fail(f"{self.cell.name()} is {self.cell.state}, and not safe.", self.env.now)

    def assert_safe_within(self, *, ms: float, of: float) -> None:
        """From ``ms`` after the time ``of`` (s) until it is reset, no output is on and no axis moves."""
        __tracebackhide__ = True
        if self.env.now < of + ms / 1000:
            self._fail(f"It is only {1000 * (self.env.now - of):.1f} ms after {of:.4f} s; let {ms:g} ms pass.", of)
        unsafe = self.history.last_unsafe(of)
        if unsafe is not None and unsafe[0] > of + ms / 1000:
            at_s, spans = unsafe
            words = f"{spans.what} {1000 * (at_s - of):.1f} ms after {of:.4f} s, which is later than {ms:g} ms."
            self._fail(words, of, at_s, devices=spans.devices)

    # ---- what is printed ----

    def timeline(self) -> list[Entry]:
        """All that happened, in order: when (s), which device, what."""
        return self.history.timeline()

    def last_lines(self) -> str:
        """The end of the timeline, as text."""
        return as_text(self.timeline()[-LAST_LINES:])

    def _fail(self, words: str, at_s: float, until_s: float | None = None, devices: tuple[str, ...] = ()) -> NoReturn:
        __tracebackhide__ = True
        lines = around(self.timeline(), at_s, at_s if until_s is None else until_s, devices)
        raise CellAssertion(f"{words}\n{lines}")


def _says(entry: Entry, happening: str) -> bool:
    return f"{entry.device} {entry.what}".startswith(happening)
