"""A replication of a cell on the fast path: known paths where the draws lead along them, events where they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cellwright.errors import CellwrightError
from cellwright.sim.fast_path.aggregate import ConstantSegment, Tables, aggregate, constant_segment
from cellwright.sim.fast_path.conditions import NotExact, NotThisTime
from cellwright.sim.fast_path.draws import DrawnStreams
from cellwright.sim.fast_path.path_cache import Leg, PathCache, Place
from cellwright.sim.fast_path.recorder import MEASURED, Recorder, RecordingEnvironment
from cellwright.sim.fast_path.snapshot import Snapshot
from cellwright.sim.run_length import WARM_UP_CYCLES, Length, Replication, nothing_finished
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets import resting_rig

LONGEST_SEGMENT = 512
"""Cycles added up at once: memory stays flat however long the run."""
KNOWN_AT_ONCE = 4
TRIAL = Length(cycles=100)
"""By this a scenario is judged: whether it can be recorded, and whether its paths come again often enough to pay."""
PAYS_FROM_CYCLES, PAYS_FROM_HOURS = 100, 2.0
"""Shorter runs are over before anything comes again."""
CLOSE_S = 1e-6
"""So near to the end of the asked hours rounding would decide whether a cycle counts."""


_known: dict[tuple[str, str, str], FastPath] = {}


def fast_path_of(scenario: Scenario) -> FastPath:
    """What this process knows of a scenario with these inputs: the few met last are kept."""
    study = scenario.study
    key = (repr(study.cell), repr(study.plant), scenario.input_hash())
    known = _known.get(key)
    if known is None or known.scenario.study.cell is not study.cell:
        known = FastPath(scenario)
        _known[key] = known
        if len(_known) > KNOWN_AT_ONCE:
            del _known[next(iter(_known))]
    return known


@dataclass(slots=True)
class FastPath:
    """What is known of one scenario. ``why_not``: why it can only be simulated by events, once that is known."""

    scenario: Scenario
    path_cache: PathCache = field(default_factory=PathCache)
    _why_not: str | None = ""
    _tables: Tables | None = None

    def run(self, length: Length, seed: int, replication: int) -> Replication:
        """The same as by events, to rounding. Raises NotExact where it would not be.

        Whether it is taken, and every bit of what comes out, depends on what is asked alone and never on what was run
        before: the same seed gives the same bytes on any number of cores.
        """
        if (length.cycles or PAYS_FROM_CYCLES) < PAYS_FROM_CYCLES or (
            length.hours or PAYS_FROM_HOURS
        ) < PAYS_FROM_HOURS:
            raise NotExact("so short a run does not pay")
        if self.why_not is not None:
            raise NotExact(self.why_not)
        return _Run(self, length, seed, replication).replication()

    @property
    def why_not(self) -> str | None:
        """Why the scenario is simulated by events, as a clause, or None if it is not; found out by a trial."""
        if self.scenario.study.measures:
            return MEASURED
        if self._why_not == "":
            try:
                trial = _Run(self, TRIAL, seed=0, replication=0)
                trial.replication()
                pays = trial.taken >= 2 * len(self.path_cache.paths)
                self._why_not = None if pays else "what it does hardly ever comes again in the same way"
            except NotExact as reason:
                self._why_not = str(reason)
        return self._why_not

    def tables(self, states: list[str]) -> Tables:
        """The library as arrays."""
        if self._tables is None:
            self._tables = Tables(states)
        self._tables.extend(self.path_cache.paths[self._tables.size :])
        return self._tables


class _Run:
    """One replication."""

    def __init__(self, known: FastPath, length: Length, seed: int, replication: int) -> None:
        self.known, self.length = known, length
        self.path_cache = known.path_cache
        self.streams = DrawnStreams(seed, replication)
        try:
            rig = resting_rig(known.scenario, self.streams, env=RecordingEnvironment())
        except CellwrightError as error:
            raise NotExact(str(error)) from error
        self.states = list(rig.cell.time_in_state_s)
        self.recorder = Recorder(Snapshot(rig, self.path_cache.whole_numbers, self.path_cache.names), self.streams)
        path, self.numbers = self.recorder.first()
        self.place = self.path_cache.place(path.ends_in)
        self.count = _Count(length, self.states)
        self.ahead: list[int] = []  # paths taken and not yet added up
        # How many draws of each source were used by the paths that were added up, and by all legs but those not noted.
        self.used = self.streams.durations_used()
        self.drawn = dict(self.used)
        self.not_noted: list[Leg] = []
        self.also: Callable[[Leg], bool] | None = None  # what else must hold for a leg to be taken
        self.taken = 0
        self.since_finished: list[Leg] = []
        self.finished_here: Place | None = None
        self.count.add(constant_segment(path, self.states))

    def replication(self) -> Replication:
        """Run until the asked length is reached."""
        count = self.count
        while not count.is_over:
            count.add(self._segment(count.likely_to_come()))
            self.taken += len(self.ahead)
            self.ahead.clear()
            self.drawn = dict(self.used)
            self.not_noted.clear()
            self.streams.forget(self.streams.used | self.used)
        if not count.counted.cycle_times_s:
            raise nothing_finished(self.known.scenario.study.cell.unit, self.length)
        return count.counted

    def _segment(self, cycles: int) -> ConstantSegment:
        """The next so many cycles added up; where a draw turns out to lead elsewhere, chosen again with more care."""
        before = (
            list(self.numbers),
            self.place,
            dict(self.streams.used),
            list(self.since_finished),
            self.finished_here,
        )
        try:
            return self._take_and_aggregate(cycles)
        except NotThisTime:
            self.numbers, self.place, self.streams.used, self.since_finished, self.finished_here = before
            self.ahead, self.not_noted, self.drawn = [], [], dict(self.used)
            self.also = self._durations_hold
            return self._take_and_aggregate(cycles)

    def _take_and_aggregate(self, cycles: int) -> ConstantSegment:
        self._take_legs(cycles)
        used = dict(self.used)
        paths = np.array(self.ahead, dtype=np.int64)
        segment = aggregate(self.known.tables(self.states), paths, self.streams, used)
        self.used = used
        return segment

    def _take_legs(self, cycles: int) -> None:
        while cycles > 0:
            leg = self.place.leg(self.numbers, self.streams, self.also) or self._record()
            leg.take(self.numbers, self.streams)
            self.ahead.extend(leg.paths)
            self.not_noted.append(leg)
            self._join(leg)
            self.place = leg.end
            cycles -= leg.finished

    def _durations_hold(self, leg: Leg) -> bool:
        """Whether the durations to come lie within the guards of all paths of a leg."""
        self._note_drawn()
        used = dict(self.drawn)
        for path in (self.path_cache.paths[number] for number in leg.paths):
            drawn_s = []
            for source in path.draws:
                position = used.get(source.name, 0)
                used[source.name] = position + 1
                self.streams.expect(source)
                drawn_s.append(float(self.streams.durations(source.name, position, position + 1)[0]))
            if not path.guard.allows(drawn_s):
                return False
        return True

    def _record(self) -> Leg:
        """Let events show how it goes on from here; the leg is then taken like any other, so draws are put back."""
        self._note_drawn()
        streams, before = self.streams, self.streams.used
        streams.used = before | self.drawn
        path, drawn_s = self.recorder.record(self.place.state, self.numbers)
        streams.used = before
        if not path.guard.allows(drawn_s):
            raise NotThisTime("a draw is so long or so short that things happen in another order")
        return self.path_cache.add(self.place, path)

    def _note_drawn(self) -> None:
        for leg in self.not_noted:
            for name, count in leg.drawn:
                self.drawn[name] = self.drawn.get(name, 0) + count
        self.not_noted.clear()

    def _join(self, leg: Leg) -> None:
        """After a whole cycle of legs, offer them as one for the next time."""
        if not leg.finished:
            self.since_finished.append(leg)
            return
        legs = [*self.since_finished, leg]
        if self.finished_here is not None and len(legs) > 1 and not any(each.numbers for each in legs):
            self.path_cache.join(self.finished_here, legs)
        self.since_finished = []
        self.finished_here = leg.end


class _Count:
    """Counts cycles and what was done in them, the warm-up left out, until the asked length is reached."""

    def __init__(self, length: Length, states: list[str]) -> None:
        self.length = length
        self.is_over = False
        self.counted = Replication(time_in_state_s=dict.fromkeys(states, 0.0))
        self._states = states
        self._finished = 0
        self._elapsed_s = 0.0
        self._open_amounts: np.ndarray | float = 0.0
        self._open_stops = np.zeros(0, dtype=np.int64)

    def likely_to_come(self) -> int:
        """How many cycles to try next."""
        done = len(self.counted.cycle_times_s)
        if self.length.cycles is not None:
            missing = self.length.cycles - done + max(0, WARM_UP_CYCLES - self._finished)
        elif done:
            left_s = 3600 * (self.length.hours or 0.0) - self._elapsed_s
            missing = int(1.02 * left_s / (self._elapsed_s / done)) + 2
        else:
            missing = WARM_UP_CYCLES + 8
        return min(missing, LONGEST_SEGMENT)

    def add(self, segment: ConstantSegment) -> None:
        """Add a stretch; its first cycle was begun in the one before, its last goes on in the next."""
        amounts, stops = segment.amounts, segment.stops
        amounts[0] += self._open_amounts
        stops[0, : len(self._open_stops)] += self._open_stops  # a library that has grown knows more causes
        self._open_amounts, self._open_stops = amounts[-1], stops[-1]
        warming_up = max(0, WARM_UP_CYCLES - self._finished)
        self._finished += len(amounts) - 1
        self._count(amounts[warming_up:-1], stops[warming_up:-1], segment.causes)

    def _count(self, amounts: np.ndarray, stops: np.ndarray, causes: list[str]) -> None:
        counted = self.counted
        number = self._how_many(amounts[:, 0])
        counted.cycle_times_s.extend(amounts[:number, 0].tolist())
        elapsed_s, labour_s, *in_states = amounts[:number].sum(axis=0).tolist()
        self._elapsed_s += elapsed_s
        counted.labour_s += labour_s
        for state, seconds in zip(self._states, in_states, strict=True):
            counted.time_in_state_s[state] += seconds
        for cause, count in zip(causes, stops[:number].sum(axis=0).tolist(), strict=True):
            if count:
                counted.stops[cause] = counted.stops.get(cause, 0) + count

    def _how_many(self, elapsed_s: np.ndarray) -> int:
        if self.length.cycles is not None:
            missing = self.length.cycles - len(self.counted.cycle_times_s)
            self.is_over = len(elapsed_s) >= missing
            return min(missing, len(elapsed_s))
        ends_s = self._elapsed_s + np.cumsum(elapsed_s)
        limit_s = 3600 * (self.length.hours or 0.0)
        if (np.abs(ends_s - limit_s) < CLOSE_S).any():
            raise NotThisTime("a cycle ends just as the asked hours do")
        number = int(np.searchsorted(ends_s, limit_s))
        self.is_over = number < len(ends_s)
        return number
