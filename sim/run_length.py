"""The length of a replication, and its results."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from cellwright.errors import InputError

WARM_UP_CYCLES = 2
"""Cycles left out at the start: the first homes the axes, and the first magazine is full."""


@dataclass(frozen=True, slots=True)
class Length:
    """How much is simulated after the warm-up: a number of cycles, or of hours."""

    cycles: int | None = None
    hours: float | None = None

    def __post_init__(self) -> None:
        if (self.cycles is None) == (self.hours is None):
            raise InputError("Give either a number of cycles or a number of hours.")
        if self.cycles is not None and self.cycles < 1:
            raise InputError(f"{self.cycles} cycles show nothing; simulate at least 1.")
        if self.hours is not None and not 0 < self.hours <= 1e6:
            raise InputError(f"{self.hours:g} hours cannot be simulated; give more than 0 and at most 1,000,000.")

    def is_reached(self, cycles: int, elapsed_s: float) -> bool:
        """Whether this length is reached."""
        return cycles == self.cycles if self.hours is None else elapsed_s >= 3600 * self.hours


@dataclass(slots=True)
class Replication:
    """The results of one replication without the warm-up; times in s.

    measures: of each counted unit, by the name of the measure, which ends in its unit.
    labour_s and time_in_state_s run from the end of the warm-up to the last counted cycle.
    """

    cycle_times_s: array[float] = field(default_factory=lambda: array("d"))
    labour_s: float = 0.0
    time_in_state_s: dict[str, float] = field(default_factory=dict)
    stops: dict[str, int] = field(default_factory=dict)
    measures: dict[str, array[float]] = field(default_factory=dict)

    @property
    def mean_cycle_time_s(self) -> float:
        """The mean of its cycle times."""
        return float(np.frombuffer(self.cycle_times_s).mean())


def no_unit_finished(unit: str, length: Length) -> InputError:
    """The error for a run in which no unit was finished."""
    return InputError(f"No {unit} is finished within {length.hours:g} hours; simulate longer.")
