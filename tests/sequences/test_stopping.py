"""Cells that do several things at once, and what ends them: faults, stops and resets."""

from __future__ import annotations

import pytest

from cellwright.errors import CellFault
from cellwright.hardware import ModelBoard
from cellwright.sequences import FAULTED, STOPPED

HERE = "bench"


def rest(cell):
    """Work that goes well."""
    yield cell.env.timeout(5)
    return "worked"


# ---- several things at once ----


def travel(axis, mm, after_s=0.0):
    yield axis.board.env.timeout(after_s)
    yield axis.move_to(mm)


def test_together_waits_for_all_events(rig):
    ended = []

    def work(cell):
        yield cell.together(cell.axis.move_to(200), cell.other.move_to(20))
        ended.append((cell.axis.position, cell.other.position))
        yield cell.together(cell.axis.move_to(200), cell.other.move_to(20))
        ended.append(cell.env.now)
        return "worked"

    bench = rig(work)
    bench.run(3)
    assert ended[0] == (200, 20)
    assert bench.cell.state != FAULTED
    assert bench.cell.last_stop is None


def test_together_waits_for_all_steps(rig):
    ended = []

    def work(cell):
        yield cell.together(travel(cell.axis, 200), travel(cell.other, 20, 0.5), cell.env.timeout(0.1))
        ended.append((cell.axis.position, cell.other.position))
        yield cell.env.timeout(100)

    bench = rig(work)
    bench.run(10)
    assert ended == [(200, 20)]


def test_a_part_that_fails_faults_the_cell_and_ends_the_others(rig):
    ended = []

    def failing(cell):
        yield cell.panel.closed(within_s=1)

    def going_on(cell):
        try:
            yield cell.axis.move_to(300)
        finally:
            ended.append(cell.env.now)

    def work(cell):
        yield cell.together(failing(cell), going_on(cell))

    bench = rig(work)
    began_s = bench.env.now
    bench.run(1.5)
    assert bench.faulted() == "panel did not close within 1 s."
    assert ended == [pytest.approx(began_s + 1)]
    stood = bench.positions
    bench.run(20)
    assert bench.positions == stood


@pytest.mark.parametrize("delays", [(1, 1), (1, 1.0000001), (1, 2)])
def test_two_parts_that_fail_are_one_fault(rig, delays):
    def failing(cell, after_s):
        yield cell.env.timeout(after_s)
        raise CellFault(f"gave up after {after_s} s.")

    def work(cell):
        yield cell.together(*(failing(cell, after_s) for after_s in delays))

    bench = rig(work)
    bench.run(5)
    assert bench.faulted() == "gave up after 1 s."
    assert sum(bench.cell.stops.values()) == 1


def test_a_part_that_fails_after_nobody_waits_for_it_is_a_fault(rig):
    def failing(cell):
        yield cell.env.timeout(2)
        raise CellFault("the feeder is empty.")

    def work(cell):
        yield cell.env.any_of([cell.together(failing(cell), travel(cell.axis, 40)), cell.env.timeout(1)])
        yield cell.env.timeout(5)
        return "worked"

    bench = rig(work)
    bench.run(4)
    assert bench.faulted() == "the feeder is empty."


def test_a_part_ends_with_the_step_that_started_it(rig):
    moved = []

    def part(cell):
        yield cell.env.timeout(5.5)
        moved.append(cell.env.now)
        cell.lamp.on()

    def work(cell):
        yield cell.env.any_of([cell.together(part(cell), rest(cell)), cell.env.timeout(5)])
        return "worked"

    bench = rig(work)
    bench.run(20)
    assert not moved
    assert bench.cell.last_stop is None


def test_a_stop_ends_all_parts(rig):
    ended = []

    def part(axis, mm):
        try:
            yield axis.move_to(mm)
            yield axis.move_to(0)
        finally:
            ended.append(axis.name)

    def work(cell):
        yield cell.together(part(cell.axis, 300), part(cell.other, 300))

    bench = rig(work)
    bench.run(1)
    bench.cell.stop("the door is open.")
    stood = bench.positions
    bench.run(30)
    assert bench.positions == stood
    assert sorted(ended) == ["axis", "other"]


# ---- faults, stops, resets ----


