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
from cellwright.sensors.encoder import LOOK_S
from cellwright.sequences import Cell
from cellwright.sequences.supervision import Step

OPERATOR_TIMEOUT_S = 4 * 3600
"""How long the cell waits for the next log before it makes itself safe."""
BREAK_S = 3600
"""How long the person may leave a log that is in the saw."""
SHOW_EVERY_S = 0.25
"""How often the display and the log's place are looked after while nothing is near."""
FASTEST_MM_S = 500.0
"""Nobody pushes a log faster: the cell looks again before the log can be at its cut."""
STILL_S = 0.3
STILL_LOOK_S = 0.15
DATUM_LOOK_S = 0.1
AT_CUT_LOOK_S = 0.5
MAX_MISSED_MM = 5.0
"""What the wheel may be off at the datum before it is believed no more: the switch closes while the log moves."""
REFUSAL_BEEP_S = 0.6
WENT_ON_MM = 5.0
MAX_TRIES = 5
"""How often in a row a log may come to the datum, or be pulled back from one cut, before the wheel is suspected."""
PEDAL_REST_S = 0.3


class DigitalTape(Cell):
    """Shows a person at the saw how far a log has to go to its next cut, and beeps when it is there."""

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
        self.lines: list[str] = []
        self._asked_to_show: tuple[Any, ...] = ()
        self._shown_at_s = 0.0
        self._lit: Lamp | None = None
        self._pauses = 0

    def problems(self) -> list[str]:
        """Pieces for which there is no log; what a BTLx file says beyond lengths and cuts is no problem."""
        plan = self.cut_record.plan
        names = ", ".join(piece.piece for piece in plan.not_cut[:5])
        missing = f"{self.name()}: there is no log for {len(plan.not_cut)} of the pieces: {names}; add logs."
        return [missing] if plan.not_cut else []

    def notes(self) -> list[str]:
        """What a person should know before cutting: the plan and its proven bound, and what a BTLx file says beyond."""
        return [*self.cut_record.plan.sentences(), *self.cut_list.ignored]

    def display_lines(self) -> Sequence[str]:
        return self.lines

    # ---- steps ----

    def waiting(self) -> Step:
        """Name the next log, or the one in hand after a stop; a person lays it on and presses the pedal."""
        yield from self.display.start()  # for each log afresh: a saw's motor can disturb what such a display shows
        self._pauses = 0
        self._lit, self.lines, self._asked_to_show = None, [], ()  # a stop has put out lamps, and maybe the display
        self._lamps(self.red)
        yield self.env.timeout(PEDAL_REST_S)  # the press that ended the last log, bouncing, is none for this one
        if self.cut_record.is_done:
            not_cut = len(self.cut_record.not_cut)
            self._show("list_done", but=f" but {not_cut}" if not_cut else "")
            self._tell(
                "list done", float(len(self.cut_record.cut)), not_cut=[piece.piece for piece in self.cut_record.not_cut]
            )
            yield self.pedal.pressed(within_s=OPERATOR_TIMEOUT_S)
            self.cut_record.begin_again()
            yield self.env.timeout(PEDAL_REST_S)
        self.cut_record.take_log()
        self._show("waiting")
        yield self.pedal.pressed(within_s=OPERATOR_TIMEOUT_S)
        return "start"

    def datum(self) -> Step:
        """Let the log's front end be pushed over the datum switch, which says where it is."""
        for _ in range(MAX_TRIES):
            if self.datum_switch.is_closed:
                self._show("datum", say=display_text.PULL)
                yield self.datum_switch.open(within_s=BREAK_S)
            self._show("datum", say=display_text.PUSH)
            went_on_mm = yield from self._until_datum()
            if went_on_mm >= WENT_ON_MM:
                break  # else it was the rear end that closed it, as the log was pulled back
        else:
            raise CellFault(
                f"the log came to the datum switch {MAX_TRIES} times and by the wheel it had gone on "
                f"{went_on_mm:.1f} mm; see that the wheel turns with the log, and look at its cable."
            )
        self.wheel.zero(self._datum_mm)
        self.cut_record.cut_afresh()
        return "at_datum" if self.cut_record.next_cut else "no_cut_left"

    def _until_datum(self) -> Step:
        """Wait for the datum switch; returns how far the log came forward to it, mm."""
        closed = self.datum_switch.closed(within_s=BREAK_S)
        furthest_back_mm = self.wheel.position_mm
        until_s = self.env.now + BREAK_S
        while not closed.triggered:
            self._refuse_after(until_s, closed.what)
            yield self.env.any_of([closed, self.env.timeout(DATUM_LOOK_S)])
            furthest_back_mm = min(furthest_back_mm, self.wheel.position_mm)
        return self.wheel.position_mm - furthest_back_mm

    def approaching(self) -> Step:
        """Show the distance to go; beep at the position, and wait until the log stands there."""
        yield from self._before_approaching()
        pedal, reject = self.pedal.pressed(within_s=BREAK_S), self.reject_button.pressed(within_s=BREAK_S)
        target_mm = self.cut_record.target_mm
        there_since_s, stood_at_mm = self.env.now, self.wheel.position_mm
        has_beeped = False
        until_s = self.env.now + BREAK_S
        while True:
            self._refuse_after(until_s, "the log did not come to its cut")
            at_mm = self.wheel.position_mm
            to_go_mm = round(target_mm - at_mm, 1)  # as shown: nobody can correct what is not
            self._guide(to_go_mm)
            if to_go_mm <= self._tolerance_mm and not has_beeped:
                self.buzzer.beep()
                has_beeped = True
            stands = at_mm == stood_at_mm
            if abs(to_go_mm) > self._tolerance_mm or not stands:
                there_since_s, stood_at_mm = self.env.now, at_mm
            elif self.env.now >= there_since_s + STILL_S - 1e-9:
                break
            if self._is_pulled_back(at_mm):
                return "pulled_back"
            yield self.env.timeout(self._next_look_s(to_go_mm, stands))
            if reject.triggered:
                return "spoiled"
            if pedal.triggered:
                self.buzzer.beep(REFUSAL_BEEP_S)
                self._tell("refused", to_go_mm, reason="the pedal was pressed away from the cut")
                pedal = self.pedal.pressed(within_s=BREAK_S)
        yield from self._before_sawing()
        return "reached"

    def _next_look_s(self, to_go_mm: float, stands: bool) -> float:
        """Soon enough that no log passes its cut unseen; every look costs a simulation time."""
        soonest_s = STILL_LOOK_S if stands else LOOK_S
        return min(SHOW_EVERY_S, max(soonest_s, abs(to_go_mm) / FASTEST_MM_S))

    def at_cut(self) -> Step:
        """Green: the saw may cut. The pedal confirms that it has."""
        pedal, reject = self.pedal.pressed(within_s=BREAK_S), self.reject_button.pressed(within_s=BREAK_S)
        self._lamps(self.green)
        until_s = self.env.now + BREAK_S
        while True:
            self._refuse_after(until_s, pedal.what)
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
            yield self.env.any_of([pedal, reject, self.env.timeout(AT_CUT_LOOK_S)])

    def cut_confirmed(self) -> Step:
        """Write down the cut and what the wheel says of the piece."""
        self._show("cut_confirmed")
        self._pauses = 0
        cut = self.cut_record.confirm(self.wheel.position_mm)
        if cut.piece is not None:
            piece, length_mm = self.cut_record.cut[-1]
            self._tell("cut", length_mm, piece=piece.piece, asked_mm=piece.length_mm)
        yield self.buzzer.beep()
        return "next_cut" if self.cut_record.next_cut else "last_cut"

    def rejecting(self) -> Step:
        """Write down that the piece is spoiled; it is cut again later, from what is left."""
        self._show("rejecting")
        self._pauses = 0
        piece = self.cut_record.reject(self.wheel.position_mm)
        if piece is not None:
            self._tell("spoiled", piece.length_mm, piece=piece.piece)
        yield self.buzzer.beep(REFUSAL_BEEP_S)
        return "next_cut" if self.cut_record.next_cut else "last_cut"

    def pausing(self) -> Step:
        """The log was pulled back past the datum: say so, wait for it, and see whether the wheel has missed counts."""
        self._pauses += 1
        if self._pauses > MAX_TRIES:
            raise CellFault(
                f"the log seems to have been pulled back past the datum {MAX_TRIES} times before one cut; "
                "see that the wheel turns with the log, and that the datum switch works."
            )
        self._lamps(self.red)
        self._show("pausing")
        self._tell("paused", self.wheel.position_mm, reason="the log was pulled back past the datum")
        yield self.datum_switch.closed(within_s=BREAK_S)
        wrong_mm = self.wheel.missed_mm(self._datum_mm)
        if abs(wrong_mm) > MAX_MISSED_MM:
            self._tell("missed", wrong_mm, reason="the wheel was off at the datum; the end is cut afresh")
            self.wheel.zero(self._datum_mm)
            self.cut_record.cut_afresh()
        return "back_again" if self.cut_record.next_cut else "no_cut_left"

    def log_done(self) -> Step:
        """Have what is left taken off."""
        self._lamps(self.red)
        self._show("log_done")
        yield self.pedal.pressed(within_s=BREAK_S)
        self.cut_record.log_done()
        return "collected"

    # ---- what a cell with more than a wheel does otherwise ----

    @property
    def _tolerance_mm(self) -> float:
        """How near the log must be, by the wheel, for the lamp to turn green."""
        return self.saw.tolerance_mm

    def _before_approaching(self) -> Step:
        """What is done before the log is called for to its next cut."""
        yield from ()

    def _before_sawing(self) -> Step:
        """What is done when the log stands at its cut, before the lamp turns green."""
        yield from ()

    # ---- what they share ----

    def _refuse_after(self, until_s: float, what: str) -> None:
        """The time limit of a step that looks again and again."""
        if self.env.now >= until_s:
            raise StepTimeoutError(f"{what} within {BREAK_S:g} s.")

    @property
    def _datum_mm(self) -> float:
        """Where the log is when its end is at the datum switch."""
        return self.cut_record.front_mm - self.saw.datum_before_saw_mm

    def _is_pulled_back(self, at_mm: float) -> bool:
        """Whether the datum switch is open because of the log's front end; its rear end opens it too, further on."""
        halfway_mm = self.cut_record.front_mm - self.saw.datum_before_saw_mm / 2
        return not self.datum_switch.is_closed and at_mm < halfway_mm

    def _guide(self, to_go_mm: float) -> None:
        """Amber from near the cut on, red before; the display a few times a second."""
        self._lamps(self.amber if abs(to_go_mm) <= self.saw.slow_mm else self.red)
        if self.env.now >= self._shown_at_s + SHOW_EVERY_S - 1e-9 or abs(to_go_mm) <= self._tolerance_mm:
            self._show("approaching", to_go=to_go_mm, say=display_text.TO_GO if to_go_mm >= 0 else display_text.BACK)

    def _lamps(self, lit: Lamp) -> None:
        """Light one of the three."""
        if lit is self._lit:
            return
        self._lit = lit
        for lamp in (self.red, self.amber, self.green):
            (lamp.on if lamp is lit else lamp.off)()

    def _show(self, state: str, **values: Any) -> None:
        self._shown_at_s = self.env.now
        cut = self.cut_record.next_cut
        asked = (state, cut, *values.values())
        if asked == self._asked_to_show:
            return
        self._asked_to_show = asked
        piece = cut.piece if cut is not None else None
        log = self.cut_record.log
        lines = display_text.lines(
            state,
            number=self.cut_record.logs_done + 1,
            log=log.log.log if log else "",
            log_mm=log.log.length_mm if log else 0.0,
            piece=piece.piece if piece else "end cut",
            length=f"{piece.length_mm:.1f}" if piece else "",
            **values,
        )
        if lines != self.lines:
            self.lines = lines
            self.display.show(lines)

    def _tell(self, what: str, value: float | None, **facts: Any) -> None:
        """Write a line of the cut list's story to the run log."""
        self._record("cut list", what, value, json.dumps({"log": self.cut_record.logs_done + 1} | facts))
