"""Pulses that CellwrightFirmata times itself, and the longest time and duty of an output that no message exceeds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode

pytestmark = pytest.mark.emulated

SOLENOID, BUSY = 8, 13
US = CLOCK_HZ // 1_000_000
BEAT_MS = 0.25
"""How often the firmware checks how long its outputs are on."""


def on_times(board, pin=SOLENOID, active=True):
    """Cycles at which the pin left its safe level and came back; one that is off it still is off it until now."""
    edges = board.edges[pin]
    assert [level for _, level in edges[:2]] in ([], [active], [active, not active])
    at = [cycle for cycle, _ in edges] + ([board.chip.cycle] if len(edges) % 2 else [])
    return list(zip(at[::2], at[1::2], strict=True))


def answers(board):
    return [own.decode_pulse_result(each.data) for each in board.received(own.PULSE)]


# ---- pulse lengths ----


@pytest.mark.parametrize("us", [100, 101, 150, 250, 500, 5000, 33_000, 70_000])
@pytest.mark.parametrize("load", ["idle", "three axes at 20,000"])
def test_a_pulse_is_as_long_as_commanded_to_a_tenth_of_a_millisecond(board, us, load):
    board.send(own.output(own.OutputLimits(SOLENOID, safe=False)), own.output(own.OutputLimits(BUSY, safe=False)))
    if load != "idle":
        board.three_axes()
        board.move_to(30_000, 30_000, 30_000)
        board.run(150)
    board.watch(SOLENOID)
    for number in range(6):
        board.run(2 + number * 0.0137)
        if load != "idle":
            board.flood(us / 1000 + 1, BUSY)
        board.send_until(own.PULSE, own.pulse(SOLENOID, True, us), timeout_ms=1500)
    lasted = [(end - start) / US for start, end in on_times(board)]
    assert len(lasted) == 6
    assert answers(board) == [(SOLENOID, own.DONE)] * 6
    assert lasted == pytest.approx([us] * 6, abs=20 if load == "idle" else 100)


@pytest.mark.parametrize("seconds", [3, 40])
def test_a_long_pulse_is_exact_too(uno, seconds):
    uno.send(own.output(own.OutputLimits(SOLENOID, safe=False)))
    uno.watch(SOLENOID)
    uno.send_until(own.PULSE, own.pulse(SOLENOID, True, seconds * 1_000_000), timeout_ms=seconds * 1000 + 10)
    ((start, end),) = on_times(uno)
    assert (end - start) / US == pytest.approx(seconds * 1e6, abs=100)


def test_pulses_on_several_outputs_do_not_mind_each_other(board):
    pins, lengths = [8, 11, 12, 13], [5000, 5010, 3000, 7000]
    board.send(*(own.output(own.OutputLimits(pin, safe=pin == 11)) for pin in pins))
    board.watch(*pins)
    board.send(*(own.pulse(pin, pin != 11, us) for pin, us in zip(pins, lengths, strict=True)), ms=15)
    for pin, us in zip(pins, lengths, strict=True):
        ((start, end),) = on_times(board, pin, active=pin != 11)
        assert (end - start) / US == pytest.approx(us, abs=100)
    assert sorted(answers(board)) == [(pin, own.DONE) for pin in sorted(pins)]


def test_a_new_pulse_replaces_the_one_under_way(board):
    board.send(own.output(own.OutputLimits(SOLENOID, safe=False)))
    board.watch(SOLENOID)
    board.send(own.pulse(SOLENOID, True, 20_000), ms=5)
    begun = board.chip.cycle
    board.send(own.pulse(SOLENOID, True, 30_000), ms=50)
    ((_, end),) = on_times(board)
    assert board.in_ms(end - begun) == pytest.approx(30 + 9 * 10 / 57.6, abs=0.3)
    assert answers(board) == [(SOLENOID, own.DONE)]


def test_a_pulse_that_a_stop_cuts_short_is_reported_so(board):
    board.send(own.output(own.OutputLimits(SOLENOID, safe=False)))
    board.watch(SOLENOID)
    board.send(own.pulse(SOLENOID, True, 100_000), ms=10)
    board.send(own.STOP_BOARD, ms=200)
    ((start, end),) = on_times(board)
    assert board.in_ms(end - start) < 12
    assert answers(board) == [(SOLENOID, own.CUT_SHORT)]


def test_pulses_that_cannot_be_are_refused(board):
    board.watch(SOLENOID)
    board.send(own.pulse(SOLENOID, True, 5000), ms=10)
    board.send(messages.pin_mode(9, PinMode.OUTPUT), own.pulse(9, True, 99), own.pulse(127, True, 500), ms=10)
    assert answers(board) == [(pin, own.REFUSED_PIN) for pin in (SOLENOID, 9, 127)]
    assert not board.edges[SOLENOID]
    assert not board.level(9)


# ---- not longer, and not more often ----


@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("max_on_ms", [3, 50, 200])
def test_an_output_that_is_left_on_goes_off_after_its_longest_time(board, max_on_ms, safe):
    board.set_input(SOLENOID, safe)
    board.send(own.output(own.OutputLimits(SOLENOID, safe=safe, max_on_ms=max_on_ms)))
    board.watch(SOLENOID)
    board.send(messages.set_pin(SOLENOID, not safe), ms=max_on_ms + 20)
    ((start, end),) = on_times(board, active=not safe)
    assert max_on_ms <= board.in_ms(end - start) <= max_on_ms + 2 * BEAT_MS
    assert board.strings == [f"pin {SOLENOID} was on too long"]


def test_the_longest_pulse_fits_and_a_longer_one_is_refused(board):
    for duty in (0, 20):
        board.send(own.output(own.OutputLimits(SOLENOID, safe=False, max_on_ms=100, duty=duty)))
        board.watch(SOLENOID)
        before = len(board.received(own.PULSE))
        board.send(own.pulse(SOLENOID, True, 100_000), ms=110)
        board.run(1000)
        board.send(own.pulse(SOLENOID, True, 101_000), ms=110)
        assert answers(board)[before:] == [(SOLENOID, own.DONE), (SOLENOID, own.REFUSED_LIMIT)]
        ((start, end),) = on_times(board)
        assert board.in_ms(end - start) == pytest.approx(100, abs=0.1)
    assert board.strings == []


def test_a_warm_coil_has_to_rest_as_its_duty_says(board):
    board.send(own.output(own.OutputLimits(SOLENOID, safe=False, max_on_ms=100, duty=20)))
    board.watch(SOLENOID)
    board.send(own.pulse(SOLENOID, True, 100_000), ms=105)
    for _ in range(80):
        board.send(own.pulse(SOLENOID, True, 50_000), ms=5)
    first, second = on_times(board)[:2]
    rested = board.in_ms(second[0] - first[1])
    assert rested == pytest.approx(50 * 80 / 20, abs=10)  # 50 ms again, at 20 %


def test_a_limited_output_stays_an_output(board):
    board.send(own.output(own.OutputLimits(6, safe=False, max_on_ms=100, duty=10)), ms=1)
    board.watch(6)
    for mode in (PinMode.PWM, PinMode.SERVO, PinMode.INPUT, PinMode.PULLUP):
        board.send(messages.pin_mode(6, mode), messages.analog(6, 255), ms=30)
    board.send(messages.servo_config(6, 1000, 2000), messages.analog(6, 180), ms=30)
    board.send(messages.sysex(messages.ACCELSTEPPER_DATA, bytes((0, 0, 0x11, 2, 3, 6, 0))), ms=30)
    assert not board.edges[6]
    assert board.strings.count("pin 6 is in use") == 4


PIN = 6
LIMITS = own.OutputLimits(PIN, safe=False, max_on_ms=20, duty=25)
commands = st.one_of(
    st.builds(messages.set_pin, st.just(PIN), st.booleans()),
    st.builds(messages.port, st.just(0), st.sampled_from([0, 1 << PIN])),
    st.builds(own.pulse, st.just(PIN), st.booleans(), st.sampled_from([100, 200, 240, 1000, 5000, 20_000, 10_000_000])),
    st.builds(messages.pin_mode, st.just(PIN), st.sampled_from(list(PinMode))),
    st.builds(messages.analog, st.just(PIN), st.sampled_from([0, 100, 255, 1500])),
    st.builds(messages.servo_config, st.just(PIN), st.just(544), st.just(2400)),
    st.just(own.output(LIMITS)),
    st.sampled_from([own.STOP_BOARD, own.RELEASE_BOARD, messages.RESET]),
    st.integers(1, 30),  # ms of silence
)


@settings(max_examples=40)
@given(st.lists(commands, min_size=3, max_size=40))
def test_no_messages_keep_an_output_on_too_long_or_too_often(unstarted, received):
    board = unstarted()
    board.run(15)
    board.send(own.output(LIMITS))
    board.watch(PIN)
    for command in received * 3:
        if isinstance(command, int):
            board.run(command)
        else:
            board.send(command, ms=0)
    board.run(30)
    assert_within_limits(board, on_times(board, PIN), LIMITS)


@pytest.mark.parametrize("us", [100, 200, 240])
@pytest.mark.parametrize("filler", range(28, 44, 4))
def test_pulses_between_two_looks_count_too(uno, us, filler):
    limits = own.OutputLimits(PIN, safe=False, max_on_ms=2, duty=1)
    uno.send(own.output(limits))
    uno.watch(PIN)
    uno.chip.feed((own.pulse(PIN, True, us) + bytes(filler - 9)) * 100)
    uno.run(100 * filler * 10 / 57.6 + 10)
    assert_within_limits(uno, on_times(uno, PIN), limits)


def assert_within_limits(board, times, limits):
    """The leaky bucket of PROTOCOL.md, filled from the edges of the pin, overflows by two units of 250 µs at most."""
    fill, before = 0.0, 0
    for start, end in times:
        assert board.in_ms(end - start) <= limits.max_on_ms + 2 * BEAT_MS
        fill = max(0.0, fill - limits.duty * board.in_ms(start - before))
        fill += (100 - limits.duty) * board.in_ms(end - start)
        assert fill <= (limits.max_on_ms + 2 * BEAT_MS) * (100 - limits.duty)
        before = end
