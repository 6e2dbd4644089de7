"""The tape's plant: the log on its rollers, the wheel on it, the saw, and the person who pushes, reads and saws."""

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

PersonProcess = Generator[Event, Any, None]
LAY_DOWN_DISTANCE_MM = 300.0
"""The distance in front of the datum switch at which a log is laid down."""
TICK_S = 0.02
COARSE_TICK_S = 0.1
FINE_TICK_MM = 20.0
"""So near to the end of a push, time steps are fine; before that, coarse ones cost less to simulate."""
DISPLAY_POLL_S = 0.25
"""How often the person reads the display while nothing moves."""
MAX_MOVE_MM = 20_000.0
MAX_CREEP_S = 60.0
MAX_PRESSES = 5
"""How often a person presses a button without effect."""
PIECE_TOLERANCE_MM = 2.0
"""The tolerance of a piece (assumed): what the joints of a log wall take up. The tape itself is some 0.5 mm exact."""
NO_INSTRUCTION_TIMEOUT_S = 120.0
"""How long a person waits at a display that shows no instruction."""


@dataclass(kw_only=True)
class TapePlantParameters(WheelParameters):
    """What is not known about the tape before it is built.

    push_mm_s, creep_mm_s, datum_mm_s: a person's push speed until the amber lamp, after it, and to the datum.
    reaction_s: from the beep until the push ends; reaction_spread: its coefficient of variation. nudge_s: one
    correction; nudge_error: its standard deviation as a share of its length; nudge_rest_mm: and independent of its
    length. kerf_error_mm: standard deviation of the kerf from saw.toml. clamp_mm: standard deviation of the log's move
    when the saw enters. wrong_per_1000_cuts: cuts made before the lamp is green. pull_backs_per_1000_cuts: logs pulled
    back past the datum before a cut.
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
    """Moves the log and turns the wheel; knows the true length of every piece, which the wheel only measures.

    front_mm: how far the log's original front end is past the blade. cut_mm: the last cut, from that end.
    pieces_mm: true and target length of each piece of this log. corrections: how often the person nudged a log.
    """

    green_timeout_s = 2 * DISPLAY_POLL_S
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

    def _free_travel_mm(self) -> float:
        """How far the log can advance before it meets an obstacle."""
        return math.inf

    def _roll(self, mm: float) -> None:
        mm = min(mm, self._free_travel_mm())
        self.front_mm += mm
        self.wheel.roll(mm)
        self.encoder.true_count = -self.wheel.counts if self.cell.wheel.reversed else self.wheel.counts
        self._update_datum_switch()

    @property
    def _log_start_mm(self) -> float:
        """Where the log begins after the last cut, mm from its original front end."""
        return 0.0 if self.cut_mm is None else self.cut_mm + self.cell.saw.kerf_mm

    def _update_datum_switch(self) -> None:
        """Closed while the log lies over it."""
        datum_mm = self.cell.saw.datum_before_saw_mm
        covered = self.has_log and self._log_start_mm - datum_mm <= self.front_mm <= self.log_mm - datum_mm
        switch = self.cell.datum_switch
        if covered != (self.board.input(switch.pin).level != switch.active_low):
            (self.close if covered else self.open)(switch)

    def _push(self, mm: float, speed_mm_s: float, until: Callable[[], bool], tick_s: float) -> PersonProcess:
        """Push the log by ``mm``, or until a lamp or beep ends the push, or until the log meets an obstacle."""
        while mm > 0 and not until():
            step_mm = min(mm, speed_mm_s * tick_s)
            yield from self._spend(step_mm / speed_mm_s)
            before_mm = self.front_mm
            self._roll(step_mm)
            if self.front_mm < before_mm + step_mm / 2:
                return
            mm -= step_mm

    def _pull(self, mm: float, until: Callable[[], bool]) -> PersonProcess:
        """Pull the log back by ``mm`` at a walk, or until the display ends it."""
        step_mm = self.parameters.push_mm_s * COARSE_TICK_S
        while mm > 0 and not until():
            yield from self._spend(COARSE_TICK_S)
            self._roll(-step_mm)
            mm -= step_mm

    def _spend(self, seconds: float) -> PersonProcess:
        """Push or read for ``seconds``; the rest allowance for it is taken when the log is done."""
        self._pushed_s += seconds
        self.operator.labour_s += seconds
        yield self.board.env.timeout(seconds)

    @property
    def _worked_s(self) -> float:
        """The person's labour so far with its rest allowance, s."""
        return self.operator.labour_s + float(self.operator.allowance) * self._pushed_s

    # ---- the person ----

    def _to_datum(self) -> PersonProcess:
        """Bring the front end to the datum switch from behind, wherever the log stands."""
        yield from self._fetch()
        p = self.parameters
        if self._past_datum_mm > 0:
            yield from self._pull(self._past_datum_mm + LAY_DOWN_DISTANCE_MM, lambda: False)
        is_at_datum = lambda: not self._is_shown(display_text.PUSH)  # noqa: E731  # named because it is used twice
        yield from self._push(-self._past_datum_mm - FINE_TICK_MM, p.datum_mm_s, is_at_datum, COARSE_TICK_S)
        yield from self._push(MAX_MOVE_MM, p.datum_mm_s, is_at_datum, TICK_S)

    @property
    def _past_datum_mm(self) -> float:
        """How far the log's end is past the datum switch."""
        return float(self.front_mm - self._log_start_mm + self.cell.saw.datum_before_saw_mm)

    def _is_shown(self, text: str) -> bool:
        return text in self.lcd.line(1)

    def _work(self) -> PersonProcess:
        """Follow the display's instructions. Raises CellFault if the display shows none for long."""
        last_instruction_s = self.board.env.now
        while True:
            if self._is_shown(display_text.PRESS):
                yield from self._begin_log()
            elif self._is_shown(display_text.AGAIN):
                yield from self._press(self.cell.pedal, lambda: not self._is_shown(display_text.AGAIN))
            elif self._is_shown(display_text.PULL):
                yield from self._pull(MAX_MOVE_MM, lambda: not self._is_shown(display_text.PULL))
            elif self._is_shown(display_text.PUSH):
                yield from self._to_datum()
            elif self._is_shown(display_text.TO_GO) or self._is_shown(display_text.BACK):
                yield from self._approach()
            elif self._is_shown(display_text.CUT):
                yield from self._cut()
            elif self._is_shown(display_text.TAKE):
                yield from self._take_off()
            elif self.board.env.now > last_instruction_s + NO_INSTRUCTION_TIMEOUT_S and self._is_cell_running:
                raise self._no_instruction_fault()
            else:
                yield from self._spend(DISPLAY_POLL_S)
                continue
            last_instruction_s = self.board.env.now

    def _press(self, button: Button, is_acknowledged: Callable[[], bool]) -> PersonProcess:
        """Press a button, again if it had no effect. Raises CellFault if it never has."""
        for _ in range(MAX_PRESSES):
            yield from self.do("press pedal")
            self.press(button)
            yield from self._spend(DISPLAY_POLL_S)
            if is_acknowledged() or not self._is_cell_running:
                return
            yield from self._spend(DISPLAY_POLL_S)
        raise CellFault(f"{self.cell.name()}: {button.name} was pressed {MAX_PRESSES} times and nothing came of it.")

    def _begin_log(self) -> PersonProcess:
        yield from self._fetch()
        yield from self._press(self.cell.pedal, lambda: not self._is_shown(display_text.PRESS))

    def _fetch(self) -> PersonProcess:
        """Lay the log that the display names in front of the datum switch, unless there is one."""
        if self.has_log:
            return
        yield from self.do("fetch log")
        self.log_mm = self._named_log_mm()
        self.front_mm = -self.cell.saw.datum_before_saw_mm - LAY_DOWN_DISTANCE_MM
        self.cut_mm = None
        self.has_log = True
        self._has_pulled_back = False
        self._worked_at_cut_s = self._worked_s
        self.wheel.new_log()

    def _named_log_mm(self) -> float:
        """The length of the log that the display names. Raises CellFault if it names none."""
        match = display_text.LOG_LINE.match(self.lcd.line(0))
        if match is None:
            raise self._no_instruction_fault()
        return float(match[1])

    def _no_instruction_fault(self) -> CellFault:
        """The fault for a display that shows no instruction."""
        return CellFault(f"{self.cell.name()}: the display shows {self.lcd.line(0)!r} and {self.lcd.line(1)!r}.")

    def _distance_mm(self) -> float:
        return display_text.trailing_number(self.lcd.line(1)) or 0.0

    def _approach(self) -> PersonProcess:
        """Push at a walk until near, then slowly until the beep, then correct by what the display shows."""
        p = self.parameters
        if not self._has_pulled_back and self.streams["pull back"].random() < p.pull_backs_per_1000_cuts / 1000:
            self._has_pulled_back = True
            # The display then shows what to do.
            yield from self._pull(MAX_MOVE_MM, lambda: self._is_shown(display_text.PUSH))
            return
        far_mm = self._distance_mm() - self.cell.saw.slow_mm
        yield from self._push(far_mm, p.push_mm_s, lambda: self._is_lit(self.cell.amber), COARSE_TICK_S)
        target_mm = self._target_mm()
        if self.streams["wrong cut"].random() < p.wrong_per_1000_cuts / 1000 and target_mm is not None:
            yield from self._cut_wrongly(target_mm)
            return
        beeps = self._beeps
        if self._is_shown(display_text.TO_GO):
            # Named because it is used twice.
            has_beeped = lambda: self._beeps > beeps or self._is_shown(display_text.BACK)  # noqa: E731
            yield from self._push(self._distance_mm() - FINE_TICK_MM, p.creep_mm_s, has_beeped, COARSE_TICK_S)
            yield from self._push(p.creep_mm_s * MAX_CREEP_S, p.creep_mm_s, has_beeped, TICK_S)
            reaction_s = self.streams.lognormal("reaction", p.reaction_s, p.reaction_spread)
            yield from self._push(p.creep_mm_s * reaction_s, p.creep_mm_s, lambda: False, COARSE_TICK_S)
        yield from self._correct()

    def _correct(self) -> PersonProcess:
        """Nudge the log until the lamp is green."""
        p, random = self.parameters, self.streams["nudge"]
        yield from self._wait_for_green()
        while self._is_move_requested():
            distance_mm = self._distance_mm()
            if abs(distance_mm) > self.cell.saw.tolerance_mm:
                moved_mm = distance_mm * random.normal(1, p.nudge_error) + random.normal(0, p.nudge_rest_mm)
                yield from self._spend(p.nudge_s)
                self._roll(moved_mm)
                self.corrections += 1
            yield from self._wait_for_green()

    def _wait_for_green(self) -> PersonProcess:
        deadline_s = self.board.env.now + self.green_timeout_s
        while self._is_move_requested() and self.board.env.now < deadline_s:
            yield from self._spend(DISPLAY_POLL_S)

    def _is_move_requested(self) -> bool:
        return self._is_shown(display_text.TO_GO) or self._is_shown(display_text.BACK)

    @property
    def _is_cell_running(self) -> bool:
        """Whether the cell seems to be running; otherwise no lamp is lit."""
        return any(map(self._is_lit, (self.cell.red, self.cell.amber, self.cell.green)))

    def _is_lit(self, lamp: Any) -> bool:
        return bool(self.board.output(lamp.pin).level != lamp.active_low)

    def _cut(self) -> PersonProcess:
        """Saw and confirm. The piece is spoiled if the log moved when the saw entered, so that the lamp went out."""
        target_mm, worked_s = self._target_mm(), self._worked_at_cut_s
        piece_mm = yield from self._saw()
        if self._is_shown(display_text.CUT):
            if target_mm is not None:
                self.pieces_mm.append((piece_mm, target_mm))
            yield from self._press(self.cell.pedal, lambda: not self._is_shown(display_text.CUT))
        elif target_mm is not None:
            yield from self._spoil(target_mm, worked_s)

    def _cut_wrongly(self, target_mm: float) -> PersonProcess:
        """Saw before the log is in position."""
        worked_s = self._worked_at_cut_s
        yield from self._saw()
        yield from self._spoil(target_mm, worked_s)

    def _spoil(self, target_mm: float, worked_s: float) -> PersonProcess:
        """Notice that the piece just sawn has the wrong length, and press the reject button.

        worked_s: the labour up to the previous cut.
        """
        yield from self.do("look at piece")
        self.wrong_cuts += 1
        self.wrong_cuts_nok += self.cell.saw.wrong_cut_nok(target_mm, self._worked_s - worked_s)
        yield from self._press(self.cell.reject_button, lambda: self._is_shown(display_text.SPOILED))

    def _target_mm(self) -> float | None:
        """The target length on the display; None at an end cut."""
        return display_text.trailing_number(self.lcd.line(0))

    def _saw(self) -> Generator[Event, Any, float]:
        """Saw where the log stands; returns the true length of the piece, mm."""
        self._roll(self.streams["clamp"].normal(0, self.parameters.clamp_mm))
        yield from self.do("saw")
        kerf_mm = self.cell.saw.kerf_mm + self.streams["kerf"].normal(0, self.parameters.kerf_error_mm)
        piece_mm = self.front_mm if self.cut_mm is None else self.front_mm - self.cut_mm - kerf_mm
        self.cut_mm = self.front_mm
        self._has_pulled_back = False
        self._worked_at_cut_s = self._worked_s
        self._update_datum_switch()
        return float(piece_mm)

    def _take_off(self) -> PersonProcess:
        yield from self.do("take off")
        yield from self._spend(float(self.operator.allowance) * self._pushed_s)
        self._check_log()
        self.has_log = False
        self._update_datum_switch()
        self._pushed_s = 0.0
        yield from self._press(self.cell.pedal, lambda: not self._is_shown(display_text.TAKE))

    def _check_log(self) -> None:
        """Note the measures of this log."""
        end_piece = self.cell.cut_record.end_piece
        if end_piece is not None:
            self.pieces_mm.append((self.log_mm - self._log_start_mm, end_piece.length_mm))
        errors_mm = [cut_mm - target_mm for cut_mm, target_mm in self.pieces_mm]
        good_mm = sum(target_mm for _, target_mm in self.pieces_mm)
        self.errors_mm += errors_mm
        self.unit_leaves(
            *(
                f"a piece of {target_mm:.1f} mm is {cut_mm - target_mm:+.1f} mm off"
                for cut_mm, target_mm in self.pieces_mm
                if abs(cut_mm - target_mm) > PIECE_TOLERANCE_MM
            )
        )
        self.logs_checked += 1
        self.measure(
            cut_error_mm=max((abs(error_mm) for error_mm in errors_mm), default=0.0),
            wrong_cuts_percent=100.0 * self.wrong_cuts,
            wrong_cuts_nok=self.wrong_cuts_nok,
            wasted_m=(self.log_mm - good_mm) / 1000,
        )
        self.pieces_mm, self.wrong_cuts, self.wrong_cuts_nok = [], 0, 0.0
