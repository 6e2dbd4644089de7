"""Two stopwatch studies of the same work: how each element's time, and a whole cycle's, differ between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwright.benchmarks.time_study.stopwatch_csv import read_study, whole_cycles_s
from cellwright.provenance import Status
from cellwright.sim import Difference, Element, welch


@dataclass(frozen=True, slots=True)
class ElementChange:
    """One element, or a whole cycle: seconds of each occurrence, before and after."""

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


def compare_studies(before: Path, after: Path, known: Sequence[Element] = ()) -> BeforeAfter:
    """Compare the times in two files. known: the cell's elements, by whose names those of both files are found.

    Raises InputError with file and line.
    """
    earlier, later = read_study(before, known), read_study(after, known)
    old, new = ({each.name: each.observed_s for each in study.elements} for study in (earlier, later))
    return BeforeAfter(
        earlier.status,
        ElementChange("whole cycle", whole_cycles_s(earlier), whole_cycles_s(later)),
        tuple(ElementChange(name, old[name], new[name]) for name in new if name in old),
        gone=tuple(name for name in old if name not in new),
        new=tuple(name for name in new if name not in old),
    )
