"""Which piece is cut from which log, and where the saw goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import NamedTuple

from cellwright.cells.digital_tape.column_generation import Solution, solve
from cellwright.cells.digital_tape.cutlist import PLANS, CutList, TimberPiece, keep_plan
from cellwright.cells.digital_tape.cutting_stock import LogKind, Pattern, Problem, greedy
from cellwright.cells.digital_tape.stock import ClearSection, Log, Saw, Stock
from cellwright.errors import InputError


class Cut(NamedTuple):
    """One saw cut.

    at_mm: the position of the blade's near side, mm from the log's original front end. piece: the piece that the cut
    ends; None for a cut that removes an end or a knot and needs no precision. limit_mm: the end of its clear section.
    """

    at_mm: float
    piece: TimberPiece | None
    limit_mm: float


@dataclass(frozen=True)
class LogPlan:
    """One log and the pieces cut from it, by section, from the front end backwards."""

    log: Log
    sections: tuple[tuple[ClearSection, tuple[TimberPiece, ...]], ...]
    kerf_mm: float

    @property
    def pieces(self) -> list[TimberPiece]:
        """Every piece, from the front end backwards."""
        return [piece for _, pieces in self.sections for piece in pieces]

    @property
    def cuts(self) -> list[Cut]:
        """Every cut: one before each section that gives a piece, and one after each piece.

        None is made at the ends of a log that is not trimmed: at its front end, and behind a piece that ends where the
        log ends (``end_piece``).
        """
        cuts: list[Cut] = []
        for section, pieces in self.sections:
            if not pieces:
                continue
            at_mm = round(section.start_mm - self.kerf_mm, 1)
            limit_mm = section.start_mm + section.usable_mm
            if section.is_cut_before:
                cuts.append(Cut(at_mm, None, limit_mm))
            for piece in pieces:
                at_mm = round(at_mm + self.kerf_mm + piece.length_mm, 1)
                if at_mm < self.log.length_mm:
                    cuts.append(Cut(at_mm, piece, limit_mm))
        return cuts

    @property
    def end_piece(self) -> TimberPiece | None:
        """The last piece if it needs no cut, because it ends where the log ends."""
        pieces, cuts = self.pieces, self.cuts
        return pieces[-1] if sum(cut.piece is not None for cut in cuts) < len(pieces) else None

    @property
    def kerf_loss_mm(self) -> float:
        """The length that the saw cuts turn into dust; behind the log's end the blade meets no wood."""
        return sum(min(self.kerf_mm, self.log.length_mm - cut.at_mm) for cut in self.cuts)

    @property
    def offcuts_mm(self) -> float:
        """The rest of the log: its ends, its knots, its remainder."""
        return self.log.length_mm - self.kerf_loss_mm - sum(piece.length_mm for piece in self.pieces)


@dataclass(frozen=True)
class Plan:
    """Logs in the order in which they are cut. not_cut: pieces for which there is no log.

    bound_mm: a proven lower bound of the length of log that a plan with as few uncut pieces uses. greedy_mm: the length
    of log that the greedy plan uses.
    """

    logs: tuple[LogPlan, ...]
    not_cut: tuple[TimberPiece, ...]
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
        """The optimality gap: used length above the bound, %."""
        return 100 * (self.used_mm / self.bound_mm - 1) if self.bound_mm > 0 else 0.0

    def summary(self) -> list[str]:
        """Sentences about the plan: length used, length that a greedy plan would use, and the proven bound."""
        pieces = sum(len(each.pieces) for each in self.logs)
        lines = [
            f"{pieces} pieces on {len(self.logs)} logs: {self.used_mm / 1000:.1f} m of log for "
            f"{self.pieces_mm / 1000:.1f} m of pieces; greedily {self.greedy_mm / 1000:.1f} m.",
            f"No plan uses less than {self.bound_mm / 1000:.1f} m: this one is at most "
            f"{self.above_bound_percent:.2f} % above the best.",
        ]
        return lines + [
            f"{piece.piece}, {piece.length_mm:g} mm, is not cut: there is no log." for piece in self.not_cut
        ]


