"""The data of a run, read from its log: moves, pulses, event counts, an operator's times, cycles and states."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from cellwright.errors import InputError
from cellwright.hardware.device import Device
from cellwright.hardware.firmware_profiles import SteppingFirmware, firmware_named
from cellwright.sequences import FAULTED, STOPPED, open_log
from cellwright.sequences.cell import CONTROLLED_STOP_TIMEOUT_S
from cellwright.sequences.runlog import fact
from cellwright.sim import Scenario
from cellwright.sim.log_evidence import Evidence, LogEvent
from cellwright.sim.run_length import WARM_UP_CYCLES

MIN_FINISHED_CYCLES = WARM_UP_CYCLES + 3
"""The fewest finished units for a mean: the warm-up is left out, and three remain."""
DEFAULT_LOG_FIRMWARE: SteppingFirmware = "configurable"
"""The firmware of logs that name none: it was the only one that steps when they were written."""


class EventRow(NamedTuple):
    """An event of the log."""

    at_s: float
    state: str
    source: str
    what: str
    value: float | None


class TimedAction(NamedTuple):
    """A move or a pulse and how long it took, from the order to the end that the board told.

    what: the axis, or the device with pulses. mm: the move's distance; None of a pulse.
    """

    replication: int
    ended_s: float
    what: str
    mm: float | None
    taken_s: float


class RowReader(Protocol):
    """Collects data from the rows."""

    def add_row(self, row: EventRow) -> None:
        """Process the next row."""
        ...

    def begin_replication(self, replication: int) -> None:
        """Start another replication: nothing is in progress."""
        ...


@dataclass(slots=True)
class RunLogData:
    """The data of one run; s and mm.

    facts: target, seed and input_hash. firmware: what made the moves. actions: the moves that no other axis shared,
    and the pulses, each to the end of its rest, in the order they ended. pulse_s: by device, the commanded on time.
    counts: how often each event of a rate came. spans_s: an operator's times, by the span's name.
    cycle_times_s: without the warm-up and without cycles in which the cell was stopped. time_in_state_s: in those
    cycles, by state.
    """

    path: Path
    facts: dict[str, str]
    firmware: SteppingFirmware
    actions: list[TimedAction]
    pulse_s: dict[str, float]
    counts: Counter[LogEvent]
    spans_s: dict[str, list[float]]
    cycle_times_s: list[float]
    time_in_state_s: dict[str, float]
    left_out: int
    """Cycles in which the cell was stopped or at fault."""
    moves_per_cycle: float
    """Moves of all axes, including simultaneous ones."""

    @property
    def moves_s(self) -> dict[str, dict[float, list[float]]]:
        """How long the moves took, by axis and distance."""
        found: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
        for action in self.actions:
            if action.mm is not None:
                found[action.what][action.mm].append(action.taken_s)
        return found

    @property
    def pulses_s(self) -> dict[str, list[float]]:
        """How long the pulses took, each to the end of its rest, by device."""
        found: dict[str, list[float]] = defaultdict(list)
        for action in self.actions:
            if action.mm is None:
                found[action.what].append(action.taken_s)
        return found


def read_run_log_data(path: Path, name: str, scenario: Scenario) -> RunLogData:
    """Read the log at ``path``, a run of the cell called ``name``.

    Raises InputError for a file that is no run log, for the log of another cell, and for too few cycles.
    """
    parts = scenario.study.cell.parameters(scenario.parameters)
    devices = {key: part for key, part in parts.items() if isinstance(part, Device)}
    moves = _Moves([key for key, device in devices.items() if device.linear_axis() is not None])
    pulses = _Pulses(
        {key: pulse.event for key, device in devices.items() if (pulse := device.fitted_pulse()) is not None}
    )
    event_counts, spans = _EventCounts(scenario.study.evidence), _Spans(scenario.study.evidence)
    with open_log(path) as log:
        _refuse_another_cell(log, path, name)
        cycles = _Cycles(log)
        _refuse_few_cycles(cycles, path, scenario.study.cell.unit)
        _read_all(log, [moves, pulses, event_counts, spans, cycles])
        facts = {key: fact(log, key) or "" for key in ("target", "seed", "input_hash")}
        firmware = firmware_named(fact(log, "firmware") or "") or DEFAULT_LOG_FIRMWARE
    return RunLogData(
        path,
        facts,
        firmware,
        sorted([*moves.made, *pulses.made]),
        pulses.pulse_s,
        event_counts.counts,
        spans.durations_s,
        cycles.times_s,
        cycles.time_in_state_s,
        cycles.left_out,
        moves.moves_made / cycles.finished,
    )


def _refuse_another_cell(log: sqlite3.Connection, path: Path, name: str) -> None:
    logged = fact(log, "cell")
    if logged is None:
        raise InputError(f"{path} does not say of which cell it is; it is no run log, or was cut off at once.")
    if Path(logged).stem != Path(name).stem:
        raise InputError(f"{path} is a log of {logged}, not of {name}; name the cell that ran.")


def _refuse_few_cycles(cycles: _Cycles, path: Path, unit: str) -> None:
    if cycles.finished < MIN_FINISHED_CYCLES:
        raise InputError(
            f"{path} has {cycles.finished} finished {unit}s; at least {MIN_FINISHED_CYCLES} are needed, of which the "
            f"first {WARM_UP_CYCLES} are warm-up. Let it run longer."
        )


def _read_all(log: sqlite3.Connection, readers: list[RowReader]) -> None:
    rows = log.execute("SELECT replication, at_s, state, source, what, value FROM event ORDER BY replication, rowid")
    current = None
    for replication, *rest in rows:
        if replication != current:
            current = replication
            for reader in readers:
                reader.begin_replication(replication)
        row = EventRow(*rest)
        for reader in readers:
            reader.add_row(row)


def _is_stop(row: EventRow) -> bool:
    return row.source == "cell" and row.what in ("fault", "stop")


@dataclass(slots=True)
class _MoveInProgress:
    """A move in progress: its target, its start, and whether no other axis moved meanwhile."""

    to_mm: float
    since_s: float
    is_alone: bool


class _Moves:
    """Moves, by axis and distance; only those made alone, as axes share a firmware's loop."""

    def __init__(self, axes: list[str]) -> None:
        self.made: list[TimedAction] = []
        self.moves_made = 0
        self._axes = axes
        self.begin_replication(0)

    def begin_replication(self, replication: int) -> None:
        self._replication = replication
        self._reset()

    def _reset(self) -> None:
        self._at_mm: dict[str, float | None] = dict.fromkeys(self._axes)
        self._in_progress: dict[str, _MoveInProgress] = {}

    def add_row(self, row: EventRow) -> None:
        if _is_stop(row):
            self._discard_after_stop(row.at_s)
        elif row.source in self._axes:
            self._add_axis_row(row)

    def _add_axis_row(self, row: EventRow) -> None:
        axis = row.source
        if row.what == "homed":
            self._at_mm[axis] = 0.0
            self._in_progress.pop(axis, None)
        elif row.what in ("move", "jog"):
            for other in self._in_progress.values():
                other.is_alone = False
            is_known = row.what == "move" and self._at_mm[axis] is not None
            self._in_progress[axis] = _MoveInProgress(
                row.value or 0.0, row.at_s, is_known and len(self._in_progress) == 0
            )
        elif row.what in ("move done", "jog done"):
            self._end_move(axis, row)

    def _end_move(self, axis: str, row: EventRow) -> None:
        self.moves_made += row.what == "move done"
        move, from_mm = self._in_progress.pop(axis, None), self._at_mm[axis]
        self._at_mm[axis] = row.value if row.what == "move done" else None
        if move is None or not move.is_alone or from_mm is None:
            return
        distance_mm = round(abs(move.to_mm - from_mm), 3)
        self.made.append(TimedAction(self._replication, row.at_s, axis, distance_mm, row.at_s - move.since_s))

    def _discard_after_stop(self, at_s: float) -> None:
        """After a stop the positions are unknown; a move that a controlled stop cut short is discarded."""
        since = self._replication, at_s - CONTROLLED_STOP_TIMEOUT_S
        while self.made and (self.made[-1].replication, self.made[-1].ended_s) > since:
            self.made.pop()
        self._reset()


