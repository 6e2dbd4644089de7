"""Move times against a firmware loop run pass by pass."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cellwright.hardware import CONFIGURABLE_FIRMATA, StepTiming, move_time
from cellwright.hardware.model.accelstepper_timing import MovingAxis, StepLoop, axis_state, crossing_time, finish_times

TIMING = CONFIGURABLE_FIRMATA
PASS_S = TIMING.poll_s + 3 * TIMING.step_s
moves = st.tuples(
    st.integers(1, 5000), st.floats(50, 15_000, allow_subnormal=False), st.floats(200, 100_000, allow_subnormal=False)
)


def key(steps, speed, acceleration, start=0):
    return axis_state(MovingAxis(start, start + steps, speed, acceleration))


@given(moves)
@example((1, 50.0, 200.0))
@example((5000, 15_000.0, 100_000.0))
@example((5000, 1000.0, 200.0))
@example((3200, 12_000.0, 60_000.0))
def test_one_axis_takes_what_the_firmware_takes(firmware, move):
    steps, speed, acceleration = move
    assume(steps / speed < 20)  # the reference crawls
    (made,) = firmware(TIMING, [(0.0, 0, steps, speed, acceleration)])
    assert made[-1][1] == steps
    assert move_time(TIMING, steps, speed, acceleration) == pytest.approx(made[-1][0], rel=1e-3, abs=PASS_S / 3)


@settings(max_examples=40)
@given(st.lists(moves, min_size=2, max_size=3))
def test_axes_that_start_together_slow_each_other_as_in_the_firmware(firmware, together):
    assume(all(steps / speed < 8 for steps, speed, _ in together))
    made = firmware(TIMING, [(0.0, 0, *move) for move in together])
    expected = [steps[-1][0] for steps in made]
    result = finish_times(TIMING, tuple(key(*move) for move in together))
    assert result == pytest.approx(expected, rel=1e-3, abs=2 * PASS_S)


@pytest.mark.parametrize("moves", [[(2500, 10_000, 60_000)] * 2, [(2000, 10_000, 60_000), (700, 3000, 9000)]])
def test_a_second_axis_makes_the_first_slower(moves):
    alone_s = move_time(TIMING, *moves[0])
    both_s = finish_times(TIMING, tuple(key(*move) for move in moves))[0]
    assert both_s > 1.1 * alone_s


def test_a_crossing_time_is_that_of_the_step_that_gets_there(firmware):
    (made,) = firmware(TIMING, [(0.0, 0, 3000, 2000.0, 9000.0)])
    for position in (1, 2, 77, 1500, 2999, 3000):
        expected = next(at_s for at_s, where in made if where == position)
        result = crossing_time(TIMING, (key(3000, 2000.0, 9000.0),), 0, position)
        assert result == pytest.approx(expected, rel=1e-3, abs=PASS_S / 3)


def test_a_backward_move_takes_as_long_as_a_forward_one():
    there = finish_times(TIMING, (key(1234, 1500, 4000),))
    assert finish_times(TIMING, (key(-1234, 1500, 4000, start=500),)) == pytest.approx(there, rel=1e-12)


@pytest.mark.parametrize(
    ("axes", "steps", "speed", "acceleration", "measured_s"),
    [
        (1, 400, 12_000, 60_000, 0.1715),
        (1, 1600, 12_000, 60_000, 0.5193),
        (1, 3200, 12_000, 60_000, 0.9882),
        (1, 12_000, 12_000, 60_000, 3.5524),
        (1, 2000, 1000, 2000, 2.5507),
        (1, 2000, 2000, 10_000, 1.2904),
        (1, 2000, 3000, 20_000, 0.8593),
        (2, 2000, 1000, 2000, 2.495),
        (2, 2000, 2000, 10_000, 1.223),
        (2, 2000, 3000, 20_000, 1.134),
        (2, 2000, 12_000, 60_000, 1.068),
    ],
)
def test_moves_take_what_they_were_measured_to_take(axes, steps, speed, acceleration, measured_s):
    finish_times_s = finish_times(TIMING, (key(steps, speed, acceleration),) * axes)
    assert finish_times_s == pytest.approx([measured_s] * axes, rel=0.01)
    if axes == 1:
        assert move_time(TIMING, steps, speed, acceleration) == finish_times_s[0]


# One axis: from the last 8,800 steps of the measured moves at 12,000 steps/s, 3,432 steps/s. Two axes: what the model
# says, held by the moves above. Three: an earlier measurement, of a firmware with a shorter loop, gave 1,372.
@pytest.mark.parametrize(("axes", "rate", "within"), [(1, 3432, 0.006), (2, 1924, 0.001), (3, 1372, 0.025)])
def test_the_step_rate_has_the_measured_ceiling(axes, rate, within):
    loop = StepLoop(TIMING, [MovingAxis(0, 20_000, 10_000, 100_000) for _ in range(axes)])
    loop.run(until_s=1.0)
    before = [axis.position for axis in loop.axes]
    loop.run(until_s=4.0)
    rates = [(axis.position - was) / 3.0 for axis, was in zip(loop.axes, before, strict=True)]
    assert rates == pytest.approx([rate] * axes, rel=within)
    assert rates == pytest.approx([TIMING.ceiling(axes)] * axes, rel=0.001)


@settings(max_examples=40)
@given(st.lists(moves, min_size=1, max_size=3))
@example([(5000, 10_000.0, 60_000.0), (5000, 9000.0, 60_000.0), (4000, 2000.0, 60_000.0)])
@example([(5000, 1950.0, 60_000.0), (5000, 1950.0, 61_000.0)])
def test_an_even_run_of_steps_ends_as_its_steps_one_by_one_do(together):
    assume(all(steps / speed < 8 for steps, speed, _ in together))

    class StepByStep(StepLoop):
        def _advance_at_constant_speed(self, moving, until_s, axis, position):
            pass

    loop, slow = (kind(TIMING, [MovingAxis(0, *move) for move in together]) for kind in (StepLoop, StepByStep))
    for each in (loop, slow):
        each.run()
    assert loop.finished_s == pytest.approx(slow.finished_s, abs=1e-9)


def trapezoid_s(steps, speed, acceleration):
    if steps < speed * speed / acceleration:
        return 2 * math.sqrt(steps / acceleration)
    return steps / speed + speed / acceleration


@pytest.mark.parametrize("acceleration", [500, 1000, 2000, 4000, 5000])
def test_short_moves_beat_the_ideal_trapezoid_and_long_ones_do_not(acceleration):
    short = move_time(TIMING, 200, 1000, acceleration) / trapezoid_s(200, 1000, acceleration)
    assert 0.90 <= short <= 0.93
    for speed in (500, 1000):
        long = move_time(TIMING, 2000, speed, acceleration) / trapezoid_s(2000, speed, acceleration)
        assert 0.97 <= long <= 1.04


@given(st.integers(1, 3000), st.floats(1, 1e6), st.sampled_from([1e-9, 1e-3, 1e9, 1e18, 1e300]))
def test_any_acceleration_ends(steps, speed, acceleration):
    loop = StepLoop(TIMING, [MovingAxis(0, steps, speed, acceleration)])
    took_s = loop.run()
    assert 0 < took_s < math.inf
    assert loop.axes[0].position == steps
    assert took_s >= steps * TIMING.poll_s


@given(moves, st.floats(0, 1))
def test_querying_midway_does_not_change_the_move(move, share):
    """A loop whose state is queried midway ends at the same time as one that is not."""
    steps, speed, acceleration = move
    whole_s = move_time(TIMING, steps, speed, acceleration)
    loop = StepLoop(TIMING, [MovingAxis(0, steps, speed, acceleration)])
    assert loop.run(until_s=share * whole_s) <= whole_s
    assert loop.run() == pytest.approx(whole_s, rel=1e-3)


def test_another_firmware_has_another_ceiling():
    slow = StepTiming("slow", poll_s=1e-3, step_s=1e-3)
    assert slow.ceiling() == pytest.approx(500)
    assert move_time(slow, 5000, 10_000, 100_000) == pytest.approx(10, rel=0.01)
