"""Traced numbers: the same value as plain ones, a form that holds for others, and conditions for each answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.sim.fast_path.conditions import Guard, NotExact, Range, Symbol
from cellwright.sim.fast_path.symbolic import Traced

COUNTER, DRAW = Symbol("counter", 0), Symbol("draw", 0)
SIMPLE = st.integers(-20, 20)


def counter(value: int, guard: Guard | None = None) -> Traced:
    return Traced(guard or Guard(), {COUNTER: 1}, 0, value)


def drawn(value: float, guard: Guard | None = None, number: int = 0) -> Traced:
    return Traced(guard or Guard(), {Symbol("draw", number): 1}, 0.0, value)


def form_at(number: object, value: float) -> object:
    """What a form comes to for another value of its only symbol."""
    if not isinstance(number, Traced):
        return number
    return number.constant + sum(by * value for by in number.terms.values())


@given(st.floats(0, 100), st.floats(0, 100), st.floats(-5, 5), st.floats(-5, 5))
def test_a_form_holds_for_any_draw(one, other, factor, more):
    def compute(x):
        return 3.0 - ((x + more) * factor - x / 4 + more)

    traced = compute(drawn(one))
    assert form_at(traced, one) == pytest.approx(compute(one), abs=1e-9)
    assert form_at(traced, other) == pytest.approx(compute(other), abs=1e-9)
    if isinstance(traced, Traced):
        assert traced.value == pytest.approx(compute(one), abs=1e-9)


QUESTIONS = {
    "is zero": lambda x, c: x - c == 0,
    "is it": lambda x, c: x == c,
    "is not it": lambda x, c: x != c,
    "is below": lambda x, c: x < c,
    "is at most": lambda x, c: x <= c,
    "is above": lambda x, c: x > c,
    "is at least": lambda x, c: x >= c,
    "is something": lambda x, c: bool(x + c),
    "from the other side": lambda x, c: c - x < 3,
    "turned round": lambda x, c: -x < c,
}


@pytest.mark.parametrize("question", QUESTIONS)
@given(value=SIMPLE, constant=SIMPLE, other=SIMPLE)
def test_a_count_that_the_guard_allows_gives_the_same_answer(question, value, constant, other):
    guard = Guard()
    ask = QUESTIONS[question]
    assert ask(counter(value, guard), constant) == ask(value, constant)
    allowed = guard.ranges.get(COUNTER, Range())
    assert allowed.low <= value <= allowed.high and value not in allowed.excluded
    if allowed.low <= other <= allowed.high and other not in allowed.excluded:
        assert ask(other, constant) == ask(value, constant)
    else:
        assert ask(other, constant) != ask(value, constant)  # nothing is forbidden without need


@given(value=st.floats(0, 1), limit=st.floats(0, 1), other=st.floats(0, 1))
def test_a_fraction_that_the_guard_allows_gives_the_same_answer(value, limit, other):
    guard = Guard()
    number = Symbol("number", 0)
    answer = Traced(guard, {number: 1}, 0, value) < limit
    assert answer == (value < limit)
    allowed = guard.ranges[number]
    assert (allowed.low <= other <= allowed.high) == ((other < limit) == answer)


@given(
    st.lists(st.floats(0.01, 50), min_size=2, max_size=2), st.lists(st.floats(0.01, 50), min_size=2, max_size=2), SIMPLE
)
def test_draws_within_the_guard_keep_the_order_of_things(values, others, constant):
    guard = Guard()
    one, two = (drawn(value, guard, number) for number, value in enumerate(values))
    answer = 1.15 * one + two + constant < 30
    holds = sum(others) < guard.max_total_s and all(others[n] >= least for n, least in guard.min_draw_s.items())
    if holds:
        assert (1.15 * others[0] + others[1] + constant < 30) == answer


def test_a_settled_count_allows_its_value_only():
    guard = Guard()
    assert list("abcd")[counter(2, guard)] == "c"
    assert (guard.ranges[COUNTER].low, guard.ranges[COUNTER].high) == (2, 2)
    assert {2: "two"}[counter(2)] == "two"
    assert f"{counter(2)}" == "2"
    assert (
        counter(7) // 2 == 3 and counter(7) % 2 == 1 and divmod(counter(7), 2) == (3, 1) and abs(counter(-3)).value == 3
    )


@pytest.mark.parametrize(
    "operation",
    [math.sqrt, float, int, round, hash, "{:g}".format, lambda x: x * x, lambda x: x // 2],
)
def test_a_draw_that_is_computed_with_otherwise_is_refused(operation):
    with pytest.raises(NotExact):
        operation(drawn(2.0))


def test_two_draws_of_which_either_may_be_less_are_refused():
    guard = Guard()
    with pytest.raises(NotExact, match="either may be over first"):
        _ = drawn(1.0, guard, 0) < drawn(2.0, guard, 1)


def test_two_counts_are_not_compared():
    guard = Guard()
    other = Traced(guard, {Symbol("counter", 1): 1}, 0, 5)
    with pytest.raises(NotExact, match="one count with another"):
        _ = counter(3, guard) < other


def test_nothing_is_asked_where_nothing_is_uncertain():
    guard = Guard()
    now = Traced(guard, {Symbol("clock", 0): 1}, 0.0, 0.0)
    later = now + 3.5
    assert later > now and later - now == 3.5 and now < math.inf and now > -math.inf and now != "now"
    assert guard == Guard()
    with pytest.raises(NotExact, match="the time of the clock itself"):
        _ = later > 3


def test_traced_counts_work_out_where_a_draw_cancels():
    draw = drawn(4.0)
    assert (draw + 2.0) - draw == 2.0
    assert type((draw + 2.0) - draw) is float