class _Pulses:
    """Each pulse of a device to the end of its rest, and its commanded on time. events: of the pulses, by device."""

    def __init__(self, events: dict[str, str]) -> None:
        self.made: list[TimedAction] = []
        self.pulse_s: dict[str, float] = {}
        self._events = events
        self.begin_replication(0)

    def begin_replication(self, replication: int) -> None:
        self._replication = replication
        self._since_s: dict[str, float] = {}

    def add_row(self, row: EventRow) -> None:
        if _is_stop(row):
            self._since_s.clear()
            return
        event = self._events.get(row.source)
        if event is None:
            return
        if row.what == event:
            self._since_s[row.source] = row.at_s
            self.pulse_s[row.source] = row.value or 0.0
        elif row.what == f"{event} done" and row.source in self._since_s:
            taken_s = row.at_s - self._since_s.pop(row.source)
            self.made.append(TimedAction(self._replication, row.at_s, row.source, None, taken_s))


class _EventCounts:
    """Counts of the events that rates are computed from."""

    def __init__(self, evidence: Evidence) -> None:
        self.counts: Counter[LogEvent] = Counter()
        self._counted_events = {event for rate in evidence.rates for event in (rate.happens, *rate.each)}

    def begin_replication(self, replication: int) -> None:
        """Nothing is in progress between two counted events."""

    def add_row(self, row: EventRow) -> None:
        for event in self._counted_events:
            if _matches(event, row):
                self.counts[event] += 1


