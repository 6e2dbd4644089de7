"""Which piece is cut from which log, and where the saw goes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from cellwright.cells.digital_tape.column_generation import Answer, solve
from cellwright.cells.digital_tape.cutlist import CutList, Piece
from cellwright.cells.digital_tape.cutting_stock import Filled, LogKind, Problem, greedy
from cellwright.cells.digital_tape.stock import Log, Saw, Section, Stock
from cellwright.errors import InputError


class Cut(NamedTuple):
    """One saw cut: where the blade's near side goes, mm from the log's front end as it came.

    piece: what the cut ends; None for one that takes off an end or a knot, and may be a little off.
    limit_mm: where the clear wood ends that it lies in.
    """

    at_mm: float
    piece: Piece | None
    limit_mm: float


@dataclass(frozen=True)
class LogPlan:
    """One log and what is cut from it. pieces: by section, in order. cuts: from the front end backwards."""

    log: Log
    sections: tuple[tuple[Section, tuple[Piece, ...]], ...]
    kerf_mm: float

    @property
    def pieces(self) -> list[Piece]:
        """Every piece, from the front end backwards."""
        return [piece for _, pieces in self.sections for piece in pieces]

    @property
    def cuts(self) -> list[Cut]:
        """Every cut: one before each section that gives a piece, and one after each piece."""
        cuts: list[Cut] = []
        for section, pieces in self.sections:
            if not pieces:
                continue
            at_mm = round(section.start_mm - self.kerf_mm, 1)
            limit_mm = section.start_mm + section.room_mm
            cuts.append(Cut(at_mm, None, limit_mm))
            for piece in pieces:
                at_mm = round(at_mm + self.kerf_mm + piece.length_mm, 1)
                cuts.append(Cut(at_mm, piece, limit_mm))
        return cuts

    @property
    def kerf_lost_mm(self) -> float:
        """What the saw turns into dust."""
        return self.kerf_mm * len(self.cuts)

    @property
    def offcuts_mm(self) -> float:
        """What is left of the log: its ends, its knots, its remainder."""
        return self.log.length_mm - self.kerf_lost_mm - sum(piece.length_mm for piece in self.pieces)


@dataclass(frozen=True)
class Plan:
    """Logs in the order in which they are cut. not_cut: pieces for which there is no log.

    bound_mm: no plan that leaves out as few pieces uses less wood; proven. greedy_mm: what the greedy plan uses.
    """

    logs: tuple[LogPlan, ...]
    not_cut: tuple[Piece, ...]
    bound_mm: float
    greedy_mm: float

    @property
    def used_mm(self) -> float:
        """The length of all logs that are used."""
        return sum(each.log.length_mm for each in self.logs)

    @property
    def pieces_mm(self) -> float:
        """The length of all pieces that are cut."""
        return sum(piece.length_mm for each in self.logs for piece in each.pieces)

    @property
    def above_bound_percent(self) -> float:
        """How much more wood than the bound it uses at most, %."""
        return 100 * (self.used_mm / self.bound_mm - 1) if self.bound_mm > 0 else 0.0

    def sentences(self) -> list[str]:
        """The plan in words: what it uses, what a greedy one would use, and how good it is proven to be."""
        pieces = sum(len(each.pieces) for each in self.logs)
        said = [
            f"{pieces} pieces on {len(self.logs)} logs: {self.used_mm / 1000:.1f} m of log for "
            f"{self.pieces_mm / 1000:.1f} m of pieces; greedily {self.greedy_mm / 1000:.1f} m.",
            f"No plan uses less than {self.bound_mm / 1000:.1f} m: this one is at most "
            f"{self.above_bound_percent:.2f} % above the best.",
        ]
        return said + [f"{piece.piece}, {piece.length_mm:g} mm, is not cut: there is no log." for piece in self.not_cut]


def refuse_impossible(cut_list: CutList, stock: Stock, saw: Saw) -> None:
    """Raise InputError for a kerf wider than a piece, or a piece longer than any log's clear wood."""
    rooms = [section.room_mm for log in stock.logs for section in saw.sections(log)]
    longest_mm = max(rooms, default=0.0) - saw.kerf_mm
    for piece in cut_list.pieces:
        if saw.kerf_mm >= piece.length_mm:
            raise InputError(
                f"{piece.where}, column length_mm: {piece.piece} is {piece.length_mm:g} mm long and the saw takes "
                f"{saw.kerf_mm:g} mm; make it longer or use a thinner blade."
            )
        if piece.length_mm > longest_mm + 1e-9:
            raise InputError(
                f"{piece.where}, column length_mm: {piece.piece} is {piece.length_mm:g} mm long and the longest that "
                f"any log gives is {max(longest_mm, 0):g} mm, trimmed and without knots."
            )


