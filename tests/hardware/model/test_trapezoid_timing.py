"""CellwrightFirmata's step times: the ideal trapezoid, against the formulas of a textbook."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellwright.hardware import CELLWRIGHT_FIRMATA as TIMING
from cellwright.hardware.model.timing import SpeedLimitError

JUST_S = 1e-6
moves = st.tuples(st.integers(1, 4000), st.floats(20, 40_000), st.floats(100, 1e6))
shares = st.floats(0.0, 1.0)
either_way = st.sampled_from([1, -1])


def ideal_s(steps, speed, acceleration):
    if steps < speed * speed / acceleration:
        return 2 * math.sqrt(steps / acceleration)
    return steps / speed + speed / acceleration


def step_times_s(state, start=0):
    """Time and position of each step of the move, by a query for each position."""
    reach = range(min(start, state.target) - 5000, max(start, state.target) + 5000)
    return sorted(result for at in reach for result in TIMING.crossings((state,), 0, at))


@given(moves)
@example((1, 20.0, 100.0))
@example((1600, 12_000.0, 60_000.0))
@example((4000, 2000.0, 1000.0))  # just the way that speeding up and slowing down take
def test_a_move_takes_what_the_textbook_says(move):
    assert TIMING.move_time(*move) == pytest.approx(ideal_s(*move), rel=1e-9)


@given(st.integers(1, 10_000), st.floats(1, 40_000))
def test_without_acceleration_it_goes_at_its_speed_at_once(steps, speed):
    state = TIMING.start_from_rest(0, steps, speed, 0.0)
    assert TIMING.move_time(steps, speed, 0.0) == pytest.approx(steps / speed, rel=1e-12)
    for step in (1, steps // 2 + 1, steps):
        assert TIMING.crossings((state,), 0, step - 1) == [(pytest.approx(step / speed, rel=1e-9), step)]


@given(moves)
def test_every_step_comes_once_in_order_and_the_last_is_the_arrival(move):
    state = TIMING.start_from_rest(0, move[0], *move[1:])
    times = step_times_s(state)
    assert [step for _, step in times] == list(range(1, move[0] + 1))
    assert all(before < after for (before, _), (after, _) in pairwise(times))
    assert times[-1][0] == TIMING.arrival_times((state,))[0] == state.duration_s


@given(moves)
def test_slowing_down_mirrors_speeding_up(move):
    """What is left to go at some time before the end is what was gone at that time after the start."""
    times = [0.0, *(at_s for at_s, _ in step_times_s(TIMING.start_from_rest(0, move[0], *move[1:])))]
    mirrored = [times[-1] - at_s for at_s in reversed(times)]
    assert times == pytest.approx(mirrored, rel=1e-9, abs=1e-9 * times[-1])


@given(moves)
def test_steps_come_when_the_closed_form_of_the_trapezoid_has_them(move):
    steps, speed, acceleration = move
    state = TIMING.start_from_rest(0, *move)
    for step in {1, steps // 3 + 1, steps}:
        speeding_up = min(speed * speed / (2 * acceleration), steps / 2)
        if step <= speeding_up:
            expected = math.sqrt(2 * step / acceleration)
        elif step <= steps - speeding_up:
            expected = step / speed + speed / (2 * acceleration)
        else:
            expected = ideal_s(*move) - math.sqrt(2 * (steps - step) / acceleration)
        ((result, _),) = TIMING.crossings((state,), 0, step - 1)
        assert result == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(moves, either_way, st.integers(-9000, 9000))
def test_where_it_is_and_when_it_gets_there_agree(move, way, start):
    state = TIMING.start_from_rest(start, start + way * move[0], *move[1:])
    in_progress = TIMING.moves_in_progress((state,))
    assert in_progress.position_at(0, 0.0) == start
    for at_s, step in step_times_s(state, start):
        assert in_progress.position_at(0, at_s) == step
        assert in_progress.position_at(0, max(0.0, at_s - JUST_S)) == step - way


@given(moves, either_way)
def test_the_way_back_takes_as_long(move, way):
    there, back = (
        TIMING.start_from_rest(0, way * move[0], *move[1:]),
        TIMING.start_from_rest(way * move[0], 0, *move[1:]),
    )
    assert there.duration_s == pytest.approx(back.duration_s, rel=1e-12)


@given(moves, st.lists(shares, min_size=1, max_size=5))
def test_repeated_queries_changes_nothing(move, queries):
    state = TIMING.start_from_rest(0, *move)
    once = TIMING.states_after((state,), max(queries) * state.duration_s)[0]
    now_s = 0.0
    for share in sorted(queries):
        (state,) = TIMING.states_after((state,), share * once.duration_s - now_s)
        now_s = share * once.duration_s
    assert state.position == once.position
    assert TIMING.arrival_times((state,)) == pytest.approx(TIMING.arrival_times((once,)), abs=1e-9)


# ---- changes in mid-move ----


@given(moves, shares, either_way)
def test_a_soft_stop_takes_as_many_steps_as_its_speed_needs(move, share, way):
    steps, speed, acceleration = move
    state = TIMING.start_from_rest(0, way * steps, speed, acceleration)
    times = step_times_s(state)
    at_s, step = times[min(len(times) - 1, int(share * len(times)))]
    (state,) = TIMING.states_after((state,), at_s)
    here, now = state.exact_position_and_speed()
    assert here == pytest.approx(step, abs=1e-6)
    stops_at = TIMING.controlled_stop_target(state)
    assert abs(stops_at - step) == math.ceil(now * now / (2 * acceleration) - 2e-6)
    slowed = TIMING.with_target(state, stops_at, None, None)
    assert slowed.target == stops_at
    if now:
        # From full speed it is v/a, and less than a step more where that way is no whole number of steps.
        assert slowed.duration_s <= abs(now) / acceleration + 1 / abs(now) + 1e-9


@given(moves, shares, st.integers(-5000, 9000), st.floats(20, 40_000), st.floats(100, 1e6))
@example((1000, 1000.0, 4000.0), 0.5, 0, 1000.0, 4000.0)  # back to where it came from
@example((1000, 1000.0, 4000.0), 0.5, 501, 1000.0, 4000.0)  # nearer than it can stop
@example((1000, 1000.0, 4000.0), 0.5, 1000, 100.0, 4000.0)  # slower
def test_changed_in_mid_move_it_goes_on_from_the_speed_it_has(move, share, target, speed, acceleration):
    state = TIMING.start_from_rest(0, *move)
    (state,) = TIMING.states_after((state,), share * state.duration_s)
    here, now = state.exact_position_and_speed()
    changed = TIMING.with_target(state, target, speed, acceleration)
    # What stops within a millionth of a step counts as rest.
    at_rest = math.sqrt(4e-6 * max(move[2], acceleration))
    assert changed.exact_position_and_speed() == (
        pytest.approx(here, abs=2e-6),
        pytest.approx(now, rel=1e-9, abs=at_rest),
    )
    for one, other in pairwise(changed.segments):
        assert other.start == pytest.approx(one.end, abs=1e-6)
        assert other.direction * other.speed == pytest.approx(one.direction * one.end_speed, rel=1e-6, abs=1e-6 * speed)
        assert other.began_s == pytest.approx(one.ended_s)
    for each in changed.segments:
        assert abs(each.end_speed - each.speed) <= acceleration * each.duration_s * (1 + 1e-6) + 1e-6
        assert max(each.speed, each.end_speed) <= max(speed, abs(now)) * (1 + 1e-9)
    assert changed.position_at(changed.duration_s) == target


@given(moves, shares, st.integers(-2000, 6000))
def test_after_a_change_each_step_still_comes_where_it_should(move, share, target):
    state = TIMING.start_from_rest(0, *move)
    (state,) = TIMING.states_after((state,), share * state.duration_s)
    changed = TIMING.with_target(state, target, None, None)
    stood = state.position
    for at_s, step in step_times_s(changed):
        assert abs(step - stood) <= 1
        stood = step
        assert changed.position_at(at_s) == step
    assert stood == target


def test_a_target_that_it_cannot_stop_before_is_passed_and_come_back_to():
    """1,000 steps/s and 4,000 steps/s² need 125 steps; 26 are left, so it turns at 625, 99 beyond."""
    state = TIMING.start_from_rest(0, 2000, 1000.0, 4000.0)
    (state,) = TIMING.states_after((state,), 0.125 + 0.5)
    assert state.position == 500
    changed = TIMING.with_target(state, 526, None, None)
    turns_s = 0.25
    assert changed.position_at(turns_s) == 625
    assert changed.duration_s == pytest.approx(turns_s + 2 * math.sqrt(99 / 4000))
    assert [step for _, step in TIMING.crossings((changed,), 0, 530)] == [531, 530]


def test_an_axis_without_acceleration_stops_where_it_stands():
    (state,) = TIMING.states_after((TIMING.start_from_rest(0, 100, 50.0, 0.0),), 1.0)
    assert TIMING.controlled_stop_target(state) == 50
    assert TIMING.arrival_times((TIMING.with_target(state, 50, None, None),)) == (0.0,)
    back = TIMING.with_target(state, 0, None, None)
    assert back.duration_s == pytest.approx(1.0)


# ---- ceilings ----


def test_it_refuses_what_the_firmware_refuses():
    TIMING.start_from_rest(0, 100, TIMING.ceiling(), 1000.0)
    with pytest.raises(
        SpeedLimitError, match=r"cannot make 50,001 steps/s: CellwrightFirmata .* refuses more than 50,000"
    ):
        TIMING.start_from_rest(0, 100, TIMING.ceiling() + 1, 1000.0)
    with pytest.raises(SpeedLimitError):
        TIMING.with_target(TIMING.start_from_rest(0, 100, 50.0, 50.0), 100, 50_001.0, None)


def test_what_moves_at_once_counts_by_the_speeds_commanded():
    fast = TIMING.start_from_rest(0, 100_000, 39_000.0, 1e6)
    slow = TIMING.start_from_rest(
        0, 100, 21_000.0, 1e5
    )  # comes to 3,162 steps/s, which the firmware does not take into account
    TIMING.check_combined_speed((fast, slow))
    with pytest.raises(SpeedLimitError, match="60,001 steps/s"):
        TIMING.check_combined_speed((fast, TIMING.start_from_rest(0, 100, 21_001.0, 1e5)))
    assert TIMING.ceiling(1) == 50_000
    assert TIMING.ceiling(3) == 20_000
