"""CellwrightFirmata's step times: the ideal trapezoid, against the formulas of a textbook."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellwright.hardware import CELLWRIGHT_FIRMATA as TIMING
from cellwright.hardware.model.timing import TooFast

JUST_S = 1e-6
moves = st.tuples(st.integers(1, 4000), st.floats(20, 40_000), st.floats(100, 1e6))
shares = st.floats(0.0, 1.0)
either_way = st.sampled_from([1, -1])


def ideal_s(steps, speed, acceleration):
    if steps < speed * speed / acceleration:
        return 2 * math.sqrt(steps / acceleration)
    return steps / speed + speed / acceleration


def step_times_s(course, start=0):
    """When each step comes that takes the course from ``start`` on, and whereto, by asking of each place apart."""
    reach = range(min(start, course.target) - 5000, max(start, course.target) + 5000)
    return sorted(found for at in reach for found in TIMING.passings((course,), 0, at))


@given(moves)
@example((1, 20.0, 100.0))
@example((1600, 12_000.0, 60_000.0))
@example((4000, 2000.0, 1000.0))  # just the way that speeding up and slowing down take
def test_a_move_takes_what_the_textbook_says(move):
    assert TIMING.move_time(*move) == pytest.approx(ideal_s(*move), rel=1e-9)


@given(st.integers(1, 10_000), st.floats(1, 40_000))
def test_without_acceleration_it_goes_at_its_speed_at_once(steps, speed):
    course = TIMING.begin(0, steps, speed, 0.0)
    assert TIMING.move_time(steps, speed, 0.0) == pytest.approx(steps / speed, rel=1e-12)
    for step in (1, steps // 2 + 1, steps):
        assert TIMING.passings((course,), 0, step - 1) == [(pytest.approx(step / speed, rel=1e-9), step)]


@given(moves)
def test_every_step_comes_once_in_order_and_the_last_is_the_arrival(move):
    course = TIMING.begin(0, move[0], *move[1:])
    times = step_times_s(course)
    assert [step for _, step in times] == list(range(1, move[0] + 1))
    assert all(before < after for (before, _), (after, _) in pairwise(times))
    assert times[-1][0] == TIMING.arrivals((course,))[0] == course.lasts_s


@given(moves)
def test_slowing_down_mirrors_speeding_up(move):
    """What is left to go at some time before the end is what was gone at that time after the start."""
    times = [0.0, *(at_s for at_s, _ in step_times_s(TIMING.begin(0, move[0], *move[1:])))]
    mirrored = [times[-1] - at_s for at_s in reversed(times)]
    assert times == pytest.approx(mirrored, rel=1e-9, abs=1e-9 * times[-1])


@given(moves)
def test_steps_come_when_the_closed_form_of_the_trapezoid_has_them(move):
    steps, speed, acceleration = move
    course = TIMING.begin(0, *move)
    for step in {1, steps // 3 + 1, steps}:
        speeding_up = min(speed * speed / (2 * acceleration), steps / 2)
        if step <= speeding_up:
            expected = math.sqrt(2 * step / acceleration)
        elif step <= steps - speeding_up:
            expected = step / speed + speed / (2 * acceleration)
        else:
            expected = ideal_s(*move) - math.sqrt(2 * (steps - step) / acceleration)
        ((found, _),) = TIMING.passings((course,), 0, step - 1)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(moves, either_way, st.integers(-9000, 9000))
def test_where_it_is_and_when_it_gets_there_agree(move, way, start):
    course = TIMING.begin(start, start + way * move[0], *move[1:])
    way_there = TIMING.under_way((course,))
    assert way_there.position_at(0, 0.0) == start
    for at_s, step in step_times_s(course, start):
        assert way_there.position_at(0, at_s) == step
        assert way_there.position_at(0, max(0.0, at_s - JUST_S)) == step - way


@given(moves, either_way)
def test_the_way_back_takes_as_long(move, way):
    there, back = TIMING.begin(0, way * move[0], *move[1:]), TIMING.begin(way * move[0], 0, *move[1:])
    assert there.lasts_s == pytest.approx(back.lasts_s, rel=1e-12)


@given(moves, st.lists(shares, min_size=1, max_size=5))
def test_looking_again_and_again_changes_nothing(move, looks):
    course = TIMING.begin(0, *move)
    once = TIMING.later((course,), max(looks) * course.lasts_s)[0]
    now_s = 0.0
    for share in sorted(looks):
        (course,) = TIMING.later((course,), share * once.lasts_s - now_s)
        now_s = share * once.lasts_s
    assert course.position == once.position
    assert TIMING.arrivals((course,)) == pytest.approx(TIMING.arrivals((once,)), abs=1e-9)


# ---- changes in mid-move ----


@given(moves, shares, either_way)
def test_a_soft_stop_takes_as_many_steps_as_its_speed_needs(move, share, way):
    steps, speed, acceleration = move
    course = TIMING.begin(0, way * steps, speed, acceleration)
    times = step_times_s(course)
    at_s, step = times[min(len(times) - 1, int(share * len(times)))]
    (course,) = TIMING.later((course,), at_s)
    here, now = course.movement()
    assert here == pytest.approx(step, abs=1e-6)
    stops_at = TIMING.controlled_stop_target(course)
    assert abs(stops_at - step) == math.ceil(now * now / (2 * acceleration) - 2e-6)
    slowed = TIMING.redirected(course, stops_at, None, None)
    assert slowed.target == stops_at
    if now:
        # From full speed it is v/a, and less than a step more where that way is no whole number of steps.
        assert slowed.lasts_s <= abs(now) / acceleration + 1 / abs(now) + 1e-9


@given(moves, shares, st.integers(-5000, 9000), st.floats(20, 40_000), st.floats(100, 1e6))
@example((1000, 1000.0, 4000.0), 0.5, 0, 1000.0, 4000.0)  # back to where it came from
@example((1000, 1000.0, 4000.0), 0.5, 501, 1000.0, 4000.0)  # nearer than it can stop
@example((1000, 1000.0, 4000.0), 0.5, 1000, 100.0, 4000.0)  # slower
def test_changed_in_mid_move_it_goes_on_from_the_speed_it_has(move, share, target, speed, acceleration):
    course = TIMING.begin(0, *move)
    (course,) = TIMING.later((course,), share * course.lasts_s)
    here, now = course.movement()
    changed = TIMING.redirected(course, target, speed, acceleration)
    # What stops within a millionth of a step counts as rest.
    at_rest = math.sqrt(4e-6 * max(move[2], acceleration))
    assert changed.movement() == (pytest.approx(here, abs=2e-6), pytest.approx(now, rel=1e-9, abs=at_rest))
    for one, other in pairwise(changed.segments):
        assert other.start == pytest.approx(one.end, abs=1e-6)
        assert other.direction * other.speed == pytest.approx(one.direction * one.end_speed, rel=1e-6, abs=1e-6 * speed)
        assert other.began_s == pytest.approx(one.ended_s)
    for each in changed.segments:
        assert abs(each.end_speed - each.speed) <= acceleration * each.lasts_s * (1 + 1e-6) + 1e-6
        assert max(each.speed, each.end_speed) <= max(speed, abs(now)) * (1 + 1e-9)
    assert changed.position_at(changed.lasts_s) == target


@given(moves, shares, st.integers(-2000, 6000))
def test_after_a_change_each_step_still_comes_where_it_should(move, share, target):
    course = TIMING.begin(0, *move)
    (course,) = TIMING.later((course,), share * course.lasts_s)
    changed = TIMING.redirected(course, target, None, None)
    stood = course.position
    for at_s, step in step_times_s(changed):
        assert abs(step - stood) <= 1
        stood = step
        assert changed.position_at(at_s) == step
    assert stood == target


def test_a_target_that_it_cannot_stop_before_is_passed_and_come_back_to():
    """1,000 steps/s and 4,000 steps/s² need 125 steps; 26 are left, so it turns at 625, 99 beyond."""
    course = TIMING.begin(0, 2000, 1000.0, 4000.0)
    (course,) = TIMING.later((course,), 0.125 + 0.5)
    assert course.position == 500
    changed = TIMING.redirected(course, 526, None, None)
    turns_s = 0.25
    assert changed.position_at(turns_s) == 625
    assert changed.lasts_s == pytest.approx(turns_s + 2 * math.sqrt(99 / 4000))
    assert [step for _, step in TIMING.passings((changed,), 0, 530)] == [531, 530]


def test_an_axis_without_acceleration_stops_where_it_stands():
    (course,) = TIMING.later((TIMING.begin(0, 100, 50.0, 0.0),), 1.0)
    assert TIMING.controlled_stop_target(course) == 50
    assert TIMING.arrivals((TIMING.redirected(course, 50, None, None),)) == (0.0,)
    back = TIMING.redirected(course, 0, None, None)
    assert back.lasts_s == pytest.approx(1.0)


# ---- ceilings ----


def test_it_refuses_what_the_firmware_refuses():
    TIMING.begin(0, 100, TIMING.ceiling(), 1000.0)
    with pytest.raises(TooFast, match=r"cannot make 50,001 steps/s: CellwrightFirmata .* refuses more than 50,000"):
        TIMING.begin(0, 100, TIMING.ceiling() + 1, 1000.0)
    with pytest.raises(TooFast):
        TIMING.redirected(TIMING.begin(0, 100, 50.0, 50.0), 100, 50_001.0, None)


def test_what_moves_at_once_counts_by_the_speeds_asked_for():
    fast = TIMING.begin(0, 100_000, 39_000.0, 1e6)
    slow = TIMING.begin(0, 100, 21_000.0, 1e5)  # comes to 3,162 steps/s, which the firmware does not reckon with
    TIMING.refuse_together((fast, slow))
    with pytest.raises(TooFast, match="60,001 steps/s"):
        TIMING.refuse_together((fast, TIMING.begin(0, 100, 21_001.0, 1e5)))
    assert TIMING.ceiling(1) == 50_000
    assert TIMING.ceiling(3) == 20_000
