"""The digital tape: a person pushes a log past a saw, a wheel measures, and the cell shows where the next cut is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cellwright.actuators import Buzzer, CharacterDisplay, Lamp
from cellwright.cells.digital_tape import display_text
from cellwright.cells.digital_tape.cut_record import CutRecord
from cellwright.cells.digital_tape.cutlist import CutList
from cellwright.cells.digital_tape.stock import Saw, Stock
from cellwright.errors import CellFault, StepTimeoutError
from cellwright.provenance import published, vendor
from cellwright.sensors import Button, Encoder, Switch
from cellwright.sensors.encoder import COUNT_POLL_S as WHEEL_POLL_S
from cellwright.sequences import Cell
from cellwright.sequences.supervision import Step

OPERATOR_TIMEOUT_S = 4 * 3600
"""How long the cell waits for the next log before it stops, every output safe."""
LOG_TIMEOUT_S = 3600
"""How long the person may leave a log that lies at the saw."""
DISPLAY_PERIOD_S = 0.25
"""How often display and position are updated while the log is far from its cut."""
MAX_PUSH_MM_S = 500.0
"""Nobody pushes a log faster. The cell polls the wheel again before the log can reach its cut."""
STANDSTILL_S = 0.3
STANDSTILL_POLL_S = 0.15
DATUM_POLL_S = 0.1
AT_CUT_POLL_S = 0.5
MAX_MISSED_MM = 5.0
"""A larger error of the wheel at the datum means missed counts. A smaller one arises as the switch closes in motion."""
REFUSAL_BEEP_S = 0.6
MIN_ADVANCE_MM = 5.0
MAX_TRIES = 5
"""How often in a row a log may come to the datum, or be pulled back from one cut, before the cell faults."""
PEDAL_DEBOUNCE_S = 0.3


class DigitalTape(Cell):
    """Shows a person at the saw the distance to the next cut, and beeps at the position."""

    unit = "log"
    cycle_ends_with = "collected"
    resets_with = "pedal"

    wheel = Encoder(
        pin_a=2,
        pin_b=3,
        counts_per_mm=vendor(12, "encoder of 600 pulses, 2400 edges, on a steel measuring wheel of 200 mm a turn"),
        expansion_ppm_per_c=published(8, "steel 12 less wood 4: EN 1993-1-1, 3.2.6, and USDA Wood Handbook, chapter 4"),
    )
    datum_switch = Switch(pin=4)
    pedal = Button(pin=5)
    reject_button = Button(pin=6)
    stop_button = Button(pin=7, stops_cell=True)
    red = Lamp(pin=8)
    amber = Lamp(pin=9)
    green = Lamp(pin=10)
    buzzer = Buzzer(pin=11)
    display = CharacterDisplay()
    cut_list = CutList.standard()
    stock = Stock.standard()
    saw = Saw.standard()

    states = ["waiting", "datum", "approaching", "at_cut", "cut_confirmed", "rejecting", "pausing", "log_done"]
    transitions = [
        # trigger        source          destination
        ["start", "waiting", "datum"],
        ["at_datum", "datum", "approaching"],
        ["no_cut_left", "datum", "log_done"],
        ["reached", "approaching", "at_cut"],
        ["moved", "at_cut", "approaching"],
        ["confirmed", "at_cut", "cut_confirmed"],
        ["next_cut", "cut_confirmed", "approaching"],
        ["last_cut", "cut_confirmed", "log_done"],
        ["spoiled", "approaching", "rejecting"],
        ["spoiled", "at_cut", "rejecting"],
        ["next_cut", "rejecting", "approaching"],
        ["last_cut", "rejecting", "log_done"],
        ["pulled_back", "approaching", "pausing"],
        ["pulled_back", "at_cut", "pausing"],
        ["back_again", "pausing", "approaching"],
        ["no_cut_left", "pausing", "log_done"],
        ["collected", "log_done", "waiting"],
    ]
    stop_triggers = {"pulled_back": "log pulled back past the datum", "spoiled": "piece spoiled"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cut_record = CutRecord(self.cut_list, self.stock, self.saw)
        self.current_lines: list[str] = []
        self._last_shown: tuple[Any, ...] = ()
        self._shown_at_s = 0.0
        self._lit: Lamp | None = None
        self._pauses = 0

    def problems(self) -> list[str]:
        """Pieces for which there is no log. Ignored content of a BTLx file is not a problem."""
        plan = self.cut_record.plan
        names = ", ".join(piece.piece for piece in plan.not_cut[:5])
        missing = f"{self.name()}: there is no log for {len(plan.not_cut)} of the pieces: {names}; add logs."
        return [missing] if plan.not_cut else []

    def notes(self) -> list[str]:
        """The plan with its proven bound, and the content of a BTLx file that is ignored."""
        return [*self.cut_record.plan.summary(), *self.cut_list.ignored]

    def display_lines(self) -> Sequence[str]:
        return self.current_lines

    # ---- steps ----

    def waiting(self) -> Step:
        """Show the next log, or after a stop the current one; a person loads it and presses the pedal."""
        yield from self.display.start()  # again for each log: a saw's motor can disturb such a display
        self._pauses = 0
        # A stop has switched off the lamps, and maybe the display.
        self._lit, self.current_lines, self._last_shown = None, [], ()
        self._lamps(self.red)
        yield self.env.timeout(PEDAL_DEBOUNCE_S)  # the press that ended the last log may still bounce
        if self.cut_record.is_done:
            not_cut = len(self.cut_record.not_cut)
            self._show("list_done", but=f" but {not_cut}" if not_cut else "")
            self._record_event(
                "list done", float(len(self.cut_record.cut)), not_cut=[piece.piece for piece in self.cut_record.not_cut]
            )
            yield self.pedal.pressed(within_s=OPERATOR_TIMEOUT_S)
            self.cut_record.restart()
            yield self.env.timeout(PEDAL_DEBOUNCE_S)
        self.cut_record.start_log()
        self._show("waiting")
        yield self.pedal.pressed(within_s=OPERATOR_TIMEOUT_S)
        return "start"

    def datum(self) -> Step:
        """Have the log's front end pushed over the datum switch, and zero the wheel there."""
        for _ in range(MAX_TRIES):
            if self.datum_switch.is_closed:
                self._show("datum", say=display_text.PULL)
                yield self.datum_switch.open(within_s=LOG_TIMEOUT_S)
            self._show("datum", say=display_text.PUSH)
            advance_mm = yield from self._wait_for_datum()
            if advance_mm >= MIN_ADVANCE_MM:
                break  # else the rear end closed the switch as the log was pulled back
        else:
            raise CellFault(
                f"the log came to the datum switch {MAX_TRIES} times and by the wheel it had advanced "
                f"{advance_mm:.1f} mm; check that the wheel turns with the log, and check its cable."
            )
        self.wheel.zero(self._datum_mm)
        self.cut_record.retrim_end()
        return "at_datum" if self.cut_record.next_cut else "no_cut_left"

    def _wait_for_datum(self) -> Step:
        """Wait for the datum switch; returns how far the log advanced to it, mm."""
        closed = self.datum_switch.closed(within_s=LOG_TIMEOUT_S)
        furthest_back_mm = self.wheel.position_mm
        deadline_s = self.env.now + LOG_TIMEOUT_S
        while not closed.triggered:
            self._check_time_limit(deadline_s, closed.what)
            yield self.env.any_of([closed, self.env.timeout(DATUM_POLL_S)])
            furthest_back_mm = min(furthest_back_mm, self.wheel.position_mm)
        return self.wheel.position_mm - furthest_back_mm

    def approaching(self) -> Step:
        """Show the distance to go, beep at the position, and wait until the log stands still there."""
        yield from self._before_approaching()
        # Only looked at, while the log moves: nothing waits for them.
        pedal = self.leave_running(self.pedal.pressed(within_s=LOG_TIMEOUT_S))
        reject = self.leave_running(self.reject_button.pressed(within_s=LOG_TIMEOUT_S))
        target_mm = self.cut_record.target_mm
        in_position_since_s, last_position_mm = self.env.now, self.wheel.position_mm
        has_beeped = False
        deadline_s = self.env.now + LOG_TIMEOUT_S
        while True:
            self._check_time_limit(deadline_s, "the log did not come to its cut")
            at_mm = self.wheel.position_mm
            to_go_mm = round(target_mm - at_mm, 1)  # as shown: nobody can correct less
            self._show_distance(to_go_mm)
            if to_go_mm <= self._tolerance_mm and not has_beeped:
                self.leave_running(self.buzzer.beep())
                has_beeped = True
            is_still = at_mm == last_position_mm
            if abs(to_go_mm) > self._tolerance_mm or not is_still:
                in_position_since_s, last_position_mm = self.env.now, at_mm
            elif self.env.now >= in_position_since_s + STANDSTILL_S - 1e-9:
                break
            if self._is_pulled_back(at_mm):
                return "pulled_back"
            yield self.env.timeout(self._poll_interval_s(to_go_mm, is_still))
            if reject.triggered:
                return "spoiled"
            if pedal.triggered:
                self.leave_running(self.buzzer.beep(REFUSAL_BEEP_S))
                self._record_event("refused", to_go_mm, reason="the pedal was pressed away from the cut")
                pedal = self.leave_running(self.pedal.pressed(within_s=LOG_TIMEOUT_S))
        yield from self._before_sawing()
        return "reached"

    def _poll_interval_s(self, to_go_mm: float, is_still: bool) -> float:
        """Short enough that no log passes its cut unnoticed. Every poll costs simulation time."""
        shortest_s = STANDSTILL_POLL_S if is_still else WHEEL_POLL_S
        return min(DISPLAY_PERIOD_S, max(shortest_s, abs(to_go_mm) / MAX_PUSH_MM_S))

    def at_cut(self) -> Step:
        """Green lamp: the person may cut. The pedal confirms the cut."""
        pedal, reject = self.pedal.pressed(within_s=LOG_TIMEOUT_S), self.reject_button.pressed(within_s=LOG_TIMEOUT_S)
        self._lamps(self.green)
        deadline_s = self.env.now + LOG_TIMEOUT_S
        while True:
            self._check_time_limit(deadline_s, pedal.what)
            at_mm = self.wheel.position_mm
            to_go_mm = round(self.cut_record.target_mm - at_mm, 1)
            self._show("at_cut", to_go=to_go_mm)
            if self._is_pulled_back(at_mm):
                return "pulled_back"
            if abs(to_go_mm) > self._tolerance_mm + self.saw.tolerance_mm:
                return "moved"
            if pedal.triggered:
                return "confirmed"
            if reject.triggered:
                return "spoiled"
            yield self.env.any_of([pedal, reject, self.env.timeout(AT_CUT_POLL_S)])

    def cut_confirmed(self) -> Step:
        """Record the cut and the piece's length by the wheel."""
        self._show("cut_confirmed")
        self._pauses = 0
        cut = self.cut_record.confirm(self.wheel.position_mm)
        if cut.piece is not None:
            self._record_cut()
        yield self.buzzer.beep()
        return "next_cut" if self.cut_record.next_cut else "last_cut"

    def rejecting(self) -> Step:
        """Record that the piece is spoiled; it is cut again later, from the remaining logs."""
        self._show("rejecting")
        self._pauses = 0
        piece = self.cut_record.reject(self.wheel.position_mm)
        if piece is not None:
            self._record_event("spoiled", piece.length_mm, piece=piece.piece)
        yield self.buzzer.beep(REFUSAL_BEEP_S)
        return "next_cut" if self.cut_record.next_cut else "last_cut"

    def pausing(self) -> Step:
        """The log was pulled back past the datum: show that, wait for it, and check the wheel for missed counts."""
        self._pauses += 1
        if self._pauses > MAX_TRIES:
            raise CellFault(
                f"the log seems to have been pulled back past the datum {MAX_TRIES} times before one cut; "
                "check that the wheel turns with the log, and that the datum switch works."
            )
        self._lamps(self.red)
        self._show("pausing")
        self._record_event("paused", self.wheel.position_mm, reason="the log was pulled back past the datum")
        yield self.datum_switch.closed(within_s=LOG_TIMEOUT_S)
        position_error_mm = self.wheel.position_error_mm(self._datum_mm)
        if abs(position_error_mm) > MAX_MISSED_MM:
            self._record_event(
                "missed", position_error_mm, reason="the wheel was off at the datum; the end is cut afresh"
            )
            self.wheel.zero(self._datum_mm)
            self.cut_record.retrim_end()
        return "back_again" if self.cut_record.next_cut else "no_cut_left"

    def log_done(self) -> Step:
        """Have the remainder taken off."""
        self._lamps(self.red)
        self._show("log_done")
        yield self.pedal.pressed(within_s=LOG_TIMEOUT_S)
        if self.cut_record.finish_log() is not None:
            self._record_cut()
        return "collected"

    # ---- hooks for a subclass with a length stop ----

    @property
    def _tolerance_mm(self) -> float:
        """The largest error of position, by the wheel, at which the lamp turns green, mm."""
        return self.saw.tolerance_mm

    def _before_approaching(self) -> Step:
        """Runs before the person is asked to move the log to its next cut."""
        yield from ()

    def _before_sawing(self) -> Step:
        """Runs when the log stands at its cut, before the lamp turns green."""
        yield from ()

    # ---- shared by the steps ----

    def _check_time_limit(self, deadline_s: float, what: str) -> None:
        """Raise StepTimeoutError after the time limit of a step that polls."""
        if self.env.now >= deadline_s:
            raise StepTimeoutError(f"{what} within {LOG_TIMEOUT_S:g} s.")

    @property
    def _datum_mm(self) -> float:
        """The position of the log when its front end is at the datum switch, mm."""
        return self.cut_record.front_mm - self.saw.datum_before_saw_mm

    def _is_pulled_back(self, at_mm: float) -> bool:
        """Whether the log's front end has opened the datum switch; further on its rear end opens it too."""
        halfway_mm = self.cut_record.front_mm - self.saw.datum_before_saw_mm / 2
        return not self.datum_switch.is_closed and at_mm < halfway_mm

    def _show_distance(self, to_go_mm: float) -> None:
        """Update lamps and display: amber near the cut, red before."""
        self._lamps(self.amber if abs(to_go_mm) <= self.saw.slow_mm else self.red)
        if self.env.now >= self._shown_at_s + DISPLAY_PERIOD_S - 1e-9 or abs(to_go_mm) <= self._tolerance_mm:
            self._show("approaching", to_go=to_go_mm, say=display_text.TO_GO if to_go_mm >= 0 else display_text.BACK)

    def _lamps(self, lit: Lamp) -> None:
        """Switch on one lamp of the three, and the others off."""
        if lit is self._lit:
            return
        self._lit = lit
        for lamp in (self.red, self.amber, self.green):
            (lamp.on if lamp is lit else lamp.off)()

    def _show(self, state: str, **values: Any) -> None:
        self._shown_at_s = self.env.now
        cut = self.cut_record.next_cut
        content = (state, cut, *values.values())
        if content == self._last_shown:
            return
        self._last_shown = content
        piece = cut.piece if cut is not None else None
        log = self.cut_record.log
        lines = display_text.format_lines(
            state,
            number=self.cut_record.logs_done + 1,
            log=log.log.log if log else "",
            log_mm=log.log.length_mm if log else 0.0,
            piece=piece.piece if piece else "end cut",
            length=f"{piece.length_mm:.1f}" if piece else "",
            **values,
        )
        if lines != self.current_lines:
            self.current_lines = lines
            self.display.show(lines)

    def _record_cut(self) -> None:
        """Write the last piece of the record to the run log."""
        piece, length_mm = self.cut_record.cut[-1]
        self._record_event("cut", length_mm, piece=piece.piece, asked_mm=piece.length_mm)

    def _record_event(self, what: str, value: float | None, **facts: Any) -> None:
        """Write an event of the cut list to the run log."""
        self._record("cut list", what, value, json.dumps({"log": self.cut_record.logs_done + 1} | facts))
