"""The record of a cut list: pieces cut, pieces spoiled, and the next cut. It survives faults and stops."""

from __future__ import annotations

from collections import Counter, deque

from cellwright.cells.digital_tape.assignment import Cut, LogPlan, Plan, plan_for, plan_pieces
from cellwright.cells.digital_tape.cutlist import CutList, TimberPiece
from cellwright.cells.digital_tape.stock import Saw, Stock

RETRIM_MM = 5.0
"""Length trimmed off an end whose position is known only by the datum switch, which is less exact than a saw cut."""


class CutRecord:
    """The state of every piece of the list: remaining, cut, spoiled, or not cut.

    cut: pieces with their measured length, mm. spoiled: pieces to be cut again from the remaining logs.
    not_cut: pieces for which there is no log. front_mm: the front end of the current log, mm from its original one.
    end_piece: the piece that remains of the current log when all its cuts are made, if one does.
    """

    def __init__(self, cut_list: CutList, stock: Stock, saw: Saw) -> None:
        self.cut_list, self.stock, self.saw = cut_list, stock, saw
        self.rounds = 0
        self.logs_done = 0
        self._load_plan()

    @property
    def is_done(self) -> bool:
        """Whether every piece for which there is wood has been cut."""
        if self.log is None and not self.queue:
            self._plan_spoiled()
        return self.log is None and not self.queue

    def restart(self) -> None:
        """Begin the same list again."""
        self.rounds += 1
        self._load_plan()

    def _load_plan(self) -> None:
        self.plan: Plan = plan_for(self.cut_list, self.stock, self.saw)
        self.queue: deque[LogPlan] = deque(self.plan.logs)
        self.cut: list[tuple[TimberPiece, float]] = []
        self.spoiled: list[TimberPiece] = []
        self.not_cut: list[TimberPiece] = list(self.plan.not_cut)
        self.used_by_log: Counter[str] = Counter()
        self.log: LogPlan | None = None
        self.cuts: list[Cut] = []
        self.end_piece: TimberPiece | None = None
        self.front_mm = 0.0
        self._last_mm = 0.0

    @property
    def remaining(self) -> list[TimberPiece]:
        """Pieces that are still to be cut, on the current log and on later ones."""
        of_log = [cut.piece for cut in self.cuts if cut.piece] + ([self.end_piece] if self.end_piece else [])
        return of_log + [piece for each in self.queue for piece in each.pieces]

    @property
    def next_cut(self) -> Cut | None:
        """The next cut on the current log."""
        return self.cuts[0] if self.cuts else None

    @property
    def target_mm(self) -> float:
        """The position of the next cut. A piece is measured from the previous cut as made, not as planned."""
        cut = self.cuts[0]
        if cut.piece is None:
            return cut.at_mm
        return self._last_mm + self.saw.kerf_mm + cut.piece.length_mm

    def start_log(self) -> LogPlan:
        """The current log, or else the next one; there is one unless the list is done."""
        if self.log is None:
            self.log = self.queue.popleft()
            self.used_by_log[self.log.log.log] += 1
            self.cuts = self.log.cuts
            self.end_piece = self.log.end_piece
            self.front_mm = 0.0
            self._last_mm = -self.saw.kerf_mm  # as if a cut had made the front end
        return self.log

    def _plan_spoiled(self) -> None:
        """Plan the spoiled pieces on the remaining logs; pieces without a log go to not_cut."""
        if not self.spoiled:
            return
        remaining_logs = [
            log.model_copy(update={"quantity": log.quantity - self.used_by_log[log.log]})
            for log in self.stock.logs
            if log.quantity > self.used_by_log[log.log]
        ]
        pieces, self.spoiled = self.spoiled, []
        if not remaining_logs:
            self.not_cut += pieces
            return
        plan = plan_pieces(pieces, Stock(logs=tuple(remaining_logs)), self.saw)
        self.queue += plan.logs
        self.not_cut += plan.not_cut

    def confirm(self, at_mm: float) -> Cut:
        """Record the next cut as made at ``at_mm`` by the wheel; returns it."""
        cut = self.cuts.pop(0)
        if cut.piece is not None:
            self.cut.append((cut.piece, round(at_mm - self._last_mm - self.saw.kerf_mm, 2)))
        self._set_last_cut(at_mm)
        return cut

    def reject(self, at_mm: float) -> TimberPiece | None:
        """Record that a cut at ``at_mm`` spoiled the next piece, which is planned again later; None at an end cut."""
        if not self.cuts or self.cuts[0].piece is None:
            return None
        piece = self.cuts.pop(0).piece
        assert piece is not None
        self.spoiled.append(piece)
        self._set_last_cut(at_mm)
        self._drop_unfit_pieces(at_mm)
        return piece

    def retrim_end(self) -> None:
        """Insert a trim cut a little behind the front end, whose position is known only by the datum switch."""
        if self.front_mm == 0.0 or not self.cuts or self.cuts[0].piece is None:
            return  # the front end is the log's own, or a cut that needs no precision is next
        cut = Cut(self.front_mm + RETRIM_MM, None, self.cuts[0].limit_mm)
        self._drop_unfit_pieces(cut.at_mm)
        self.cuts.insert(0, cut)

    def _set_last_cut(self, at_mm: float) -> None:
        self._last_mm = at_mm
        self.front_mm = at_mm + self.saw.kerf_mm

    def _drop_unfit_pieces(self, at_mm: float) -> None:
        """Drop pieces for which the clear wood behind a cut at ``at_mm`` is too short; they count as spoiled."""
        kept: list[Cut] = []
        kerf_mm = self.saw.kerf_mm
        if self.log is not None and self.end_piece is not None:  # it no longer ends where the log ends
            length_mm = self.log.log.length_mm
            self.cuts.append(Cut(length_mm, self.end_piece, length_mm + kerf_mm))
            self.end_piece = None
        for cut in self.cuts:
            if cut.piece is None:
                at_mm = cut.at_mm
            elif at_mm + 2 * kerf_mm + cut.piece.length_mm > cut.limit_mm + 1e-6:
                self.spoiled.append(cut.piece)
                continue
            else:
                at_mm += kerf_mm + cut.piece.length_mm
            kept.append(cut)
        self.cuts = kept

    def finish_log(self) -> TimberPiece | None:
        """Record that the current log has been taken off; returns the piece that remained of it, if one did."""
        piece = self.end_piece
        if self.log is not None and piece is not None:
            self.cut.append((piece, round(self.log.log.length_mm - self.front_mm, 2)))
        self.log = self.end_piece = None
        self.cuts = []
        self.logs_done += 1
        return piece
