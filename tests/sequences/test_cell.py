"""Cells as they run: steps, limits, faults, stops and resets, on a model board."""

from __future__ import annotations

import pytest

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.errors import CellFault, TimedOut
from cellwright.hardware import ModelBoard
from cellwright.hardware.model import TripPoint
from cellwright.sensors import Button, Switch
from cellwright.sequences import FAULTED, STOPPED, Cell, home

HERE = "test_cell"


class Bench(Cell):
    """A cell whose second state does whatever a test gives it to do."""

    cycle_ends_with = "done"
    resets_with = "start_button"
    states = ["homing", "working", "waiting"]
    transitions = [["homed", "homing", "working"], ["worked", "working", "waiting"], ["done", "waiting", "working"]]
    axis = Stepper(
        step=2, dir=5, home_pin=9, steps_per_mm=20, max_speed=100, max_acceleration=1000, travel=(0, 300)
    )
    other = Stepper(
        step=3, dir=6, home_pin=10, steps_per_mm=20, max_speed=100, max_acceleration=1000, travel=(0, 300)
    )
    valve = Solenoid(pin=4, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)
    panel = Switch(pin=12)
    start_button = Button(pin=7)
    stop_button = Button(pin=8, stops_cell=True)
    lamp = Lamp(pin=13)

    def homing(self):
        for axis in (self.axis, self.other):
            if not axis.homed:
                yield from home(axis)
        return "homed"

    def working(self):
        return self.work()

    def waiting(self):
        self.lamp.on()
        yield self.env.timeout(1)
        self.lamp.off()
        return "done"


class Rig:
    """A bench under way, homed, with its work as a step."""

    def __init__(self, env, board, work, cell=Bench):
        self.env, self.board, self.cell = env, board, cell(board)
        self.cell.work = lambda: work(self.cell)
        for axis, mm in ((self.cell.axis, 20), (self.cell.other, 30)):
            port = board.steppers[axis.step]
            port.trip_points.append(TripPoint(axis.home_pin, at=0, level=False))
            port.place(round(mm * axis.steps_per_mm))
        self.process = env.process(self.cell.run())

    def until_working(self):
        while self.cell.state != "working":
            self.env.step()
        return self.env.now

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)

    def press(self, button):
        self.board.set_input(button.pin, False)

    def let_go(self, button):
        self.board.set_input(button.pin, True)

    @property
    def positions(self):
        return [port.true_position for port in self.board.steppers.values()]

    def says(self):
        return self.cell.last_stop.reason.removeprefix(f"{HERE}, {self.cell.last_stop.state}: ")

    def faulted(self):
        assert self.cell.state == FAULTED
        assert self.cell.last_stop.kind == "fault"
        assert self.cell.last_stop.reason.startswith(f"{HERE}, {self.cell.last_stop.state}: ")
        assert self.board.is_safe
        assert self.process.is_alive
        return self.says()


@pytest.fixture
def rig(env, board):
    def make(work, cell=Bench):
        made = Rig(env, board, work, cell)
        made.until_working()
        return made

    return make


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
        ("homed", "the step returned 'homed', which is no trigger from this state; known are worked."),
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


def test_a_mistake_in_a_plain_step_is_a_fault(rig):
    bench = rig(lambda cell: cell.nothing)
    bench.run(1)
    assert "AttributeError" in bench.faulted()
    assert "test_cell.py, line" in bench.says()


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


def test_going_round_in_no_time_is_a_fault(env, board):
    class Spinning(Bench):
        states = ["homing", "working"]
        transitions = [["homed", "homing", "working"], ["done", "working", "homing"]]

        def homing(self):
            return "homed"

        def working(self):
            return "done"

    bench = Rig(env, board, rest, Spinning)
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
            except TimedOut as late:
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
    assert bench.cell.axis.homed
    assert bench.board.steppers[2].true_position == 0
    bench.run(3.1)
    assert bench.positions != stood


def run_to(bench, state):
    while bench.cell.state != state:
        bench.env.step()


@pytest.mark.parametrize("state", Bench.states)
@pytest.mark.parametrize("kind", ["fault", "stop"])
def test_every_state_can_be_left_by_fault_and_stop(env, board, state, kind):
    bench = Rig(env, board, rest)
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
    assert bench.says() == "first."
    bench.cell.stop("third.")
    assert (bench.cell.state, bench.cell.last_stop.kind, bench.cell.last_stop.state) == (STOPPED, "stop", FAULTED)
    bench.cell.stop("fourth.")
    bench.cell.fault("fifth.")
    assert bench.cell.last_stop.reason == f"{HERE}, {FAULTED}: third."
    bench.cell.reset()
    assert bench.cell.state == "homing"


def test_a_stop_before_the_first_step(env, board):
    bench = Rig(env, board, rest)
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
    assert bench.cell.axis.homed


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
    assert bench.says() == "the door is open."
    assert sum(bench.cell.stops.values()) == 1


def test_the_stop_button_stops_at_once_and_holds(rig):
    bench = rig(busy)
    bench.run(1)
    bench.press(bench.cell.stop_button)
    stopped_s = bench.env.now
    assert bench.cell.state == STOPPED
    assert bench.says() == "stop_button was pressed"
    assert bench.cell.last_stop.at_s == stopped_s
    stood = bench.positions
    bench.run(5)
    for reset in (bench.cell.reset, lambda: bench.press(bench.cell.start_button)):
        reset()
        bench.run(5)
        assert bench.cell.state == STOPPED
        assert bench.board.is_safe
    bench.let_go(bench.cell.stop_button)
    bench.let_go(bench.cell.start_button)
    bench.run(5)
    assert bench.cell.state == STOPPED
    assert bench.positions == stood
    bench.press(bench.cell.start_button)
    assert bench.cell.state == "homing"


def test_the_stop_button_stops_a_faulted_cell(rig):
    bench = rig(busy)
    bench.cell.fault("oh.")
    bench.press(bench.cell.stop_button)
    assert bench.cell.state == STOPPED


def test_the_reset_button_does_nothing_while_the_cell_works(rig):
    bench = rig(busy)
    bench.press(bench.cell.start_button)
    assert bench.cell.state == "working"
    assert bench.cell.axis.homed


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
    assert bench.says() == "oh."
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
    assert (bench.cell.state, bench.says()) == (STOPPED, "oh.")
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


def test_stops_are_counted_by_cause(env, board):
    class Jamming(Bench):
        stop_triggers = {"worked": "jammed"}

    bench = Rig(env, board, rest, Jamming)
    bench.until_working()
    bench.run(13)
    assert bench.cell.stops == {"jammed": 2}


def test_two_cells_share_an_environment(env):
    rigs = [Rig(env, ModelBoard(env), rest) for _ in range(2)]
    env.run(until=10)
    rigs[0].cell.stop("oh.")
    before = rigs[1].cell.finished
    env.run(until=30)
    assert rigs[0].cell.state == STOPPED
    assert rigs[1].cell.finished > before
