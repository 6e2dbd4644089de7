"""Steps of a cell as they run: triggers, mistakes and time limits, on a model board."""

from __future__ import annotations

import json

import pytest

from cellwright.errors import CellFault, StepTimeoutError
from cellwright.sequences import FAULTED

HERE = "bench"


def rest(cell):
    """Work that goes well."""
    yield cell.env.timeout(5)
    return "worked"


# ---- steps ----


def test_a_cell_goes_round_and_counts(rig):
    bench = rig(rest)
    began_s = bench.env.now
    bench.run(13)
    assert bench.cell.finished == 2
    assert bench.cell.time_in_states()["working"] == pytest.approx(11)
    assert bench.cell.time_in_states()["waiting"] == pytest.approx(2)
    assert sum(bench.cell.time_in_states().values()) == pytest.approx(began_s + 13)


def test_next_finished_comes_with_the_unit(rig):
    bench = rig(rest)
    began_s = bench.env.now
    bench.env.run(until=bench.cell.next_finished())
    assert bench.env.now == pytest.approx(began_s + 6)
    ending = bench.cell.next_finished()
    bench.cell.stop("enough.")
    bench.env.run(until=ending)
    assert bench.env.now == pytest.approx(began_s + 6)


def test_a_step_may_be_a_plain_method(rig):
    bench = rig(lambda cell: "worked")
    bench.run(3.5)
    assert bench.cell.finished == 3


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ("wroked", "the step returned 'wroked', which is no trigger from this state; did you mean 'worked'?"),
        ("homed", "the step returned 'homed', which is no trigger from this state; did you mean 'worked'?"),
        ("fault", "the step returned 'fault', which is no trigger from this state; known are worked."),
        ("stop", "the step returned 'stop', which is no trigger from this state; known are worked."),
        (None, "the step returned None, which is no trigger from this state; known are worked."),
        (7, "the step returned 7, which is no trigger from this state; known are worked."),
    ],
)
@pytest.mark.parametrize("plain", [True, False])
def test_a_trigger_that_is_not_declared_is_a_fault(rig, returned, says, plain):
    def work(cell):
        yield cell.env.timeout(1)
        return returned

    bench = rig((lambda cell: returned) if plain else work)
    bench.run(2)
    assert bench.faulted() == says


def test_a_mistake_in_a_step_is_a_fault_that_says_where(rig):
    def work(cell):
        cell.lamp.on()
        cell.valve.fire()
        cell.axis.move_to(200)
        yield cell.env.timeout(0.05)
        return 1 / cell.finished

    bench = rig(work)
    bench.run(1)
    line = work.__code__.co_firstlineno + 5
    assert bench.faulted() == f"the step failed with ZeroDivisionError: division by zero (test_cell.py, line {line})."


def test_an_exception_that_cannot_be_copied_is_a_fault_too(rig):
    def work(cell):
        yield cell.env.timeout(0.1)
        return json.loads("{")

    bench = rig(work)
    bench.run(1)
    assert "JSONDecodeError" in bench.faulted()


def test_a_mistake_in_a_plain_step_is_a_fault(rig):
    bench = rig(lambda cell: cell.nothing)
    bench.run(1)
    assert "AttributeError" in bench.faulted()
    assert "test_cell.py, line" in bench.reason()


def test_a_device_that_refuses_is_a_fault(rig):
    def work(cell):
        yield cell.env.timeout(0.1)
        yield cell.axis.move_to(301)

    bench = rig(work)
    bench.run(1)
    assert bench.faulted() == "axis cannot move to 301 mm; its travel is 0 to 300 mm."


@pytest.mark.parametrize("yielded", [None, 5, "lamp"])
def test_yielding_something_else_is_a_fault(rig, yielded):
    def work(cell):
        yield yielded

    bench = rig(work)
    bench.run(1)
    assert bench.faulted() == (
        f"the step yielded {yielded!r}; a step yields what devices return, or other SimPy events."
    )


def test_going_round_in_no_time_is_a_fault(env, board, rig_class, bench_class):
    class Spinning(bench_class):
        states = ["homing", "working"]
        transitions = [["homed", "homing", "working"], ["done", "working", "homing"]]

        def homing(self):
            return "homed"

        def working(self):
            return "done"

    bench = rig_class(env, board, rest, Spinning)
    bench.run(1)
    assert bench.faulted() == "went through 1000 states and no time passed; let a step wait for something."


# ---- time limits ----


def test_a_wait_without_a_limit_is_refused(rig):
    def work(cell):
        yield cell.env.event()

    bench = rig(work)
    bench.run(1)
    assert bench.faulted() == (
        "the step waits without a time limit; wait for a device's event, or wrap it in self.within()."
    )


