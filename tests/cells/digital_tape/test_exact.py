"""Up to twelve pieces have the best plan there is: compared with every way to put them into logs, one by one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cutting_stock import check_plan, cut_list_of, saw_with, stock_of

from cellwright.cells.digital_tape.assignment import plan_for
from cellwright.cells.digital_tape.cutting_stock import LogKind, Pattern, Problem
from cellwright.cells.digital_tape.exact import MAX_PIECES, solve_exactly


def brute_force(problem: Problem) -> tuple[int, int]:
    """The fewest pieces not cut, and the least length of log for that: by trying every section for every piece."""
    lengths = [kind.length for kind in problem.kinds for _ in range(kind.count)]
    left = [list(kind.capacities) for kind in problem.kinds for _ in range(kind.count)]
    pieces = [width for width, count in zip(problem.widths, problem.demand, strict=True) for _ in range(count)]
    best = (len(pieces) + 1, 0)

    def put(n: int, unmet: int, cost: int, used: frozenset[int]) -> None:
        nonlocal best
        if (unmet, cost) >= best:
            return
        if n == len(pieces):
            best = (unmet, cost)
            return
        for log, sections in enumerate(left):
            for section, capacity in enumerate(sections):
                if capacity >= pieces[n]:
                    sections[section] -= pieces[n]
                    put(n + 1, unmet, cost + (0 if log in used else lengths[log]), used | {log})
                    sections[section] += pieces[n]
        put(n + 1, unmet + 1, cost, used)

    put(0, 0, 0, frozenset())
    return best


def check_patterns(problem: Problem, patterns: list[Pattern]) -> tuple[int, int]:
    """Every pattern fits its log, and there are enough logs; returns the pieces not cut and the length of log."""
    for kind, number in Counter(kind for kind, _ in patterns).items():
        assert number <= problem.kinds[kind].count
    for kind, sections in patterns:
        for section, capacity in zip(sections, problem.kinds[kind].capacities, strict=True):
            assert sum(problem.widths[piece] for piece in section) <= capacity
    unmet = problem.unmet_demand(patterns)
    assert min(unmet) >= 0
    return sum(unmet), sum(problem.kinds[kind].length for kind, _ in patterns)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    widths = draw(st.lists(st.integers(5, 40), min_size=1, max_size=4, unique=True))
    demand = [draw(st.integers(1, 2)) for _ in widths]
    kinds = [
        LogKind(
            draw(st.integers(40, 70)),
            tuple(draw(st.lists(st.integers(0, 45), max_size=2))),
            draw(st.integers(1, 2)),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return Problem(tuple(sorted(widths, reverse=True)), tuple(demand), tuple(kinds))


@settings(max_examples=200, deadline=None)
@given(problems())
def test_no_way_to_share_the_pieces_out_is_better(problem: Problem) -> None:
    assert check_patterns(problem, solve_exactly(problem)) == brute_force(problem)


def test_pieces_that_need_many_short_logs_are_cut_rather_than_left_out() -> None:
    """However much log it takes: a piece is left out only if there is no log for it."""
    problem = Problem((50, 10), (1, 8), (LogKind(60, (60,), 1), LogKind(50, (10,), 8)))
    assert check_patterns(problem, solve_exactly(problem)) == (0, 60 + 7 * 50)


@pytest.mark.parametrize("logs", [40, 400])
def test_the_best_logs_are_found_among_many_that_are_all_different(logs: int) -> None:
    """Each piece has one log that it fills; the others are longer than it by 5 or more."""
    widths = tuple(range(60_000, 60_000 - 12 * 1000, -1000))
    others = [LogKind(61_000 + 10 * n + 5, (61_000 + 10 * n,), 1) for n in range(logs)]
    problem = Problem(widths, (1,) * 12, (*others, *(LogKind(width, (width,), 1) for width in widths)))
    assert check_patterns(problem, solve_exactly(problem)) == (0, sum(widths))


def test_six_pieces_of_three_lengths() -> None:
    job = cut_list_of((1760, 1), (963, 3), (631, 2)), stock_of((4000, 1), (4000, 2), (2600, 2)), saw_with(3.2, 0.0)
    plan = plan_for(*job)
    check_plan(plan, *job)
    assert plan.used_mm == plan.bound_mm == 6600
    assert not plan.not_cut


def test_as_many_pieces_as_are_solved_exactly_are_proven() -> None:
    job = (
        cut_list_of(*((700 + 37.3 * n, 1) for n in range(MAX_PIECES))),
        stock_of((2600, 9), (4000, 9)),
        saw_with(4.4, 30),
    )
    plan = plan_for(*job)
    check_plan(plan, *job)
    assert plan.above_bound_percent == 0