def check_feasible(cut_list: CutList, stock: Stock, saw: Saw) -> None:
    """Raise InputError for a kerf wider than a piece, or a piece longer than any log's clear wood."""
    usable_mm = [section.usable_mm for log in stock.logs for section in saw.sections(log)]
    longest_mm = max(usable_mm, default=0.0) - saw.kerf_mm
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


def _once(
    make: Callable[[CutList, Stock, Saw], Plan],
) -> Callable[[CutList, Stock, Saw], Plan]:
    """Make a plan once for the same inputs, in whatever process they are used (see ``CutList.__getstate__``)."""

    @wraps(make)
    def make_once(cut_list: CutList, stock: Stock, saw: Saw) -> Plan:
        inputs = (cut_list, stock, saw)
        if inputs not in PLANS:
            keep_plan(inputs, make(*inputs))
        plan: Plan = PLANS[inputs]
        return plan

    return make_once


@_once
def plan_for(cut_list: CutList, stock: Stock, saw: Saw) -> Plan:
    """The best plan found. Raises InputError for what cannot be cut at all."""
    check_feasible(cut_list, stock, saw)
    instance = _Instance(cut_list.single_pieces(), stock, saw)
    return instance.plan(solve(instance.problem))


@lru_cache(maxsize=16)
def greedy_plan_for(cut_list: CutList, stock: Stock, saw: Saw) -> Plan:
    """The greedy plan, at once. Its own cost serves as its bound."""
    check_feasible(cut_list, stock, saw)
    return plan_pieces(cut_list.single_pieces(), stock, saw)


def plan_pieces(pieces: list[TimberPiece], stock: Stock, saw: Saw) -> Plan:
    """A greedy plan for single pieces, such as those that were spoiled."""
    instance = _Instance(pieces, stock, saw)
    patterns = greedy(instance.problem)
    cost = instance.problem.cost(patterns)
    return instance.plan(Solution(patterns, 0, cost))


class _Instance:
    """A cutting-stock instance in tenths of a millimetre, and the way back from its solution to a plan.

    pieces: grouped by length, longest first; each group is one kind of piece of the problem.
    """

    def __init__(self, pieces: list[TimberPiece], stock: Stock, saw: Saw) -> None:
        self.stock, self.saw = stock, saw
        by_length: dict[int, list[TimberPiece]] = defaultdict(list)
        for piece in pieces:
            by_length[_tenths(piece.length_mm)].append(piece)
        self.pieces = [by_length[length] for length in sorted(by_length, reverse=True)]
        kerf = _tenths(saw.kerf_mm)
        self.sections = [saw.sections(log) for log in stock.logs]
        self.problem = Problem(
            tuple(length + kerf for length in sorted(by_length, reverse=True)),
            tuple(len(group) for group in self.pieces),
            tuple(
                LogKind(_tenths(log.length_mm), tuple(_tenths(each.usable_mm) for each in sections), log.quantity)
                for log, sections in zip(stock.logs, self.sections, strict=True)
            ),
        )

    def plan(self, solution: Solution) -> Plan:
        remaining = [list(group) for group in self.pieces]
        logs = tuple(self._log_plan(pattern, remaining) for pattern in solution.patterns)
        not_cut = tuple(piece for group in remaining for piece in group)
        penalty = len(not_cut) * self.problem.penalty
        return Plan(
            logs, not_cut, max(solution.bound - penalty, 0) / 10, (solution.greedy - self._greedy_penalty()) / 10
        )

    def _greedy_penalty(self) -> int:
        return sum(self.problem.unmet_demand(greedy(self.problem))) * self.problem.penalty

    def _log_plan(self, pattern: Pattern, remaining: list[list[TimberPiece]]) -> LogPlan:
        kind, contents = pattern
        sections = tuple(
            (section, tuple(remaining[piece].pop(0) for piece in pieces))
            for section, pieces in zip(self.sections[kind], contents, strict=True)
        )
        return LogPlan(self.stock.logs[kind], sections, self.saw.kerf_mm)


def _tenths(mm: float) -> int:
    return round(mm * 10)