@pytest.mark.parametrize(
    ("event", "limit_s"),
    [
        (lambda cell: cell.panel.closed(within_s=3), 3),
        (lambda cell: cell.within(4, cell.env.event(), "waited in vain"), 4),
        (lambda cell: cell.env.any_of([cell.panel.closed(within_s=3), cell.start_button.pressed(within_s=2)]), 2),
        (lambda cell: cell.env.all_of([cell.panel.closed(within_s=3), cell.start_button.pressed(within_s=2)]), 3),
        (lambda cell: cell.env.any_of([cell.panel.closed(within_s=3), cell.env.event()]), 3),
        (lambda cell: cell.env.all_of([cell.panel.closed(within_s=3), cell.env.event()]), None),
        (lambda cell: cell.env.any_of([cell.env.event(), cell.env.event()]), None),
        (lambda cell: cell.together(cell.panel.closed(within_s=3), cell.start_button.pressed(within_s=2)), 3),
        (lambda cell: cell.together(cell.panel.closed(within_s=3)), 3),
        (lambda cell: cell.panel.closed(within_s=3) & cell.panel.closed(within_s=1), 3),
        (lambda cell: cell.panel.closed(within_s=3) | (cell.panel.closed(within_s=2) & cell.env.timeout(9)), 3),
    ],
)
def test_limits(rig, event, limit_s):
    def work(cell):
        yield event(cell)
        return "worked"

    bench = rig(work)
    began_s = bench.env.now
    bench.run(20)
    says = bench.faulted()
    if limit_s is None:
        assert "without a time limit" in says
        assert bench.cell.last_stop.at_s == began_s
    else:
        assert says.endswith(f" within {limit_s} s.")
        assert bench.cell.last_stop.at_s == pytest.approx(began_s + limit_s)


def test_a_wait_that_takes_too_long_names_device_and_seconds(rig):
    def work(cell):
        yield cell.env.timeout(0.5)
        yield cell.panel.closed(within_s=3)

    bench = rig(work)
    bench.run(5)
    assert bench.faulted() == "panel did not close within 3 s."


def test_what_did_come_is_not_named(rig):
    def work(cell):
        yield cell.together(cell.panel.closed(within_s=3), cell.start_button.pressed(within_s=3))

    bench = rig(work)
    bench.run(1)
    bench.board.set_input(12, False)
    bench.run(3)
    assert bench.faulted() == "start_button was not pressed within 3 s."


def test_within_gives_any_event_a_limit(rig):
    def work(cell):
        yield cell.within(2, cell.env.timeout(1), "was not ready")
        yield cell.within(2, cell.env.event(), "was not ready")

    bench = rig(work)
    began_s = bench.env.now
    bench.run(5)
    assert bench.faulted() == f"{HERE} was not ready within 2 s."
    assert bench.cell.last_stop.at_s == pytest.approx(began_s + 3)


def test_within_passes_a_failure_on(rig):
    def fail(cell):
        yield cell.env.timeout(1)
        raise CellFault("the feeder is empty.")

    def work(cell):
        yield cell.within(2, cell.env.process(fail(cell)), "was not ready")

    bench = rig(work)
    bench.run(5)
    assert bench.faulted() == "the feeder is empty."


def test_a_step_may_catch_a_time_limit(rig):
    caught = []

    def work(cell):
        for _ in range(2):
            try:
                yield cell.panel.closed(within_s=3)
            except StepTimeoutError as late:
                caught.append((cell.env.now, str(late)))
        yield cell.env.timeout(1)
        return "worked"

    bench = rig(work)
    began_s = bench.env.now
    bench.run(7.5)
    assert [text for _, text in caught] == ["panel did not close within 3 s."] * 2
    assert [at_s - began_s for at_s, _ in caught] == pytest.approx([3, 6])
    assert bench.cell.state == "waiting"


def test_a_long_wait_after_short_ones_has_its_own_limit(rig):
    def work(cell):
        yield cell.within(1, cell.env.timeout(0.9), "")
        yield cell.within(10, cell.env.timeout(9), "")
        yield cell.panel.closed(within_s=0.5)

    bench = rig(work)
    began_s = bench.env.now
    bench.run(12)
    assert bench.faulted() == "panel did not close within 0.5 s."
    assert bench.cell.last_stop.at_s == pytest.approx(began_s + 10.4)


def test_a_wait_that_ends_at_its_limit_is_in_time_or_late_but_not_both(rig):
    def work(cell):
        yield cell.within(2, cell.env.timeout(2), "was not ready")
        return "worked"

    bench = rig(work)
    bench.run(2.5)
    assert bench.cell.state in ("waiting", FAULTED)
    assert bench.process.is_alive
