"""A path: what a cell does from one rest to the next, recorded once and stated for every run that goes the same way."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import simpy
from simpy.events import Event

from cellwright.sim.fast_path.conditions import Guard, NotExact, Symbol
from cellwright.sim.fast_path.draws import Asked, DrawnStreams, Recording
from cellwright.sim.fast_path.snapshot import Snapshot, State
from cellwright.sim.fast_path.symbolic import Traced
from cellwright.sim.streams import Source

MEASURED = "what its units are like is measured, unit by unit"
MAX_EVENTS = 100_000
"""Within one path; a cell that is never at rest between two steps would be recorded for ever."""


class Linear(NamedTuple):
    """An amount, mostly seconds: ``constant`` + the sum of coefficient x the path's draw of that number."""

    constant: float
    draws: tuple[tuple[int, float], ...] = ()


class Piece(NamedTuple):
    """A path, or the part of it before or after a unit is finished.

    amounts: the elapsed time, the person's time, and the time in each state, s. stops: how often each cause came.
    """

    amounts: dict[str, Linear]
    stops: dict[str, int]


class Change(NamedTuple):
    """A kept whole number afterwards: ``constant`` + the sum of coefficient x symbol."""

    place: int
    terms: tuple[tuple[Symbol, float], ...]
    constant: int


@dataclass(slots=True)
class Path:
    """From rest to rest. ``guard`` says which runs go this way; pieces: one more than units finished on the way."""

    guard: Guard
    draws: list[Source]
    numbers: list[Asked]
    pieces: list[Piece]
    changes: list[Change]
    ends_in: State


ELAPSED, LABOUR = "elapsed", "labour"


class RecordingEnvironment(simpy.Environment):
    """One in which no timers watch the limits of waits: whoever takes its steps does."""

    others_watch_limits = True


@dataclass(slots=True)
class _Accounts:
    """Running totals at one moment."""

    amounts: dict[str, Any]
    stops: dict[str, int]


@dataclass(slots=True)
class Recorder:
    """Records paths on one rig, whose streams it shares."""

    snapshot: Snapshot
    streams: DrawnStreams
    _looks: list[_Accounts] = field(default_factory=list)

    def first(self) -> tuple[Path, list[int]]:
        """From power-up to the first rest, which is like no other replication's, and the whole numbers then."""
        return self._record(Recording(Guard(), [], [], []))

    def record(self, start: State, numbers: Sequence[int]) -> tuple[Path, list[float]]:
        """The path on which this run goes on from ``start``, and the durations that it drew, s."""
        guard = Guard()
        recording = Recording(guard, [], [], [])
        kept = [Traced(guard, {Symbol("kept", index): 1}, 0, value) for index, value in enumerate(numbers)]
        self.snapshot.restore(start, kept, Traced(guard, {Symbol("clock", 0): 1}, 0, 0.0))
        self.streams.recording = recording
        try:
            return self._record(recording)[0], recording.drawn_s
        finally:
            self.streams.recording = None

    def _record(self, recording: Recording) -> tuple[Path, list[int]]:
        try:
            return self._follow_events(recording)
        except Exception as error:  # a plant that cannot reckon with symbols, or a fault: the events show it as it is
            raise NotExact(f"it cannot be followed: {error}") from error

    def _follow_events(self, recording: Recording) -> tuple[Path, list[int]]:
        snapshot, cell, env = self.snapshot, self.snapshot.cell, self.snapshot.rig.env
        self._looks = [self._look_at_accounts()]
        self._watch_for_finished()
        going = env.process(self._go())
        for _ in range(MAX_EVENTS):
            if going.processed:
                break
            self._keep_to_limits()
            env.step()
        else:
            raise NotExact("it is never at rest between two steps")
        cell._on_finished.clear()
        self._looks.append(self._look_at_accounts())
        state, numbers = snapshot.look()
        values, changes = _changes(numbers)
        pieces = [_piece(before, after) for before, after in zip(self._looks, self._looks[1:], strict=False)]
        return Path(recording.guard, recording.draws, recording.numbers, pieces, changes, state), values

    def _keep_to_limits(self) -> None:
        """A wait that reaches its limit is a fault, so on this path what comes next comes in time."""
        to_come = self.snapshot.rig.env._queue
        for supervision in self.snapshot.cell._running:
            if supervision.target.callbacks is None:
                continue  # it skipped ahead since: its deadline is of a wait that is over
            if not to_come or supervision.deadline_s <= to_come[0][0]:
                raise NotExact("a wait reaches its limit")

    def _go(self) -> Generator[Event, Any, None]:
        snapshot = self.snapshot
        while True:
            yield from snapshot.cell.take_turn()
            if snapshot.cell.last_stop is not None:
                raise NotExact(f"it stops: {snapshot.cell.last_stop.reason}")
            if snapshot.is_at_rest:
                return

    def _watch_for_finished(self) -> None:
        self.snapshot.cell.next_finished().callbacks.append(self._note_finished)

    def _note_finished(self, _: Event) -> None:
        if self.snapshot.plant.measured:
            raise NotExact(MEASURED)
        self._looks.append(self._look_at_accounts())
        self._watch_for_finished()

    def _look_at_accounts(self) -> _Accounts:
        cell = self.snapshot.cell
        amounts = {ELAPSED: self.snapshot.rig.env._now, LABOUR: self.snapshot.plant.operator.labour_s}
        return _Accounts(amounts | cell.time_in_states(), dict(cell.stops))


def _piece(before: _Accounts, after: _Accounts) -> Piece:
    amounts = {name: _linear(value - before.amounts.get(name, 0.0)) for name, value in after.amounts.items()}
    stops = {cause: count - before.stops.get(cause, 0) for cause, count in after.stops.items()}
    return Piece(
        {name: amount for name, amount in amounts.items() if amount != Linear(0.0)},
        {cause: count for cause, count in stops.items() if count},
    )


def _linear(amount: Any) -> Linear:
    if type(amount) is not Traced:
        return Linear(float(amount))
    if any(symbol.kind != "draw" for symbol in amount.terms):
        raise NotExact("how long it takes depends on a count")
    return Linear(float(amount.constant), tuple((symbol.number, float(by)) for symbol, by in amount.terms.items()))


def _changes(numbers: Sequence[Any]) -> tuple[list[int], list[Change]]:
    values, changes = [], []
    for index, number in enumerate(numbers):
        if number is None:
            raise NotExact("cell or plant no longer keep a number that they kept before")
        if type(number) is not Traced:
            values.append(number)
            changes.append(Change(index, (), number))
            continue
        values.append(number.value)
        if not isinstance(number.value, int) or any(symbol.kind not in ("kept", "number") for symbol in number.terms):
            raise NotExact("cell or plant keep a number that was computed from times or is no whole number")
        if number.terms != {Symbol("kept", index): 1} or number.constant:
            changes.append(Change(index, tuple(number.terms.items()), round(number.constant)))
    return values, changes
