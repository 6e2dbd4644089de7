"""Simulates the manual method. A person waits for nothing, so the units are computed as arrays."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

from cellwright.sim.people.elements import Element
from cellwright.sim.run_length import WARM_UP_CYCLES, Length, Replication, no_unit_finished
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams

UNITS_PER_BLOCK = 1024
"""Units computed at once: this bounds memory, however long the run."""


def run_manual(scenario: Scenario, length: Length, seed: int, replication: int) -> Replication:
    """Simulate a person who does the same work by hand, including the allowance."""
    manual = _ManualWork(scenario, Streams(seed, replication))
    manual.units(WARM_UP_CYCLES)
    done = Replication(time_in_state_s=dict.fromkeys(manual.names, 0.0))
    elapsed_s = 0.0
    while not length.is_reached(len(done.cycle_times_s), elapsed_s):
        block = manual.units(min(UNITS_PER_BLOCK, _estimate_remaining(length, len(done.cycle_times_s), elapsed_s)))
        ends_s = elapsed_s + np.cumsum(block.times_s)
        units = len(ends_s) if length.hours is None else int(np.searchsorted(ends_s, 3600 * length.hours, side="right"))
        _count(done, block, units)
        if units < len(ends_s):
            break
        elapsed_s = float(ends_s[-1])
    if not done.cycle_times_s:
        raise no_unit_finished(scenario.study.cell.unit, length)
    done.labour_s = float(np.sum(done.cycle_times_s))
    scenario.study.check_measures(done.measures, "the manual method")
    return done


def _estimate_remaining(length: Length, units: int, elapsed_s: float) -> int:
    if length.cycles is not None:
        return length.cycles - units
    left_s = 3600 * (length.hours or 0.0) - elapsed_s
    return int(1.02 * left_s * units / elapsed_s) + 2 if units else 16


@dataclass(slots=True)
class _Block:
    """Consecutive units, a row each. in_elements_s: a column for each element. counts: repetitions of each."""

    times_s: np.ndarray
    in_elements_s: np.ndarray
    counts: np.ndarray
    causes: list[str]
    measures: dict[str, list[float]]


class _ManualWork:
    """A person who does element after element, unit after unit."""

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        self._scenario, self._streams = scenario, streams
        self._elements = scenario.manual_elements()
        self._carry = [0.0] * len(self._elements)
        self._allowance = float(scenario.manual.allowance)
        self.names = [element.name for element in self._elements]

    def units(self, count: int) -> _Block:
        """The next ``count`` units."""
        done = [self._do(number, element, count) for number, element in enumerate(self._elements)]
        in_elements_s = np.stack([seconds for seconds, _ in done], axis=1)
        results = [self._scenario.manual.results(self._scenario.parameters, self._streams) for _ in range(count)]
        return _Block(
            in_elements_s.sum(axis=1),
            in_elements_s,
            np.stack([times for _, times in done], axis=1),
            [element.stop_cause for element in self._elements],
            {name: [each[name] for each in results] for name in results[0]},
        )

    def _do(self, number: int, element: Element, units: int) -> tuple[np.ndarray, np.ndarray]:
        """Seconds of an element in each unit, and its repetitions; fractions per unit are carried over."""
        carried, times = self._carry[number], np.ones(units, dtype=np.int64)
        for unit in range(units if element.per_unit != 1 else 0):
            carried += element.per_unit
            times[unit] = int(carried + 1e-9)
            carried -= times[unit]
        self._carry[number] = carried
        source = element.source()
        drawn_s = source.sample_many(self._streams[source.name], int(times.sum()), self._streams) * (
            1 + self._allowance
        )
        return np.bincount(np.repeat(np.arange(units), times), drawn_s, units), times


def _count(done: Replication, block: _Block, units: int) -> None:
    """Add the first ``units`` of a block to the replication."""
    done.cycle_times_s.extend(block.times_s[:units].tolist())
    for name, seconds in zip(done.time_in_state_s, block.in_elements_s[:units].sum(axis=0).tolist(), strict=True):
        done.time_in_state_s[name] += seconds
    for cause, times in zip(block.causes, block.counts[:units].sum(axis=0).tolist(), strict=True):
        if cause and times:
            done.stops[cause] = done.stops.get(cause, 0) + times
    for name, values in block.measures.items():
        done.measures.setdefault(name, array("d")).extend(values[:units])