class _Spans:
    """An operator's times between two events; one that a stop cut short is discarded."""

    def __init__(self, evidence: Evidence) -> None:
        self.durations_s: dict[str, list[float]] = {span.name: [] for span in evidence.spans}
        self._spans = evidence.spans
        self.begin_replication(0)

    def begin_replication(self, replication: int) -> None:  # noqa: ARG002
        self._since_s: dict[str, float] = {}

    def add_row(self, row: EventRow) -> None:
        if _is_stop(row):
            self._since_s.clear()
            return
        for span in self._spans:
            if span.name in self._since_s and _matches(span.ends, row):
                self.durations_s[span.name].append(row.at_s - self._since_s.pop(span.name))
            elif _matches(span.begins, row) and not (span.called and span.name in self._since_s):
                self._since_s[span.name] = row.at_s  # a call counts from when it began, other work from its last start


def _matches(event: LogEvent, row: EventRow) -> bool:
    return event.source == row.source and event.what == row.what and event.state in ("", row.state)


@dataclass(slots=True)
class _CycleInProgress:
    """The running cycle: the time in each state, and whether the cell was stopped in it."""

    number: int = 1
    time_in_state_s: dict[str, float] = field(default_factory=dict)
    was_stopped: bool = False


class _Cycles:
    """Cycle times and time in state, warm-up and cycles with a stop of the whole cell left out."""

    def __init__(self, log: sqlite3.Connection) -> None:
        self._ends: dict[int, list[tuple[float, float | None]]] = defaultdict(list)
        self.finished = 0
        rows = log.execute("SELECT replication, ended_s, cycle_time_s FROM cycle ORDER BY replication, number")
        for replication, ended_s, time_s in rows:
            self._ends[replication].append((ended_s, time_s))
            self.finished += 1
        self.times_s: list[float] = []
        self.time_in_state_s: dict[str, float] = {}
        self.left_out = 0
        self.begin_replication(0)

    def begin_replication(self, replication: int) -> None:
        self._due = iter(self._ends[replication])
        self._end = next(self._due, None)
        self._running = _CycleInProgress()
        self._state, self._since_s = "", 0.0

    def add_row(self, row: EventRow) -> None:
        if row.source != "cell" or self._end is None:
            return
        if row.what in (f"state {FAULTED}", f"state {STOPPED}"):
            self._running.was_stopped = True
        if row.what.startswith("state "):
            self._add_time(row.at_s)
            self._state = row.what.removeprefix("state ")
            if row.at_s >= self._end[0]:
                self._finish_cycle(self._end[1])

    def _add_time(self, until_s: float) -> None:
        spent = self._running.time_in_state_s
        if self._state:
            spent[self._state] = spent.get(self._state, 0.0) + until_s - self._since_s
        self._since_s = until_s

    def _finish_cycle(self, time_s: float | None) -> None:
        """Finish a unit at the change of state that is logged with it."""
        done, self._running = self._running, _CycleInProgress(self._running.number + 1)
        self._end = next(self._due, None)
        if done.number <= WARM_UP_CYCLES or time_s is None:
            return
        if done.was_stopped:
            self.left_out += 1
            return
        self.times_s.append(time_s)
        for state, spent_s in done.time_in_state_s.items():
            self.time_in_state_s[state] = self.time_in_state_s.get(state, 0.0) + spent_s
