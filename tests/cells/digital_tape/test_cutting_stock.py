from __future__ import annotations

import itertools
import random
import time
from collections import Counter

import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.cells.digital_tape import column_generation
from cellwright.cells.digital_tape.assignment import Plan, greedy_plan_for, plan_for
from cellwright.cells.digital_tape.cutlist import CutList, TimberPiece
from cellwright.cells.digital_tape.stock import Log, Saw, Stock

KNOTS = [
    (),
    ((900.0, 980.0),),
    ((500.0, 600.0), (2100.5, 2200.0)),
    ((10.0, 20.0), (1500.0, 1501.0), (3149.0, 3150.0)),  # in the trim, thinner than the blade, at the end
]
LENGTHS = st.integers(300, 30_000).map(lambda tenths: tenths / 10)


def saw_with(kerf_mm: float, end_trim_mm: float) -> Saw:
    return Saw.standard().model_copy(update={"kerf_mm": kerf_mm, "end_trim_mm": end_trim_mm})


def cut_list_of(*lengths: tuple[float, int]) -> CutList:
    return CutList(pieces=tuple(TimberPiece(piece=f"{mm:g}", length_mm=mm, quantity=n) for mm, n in lengths))


def stock_of(*logs: tuple[float, int], knots_mm: tuple[tuple[float, float], ...] = ()) -> Stock:
    return Stock(
        logs=tuple(
            Log(log=f"{n} {mm:g}", length_mm=mm, quantity=count, knots_mm=knots_mm)
            for n, (mm, count) in enumerate(logs)
        )
    )


@st.composite
def jobs(draw: st.DrawFn) -> tuple[CutList, Stock, Saw]:
    saw = saw_with(draw(st.integers(0, 80)) / 10, draw(st.just(0) | st.integers(0, 500)) / 10)
    logs = []
    for n in range(draw(st.integers(1, 4))):
        knots = draw(st.sampled_from(KNOTS))
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
        assert each.offcuts_mm >= 2 * saw.end_trim_mm - min(saw.kerf_mm, saw.end_trim_mm) - 1e-6
        assert pieces_mm + each.kerf_loss_mm + each.offcuts_mm == pytest.approx(each.log.length_mm)
        cuts = each.cuts
        assert [cut.piece for cut in cuts if cut.piece] + ([each.end_piece] if each.end_piece else []) == each.pieces
        assert [cut.at_mm for cut in cuts] == sorted(cut.at_mm for cut in cuts)
        assert all(saw.end_trim_mm <= cut.at_mm <= each.log.length_mm - saw.end_trim_mm + 1e-6 for cut in cuts)
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
    saw = saw_with(0.0, 0.0)
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


def test_no_clock_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that jumps by an hour each time it is read stands for a busy machine."""
    job = CutList.standard(), Stock.standard(), Saw.standard()
    expected = plan_for.__wrapped__(*job)
    options: list[dict[str, object]] = []
    milp = scipy.optimize.milp
    monkeypatch.setattr(
        scipy.optimize, "milp", lambda *a, **named: options.append(dict(named["options"])) or milp(*a, **named)
    )
    hours = itertools.count()
    for clock in ("monotonic", "perf_counter", "time", "process_time"):
        monkeypatch.setattr(time, clock, lambda: 3600.0 * next(hours))
    assert plan_for.__wrapped__(*job) == expected
    assert options and all("time_limit" not in each and "node_limit" in each for each in options)


@pytest.mark.parametrize("steps", [0, 1e5, 1e7])
def test_a_search_that_runs_out_of_work_has_a_plan_and_a_bound_all_the_same(
    steps: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_generation, "HEURISTIC_STEPS", steps)
    monkeypatch.setattr(column_generation, "COLUMN_STEPS", steps)
    draws = random.Random(3)
    job = cut_list_of(*((draws.randrange(300, 2600), 1) for _ in range(60))), stock_of((6000, 30)), Saw.standard()
    plan = plan_for.__wrapped__(*job)
    check_plan(plan, *job)
    assert not plan.not_cut
    assert 0 < plan.bound_mm <= plan.used_mm <= plan.greedy_mm


@pytest.mark.parametrize(("max_widths", "max_cells"), [(300, 60e6), (20, 60e6), (300, 2e4), (3, 1e3)])
def test_the_bound_of_a_coarser_problem_is_not_above_the_optimum(
    max_widths: int, max_cells: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces cut from whole logs without waste: the optimum is known."""
    draws = random.Random(4)
    lengths = []
    for _ in range(20):
        ends = sorted([0, *draws.sample(range(300, 5700), 3), 6000])
        lengths += [(b - a, 1) for a, b in itertools.pairwise(ends)]
    job = cut_list_of(*lengths), stock_of((6000, 40), (7000, 40)), saw_with(0.0, 0.0)
    monkeypatch.setattr(column_generation, "MAX_WIDTHS", max_widths)
    monkeypatch.setattr(column_generation, "MAX_CELLS", max_cells)
    plan = plan_for.__wrapped__(*job)
    check_plan(plan, *job)
    assert 0.9 * 120_000 < plan.bound_mm <= 120_000 <= plan.used_mm


@pytest.mark.slow
@pytest.mark.parametrize("logs", [((6000, 5000),), ((5000, 900), (5400, 900), (12_000, 900))])
def test_5000_pieces_of_4000_lengths_have_a_plan_and_its_bound(logs: tuple[tuple[int, int], ...]) -> None:
    draws = random.Random(5)
    lengths = [tenths / 10 for tenths in draws.sample(range(3000, 26_000), 4000)]
    lengths += draws.choices(lengths, k=1000)
    pieces = tuple(TimberPiece(piece=f"{n}", length_mm=mm, quantity=1) for n, mm in enumerate(lengths))
    job = CutList(pieces=pieces), stock_of(*logs), Saw.standard()
    plan = plan_for(*job)
    check_plan(plan, *job)
    assert not plan.not_cut
    assert plan.above_bound_percent <= 2


def test_too_few_logs_leave_pieces_that_are_reported() -> None:
    stock = Stock(logs=(Log(log="only", length_mm=6000, quantity=2),))
    cut_list = CutList(pieces=(TimberPiece(piece="wall", length_mm=2500, quantity=7),))
    plan = plan_for(cut_list, stock, Saw.standard())
    assert len(plan.not_cut) == 3
    assert plan.summary()[-1] == "wall.7, 2500 mm, is not cut: there is no log."
    check_plan(plan, cut_list, stock, Saw.standard())