def busy(cell):
    cell.lamp.on()
    while True:
        yield cell.together(cell.axis.move_to(300), cell.other.move_to(100))
        yield cell.valve.fire()
        yield cell.together(cell.axis.move_to(0), cell.other.move_to(0))


@pytest.mark.parametrize("kind", ["fault", "stop"])
@pytest.mark.parametrize("after_s", [0.001, 0.7, 3.05, 3.15, 3.3, 5.0])
def test_nothing_moves_between_a_stop_and_reset_and_homing(rig, kind, after_s):
    bench = rig(busy)
    changes = []
    for pin in (4, 13):
        bench.board.on_output(pin, lambda level: changes.append(bench.env.now))
    bench.run(after_s)
    getattr(bench.cell, kind)("the door is open.")
    changes.clear()
    assert bench.cell.state == (FAULTED if kind == "fault" else STOPPED)
    assert bench.board.is_safe
    assert bench.cell.last_stop.kind == kind
    assert bench.cell.last_stop.state == "working"
    assert bench.cell.last_stop.reason == f"{HERE}, working: the door is open."
    assert bench.cell.stops == {"the door is open.": 1}
    stood = bench.positions
    bench.run(60)
    assert bench.positions == stood
    assert not changes
    with pytest.raises(CellFault):
        bench.cell.lamp.on()
    with pytest.raises(CellFault):
        bench.cell.axis.move_to(10)
    bench.cell.reset()
    assert bench.cell.state == "homing"
    with pytest.raises(CellFault, match="before it was homed"):
        bench.cell.axis.move_to(10)
    bench.until_working()
    assert bench.cell.axis.is_homed
    assert bench.board.steppers[2].true_position == 0
    bench.run(1.1)  # in the middle of its first moves
    assert bench.positions != stood


def run_to(bench, state):
    for _ in range(10_000):
        if bench.cell.state == state:
            return
        bench.env.step()
    raise AssertionError(f"never got to {state}")


@pytest.mark.parametrize("state", ["homing", "working", "waiting"])
@pytest.mark.parametrize("kind", ["fault", "stop"])
def test_every_state_can_be_left_by_fault_and_stop(env, board, state, kind, rig_class):
    bench = rig_class(env, board, rest)
    run_to(bench, state)
    bench.run(0.1)
    getattr(bench.cell, kind)("enough.")
    assert bench.cell.last_stop.reason == f"{HERE}, {state}: enough."
    assert bench.board.is_safe
    bench.run(1)
    bench.cell.reset()
    run_to(bench, "waiting")
    assert bench.cell.last_stop.reason == f"{HERE}, {state}: enough."


def test_what_a_fault_a_stop_and_a_reset_do_to_each_other(rig):
    bench = rig(busy)
    bench.cell.reset()
    assert bench.cell.state == "working"
    bench.cell.fault("first.")
    bench.cell.fault("second.")
    assert bench.reason() == "first."
    bench.press(bench.cell.stop_button)
    bench.release(bench.cell.stop_button)
    assert (bench.cell.state, bench.cell.last_stop.kind, bench.cell.last_stop.state) == (STOPPED, "stop", FAULTED)
    bench.cell.stop("fourth.")
    bench.cell.fault("fifth.")
    assert bench.cell.last_stop.reason == f"{HERE}, {FAULTED}: stop_button was pressed"
    bench.cell.reset()
    assert bench.cell.state == "homing"


def test_a_stop_before_the_first_step(env, board, rig_class):
    bench = rig_class(env, board, rest)
    bench.cell.stop("not yet.")
    bench.run(5)
    assert bench.cell.state == STOPPED
    assert bench.board.is_safe
    bench.cell.reset()
    bench.until_working()


def test_a_stop_and_reset_at_one_moment_begin_anew(rig):
    bench = rig(busy)
    bench.run(1)
    bench.cell.stop("oh.")
    bench.cell.reset()
    bench.until_working()
    bench.run(1)
    assert bench.cell.state == "working"
    assert bench.cell.axis.is_homed


