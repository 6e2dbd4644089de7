"""An axis has one state, and changes it only as its table of transitions says, whatever is asked and reported."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.errors import CellFault
from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.host.stepper import TRANSITIONS, Axes, Idle, Moving
from cellwright.hardware.firmata.host.stock_stepper import StockStepper
from cellwright.hardware.firmata.protocol.accelstepper import MOVE_COMPLETE, REPORT_POSITION, StepperReply
from cellwright.hardware.firmata.protocol.cellwright import DID_NOT_CLOSE, HOMED, HOMING_STOPPED
from cellwright.hardware.firmata.virtual.cellwright import FEATURES_BY_MODEL

SPEED, ACCELERATION = 1000.0, 4000.0


class FakeClient:
    """A client that keeps what was sent."""

    name = "a fake board"

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def on_sysex(self, command: int, action: object) -> None:
        """Nothing is received here."""


def axis_of(kind):
    session = Session(simpy.Environment(), FakeClient())
    session.on_trouble(lambda _: None)
    device, axes = SimpleNamespace(name="carriage"), Axes()
    extra = (FEATURES_BY_MODEL["uno"],) if kind is CellwrightStepper else ()
    axes.append(kind(session, axes, device, (2, 5), False, *extra))
    axes[0].declare()
    if kind is CellwrightStepper:
        axes[0].watch_limit(9, False)
    return axes[0]


numbers = st.integers(-3000, 3000)
REQUESTS = st.one_of(
    st.tuples(st.just("move"), numbers),
    st.tuples(st.sampled_from(["stop", "slow down", "query", "declare", "home", "group", "limit"]), st.just(0)),
    st.tuples(st.sampled_from(["arrived", "position", "homed", "no switch", "busy", "group arrived"]), numbers),
    st.tuples(st.just("wait"), st.integers(1, 3000)),
)


def act(axis, what, number, group_wait):
    """One request of the cell, or one report of the board."""
    env = axis.session.env
    if what == "move":
        axis.move_to(number, SPEED, ACCELERATION)
    elif what == "group":
        axis.start_group_move(group_wait, SPEED, ACCELERATION)
    elif what == "group arrived":
        axis.complete_group_move(group_wait, number)
    elif what == "home":
        axis.home(SPEED, SPEED / 10, ACCELERATION, 80, 5000)
    elif what == "limit" and isinstance(axis, CellwrightStepper):
        axis.on_limit()
    elif what in ("homed", "no switch", "busy") and isinstance(axis, CellwrightStepper):
        axis.on_home({"homed": HOMED, "no switch": DID_NOT_CLOSE, "busy": HOMING_STOPPED}[what], number)
    elif what == "wait":
        env.run(until=env.now + number / 1000)
    elif what in ("arrived", "position"):
        kind = MOVE_COMPLETE if what == "arrived" else REPORT_POSITION
        axis.on_reply(StepperReply(kind, 0, number))
    else:
        do = {"stop": axis.stop_abruptly, "slow down": axis.slow_down, "query": axis.query_position}
        do.get(what, axis.declare)()


@given(kind=st.sampled_from([StockStepper, CellwrightStepper]), requests=st.lists(REQUESTS, max_size=25))
def test_only_the_transitions_of_the_table_happen(kind, requests):
    axis = axis_of(kind)
    seen = [axis.state]
    enter = axis._enter
    axis._enter = lambda state: (seen.append(state), enter(state))[1]
    group_wait = SimpleNamespace()
    was_stopped = True
    for what, number in requests:
        try:
            act(axis, what, number, group_wait)
        except CellFault:
            assert axis.is_moving  # all that it refuses here is a move while it moves
            continue
        if what in ("stop", "query", "declare"):
            was_stopped = True
        elif what in ("move", "home", "group"):
            was_stopped = False
        assert axis.is_safe or not was_stopped
    for before, after in pairwise(seen):
        assert type(after) in TRANSITIONS[type(before)] or isinstance(after, Idle)


@given(kind=st.sampled_from([StockStepper, CellwrightStepper]), target=numbers, stopped_at=numbers)
def test_a_move_asked_for_while_it_stops_begins_where_it_stopped(kind, target, stopped_at):
    axis = axis_of(kind)
    axis.move_to(4000, SPEED, ACCELERATION)
    stopped = axis.stop_abruptly()
    moved = axis.move_to(target, SPEED, ACCELERATION)
    axis.on_reply(StepperReply(REPORT_POSITION, 0, stopped_at))
    assert stopped.triggered
    if target == stopped_at:
        assert moved.triggered and isinstance(axis.state, Idle)
    else:
        assert isinstance(axis.state, Moving)
        assert (axis.state.start, axis.state.move.target) == (stopped_at, target)


@given(kind=st.sampled_from([StockStepper, CellwrightStepper]), late=st.lists(numbers, max_size=3))
def test_a_stop_drops_the_move_that_waits_for_it_and_late_reports_start_nothing(kind, late):
    axis = axis_of(kind)
    axis.move_to(4000, SPEED, ACCELERATION)
    axis.stop_abruptly()
    moved = axis.move_to(100, SPEED, ACCELERATION)
    axis.stop_abruptly()
    axis.on_reply(StepperReply(REPORT_POSITION, 0, 700))
    for position in late:
        axis.on_reply(StepperReply(MOVE_COMPLETE, 0, position))
    assert isinstance(axis.state, Idle) and not moved.triggered
    assert axis.position == 700
