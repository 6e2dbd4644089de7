"""The tape's world: the log on its rollers, the wheel on it, the saw, and the person who pushes, reads and saws."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from cellwright.cells.digital_tape import display_text
from cellwright.cells.digital_tape.wheel import Wheel, WheelParameters
from cellwright.errors import CellFault
from cellwright.provenance import assumed
from cellwright.sensors import Button
from cellwright.sim import CellPlant
from cellwright.sim.plants.display import put_display

Work = Generator[Event, Any, None]
LAID_DOWN_MM = 300.0
"""How far in front of the datum switch a log is laid down."""
TICK_S = 0.02
COARSE_TICK_S = 0.1
FINE_MM = 20.0
"""So near to what ends a push the log goes on in fine steps of time; before that, coarse ones cost less to simulate."""
LOOK_S = 0.25
"""How often the person looks at the display while nothing moves."""
FAR_BACK_MM = 20_000.0
LONGEST_CREEP_S = 60.0
MAX_PRESSES = 5
"""How often a person presses a button of which nothing comes."""
PUZZLED_S = 120.0
"""How long a person looks at a display that says nothing to be done."""


@dataclass(kw_only=True)
class TapePlantParameters(WheelParameters):
    """What is not known of the tape before it is built.

    push_mm_s, creep_mm_s, datum_mm_s: how fast a person pushes a log, until the amber lamp, after it, and to the datum.
    reaction_s: from the beep until the push ends; reaction_spread: its coefficient of variation. nudge_s: one
    correction; nudge_error: standard deviation as a share of its length; nudge_rest_mm: and beside that. kerf_error_mm:
    standard deviation of the saw's kerf from what saw.toml says. clamp_mm: standard deviation of the log's move as the
    saw bites. wrong_per_1000_cuts: how often somebody saws before the lamp is green. pull_backs_per_1000_cuts: how
    often somebody pulls the log back past the datum before a cut.
    """

    push_mm_s: float = assumed(400, "a log of 60 kg on rollers, at a slow walk")
    creep_mm_s: float = assumed(40, "slowly, a hand on the log's end")
    datum_mm_s: float = assumed(100, "the first end cut does not have to be exact")
    reaction_s: float = assumed(0.35, "to a beep, with a log in the hands")
    reaction_spread: float = assumed(0.3, "people vary")
    nudge_s: float = assumed(1.6, "read, push or pull by hand or with a lever, read again")
    nudge_error: float = assumed(0.15, "by hand")
    nudge_rest_mm: float = assumed(0.15, "stick and slip on the rollers")
    kerf_error_mm: float = assumed(0.05, "a blade between two sharpenings")
    clamp_mm: float = assumed(0.1, "a clamped log")
    wrong_per_1000_cuts: float = assumed(0.5, "nobody has counted; the lamp is red or amber then")
    pull_backs_per_1000_cuts: float = assumed(2, "nobody has counted; a log is turned, or makes room")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("push_mm_s", "creep_mm_s", "datum_mm_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0.")
        for name in ("wrong_per_1000_cuts", "pull_backs_per_1000_cuts"):
            if getattr(self, name) > 1000:
                raise ValueError(f"{name} must be at most 1000.")


class DigitalTapePlant(CellPlant):
    """Moves the log and turns the wheel; knows what every piece truly measures, which the wheel does not.

    front_mm: the end that the log came with, past the blade. cut_mm: the last cut, from that end.
    pieces_mm: what was cut from this log, with what was asked for, both in mm. corrections: how often the person
    nudged a log that was not where it should be.
    """

    green_within_s = 2 * LOOK_S
    """How long the person waits for the green lamp before correcting what the display shows."""

    def connect(self) -> None:
        cell, board, p = self.cell, self.board, self.parameters
        self.wheel = Wheel(p, cell.wheel.scale, self.streams["wheel"])
        self.encoder = board.declare_encoder(cell.wheel.pin_a, cell.wheel.pin_b)
        self.lcd = put_display(board, cell.display)
        self.front_mm = 0.0
        self.cut_mm: float | None = None
        self.log_mm = 0.0
        self.has_log = False
        self.pieces_mm: list[tuple[float, float]] = []
        self.errors_mm: list[float] = []
        self.wrong_cuts = 0
        self.wrong_cuts_nok = 0.0
        self.corrections = 0
        self.logs_checked = 0
        self._beeps = 0
        self._pushed_s = 0.0
        self._worked_at_cut_s = 0.0
        self._has_pulled_back = False  # before this cut
        board.on_output(cell.buzzer.pin, self._beep, levels=[not cell.buzzer.active_low])
        board.env.process(self._work())

    def _beep(self, _: bool) -> None:
        self._beeps += 1

    # ---- the log ----

    def _room_mm(self) -> float:
        """How far the log can go on before something is in its way."""
        return math.inf

    def _roll(self, mm: float) -> None:
        mm = min(mm, self._room_mm())
        self.front_mm += mm
        self.wheel.roll(mm)
        self.encoder.true_count = -self.wheel.counts if self.cell.wheel.reversed else self.wheel.counts
        self._turn_datum_switch()

    @property
    def _begins_mm(self) -> float:
        """Where the log begins: what the last cut left of it."""
        return 0.0 if self.cut_mm is None else self.cut_mm + self.cell.saw.kerf_mm

    def _turn_datum_switch(self) -> None:
        """Closed while the log lies over it."""
        datum_mm = self.cell.saw.datum_before_saw_mm
        covered = self.has_log and self._begins_mm - datum_mm <= self.front_mm <= self.log_mm - datum_mm
        switch = self.cell.datum_switch
        if covered != (self.board.input(switch.pin).level != switch.active_low):
            (self.close if covered else self.open)(switch)

    def _push(self, mm: float, speed_mm_s: float, until: Callable[[], bool], tick_s: float) -> Work:
        """Push the log ``mm`` on, or until something is seen or heard, or it is felt that the log goes no further."""
        while mm > 0 and not until():
            step_mm = min(mm, speed_mm_s * tick_s)
            yield from self._spend(step_mm / speed_mm_s)
            before_mm = self.front_mm
            self._roll(step_mm)
            if self.front_mm < before_mm + step_mm / 2:
                return
            mm -= step_mm

    def _pull(self, mm: float, until: Callable[[], bool]) -> Work:
        """Pull the log ``mm`` back at a walk, or until something is seen."""
        step_mm = self.parameters.push_mm_s * COARSE_TICK_S
        while mm > 0 and not until():
            yield from self._spend(COARSE_TICK_S)
            self._roll(-step_mm)
            mm -= step_mm

    def _spend(self, seconds: float) -> Work:
        """Push or read for ``seconds``; the rest that belongs to it is taken when the log is done."""
        self._pushed_s += seconds
        self.operator.labour_s += seconds
        yield self.board.env.timeout(seconds)

    @property
    def _worked_s(self) -> float:
        """What the person has worked so far, with the rest that belongs to it."""
        return self.operator.labour_s + float(self.operator.allowance) * self._pushed_s

    # ---- the person ----

    def _to_datum(self) -> Work:
        """Bring the front end to the datum switch from behind, wherever the log stands."""
        yield from self._fetch()
        p = self.parameters
        if self._past_datum_mm > 0:
            yield from self._pull(self._past_datum_mm + LAID_DOWN_MM, lambda: False)
        there = lambda: not self._says(display_text.PUSH)  # noqa: E731  # named, as it is asked twice
        yield from self._push(-self._past_datum_mm - FINE_MM, p.datum_mm_s, there, COARSE_TICK_S)
        yield from self._push(FAR_BACK_MM, p.datum_mm_s, there, TICK_S)

    @property
    def _past_datum_mm(self) -> float:
        """How far the log's end has gone over the datum switch."""
        return float(self.front_mm - self._begins_mm + self.cell.saw.datum_before_saw_mm)

    def _says(self, text: str) -> bool:
        return text in self.lcd.line(1)

    def _work(self) -> Work:
        """Do what the display says. Raises CellFault, as the person who sees it, if it says nothing for long."""
        understood_s = self.board.env.now
        while True:
            if self._says(display_text.PRESS):
                yield from self._begin_log()
            elif self._says(display_text.AGAIN):
                yield from self._press(self.cell.pedal, lambda: not self._says(display_text.AGAIN))
            elif self._says(display_text.PULL):
                yield from self._pull(FAR_BACK_MM, lambda: not self._says(display_text.PULL))
            elif self._says(display_text.PUSH):
                yield from self._to_datum()
            elif self._says(display_text.TO_GO) or self._says(display_text.BACK):
                yield from self._approach()
            elif self._says(display_text.CUT):
                yield from self._cut()
            elif self._says(display_text.TAKE):
                yield from self._take_off()
            elif self.board.env.now > understood_s + PUZZLED_S and self._runs:
                raise self._nonsense()
            else:
                yield from self._spend(LOOK_S)
                continue
            understood_s = self.board.env.now

    def _press(self, button: Button, is_heard: Callable[[], bool]) -> Work:
        """Press a button and see that it was heard, or press again. Raises CellFault if it never is."""
        for _ in range(MAX_PRESSES):
            yield from self.do("press pedal")
            self.press(button)
            yield from self._spend(LOOK_S)
            if is_heard() or not self._runs:
                return
            yield from self._spend(LOOK_S)
        raise CellFault(f"{self.cell.name()}: {button.name} was pressed {MAX_PRESSES} times and nothing came of it.")

    def _begin_log(self) -> Work:
        yield from self._fetch()
        yield from self._press(self.cell.pedal, lambda: not self._says(display_text.PRESS))

    def _fetch(self) -> Work:
        """Lay the log that the display names in front of the datum switch, unless one lies there."""
        if self.has_log:
            return
        yield from self.do("fetch log")
        self.log_mm = self._named_log_mm()
        self.front_mm = -self.cell.saw.datum_before_saw_mm - LAID_DOWN_MM
        self.cut_mm = None
        self.has_log = True
        self._has_pulled_back = False
        self._worked_at_cut_s = self._worked_s
        self.wheel.new_log()

    def _named_log_mm(self) -> float:
        """How long the log is that the display names. Raises CellFault if it names none."""
        match = display_text.LOG.match(self.lcd.line(0))
        if match is None:
            raise self._nonsense()
        return float(match[1])

    def _nonsense(self) -> CellFault:
        """What the person says who cannot read the display."""
        return CellFault(f"{self.cell.name()}: the display shows {self.lcd.line(0)!r} and {self.lcd.line(1)!r}.")

    def _distance_mm(self) -> float:
        return display_text.number_of(self.lcd.line(1)) or 0.0

    def _approach(self) -> Work:
        """Push at a walk until near, then slowly until the beep, then correct by what the display shows."""
        p = self.parameters
        if not self._has_pulled_back and self.streams["pull back"].random() < p.pull_backs_per_1000_cuts / 1000:
            self._has_pulled_back = True
            # What to do then, the display says.
            yield from self._pull(FAR_BACK_MM, lambda: self._says(display_text.PUSH))
            return
        far_mm = self._distance_mm() - self.cell.saw.slow_mm
        yield from self._push(far_mm, p.push_mm_s, lambda: self._is_lit(self.cell.amber), COARSE_TICK_S)
        asked_mm = self._asked_mm()
        if self.streams["wrong cut"].random() < p.wrong_per_1000_cuts / 1000 and asked_mm is not None:
            yield from self._cut_wrongly(asked_mm)
            return
        beeps = self._beeps
        if self._says(display_text.TO_GO):
            heard = lambda: self._beeps > beeps or self._says(display_text.BACK)  # noqa: E731  # named, as it is asked twice
            yield from self._push(self._distance_mm() - FINE_MM, p.creep_mm_s, heard, COARSE_TICK_S)
            yield from self._push(p.creep_mm_s * LONGEST_CREEP_S, p.creep_mm_s, heard, TICK_S)
            reaction_s = self.streams.lognormal("reaction", p.reaction_s, p.reaction_spread)
            yield from self._push(p.creep_mm_s * reaction_s, p.creep_mm_s, lambda: False, COARSE_TICK_S)
        yield from self._correct()

    def _correct(self) -> Work:
        """Wait for the green lamp; nudge the log for as long as it does not come."""
        p, random = self.parameters, self.streams["nudge"]
        yield from self._wait_for_green()
        while self._asks_for_more():
            wanted_mm = self._distance_mm()
            if abs(wanted_mm) > self.cell.saw.tolerance_mm:
                moved_mm = wanted_mm * random.normal(1, p.nudge_error) + random.normal(0, p.nudge_rest_mm)
                yield from self._spend(p.nudge_s)
                self._roll(moved_mm)
                self.corrections += 1
            yield from self._wait_for_green()

    def _wait_for_green(self) -> Work:
        until_s = self.board.env.now + self.green_within_s
        while self._asks_for_more() and self.board.env.now < until_s:
            yield from self._spend(LOOK_S)

    def _asks_for_more(self) -> bool:
        return self._says(display_text.TO_GO) or self._says(display_text.BACK)

    @property
    def _runs(self) -> bool:
        """Whether the cell seems to be at work: else no lamp is lit."""
        return any(map(self._is_lit, (self.cell.red, self.cell.amber, self.cell.green)))

    def _is_lit(self, lamp: Any) -> bool:
        return bool(self.board.output(lamp.pin).level != lamp.active_low)

    def _cut(self) -> Work:
        """Saw and confirm; a piece for which the log moved as the saw bit, so that the lamp went out, is spoiled."""
        asked_mm, worked_s = self._asked_mm(), self._worked_at_cut_s
        piece_mm = yield from self._saw()
        if self._says(display_text.CUT):
            if asked_mm is not None:
                self.pieces_mm.append((piece_mm, asked_mm))
            yield from self._press(self.cell.pedal, lambda: not self._says(display_text.CUT))
        elif asked_mm is not None:
            yield from self._spoil(asked_mm, worked_s)

    def _cut_wrongly(self, asked_mm: float) -> Work:
        """Saw where the log stands."""
        worked_s = self._worked_at_cut_s
        yield from self._saw()
        yield from self._spoil(asked_mm, worked_s)

    def _spoil(self, asked_mm: float, worked_s: float) -> Work:
        """See that the piece just sawn is not as long as it should be, and say so with the button.

        worked_s: what had been worked when the cut before was made.
        """
        yield from self.do("look at piece")
        self.wrong_cuts += 1
        self.wrong_cuts_nok += self.cell.saw.wrong_cut_nok(asked_mm, self._worked_s - worked_s)
        yield from self._press(self.cell.reject_button, lambda: self._says(display_text.SPOILED))

    def _asked_mm(self) -> float | None:
        """The length that the display asks for; None at an end cut."""
        return display_text.number_of(self.lcd.line(0))

    def _saw(self) -> Generator[Event, Any, float]:
        """Saw where the log stands; returns how long what comes off is, mm, from the cut before or the log's end."""
        self._roll(self.streams["clamp"].normal(0, self.parameters.clamp_mm))
        yield from self.do("saw")
        kerf_mm = self.cell.saw.kerf_mm + self.streams["kerf"].normal(0, self.parameters.kerf_error_mm)
        piece_mm = self.front_mm if self.cut_mm is None else self.front_mm - self.cut_mm - kerf_mm
        self.cut_mm = self.front_mm
        self._has_pulled_back = False
        self._worked_at_cut_s = self._worked_s
        self._turn_datum_switch()
        return float(piece_mm)

    def _take_off(self) -> Work:
        yield from self.do("take off")
        yield from self._spend(float(self.operator.allowance) * self._pushed_s)
        self._check_log()
        self.has_log = False
        self._turn_datum_switch()
        self._pushed_s = 0.0
        yield from self._press(self.cell.pedal, lambda: not self._says(display_text.TAKE))

    def _check_log(self) -> None:
        """What came of this log."""
        errors_mm = [cut_mm - asked_mm for cut_mm, asked_mm in self.pieces_mm]
        good_mm = sum(asked_mm for _, asked_mm in self.pieces_mm)
        self.errors_mm += errors_mm
        self.logs_checked += 1
        self.measure(
            cut_error_mm=max((abs(error_mm) for error_mm in errors_mm), default=0.0),
            wrong_cuts_percent=100.0 * self.wrong_cuts,
            wrong_cuts_nok=self.wrong_cuts_nok,
            wasted_m=(self.log_mm - good_mm) / 1000,
        )
        self.pieces_mm, self.wrong_cuts, self.wrong_cuts_nok = [], 0, 0.0
