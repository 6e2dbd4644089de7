"""Motors whose coils CellwrightFirmata switches itself, seen at their pins."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import sysex

pytestmark = pytest.mark.emulated

# What the coils carry, the first in bit 0, as the AccelStepper library steps them: by number of wires and step size.
WHOLE, HALF = 0, 1
PATTERNS = {
    (2, WHOLE): [0b10, 0b11, 0b01, 0b00],
    (3, WHOLE): [0b100, 0b001, 0b010],
    (3, HALF): [0b100, 0b101, 0b001, 0b011, 0b010, 0b110],
    (4, WHOLE): [0b0101, 0b0110, 0b1010, 0b1001],
    (4, HALF): [0b0001, 0b0101, 0b0100, 0b0110, 0b0010, 0b1010, 0b1000, 0b1001],
}
PINS = (8, 9, 11, 12)
ONE_SWITCHING = round(0.0002 * CLOCK_HZ)
"""Edges that follow each other within so many cycles are one step."""
BUSY = 13


def configured(board, wires, size, inverted=0):
    pins = PINS[:wires]
    board.watch(*pins)
    board.send(sysex(accelstepper.ACCELSTEPPER_DATA, bytes((0, 0, wires << 4 | size << 1, *pins, inverted))))
    return pins


def go(board, target, speed=500.0, busy=False):
    """Move there; when the coils changed, and what they carried then."""
    board.send(accelstepper.speed(0, speed))
    for pin in PINS:
        board.edges.get(pin, []).clear()
    now = sum(board.level(pin) << n for n, pin in enumerate(PINS) if pin in board.edges)
    board.send(accelstepper.move_to(0, target))
    if busy:
        board.flood(500, BUSY)
    board.run(600)
    edges = sorted((cycle, n, level) for n, pin in enumerate(PINS) for cycle, level in board.edges.get(pin, []))
    seen = []
    for cycle, n, level in edges:
        now = now | 1 << n if level else now & ~(1 << n)
        if seen and cycle - seen[-1][0] < ONE_SWITCHING:
            seen[-1] = (seen[-1][0], now)
        else:
            seen.append((cycle, now))
    return seen


def numbers(seen, patterns):
    return [patterns.index(carried) for _, carried in seen]


@pytest.mark.parametrize(("wires", "size"), PATTERNS)
def test_coils_follow_each_other_forward_and_back(board, wires, size):
    patterns = PATTERNS[wires, size]
    configured(board, wires, size)
    forward = numbers(go(board, 25)[-24:], patterns)  # the first step may be from nothing
    assert all((after - before) % len(patterns) == 1 for before, after in pairwise(forward))
    assert len(forward) == 24
    back = numbers(go(board, -12), patterns)
    assert len(back) == 37
    assert all((before - after) % len(patterns) == 1 for before, after in pairwise([forward[-1], *back]))
    assert board.reported_position(0) == -12


@pytest.mark.parametrize("line", ["idle", "full"])
def test_a_coil_motor_keeps_time_and_its_coils_are_held(board, line):
    configured(board, 4, HALF)
    board.send(own.output(own.OutputLimits(BUSY, safe=False)))
    seen = go(board, 200, speed=1000.0, busy=line == "full")
    times = [cycle for cycle, _ in seen][-150:]
    assert (times[-1] - times[0]) / 149 == pytest.approx(CLOCK_HZ / 1000, rel=1e-3)
    held = seen[-1][1]
    board.run(500)
    assert sum(board.level(pin) << n for n, pin in enumerate(PINS)) == held


def test_inverted_coils_carry_the_opposite(uno):
    configured(uno, 4, WHOLE, inverted=0b1111)
    carried = [pattern ^ 0b1111 for _, pattern in go(uno, 9)[-8:]]
    found = numbers([(0, each) for each in carried], PATTERNS[4, WHOLE])
    assert all((after - before) % 4 == 1 for before, after in pairwise(found))


def test_a_limit_stops_a_coil_motor_too(uno):
    configured(uno, 4, WHOLE)
    uno.set_input(7, True)
    uno.set_limits(0, (own.NO_PIN, 0), high=(7, 0))
    uno.send(accelstepper.speed(0, 500.0), accelstepper.move_to(0, 1000), ms=100)
    uno.set_input(7, False)
    uno.run(50)
    at = uno.reported_position(0)
    assert 40 < at < 60
    uno.run(50)
    assert uno.reported_position(0) == at