@lru_cache(maxsize=16)
def plan_for(cut_list: CutList, stock: Stock, saw: Saw) -> Plan:
    """The best plan found. Raises InputError for what cannot be cut at all."""
    refuse_impossible(cut_list, stock, saw)
    puzzle = _Puzzle(cut_list.singly(), stock, saw)
    return puzzle.plan(solve(puzzle.problem))


@lru_cache(maxsize=16)
def greedy_plan_for(cut_list: CutList, stock: Stock, saw: Saw) -> Plan:
    """The greedy plan, at once; its bound is the length of its pieces."""
    refuse_impossible(cut_list, stock, saw)
    return plan_pieces(cut_list.singly(), stock, saw)


def plan_pieces(pieces: list[Piece], stock: Stock, saw: Saw) -> Plan:
    """A greedy plan for single pieces, such as those that were spoiled."""
    puzzle = _Puzzle(pieces, stock, saw)
    logs = greedy(puzzle.problem)
    cost = puzzle.problem.cost(logs)
    return puzzle.plan(Answer(logs, 0, cost))


class _Puzzle:
    """The problem in tenths of a millimetre, pieces of one length as one kind, and the way back."""

    def __init__(self, pieces: list[Piece], stock: Stock, saw: Saw) -> None:
        self.stock, self.saw = stock, saw
        by_length: dict[int, list[Piece]] = defaultdict(list)
        for piece in pieces:
            by_length[_tenths(piece.length_mm)].append(piece)
        self.pieces = [by_length[length] for length in sorted(by_length, reverse=True)]
        kerf = _tenths(saw.kerf_mm)
        self.sections = [saw.sections(log) for log in stock.logs]
        self.problem = Problem(
            tuple(length + kerf for length in sorted(by_length, reverse=True)),
            tuple(len(alike) for alike in self.pieces),
            tuple(
                LogKind(_tenths(log.length_mm), tuple(_tenths(each.room_mm) for each in sections), log.quantity)
                for log, sections in zip(stock.logs, self.sections, strict=True)
            ),
        )

    def plan(self, answer: Answer) -> Plan:
        left = [list(alike) for alike in self.pieces]
        logs = tuple(self._log(filled, left) for filled in answer.logs)
        not_cut = tuple(piece for alike in left for piece in alike)
        penalty = len(not_cut) * self.problem.penalty
        return Plan(logs, not_cut, max(answer.bound - penalty, 0) / 10, (answer.greedy - self._greedy_penalty()) / 10)

    def _greedy_penalty(self) -> int:
        return sum(self.problem.left_over(greedy(self.problem))) * self.problem.penalty

    def _log(self, filled: Filled, left: list[list[Piece]]) -> LogPlan:
        kind, contents = filled
        sections = tuple(
            (section, tuple(left[piece].pop(0) for piece in pieces))
            for section, pieces in zip(self.sections[kind], contents, strict=True)
        )
        return LogPlan(self.stock.logs[kind], sections, self.saw.kerf_mm)


def _tenths(mm: float) -> int:
    return round(mm * 10)
