"""A controlled stop: axes slow down, then everything is safe, whatever the step was doing."""

from __future__ import annotations

import pytest

from cellwright.sequences import FAULTED, STOPPED


def long_moves(cell):
    """Moves of three seconds and more."""
    while True:
        yield cell.together(cell.axis.move_to(300), cell.other.move_to(250))
        yield cell.together(cell.axis.move_to(0), cell.other.move_to(0))


def standing(cell):
    yield cell.env.timeout(60)


def test_axes_slow_down_and_then_the_cell_is_stopped(rig):
    bench = rig(long_moves)
    bench.run(1.5)
    before = bench.positions
    bench.cell.controlled_stop("Ctrl-C was pressed.")
    bench.run(0.05)
    assert bench.cell.state == "working"
    assert not bench.board.is_safe  # on their way still
    assert bench.positions[0] > before[0]
    bench.run(2)
    assert bench.cell.state == STOPPED
    assert bench.reason() == "Ctrl-C was pressed."
    assert bench.board.is_safe
    # 100 mm/s at 1000 mm/s² takes 5 mm, 100 steps; the rest is what passes at full speed before it.
    assert bench.positions[0] - before[0] < 130
    assert bench.process.is_alive


def test_nothing_new_is_begun_while_the_axes_slow_down(rig):
    began = []

    def work(cell):
        while True:
            began.append(cell.env.now)
            yield cell.together(cell.axis.move_to(300 if len(began) % 2 else 0))

    bench = rig(work)
    bench.run(1)
    bench.cell.controlled_stop("enough.")
    bench.run(10)
    assert len(began) == 1


def test_the_step_cleans_up_and_its_return_does_not_count(rig):
    cleaned = []

    def work(cell):
        try:
            yield cell.axis.move_to(300)
        finally:
            cleaned.append(cell.env.now)
        return "worked"

    bench = rig(work)
    bench.run(1)
    asked_s = bench.env.now
    bench.cell.controlled_stop("enough.")
    bench.run(5)
    assert cleaned == [asked_s]
    assert bench.cell.state == STOPPED
    assert bench.cell.last_stop.kind == "stop"


def test_a_soft_stop_while_nothing_moves_is_a_stop_at_once(rig):
    bench = rig(standing)
    bench.run(1)
    bench.cell.controlled_stop("enough.")
    bench.run(0.001)
    assert bench.cell.state == STOPPED


def test_a_hard_stop_during_a_soft_one_wins(rig):
    bench = rig(long_moves)
    bench.run(1.5)
    bench.cell.controlled_stop("first.")
    bench.run(0.01)
    bench.cell.stop("second.")
    assert bench.cell.state == STOPPED
    assert bench.board.is_safe
    bench.run(5)
    assert bench.reason() == "second."


def test_a_fault_during_a_soft_stop_is_a_fault(rig):
    bench = rig(long_moves)
    bench.run(1.5)
    bench.cell.controlled_stop("first.")
    bench.run(0.01)
    bench.cell.fault("the belt broke.")
    assert bench.cell.state == FAULTED
    bench.run(5)
    assert bench.cell.state == FAULTED
    assert bench.reason() == "the belt broke."


def test_a_soft_stop_overtaken_by_a_stop_does_not_stop_what_is_begun_after_the_reset(rig):
    bench = rig(long_moves)
    bench.run(1.5)
    bench.cell.controlled_stop("first.")
    bench.cell.stop("second.")
    bench.cell.reset()
    bench.until_working()
    bench.run(10)
    assert bench.cell.state == "working"


@pytest.mark.parametrize("again", [1, 2])
def test_it_goes_on_after_a_reset(rig, again):
    bench = rig(long_moves)
    for _ in range(again):
        bench.run(1.5)
        bench.cell.controlled_stop("enough.")
        bench.run(3)
        bench.cell.reset()
        bench.until_working()
    assert bench.cell.axis.is_homed
