"""The planner, natively: any move arrives exactly, within its speed and acceleration, in the ideal time."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.hardware.firmata.protocol.codec import decimal, i32

HALF_US = 5e-7
JITTER_S = 30e-6
"""Of a step where interrupts come anywhere."""
AXIS = 0


def hexed(*parts):
    return "send " + (b"\xf0\x62" + b"".join(parts) + b"\xf7").hex()


def configure():
    return hexed(bytes([0x00, AXIS, 0x10, 2, 3, 0]))


def speed_is(speed):
    return hexed(bytes([0x09, AXIS]), decimal(speed))


def acceleration_is(acceleration):
    return hexed(bytes([0x08, AXIS]), decimal(acceleration))


def go_to(target):
    return hexed(bytes([0x03, AXIS]), i32(target))


def ideal_s(steps, speed, acceleration):
    """How long a move from rest takes to its last step."""
    if acceleration == 0:
        return steps / speed
    if steps < speed * speed / acceleration:
        return 2 * math.sqrt(steps / acceleration)
    return steps / speed + speed / acceleration


def ideal_step_s(k, steps, speed, acceleration):
    """When step k is due, from the beginning of the move."""
    if acceleration == 0:
        return k / speed
    top = min(speed, math.sqrt(steps * acceleration))
    ramp = top * top / (2 * acceleration)
    if k <= ramp:
        return math.sqrt(2 * k / acceleration)
    if k <= steps - ramp:
        return top / acceleration + (k - ramp) / top
    return ideal_s(steps, speed, acceleration) - math.sqrt(2 * max(0.0, steps - k) / acceleration)


speeds = st.integers(20, 20_000).map(float)
accelerations = st.integers(50, 90_000).map(float)


def position(recording):
    return sum(1 if forward else -1 for _, forward in recording.steps.get(AXIS, []))


@settings(max_examples=40)
@given(st.integers(1, 3000), speeds, accelerations, st.booleans())
def test_a_move_from_rest_is_the_ideal_trapezoid(native_uno, steps, speed, acceleration, backwards):
    took_s = ideal_s(steps, speed, acceleration)
    target = -steps if backwards else steps
    recording = native_uno.run(
        [configure(), speed_is(speed), acceleration_is(acceleration), go_to(target), f"run {int((took_s + 0.1) * 1e6)}"]
    )
    assert recording.ended_well
    assert position(recording) == target
    times = [at for at, _ in recording.steps[AXIS]]
    assert len(times) == steps
    began_s = times[0] - ideal_step_s(1, steps, speed, acceleration)
    assert times[-1] - began_s == pytest.approx(took_s, rel=5e-3, abs=30e-6)
    for k, at in enumerate(times, start=1):
        assert at - began_s == pytest.approx(ideal_step_s(k, steps, speed, acceleration), rel=8e-3, abs=60e-6)
    assert min((later - sooner for sooner, later in pairwise(times)), default=1.0) >= 0.97 / speed - 8 * HALF_US


@settings(max_examples=20)
@given(st.integers(1, 2000), speeds)
def test_without_acceleration_a_move_has_one_speed(native_uno, steps, speed):
    recording = native_uno.run([configure(), speed_is(speed), go_to(steps), f"run {int((steps / speed + 0.1) * 1e6)}"])
    times = [at for at, _ in recording.steps[AXIS]]
    assert len(times) == steps
    assert times[-1] - times[0] == pytest.approx((steps - 1) / speed, rel=1e-3, abs=10e-6)


# Not so far apart that an axis on its way has to go miles to stop.
middling_speeds = st.integers(1000, 15_000).map(float)
middling_accelerations = st.integers(5000, 20_000).map(float)
MAX_STEPS = 30_000

changes = st.one_of(
    st.tuples(st.just("speed"), middling_speeds),
    st.tuples(st.just("acceleration"), middling_accelerations),
    st.tuples(st.just("target"), st.integers(-3000, 3000)),
    st.tuples(st.just("stop"), st.just(0)),
)


def fastest(times, window):
    """The greatest speed over so many steps (steps/s)."""
    return max(((window / (times[n + window] - times[n])) for n in range(len(times) - window)), default=0.0)


def runs(recording):
    """The step times of each run of steps in one direction."""
    sequences, before = [], None
    for at, forward in recording.steps.get(AXIS, []):
        if forward != before:
            sequences.append([])
        sequences[-1].append(at)
        before = forward
    return sequences


@settings(max_examples=40)
@given(
    st.integers(-3000, 3000),
    middling_speeds,
    middling_accelerations,
    st.lists(st.tuples(st.integers(50_000, 300_000), changes), min_size=1, max_size=5),
    st.booleans(),
)
def test_a_move_changed_during_the_move_arrives_and_keeps_its_limits(
    native_uno, target, speed, acceleration, course_of, interrupts_anywhere
):
    script = [
        *(["interrupt-anywhere"] if interrupts_anywhere else []),
        configure(),
        speed_is(speed),
        acceleration_is(acceleration),
        go_to(target),
    ]
    top_speed, top_acceleration, least_speed, least_acceleration, stops = (
        speed,
        acceleration,
        speed,
        acceleration,
        False,
    )
    for wait_us, (what, value) in course_of:
        script.append(f"run {wait_us + 1}")
        if what == "speed":
            script.append(speed_is(value))
            top_speed, least_speed = max(top_speed, value), min(least_speed, value)
        elif what == "acceleration":
            script.append(acceleration_is(value))
            top_acceleration, least_acceleration = max(top_acceleration, value), min(least_acceleration, value)
        elif what == "target":
            script.append(go_to(value))
            target, stops = value, False
        else:
            script.append(hexed(bytes([0x05, AXIS])))
            stops = True
    longest_s = ideal_s(MAX_STEPS, least_speed, least_acceleration) + 0.5
    recording = native_uno.run([*script, f"run {int(longest_s * 1e6)}", hexed(bytes([0x06, AXIS])), "run 50000"])
    assert recording.ended_well, recording.words[-3:]
    told = recording.sent[recording.sent.rindex(b"\xf0\x62\x06") :]
    assert told[4:9] == i32(position(recording))
    if not stops:
        assert position(recording) == target
    assert recording.sent.count(b"\xf0\x62\x0a") >= 1
    for times in runs(recording):
        assert fastest(times, 1) <= 1 / (0.98 / top_speed - JITTER_S)
        assert fastest(times, 20) <= 1.005 * top_speed + 1
        # From rest to rest, less the first step's time: nothing is quicker than the greatest acceleration has it.
        least_s = ideal_s(len(times), top_speed, top_acceleration) - ideal_step_s(
            1, len(times), top_speed, top_acceleration
        )
        assert times[-1] - times[0] >= 0.9 * least_s - 1e-4


def test_a_target_changed_before_the_first_step_is_reached(native_uno):
    recording = native_uno.run(
        [configure(), speed_is(1000.0), acceleration_is(8606.0), go_to(2), "run 1", go_to(0), "run 500000"]
    )
    assert position(recording) == 0
