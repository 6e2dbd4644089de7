"""Two stopwatch studies of the same work: how each element's time, and a whole cycle's, differ between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwright.benchmarks.time_study.stopwatch_csv import Reading, read_readings, read_status, seconds_by_cycle
from cellwright.provenance import Status
from cellwright.sim import Difference, welch


@dataclass(frozen=True, slots=True)
class ElementChange:
    """One element, or a whole cycle: seconds in each cycle that has it, before and after."""

    name: str
    before_s: tuple[float, ...]
    after_s: tuple[float, ...]

    @property
    def mean_before_s(self) -> float:
        """The mean of the earlier study."""
        return sum(self.before_s) / len(self.before_s)

    @property
    def mean_after_s(self) -> float:
        """The mean of the later study."""
        return sum(self.after_s) / len(self.after_s)

    def difference(self) -> Difference:
        """The difference in seconds, by Welch's test, because the cycles are not paired."""
        return welch(self.before_s, self.after_s)

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names."""
        found = self.difference()
        return {
            "element": self.name,
            "n_before": len(self.before_s),
            "n": len(self.after_s),
            "mean_before_s": self.mean_before_s,
            "mean_s": self.mean_after_s,
            "difference_s": found.mean.as_json(),
            "t": found.t,
            "degrees_of_freedom": found.degrees_of_freedom,
            "p_value": found.p_value,
        }


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """The comparison of two studies.

    status_before: of the earlier one's times. gone, new: elements that only the earlier or the later one has.
    """

    status_before: Status
    cycle: ElementChange
    elements: tuple[ElementChange, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]


def compare_studies(before: Path, after: Path) -> BeforeAfter:
    """Compare the times in two CSV files. Raises InputError with file and line."""
    earlier, later = _seconds(read_readings(before)), _seconds(read_readings(after))
    return BeforeAfter(
        read_status(before),
        ElementChange("whole cycle", _whole_cycles(earlier), _whole_cycles(later)),
        tuple(
            ElementChange(name, tuple(earlier[name].values()), tuple(later[name].values()))
            for name in later
            if name in earlier
        ),
        gone=tuple(name for name in earlier if name not in later),
        new=tuple(name for name in later if name not in earlier),
    )


def _seconds(readings: list[Reading]) -> dict[str, dict[int, float]]:
    """The seconds of each element in each cycle that has it."""
    return {name: seconds_by_cycle(name, readings) for name in dict.fromkeys(each.element for each in readings)}


def _whole_cycles(seconds: Mapping[str, Mapping[int, float]]) -> tuple[float, ...]:
    cycles = sorted({cycle for by_cycle in seconds.values() for cycle in by_cycle})
    return tuple(sum(by_cycle.get(cycle, 0.0) for by_cycle in seconds.values()) for cycle in cycles)
