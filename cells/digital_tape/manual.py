"""The same logs by hand: measured with a tape and a cutting rule, marked, sawn to the mark."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cellwright.cells.digital_tape.assignment import Plan, greedy_plan_for, plan_for
from cellwright.cells.digital_tape.stock import Saw
from cellwright.provenance import assumed, published
from cellwright.sim import Element, ManualMethod, Streams, modapts

CLASS_II_AT_5_M = "class II tape, ±1.3 mm at 5 m and ±2.3 mm at 10 m: RS Components guide"


@dataclass(kw_only=True)
class ManualMeasuring(ManualMethod):
    """Read the list, walk the tape along the log, mark, push the log to the blade, saw; times in MODs (0.129 s).

    Each field is one occurrence. A unit is the pieces that the tape's plan cuts from one log, whoever cuts them.
    saw_s: one cut. saw_to_mark_mods: bring the mark to the blade. walk_m_mods: along the log and back, per metre.
    tape_mm_at_5_m, tape_mm_per_m: tolerance of the tape at 5 m, and its change per metre.
    reading_mm: standard deviation of reading and marking. sawing_mm: of sawing to the mark. wrong_per_1000_cuts: wrong
    cuts of a practised person. cuts_made: this person's experience, cuts. practised_cuts: the experience at which the
    learning curve ends. time_rate: learning rate of the time to measure (Wright): the share of it that remains when the
    experience doubles. wrong_rate: the same of the wrong cuts. plans_by_list: 1 if pieces are taken from the list in
    order, 0 if by the tape's plan.
    """

    read_list_mods: float = modapts("E2*4 R2 D3*2 M4 G1 M4 P0")
    hook_tape_mods: float = modapts("M4 G1 W5*2 B17 M5 P5")
    walk_m_mods: float = modapts("W5*3")
    read_and_mark_mods: float = modapts("B17 E2*4 D3*2 M4 G1 M3 P5 M2*3 E2 R2")
    saw_to_mark_mods: float = modapts("W5*2 M5 G1 L1 E2*3 M3 E2 M2 E2 M2 E2 D3")
    push_m_mods: float = modapts("W5*2")
    saw_s: float = assumed(14, "a crosscut saw through 150 mm of pine, blade down and up")
    fetch_log_mods: float = modapts("W5*12 B17 M5 G1 L1 M5 W5*12 M5 P2 B17")
    take_off_mods: float = modapts("M5 G1 L1 W5*8 M5 P2 W5*8")
    press_pedal_mods: float = modapts("F3")
    tape_mm_at_5_m: float = published(1.3, CLASS_II_AT_5_M)
    tape_mm_per_m: float = published(0.2, CLASS_II_AT_5_M)
    reading_mm: float = assumed(0.7, "a pencil line beside a millimetre scale, read from above")
    sawing_mm: float = assumed(0.7, "a mark brought to the blade by eye")
    wrong_per_1000_cuts: float = assumed(4, "nobody has counted: misread, or the wrong line of the list")
    cuts_made: float = assumed(2000, "a practised person; set 100 for somebody's first week")
    practised_cuts: float = assumed(2000, "about a season of log walls")
    time_rate: float = published(0.8, "Wright 1936, Factors affecting the cost of airplanes: 80 % for each doubling")
    wrong_rate: float = assumed(0.7, "errors fall faster than time")
    plans_by_list: float = assumed(1, "the next piece of the list that fits the log, longest pieces first")

    def __post_init__(self) -> None:
        for name in ("cuts_made", "practised_cuts", "saw_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0.")
        for name in ("time_rate", "wrong_rate"):
            if not 0.5 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0.5 to 1.")

    def learning_factor(self, rate: float) -> float:
        """The practised person's figure is multiplied by this after ``cuts_made`` cuts: Wright's power law."""
        return max(1.0, math.pow(self.practised_cuts / self.cuts_made, -math.log2(rate)))

    @property
    def wrong_cut_probability(self) -> float:
        """The probability that a cut is wrong."""
        return min(0.5, self.wrong_per_1000_cuts / 1000 * self.learning_factor(self.wrong_rate))

    def elements(self, parameters: Mapping[str, Any]) -> list[Element]:
        plan = tape_plan(parameters)
        logs = len(plan.logs)
        pieces = sum(len(each.pieces) for each in plan.logs) / logs
        cuts = sum(len(each.cuts) for each in plan.logs) / logs
        metres = plan.pieces_mm / logs / 1000
        factor = self.learning_factor(self.time_rate)
        recuts = pieces * self.wrong_cut_probability
        return [
            self.element(
                "fetch log",
                self.fetch_log_mods,
                per_unit=len(self._manual_plan(parameters).logs) / logs,
                name_nb="hente stokk",
            ),
            self.element("read list", self.read_list_mods * factor, pieces, name_nb="lese listen"),
            self.element("hook tape", self.hook_tape_mods * factor, pieces, name_nb="hekte på målebåndet"),
            self.element("walk along log", self.walk_m_mods, metres, name_nb="gå langs stokken"),
            self.element("read and mark", self.read_and_mark_mods * factor, pieces, name_nb="lese av og merke"),
            self.element("push log", self.push_m_mods, metres, name_nb="skyve stokken"),
            self.element("saw to mark", self.saw_to_mark_mods * factor, cuts, name_nb="føre merket til sagen"),
            Element("saw", float(self.saw_s * cuts), float(self.spread), name_nb="sage"),
            self.element("take off", self.take_off_mods, name_nb="ta av"),
            self._recut(recuts, factor),
        ]

    def _recut(self, per_unit: float, factor: float) -> Element:
        mods = self.read_list_mods + self.hook_tape_mods + self.read_and_mark_mods + self.saw_to_mark_mods
        once = self.element(
            "cut again", mods * factor + self.saw_s / self.mod_s, per_unit=per_unit, name_nb="kappe på nytt"
        )
        return replace(once, stop_cause="wrong cut")

    def wrong_cut_nok(self, piece_mm: float, saw: Saw) -> float:
        """The cost of a wrong cut: the wood, and the time to measure and cut again, NOK."""
        recut_s = self._recut(1, self.learning_factor(self.time_rate)).mean_s * (1 + self.allowance)
        return saw.wrong_cut_nok(piece_mm, recut_s)

    def tending(self, parameters: Mapping[str, Any]) -> list[Element]:  # noqa: ARG002  # the same whatever is cut
        return [
            self.element("fetch log", self.fetch_log_mods, name_nb="hente stokk"),
            self.element("press pedal", self.press_pedal_mods, name_nb="trykke på pedalen"),
            self.element("look at piece", self.read_list_mods, name_nb="se på emnet"),
            self.element("take off", self.take_off_mods, name_nb="ta av"),
            Element("saw", float(self.saw_s), float(self.spread), name_nb="sage"),
        ]

    def results(self, parameters: Mapping[str, Any], streams: Streams) -> Mapping[str, float]:
        plan = tape_plan(parameters)
        log = plan.logs[int(streams["hand log"].integers(len(plan.logs)))]
        lengths_mm = [piece.length_mm for piece in log.pieces]
        errors_mm = [self._error_mm(length_mm, streams) for length_mm in lengths_mm]
        wrong = streams["hand wrong cut"].random(len(lengths_mm)) < self.wrong_cut_probability
        spoiled_mm = [length_mm for length_mm, is_wrong in zip(lengths_mm, wrong, strict=True) if is_wrong]
        own = self._manual_plan(parameters)
        wasted_mm = (own.used_mm - own.pieces_mm) / len(plan.logs)
        return {
            "cut_error_mm": max((abs(error_mm) for error_mm in errors_mm), default=0.0),
            "wrong_cuts_percent": 100.0 * len(spoiled_mm),
            "wrong_cuts_nok": sum(self.wrong_cut_nok(length_mm, parameters["saw"]) for length_mm in spoiled_mm),
            "wasted_m": (wasted_mm + sum(spoiled_mm)) / 1000,
        }

    def _error_mm(self, length_mm: float, streams: Streams) -> float:
        tolerance_mm = max(0.3, self.tape_mm_at_5_m + self.tape_mm_per_m * (length_mm / 1000 - 5))
        tape_mm = streams["hand tape"].uniform(-tolerance_mm, tolerance_mm)
        reading_mm = self.reading_mm * self.learning_factor(self.time_rate)
        total_error_mm = streams["hand reading"].normal(0, [float(reading_mm), float(self.sawing_mm)]).sum()
        return float(tape_mm + total_error_mm)

    def _manual_plan(self, parameters: Mapping[str, Any]) -> Plan:
        return greedy_plan_for(*_inputs(parameters)) if self.plans_by_list >= 0.5 else tape_plan(parameters)


def _inputs(parameters: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return parameters["cut_list"], parameters["stock"], parameters["saw"]


def tape_plan(parameters: Mapping[str, Any]) -> Plan:
    """The tape's plan, from a scenario's parameters."""
    return plan_for(*_inputs(parameters))
