"""Runs a replication of a cell on the fast path: cached paths where the draws allow, events where they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cellwright.errors import CellwrightError
from cellwright.sim.fast_path.aggregate import CycleTotals, Tables, aggregate, totals_of_path
from cellwright.sim.fast_path.conditions import NotExact, ReplicationNotExact
from cellwright.sim.fast_path.draws import DrawnStreams
from cellwright.sim.fast_path.path_cache import CompiledPath, PathCache, PathNode
from cellwright.sim.fast_path.recorder import MEASURED, PathRecorder, RecordingEnvironment
from cellwright.sim.fast_path.snapshot import RigState
from cellwright.sim.run_length import WARM_UP_CYCLES, Length, Replication, no_unit_finished
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets import idle_model_rig

MAX_CYCLES_AT_ONCE = 512
"""Cycles aggregated at once: this bounds memory, however long the run."""
MAX_CACHED_SCENARIOS = 4
TRIAL_LENGTH = Length(cycles=100)
"""The trial that decides whether a scenario can be recorded and whether its paths repeat often enough to pay."""
HARDLY_AGAIN = "what it does hardly ever comes again in the same way"
LEARNING_PATHS, MIN_TAKEN_LEARNING = 40, 52
"""Of the paths after the warm-up: when so many had to be recorded, so many must have been taken, or it is given up.

Recording a path takes some five times as long as its events do, taking one a tenth. A design that repeats itself has
taken 65 and more by then, one in which jams come at ever new places 40 to 46.
"""
MAX_LATE_SHARE = 0.25
"""Of the paths taken in the second half of the trial, at most this share may have had to be recorded.

