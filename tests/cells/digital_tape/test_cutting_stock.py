from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.cells.digital_tape.assignment import Plan, greedy_plan_for, plan_for
from cellwright.cells.digital_tape.cutlist import CutList, TimberPiece
from cellwright.cells.digital_tape.stock import Log, Saw, Stock

LENGTHS = st.integers(300, 30_000).map(lambda tenths: tenths / 10)


@st.composite
def jobs(draw: st.DrawFn) -> tuple[CutList, Stock, Saw]:
    cuts = {"kerf_mm": draw(st.integers(0, 80)) / 10, "end_trim_mm": draw(st.integers(0, 500)) / 10}
    saw = Saw.standard().model_copy(update=cuts)
    logs = []
    for n in range(draw(st.integers(1, 4))):
        knots = draw(st.sampled_from([(), ((900.0, 980.0),), ((500.0, 600.0), (2100.5, 2200.0))]))
        length_mm = draw(st.integers(31_500, 62_000)) / 10
        logs.append(Log(log=f"log {n}", length_mm=length_mm, quantity=draw(st.integers(1, 4)), knots_mm=knots))
    longest = max(section.usable_mm for log in logs for section in saw.sections(log)) - saw.kerf_mm
    pieces = [
        TimberPiece(
            piece=f"piece {n}", length_mm=max(20.0, min(draw(LENGTHS), longest - 1)), quantity=draw(st.integers(1, 4))
        )
        for n in range(draw(st.integers(1, 8)))
    ]
    return CutList(pieces=tuple(pieces)), Stock(logs=tuple(logs)), saw


def check_plan(plan: Plan, cut_list: CutList, stock: Stock, saw: Saw) -> None:
    """Every piece once or not cut; all wood accounted for; nothing in a knot; no more logs than there are."""
    wanted = Counter(piece.piece for piece in cut_list.single_pieces())
    cut = Counter(piece.piece for log in plan.logs for piece in log.pieces)
    assert cut + Counter(piece.piece for piece in plan.not_cut) == wanted
    used = Counter(each.log.log for each in plan.logs)
    assert all(used[log.log] <= log.quantity for log in stock.logs)
    for each in plan.logs:
        pieces_mm = sum(piece.length_mm for piece in each.pieces)
        assert each.offcuts_mm >= 2 * saw.end_trim_mm - 1e-6
        assert pieces_mm + each.kerf_loss_mm + each.offcuts_mm == pytest.approx(each.log.length_mm)
        cuts = each.cuts
        assert [cut.at_mm for cut in cuts] == sorted(cut.at_mm for cut in cuts)
        assert cuts[-1].at_mm + saw.kerf_mm <= each.log.length_mm - saw.end_trim_mm + 1e-6
        for before, cut in itertools.pairwise(cuts):
            if cut.piece is not None:
                begins_mm = before.at_mm + saw.kerf_mm
                assert cut.at_mm - begins_mm == pytest.approx(cut.piece.length_mm)
                assert not any(a < cut.at_mm - 1e-6 and b > begins_mm + 1e-6 for a, b in each.log.knots_mm)


@settings(max_examples=60, deadline=None)
@given(jobs())
def test_every_piece_once_or_reported_all_wood_accounted_for_never_worse_than_greedy_nor_below_the_bound(
    job: tuple[CutList, Stock, Saw],
) -> None:
    plan, greedy = plan_for(*job), greedy_plan_for(*job)
    check_plan(plan, *job)
    check_plan(greedy, *job)
    assert len(plan.not_cut) <= len(greedy.not_cut)
    if len(plan.not_cut) == len(greedy.not_cut):
        assert plan.used_mm <= greedy.used_mm + 1e-6
        assert greedy.used_mm == pytest.approx(plan.greedy_mm)
    assert plan.bound_mm <= plan.used_mm + 1e-6


def test_of_tiny_problems_the_answer_is_the_best_there_is() -> None:
    saw = Saw.standard().model_copy(update={"kerf_mm": 0.0, "end_trim_mm": 0.0})
    pieces = tuple(TimberPiece(piece=str(mm), length_mm=mm, quantity=n) for mm, n in ((600, 2), (400, 4), (200, 1)))
    stock = Stock(logs=(Log(log="a", length_mm=1000, quantity=9), Log(log="b", length_mm=1400, quantity=9)))
    plan = plan_for(CutList(pieces=pieces), stock, saw)
    assert plan.used_mm == plan.bound_mm == 3000
    assert not plan.not_cut


@pytest.mark.slow
@pytest.mark.parametrize("stock_mm", [(6000,) * 60, (6000, 5400, 12_000) * 20, "all different"])
def test_200_pieces_on_60_logs_are_at_most_2_percent_above_the_bound(stock_mm: tuple[int, ...] | str) -> None:
    """How long it takes, benchmarks/performance/cutting_stock.py says."""
    draws = random.Random(0)
    lengths = Counter(stock_mm if isinstance(stock_mm, tuple) else (draws.randrange(4000, 7000) for _ in range(60)))
    stock = Stock(logs=tuple(Log(log=f"{mm}", length_mm=mm, quantity=n) for mm, n in lengths.items()))
    pieces = tuple(TimberPiece(piece=f"{n}", length_mm=draws.randrange(300, 2600), quantity=1) for n in range(200))
    job = CutList(pieces=pieces), stock, Saw.standard()
    plan = plan_for(*job)
    check_plan(plan, *job)
    assert not plan.not_cut
    assert plan.above_bound_percent <= 2


def test_the_same_list_has_the_same_plan() -> None:
    job = CutList.standard(), Stock.standard(), Saw.standard()
    assert plan_for.__wrapped__(*job) == plan_for.__wrapped__(*job)


def test_too_few_logs_leave_pieces_that_are_reported() -> None:
    stock = Stock(logs=(Log(log="only", length_mm=6000, quantity=2),))
    cut_list = CutList(pieces=(TimberPiece(piece="wall", length_mm=2500, quantity=7),))
    plan = plan_for(cut_list, stock, Saw.standard())
    assert len(plan.not_cut) == 3
    assert plan.summary()[-1] == "wall.7, 2500 mm, is not cut: there is no log."
    check_plan(plan, cut_list, stock, Saw.standard())
