"""Records paths: what a cell does from one state at rest to the next, stated for every run that does the same."""

from __future__ import annotations

from array import array
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simpy.events import Event

from cellwright.hardware.event_loop import VirtualClock, is_idle
from cellwright.sim.fast_path.conditions import Guard, NotExact, Symbol
from cellwright.sim.fast_path.draws import DrawnStreams, DrawRequest, RecordedDraws
from cellwright.sim.fast_path.snapshot import RigState, Snapshot
from cellwright.sim.fast_path.symbolic import Traced
from cellwright.sim.streams import Distribution

MEASURED = "what its units are like is measured, unit by unit"
MAX_EVENTS = 100_000
"""Within one path; the recording of a cell that is never at rest between two steps would never end."""


class Linear(NamedTuple):
    """An amount, usually in s: ``constant`` + the sum of coefficient x the draw of that number on the path."""

    constant: float
    draws: tuple[tuple[int, float], ...] = ()


class ClockSteps(NamedTuple):
    """What is added to the clock, one after the other: the constants, s, and (step, draw, coefficient) of each draw.

    An array, because a run learns thousands of paths with dozens of steps each.
    """

    constants_s: array[float]
    draws: tuple[tuple[int, int, float], ...]


class PathSegment(NamedTuple):
    """A path, or the part of it before or after a finished unit.

    amounts: the labour time, and the time in each state, s. stops: the count of each stop cause. steps: what is added
    to the clock one after the other, s.
    """

    amounts: dict[str, Linear]
    stops: dict[str, int]
    steps: ClockSteps


class CounterUpdate(NamedTuple):
    """The value of a counter after the path: ``constant`` + the sum of coefficient x symbol."""

    counter: int
    terms: tuple[tuple[Symbol, float], ...]
    constant: int


@dataclass(slots=True)
class Path:
    """From one state at rest to the next. guard: which runs take it. segments: one more than finished units."""

    guard: Guard
    draws: list[Distribution]
    draw_requests: list[DrawRequest]
    segments: list[PathSegment]
    updates: list[CounterUpdate]
    ends_in: Snapshot


LABOUR = "labour"


class RecordingEnvironment(VirtualClock):
    """An environment without timers for the limits of waits: the code that calls ``step`` checks them."""

    others_watch_limits = True


@dataclass(slots=True)
class _RunningTotals:
    """Running totals at one time of the clock."""

    clock_s: Any
    amounts: dict[str, Any]
    stops: dict[str, int]