Later the share falls to half of it and less: at an eighth the fast path takes three quarters of the events' time.
"""
MIN_FAST_PATH_CYCLES, MIN_FAST_PATH_HOURS = 100, 2.0
"""Shorter runs end before anything repeats."""
ROUNDING_MARGIN_S = 1e-6
"""If a cycle ends this close to the end of the requested hours, rounding would decide whether it counts."""


def is_too_short(length: Length) -> bool:
    """Whether the fast path cannot pay, whatever the scenario."""
    return (length.cycles or MIN_FAST_PATH_CYCLES) < MIN_FAST_PATH_CYCLES or (
        length.hours or MIN_FAST_PATH_HOURS
    ) < MIN_FAST_PATH_HOURS


_fast_paths: dict[tuple[str, str, str], FastPath] = {}


def fast_path_of(scenario: Scenario) -> FastPath:
    """The fast path of a scenario with these inputs; this process caches those of the last few scenarios."""
    study = scenario.study
    key = (repr(study.cell), repr(study.plant), scenario.input_hash())
    fast_path = _fast_paths.get(key)
    if fast_path is None or fast_path.scenario.study.cell is not study.cell:
        fast_path = FastPath(scenario)
        _fast_paths[key] = fast_path
        if len(_fast_paths) > MAX_CACHED_SCENARIOS:
            del _fast_paths[next(iter(_fast_paths))]
    return fast_path


@dataclass(slots=True)
class FastPath:
    """The fast path of one scenario. ``why_not``: why it can only be simulated by events, once that is known."""

    scenario: Scenario
    path_cache: PathCache = field(default_factory=PathCache)
    _why_not: str | None = ""
    _tables: Tables | None = None

    def run(self, length: Length, seed: int, replication: int) -> Replication:
        """Run a replication; the result equals that by events except for rounding. Raises NotExact where it would not.

        Whether the fast path is used, and every bit of the result, depends on the arguments alone and never on earlier
        runs: the same seed gives the same bytes on any number of cores.
        """
        if is_too_short(length):
            raise NotExact("so short a run does not pay")
        if self.why_not is not None:
            raise NotExact(self.why_not)
        return _ReplicationRun(self, length, seed, replication).replication()

    @property
    def why_not(self) -> str | None:
        """Why the scenario is simulated by events, as a clause, or None if it is not; determined by a trial run."""
        if self.scenario.study.measures:
            return MEASURED
        if self._why_not == "":
            try:
                trial = _Trial(self, TRIAL_LENGTH, seed=0, replication=0)
                trial.replication()
                self._why_not = None if trial.pays else HARDLY_AGAIN
            except NotExact as reason:
                self._why_not = str(reason)
        return self._why_not

    def tables(self, states: list[str]) -> Tables:
        """All cached paths as arrays."""
        if self._tables is None:
            self._tables = Tables(states)
        self._tables.extend(self.path_cache.paths[self._tables.size :])
        return self._tables


class _ReplicationRun:
    """One replication."""

    def __init__(self, fast_path: FastPath, length: Length, seed: int, replication: int) -> None:
        self.fast_path, self.length = fast_path, length
        self.path_cache = fast_path.path_cache
        self.streams = DrawnStreams(seed, replication)
        try:
            rig = idle_model_rig(fast_path.scenario, self.streams, env=RecordingEnvironment())
        except CellwrightError as error:
            raise NotExact(str(error)) from error
        self.states = list(rig.cell.time_in_state_s)
        self.recorder = PathRecorder(RigState(rig, self.path_cache.counter_index, self.path_cache.names), self.streams)
        path, self.counters = self.recorder.record_start()
        self.node = self.path_cache.node(path.ends_in)
        self.count = _CycleCounter(length, self.states)
        self.pending_paths: list[int] = []  # paths taken and not yet aggregated
        # How many draws of each source the aggregated paths used, and how many all compiled paths except the uncounted.
        self.used = self.streams.durations_used()
        self.drawn = dict(self.used)
        self.uncounted: list[CompiledPath] = []
        self.accepts: Callable[[CompiledPath], bool] | None = None  # a further condition on paths
        self.paths_taken = 0
        self.units = 0
        self.since_last_unit: list[CompiledPath] = []
        self.unit_start: PathNode | None = None
        self.count.add(totals_of_path(path, self.states))

    def replication(self) -> Replication:
        """Run until the requested length is reached."""
        count = self.count
        while not count.is_over:
            count.add(self._next_totals(count.estimate_remaining()))
            self.paths_taken += len(self.pending_paths)
            self.pending_paths.clear()
            self.drawn = dict(self.used)
            self.uncounted.clear()
            self.streams.discard(self.streams.used | self.used)
        if not count.counted.cycle_times_s:
            raise no_unit_finished(self.fast_path.scenario.study.cell.unit, self.length)
        return count.counted

    def _next_totals(self, cycles: int) -> CycleTotals:
        """The totals of the next cycles. If a draw violates a guard, choose the paths again and check every draw."""
        before = (
            list(self.counters),
            self.node,
            dict(self.streams.used),
            list(self.since_last_unit),
            self.unit_start,
        )
        try:
            return self._follow_and_aggregate(cycles)
        except ReplicationNotExact:
            self.counters, self.node, self.streams.used, self.since_last_unit, self.unit_start = before
            self.pending_paths, self.uncounted, self.drawn = [], [], dict(self.used)
            self.accepts = self._are_durations_allowed
            return self._follow_and_aggregate(cycles)

    def _follow_and_aggregate(self, cycles: int) -> CycleTotals:
        self._follow_paths(cycles)
        used = dict(self.used)
        paths = np.array(self.pending_paths, dtype=np.int64)
        totals = aggregate(self.fast_path.tables(self.states), paths, self.streams, used, self.count.clock_s)
        self.used = used
        return totals

    def _follow_paths(self, cycles: int) -> None:
        while cycles > 0:
            compiled = self.node.find(self.counters, self.streams, self.accepts) or self._record()
            compiled.apply(self.counters, self.streams)
            self.pending_paths.extend(compiled.paths)
            self.units += compiled.finished
            self.uncounted.append(compiled)
            self._combine_unit(compiled)
            self.node = compiled.end
            cycles -= compiled.finished

    def _are_durations_allowed(self, compiled: CompiledPath) -> bool:
        """Whether the next durations lie within the guards of all paths of a compiled path."""
        self._count_draws()
        used = dict(self.drawn)
        for path in (self.path_cache.paths[number] for number in compiled.paths):
            drawn_s = []
            for source in path.draws:
                position = used.get(source.name, 0)
                used[source.name] = position + 1
                self.streams.register(source)
                drawn_s.append(float(self.streams.durations(source.name, position, position + 1)[0]))
            if not path.guard.allows(drawn_s):
                return False
        return True

    def _record(self) -> CompiledPath:
        """Record the next path by events. It is then applied like any other, so its draws do not count as used."""
        self._count_draws()
        streams, before = self.streams, self.streams.used
        streams.used = before | self.drawn
        path, drawn_s = self.recorder.record(self.node.snapshot, self.counters)
        streams.used = before
        if not path.guard.allows(drawn_s):
            raise ReplicationNotExact("a draw is so long or so short that things happen in another order")
        return self.path_cache.add(self.node, path)

    def _count_draws(self) -> None:
        for compiled in self.uncounted:
            for name, count in compiled.durations_used:
                self.drawn[name] = self.drawn.get(name, 0) + count
        self.uncounted.clear()

    def _combine_unit(self, compiled: CompiledPath) -> None:
        """After each unit, cache the paths that made it as one combined path."""
        if not compiled.finished:
            self.since_last_unit.append(compiled)
            return
        compiled_paths = [*self.since_last_unit, compiled]
        if (
            self.unit_start is not None
            and len(compiled_paths) > 1
            and not any(each.draw_requests for each in compiled_paths)
        ):
            self.path_cache.add_combined(self.unit_start, compiled_paths)
        self.since_last_unit = []
        self.unit_start = compiled.end


class _Trial(_ReplicationRun):
    """The trial: it counts the paths that it takes, and those that it had to record first. Counts, so never a clock."""

    def __init__(self, fast_path: FastPath, length: Length, seed: int, replication: int) -> None:
        super().__init__(fast_path, length, seed, replication)
        self.recorded_at: list[int] = []  # how many paths had been taken at each recording after the warm-up

    def _record(self) -> CompiledPath:
        compiled = super()._record()
        if self.units >= WARM_UP_CYCLES:
            self.recorded_at.append(self.taken)
            if (
                len(self.recorded_at) == LEARNING_PATHS
                and self.recorded_at[-1] - self.recorded_at[0] < MIN_TAKEN_LEARNING
            ):
                raise NotExact(HARDLY_AGAIN)
        return compiled

    @property
    def taken(self) -> int:
        """How many paths it has taken."""
        return self.paths_taken + len(self.pending_paths)

    @property
    def pays(self) -> bool:
        """Whether paths come again often enough to be quicker than events."""
        half = self.taken / 2
        late = sum(at > half for at in self.recorded_at)
        return self.taken >= 2 * len(self.path_cache.paths) and late <= MAX_LATE_SHARE * half


class _CycleCounter:
    """Counts cycles and their totals, without the warm-up, until the requested length is reached."""

    def __init__(self, length: Length, states: list[str]) -> None:
        self.length = length
        self.is_over = False
        self.clock_s = 0.0
        self.counted = Replication(time_in_state_s=dict.fromkeys(states, 0.0))
        self._states = states
        self._finished = 0
        self._elapsed_s = 0.0
        self._last_end_s = 0.0
        self._open_amounts: np.ndarray | float = 0.0
        self._open_stops = np.zeros(0, dtype=np.int64)

    def estimate_remaining(self) -> int:
        """How many cycles to compute next."""
        done = len(self.counted.cycle_times_s)
        if self.length.cycles is not None:
            missing = self.length.cycles - done + max(0, WARM_UP_CYCLES - self._finished)
        elif done:
            left_s = 3600 * (self.length.hours or 0.0) - self._elapsed_s
            missing = int(1.02 * left_s / (self._elapsed_s / done)) + 2
        else:
            missing = WARM_UP_CYCLES + 8
        return min(missing, MAX_CYCLES_AT_ONCE)

    def add(self, totals: CycleTotals) -> None:
        """Add totals. Their first cycle continues the last one before; their last one continues in the next."""
        amounts, stops = totals.amounts, totals.stops
        amounts[0] += self._open_amounts
        stops[0, : len(self._open_stops)] += self._open_stops  # a cache that has grown has more causes
        self._open_amounts, self._open_stops = amounts[-1], stops[-1]
        warming_up = max(0, WARM_UP_CYCLES - self._finished)
        self._finished += len(amounts) - 1
        cycle_times_s = np.diff(totals.ends_s[:-1], prepend=self._last_end_s)
        self._count(cycle_times_s[warming_up:], amounts[warming_up:-1], stops[warming_up:-1], totals.causes)
        self.clock_s = float(totals.ends_s[-1])
        if len(amounts) > 1:
            self._last_end_s = float(totals.ends_s[-2])

    def _count(self, cycle_times_s: np.ndarray, amounts: np.ndarray, stops: np.ndarray, causes: list[str]) -> None:
        counted = self.counted
        number = self._cycles_within_length(cycle_times_s)
        counted.cycle_times_s.extend(cycle_times_s[:number].tolist())
        self._elapsed_s += float(cycle_times_s[:number].sum())
        labour_s, *in_states = amounts[:number].sum(axis=0).tolist()
        counted.labour_s += labour_s
        for state, seconds in zip(self._states, in_states, strict=True):
            counted.time_in_state_s[state] += seconds
        for cause, count in zip(causes, stops[:number].sum(axis=0).tolist(), strict=True):
            if count:
                counted.stops[cause] = counted.stops.get(cause, 0) + count

    def _cycles_within_length(self, elapsed_s: np.ndarray) -> int:
        if self.length.cycles is not None:
            missing = self.length.cycles - len(self.counted.cycle_times_s)
            self.is_over = len(elapsed_s) >= missing
            return min(missing, len(elapsed_s))
        ends_s = self._elapsed_s + np.cumsum(elapsed_s)
        limit_s = 3600 * (self.length.hours or 0.0)
        if (np.abs(ends_s - limit_s) < ROUNDING_MARGIN_S).any():
            raise ReplicationNotExact("a cycle ends just as the asked hours do")
        number = int(np.searchsorted(ends_s, limit_s))
        self.is_over = number < len(ends_s)
        return number