@pytest.mark.parametrize("kind", ["fault", "stop"])
@pytest.mark.parametrize("plain", [True, False])
def test_a_step_may_stop_its_own_cell(rig, kind, plain):
    def work(cell):
        yield cell.env.timeout(1)
        getattr(cell, kind)("the door is open.")
        yield cell.env.timeout(1)
        raise AssertionError("the step went on")

    def at_once(cell):
        getattr(cell, kind)("the door is open.")
        return "worked"

    bench = rig(at_once if plain else work)
    bench.run(5)
    assert bench.cell.state == (FAULTED if kind == "fault" else STOPPED)
    assert bench.reason() == "the door is open."
    assert sum(bench.cell.stops.values()) == 1


def test_the_stop_button_stops_at_once_and_holds(rig):
    bench = rig(busy)
    bench.run(1)
    bench.press(bench.cell.stop_button)
    stopped_s = bench.env.now
    assert bench.cell.state == STOPPED
    assert bench.reason() == "stop_button was pressed"
    assert bench.cell.last_stop.at_s == stopped_s
    stood = bench.positions
    bench.run(5)
    for reset in (bench.cell.reset, lambda: bench.press(bench.cell.start_button)):
        reset()
        bench.run(5)
        assert bench.cell.state == STOPPED
        assert bench.board.is_safe
    bench.release(bench.cell.stop_button)
    bench.release(bench.cell.start_button)
    bench.run(5)
    assert bench.cell.state == STOPPED
    assert bench.positions == stood
    bench.press(bench.cell.start_button)
    assert bench.cell.state == "homing"


def test_the_reset_button_does_nothing_while_the_cell_works(rig):
    bench = rig(busy)
    bench.press(bench.cell.start_button)
    assert bench.cell.state == "working"
    assert bench.cell.axis.is_homed


def test_a_step_cannot_hold_on_to_its_cell(rig):
    """Whatever a step catches and does in ``finally``, it ends with the stop."""
    reached = []

    def work(cell):
        try:
            while True:
                try:
                    yield cell.axis.move_to(300 if cell.axis.position < 1 else 0)
                except Exception:
                    reached.append("except")
        finally:
            reached.append("finally")
            cell.lamp.off()  # the board is safe: this fails

    bench = rig(work)
    bench.run(1)
    bench.cell.stop("oh.")
    stood = bench.positions
    bench.run(30)
    assert bench.positions == stood
    assert reached == ["finally"]
    assert bench.cell.state == STOPPED
    assert bench.reason() == "oh."
    bench.cell.reset()
    bench.until_working()


@pytest.mark.parametrize("clean_up", ["raise", "yield"])
@pytest.mark.parametrize("alongside", [True, False])
def test_a_mistake_in_finally_does_not_end_the_simulation(rig, clean_up, alongside):
    def part(cell):
        try:
            yield cell.axis.move_to(300)
        finally:
            if clean_up == "raise":
                raise KeyError("mine")
            yield cell.env.timeout(1)

    def work(cell):
        if alongside:
            yield cell.together(part(cell), travel(cell.other, 300))
        else:
            yield from part(cell)

    bench = rig(work)
    bench.run(1)
    bench.cell.stop("oh.")
    bench.run(5)
    assert (bench.cell.state, bench.reason()) == (STOPPED, "oh.")
    assert sum(bench.cell.stops.values()) == 1
    bench.cell.reset()
    bench.until_working()


def test_a_mistake_in_finally_is_a_fault_when_nothing_else_is(rig):
    def work(cell):
        try:
            yield cell.env.timeout(1)
        finally:
            raise KeyError("mine")

    bench = rig(work)
    bench.run(5)
    assert "KeyError: 'mine'" in bench.faulted()


def test_stops_are_counted_by_cause(env, board, rig_class, bench_class):
    class Jamming(bench_class):
        stop_triggers = {"worked": "jammed"}

    bench = rig_class(env, board, rest, Jamming)
    bench.until_working()
    bench.run(13)
    assert bench.cell.stops == {"jammed": 2}


def test_two_cells_share_an_environment(env, rig_class):
    rigs = [rig_class(env, ModelBoard(env), rest) for _ in range(2)]
    env.run(until=10)
    rigs[0].cell.stop("oh.")
    before = rigs[1].cell.finished
    env.run(until=30)
    assert rigs[0].cell.state == STOPPED
    assert rigs[1].cell.finished > before
