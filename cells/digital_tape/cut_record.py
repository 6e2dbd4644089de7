"""The record of a cut list: what is cut, what was spoiled, what is next; it outlives faults and stops."""

from __future__ import annotations

from collections import Counter, deque

from cellwright.cells.digital_tape.assignment import Cut, LogPlan, Plan, plan_for, plan_pieces
from cellwright.cells.digital_tape.cutlist import CutList, Piece
from cellwright.cells.digital_tape.stock import Saw, Stock

FRESH_MM = 5.0
"""How much is taken off an end whose place is only known by the datum switch, which is not as exact as a saw cut."""


class CutRecord:
    """Every piece of the list is in one place: still planned, cut, or not cut.

    cut: pieces with the length that was measured, mm. spoiled: pieces to be cut again from what is left.
    not_cut: pieces for which there is no log. front_mm: where the log in hand begins, mm from where it began once.
    """

    def __init__(self, cut_list: CutList, stock: Stock, saw: Saw) -> None:
        self.cut_list, self.stock, self.saw = cut_list, stock, saw
        self.rounds = 0
        self.logs_done = 0
        self._begin()

    @property
    def is_done(self) -> bool:
        """Whether all that there is wood for has been cut."""
        if self.log is None and not self.queue:
            self._plan_spoiled()
        return self.log is None and not self.queue

    def begin_again(self) -> None:
        """The same list once more."""
        self.rounds += 1
        self._begin()

    def _begin(self) -> None:
        self.plan: Plan = plan_for(self.cut_list, self.stock, self.saw)
        self.queue: deque[LogPlan] = deque(self.plan.logs)
        self.cut: list[tuple[Piece, float]] = []
        self.spoiled: list[Piece] = []
        self.not_cut: list[Piece] = list(self.plan.not_cut)
        self.used: Counter[str] = Counter()
        self.log: LogPlan | None = None
        self.cuts: list[Cut] = []
        self.front_mm = 0.0
        self._last_mm = 0.0

    @property
    def planned(self) -> list[Piece]:
        """Pieces that are still to come, those of the log in hand included."""
        return [cut.piece for cut in self.cuts if cut.piece] + [piece for each in self.queue for piece in each.pieces]

    @property
    def next_cut(self) -> Cut | None:
        """The cut that is next on the log in hand."""
        return self.cuts[0] if self.cuts else None

    @property
    def target_mm(self) -> float:
        """Where the next cut goes. A piece is measured from the cut before it as that was made, not as it was meant."""
        cut = self.cuts[0]
        if cut.piece is None:
            return cut.at_mm
        return self._last_mm + self.saw.kerf_mm + cut.piece.length_mm

    def take_log(self) -> LogPlan:
        """The log in hand, or the next one; there is one unless the list is done."""
        if self.log is None:
            self.log = self.queue.popleft()
            self.used[self.log.log.log] += 1
            self.cuts = self.log.cuts
            self.front_mm = self._last_mm = 0.0
        return self.log

    def _plan_spoiled(self) -> None:
        """Find logs for what was spoiled among those that are left; what there is none for is not cut."""
        if not self.spoiled:
            return
        left = [
            log.model_copy(update={"quantity": log.quantity - self.used[log.log]})
            for log in self.stock.logs
            if log.quantity > self.used[log.log]
        ]
        pieces, self.spoiled = self.spoiled, []
        if not left:
            self.not_cut += pieces
            return
        plan = plan_pieces(pieces, Stock(logs=tuple(left)), self.saw)
        self.queue += plan.logs
        self.not_cut += plan.not_cut

    def confirm(self, at_mm: float) -> Cut:
        """The next cut was made, at ``at_mm`` by the wheel. Returns it."""
        cut = self.cuts.pop(0)
        if cut.piece is not None:
            self.cut.append((cut.piece, round(at_mm - self._last_mm - self.saw.kerf_mm, 2)))
        self._cut_at(at_mm)
        return cut

    def reject(self, at_mm: float) -> Piece | None:
        """The piece that is next was spoiled by a cut at ``at_mm``; it is planned again later. None at an end cut."""
        if not self.cuts or self.cuts[0].piece is None:
            return None
        piece = self.cuts.pop(0).piece
        assert piece is not None
        self.spoiled.append(piece)
        self._cut_at(at_mm)
        self._fit(at_mm)
        return piece

    def cut_afresh(self) -> None:
        """The log's end is known by the datum switch alone: begin with a cut a little behind it."""
        if self.front_mm == 0.0 or not self.cuts or self.cuts[0].piece is None:
            return  # an end cut is next in any case
        cut = Cut(self.front_mm + FRESH_MM, None, self.cuts[0].limit_mm)
        self._fit(cut.at_mm)
        self.cuts.insert(0, cut)

    def _cut_at(self, at_mm: float) -> None:
        self._last_mm = at_mm
        self.front_mm = at_mm + self.saw.kerf_mm

    def _fit(self, at_mm: float) -> None:
        """Leave out pieces for which the clear wood behind a cut at ``at_mm`` is too short now."""
        kept: list[Cut] = []
        kerf_mm = self.saw.kerf_mm
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

    def log_done(self) -> None:
        """The log in hand has been taken off."""
        self.log = None
        self.cuts = []
        self.logs_done += 1