@dataclass(slots=True)
class PathRecorder:
    """Records paths on one rig, whose streams it shares."""

    rig_state: RigState
    streams: DrawnStreams
    _checkpoints: list[_RunningTotals] = field(default_factory=list)

    def record_start(self) -> tuple[Path, list[int]]:
        """The path from power-up to the first rest, which differs in each replication, and the counters at its end."""
        return self._record(RecordedDraws(Guard(), [], [], []))

    def record(self, start: Snapshot, counters: Sequence[int]) -> tuple[Path, list[float]]:
        """The path that this run takes from ``start``, and the durations that it drew, s."""
        guard = Guard()
        recording = RecordedDraws(guard, [], [], [])
        traced = [Traced(guard, {Symbol("counter", index): 1}, 0, value) for index, value in enumerate(counters)]
        self.rig_state.restore(start, traced, Traced(guard, {Symbol("clock", 0): 1}, 0, 0.0, additions=()))
        self.streams.recording = recording
        try:
            return self._record(recording)[0], recording.drawn_s
        finally:
            self.streams.recording = None

    def _record(self, recording: RecordedDraws) -> tuple[Path, list[int]]:
        try:
            return self._follow_events(recording)
        except Exception as error:  # a plant that cannot compute with symbols, or a fault: simulate it by events
            raise NotExact(f"it cannot be followed: {error}") from error

    def _follow_events(self, recording: RecordedDraws) -> tuple[Path, list[int]]:
        rig_state, cell, env = self.rig_state, self.rig_state.cell, self.rig_state.rig.env
        self._checkpoints = [self._read_totals()]
        self._watch_for_finished()
        process = env.process(self._run_to_rest())
        for _ in range(MAX_EVENTS):
            if process.processed:
                break
            self._refuse_timeouts()
            env.step()
        else:
            raise NotExact("it is never at rest between two steps")
        cell.forget_finished()
        self._checkpoints.append(self._read_totals())
        ends_in, counters = rig_state.take()
        values, updates = _counter_updates(counters)
        segments = [
            _segment(before, after) for before, after in zip(self._checkpoints, self._checkpoints[1:], strict=False)
        ]
        return Path(recording.guard, recording.draws, recording.requests, segments, updates, ends_in), values

    def _refuse_timeouts(self) -> None:
        """Refuse a wait that reaches its limit, which is a fault: on a path the next event comes in time."""
        env = self.rig_state.rig.env
        for supervision in self.rig_state.cell.running_steps:
            if supervision.target.callbacks is None:
                continue  # it has skipped ahead since: its deadline belongs to a wait that is over
            if is_idle(env) or supervision.deadline_s <= env.peek():
                raise NotExact("a wait reaches its limit")

    def _run_to_rest(self) -> Generator[Event, Any, None]:
        rig_state = self.rig_state
        while True:
            yield from rig_state.cell.run_current_state()
            if rig_state.cell.last_stop is not None:
                raise NotExact(f"it stops: {rig_state.cell.last_stop.reason}")
            if rig_state.is_at_rest:
                return

    def _watch_for_finished(self) -> None:
        self.rig_state.cell.next_finished().callbacks.append(self._note_finished)

    def _note_finished(self, _: Event) -> None:
        if self.rig_state.plant.measured:
            raise NotExact(MEASURED)
        self._checkpoints.append(self._read_totals())
        self._watch_for_finished()

    def _read_totals(self) -> _RunningTotals:
        cell = self.rig_state.cell
        amounts = {LABOUR: self.rig_state.plant.operator.labour_s}
        return _RunningTotals(self.rig_state.rig.env.now, amounts | cell.time_in_states(), dict(cell.stops))


def _segment(before: _RunningTotals, after: _RunningTotals) -> PathSegment:
    amounts = {name: _linear(value - before.amounts.get(name, 0.0)) for name, value in after.amounts.items()}
    stops = {cause: count - before.stops.get(cause, 0) for cause, count in after.stops.items()}
    return PathSegment(
        {name: amount for name, amount in amounts.items() if amount != Linear(0.0)},
        {cause: count for cause, count in stops.items() if count},
        _steps(before.clock_s, after.clock_s),
    )


def _steps(before_s: Any, after_s: Any) -> ClockSteps:
    """What was added to the clock between two times, one after the other; in one step if they have no such common past.

    Replayed in the same order, the additions round as the clock of the events does.
    """
    if type(after_s) is Traced and type(before_s) is Traced and after_s.additions is not None:
        added, rest = [], after_s.additions
        while rest and rest is not before_s.additions:
            rest, addend = rest
            added.append(_linear(addend))
        if rest is before_s.additions:
            return _clock_steps(added[::-1])
    return _clock_steps([_linear(after_s - before_s)])


def _clock_steps(steps: Sequence[Linear]) -> ClockSteps:
    return ClockSteps(
        array("d", [step.constant for step in steps]),
        tuple((number, draw, by) for number, step in enumerate(steps) for draw, by in step.draws),
    )


def _linear(amount: Any) -> Linear:
    if type(amount) is not Traced:
        return Linear(float(amount))
    if any(symbol.kind != "draw" for symbol in amount.terms):
        raise NotExact("how long it takes depends on a count")
    return Linear(float(amount.constant), tuple((symbol.number, float(by)) for symbol, by in amount.terms.items()))


def _counter_updates(counters: Sequence[Any]) -> tuple[list[int], list[CounterUpdate]]:
    values, updates = [], []
    for index, number in enumerate(counters):
        if number is None:
            raise NotExact("cell or plant no longer keep a number that they kept before")
        if type(number) is not Traced:
            values.append(number)
            updates.append(CounterUpdate(index, (), number))
            continue
        values.append(number.value)
        if not isinstance(number.value, int) or any(
            symbol.kind not in ("counter", "number") for symbol in number.terms
        ):
            raise NotExact("cell or plant keep a number that was computed from times or is no whole number")
        if number.terms != {Symbol("counter", index): 1} or number.constant:
            updates.append(CounterUpdate(index, tuple(number.terms.items()), round(number.constant)))
    return values, updates
