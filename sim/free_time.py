"""The time that a cell leaves its operator free: not one sum, but pieces between one call and the next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from cellwright.sim.people.operator import Operator
from cellwright.sim.replication import run_rig
from cellwright.sim.run_length import Length
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets import model_rig

SAME_VISIT_S = 1e-6
"""Work that begins so soon after the last belongs to the same visit."""


class ObservedOperator(Operator):
    """An operator of whom it is noted when work begins and ends. busy_s: from and to, of each visit."""

    def __init__(self, *given: Any) -> None:
        self.busy_s: list[list[float]] = []
        self._labour_s = 0.0
        super().__init__(*given)

    @property
    def labour_s(self) -> float:
        """The seconds spent on the cell. Whoever adds to it begins work of so many seconds now."""
        return self._labour_s

    @labour_s.setter
    def labour_s(self, value: float) -> None:
        seconds, self._labour_s = value - self._labour_s, value
        if seconds <= 0:
            return
        now_s = self.env.now
        if self.busy_s and now_s <= self.busy_s[-1][1] + SAME_VISIT_S:
            self.busy_s[-1][1] = max(self.busy_s[-1][1], now_s + seconds)
        else:
            self.busy_s.append([now_s, now_s + seconds])


@dataclass(frozen=True)
class FreeTime:
    """The operator's free time over a simulated run.

    pieces_s: the length of each piece between two visits, s. visits: how often the operator came. simulated_s: from the
    first visit's begin to the last one's end.
    """

    pieces_s: tuple[float, ...]
    visits: int
    simulated_s: float

    @property
    def free_share(self) -> float:
        """All free time, as a share of the cell's."""
        return sum(self.pieces_s) / self.simulated_s

    def visits_in(self, hours: float) -> float:
        """The number of visits in so many hours."""
        return self.visits / self.simulated_s * 3600 * hours

    def percentiles_s(self) -> tuple[float, float, float]:
        """The 5th, 50th and 95th percentile of the pieces, s; 0 where there are none."""
        if not self.pieces_s:
            return 0.0, 0.0, 0.0
        p5, p50, p95 = (float(each) for each in np.percentile(self.pieces_s, (5, 50, 95)))
        return p5, p50, p95

    def counted_share(self, min_s: np.ndarray, switching_s: np.ndarray, scale: np.ndarray | float = 1.0) -> np.ndarray:
        """The share of the free time that lies in pieces of at least ``min_s``, less ``switching_s`` for each of them.

        Args:
            min_s: The shortest piece that counts, s, shape (draws,).
            switching_s: What is lost of each at its ends, s, shape (draws,).
            scale: All pieces are so many times as long as observed, shape (draws,).

        Returns:
            Shares from 0 to 1, shape (draws,). A piece shorter than what switching takes counts as nothing.
        """
        lengths, sums, counts = self._sorted
        if not len(lengths) or sums[0] <= 0:
            return np.zeros(np.broadcast_shapes(np.shape(min_s), np.shape(switching_s), np.shape(scale)))
        factor = np.maximum(scale, 1e-12)
        first = np.searchsorted(lengths, np.maximum(min_s, switching_s) / factor, side="left")
        return np.asarray(np.maximum(0.0, sums[first] - switching_s / factor * counts[first]) / sums[0])

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pieces from the shortest on; and from each on, the sum and the number of those that are left."""
        lengths = np.sort(np.array(self.pieces_s))
        sums = np.append(np.cumsum(lengths[::-1])[::-1], 0.0)
        return lengths, sums, np.arange(len(lengths), -1, -1)


def observe_free_time(scenario: Scenario, length: Length, seed: int) -> FreeTime:
    """Simulate the first replication event by event, and note when the operator is busy."""
    rig = model_rig(scenario, seed, 0, operator=ObservedOperator)
    run_rig(rig, length)
    operator = rig.plant.operator
    busy_s = operator.busy_s if isinstance(operator, ObservedOperator) else []
    if not busy_s:  # nobody has to come
        return FreeTime((rig.env.now,), 0, rig.env.now)
    pieces = tuple(later[0] - earlier[1] for earlier, later in pairwise(busy_s))
    return FreeTime(pieces, len(busy_s), busy_s[-1][1] - busy_s[0][0])
