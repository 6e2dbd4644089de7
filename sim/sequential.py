"""How many replications are enough: a sequential rule on the half-width of the 95 % interval, with a look-ahead.

Replications are added until the interval is narrow enough (Law, Simulation Modeling and Analysis, section 9.4.1). A
rule that stops at the first narrow interval stops where the spread happens to look small, so its intervals hold the
truth less often than they say (Singham and Schruben 2012, Finite-sample performance of absolute precision stopping
rules, INFORMS Journal on Computing 24(4), 624-635). So the interval has to stay narrow over some further replications
(Hoad, Robinson and Davies 2010, Automated selection of the number of replications for a discrete-event simulation,
Journal of the Operational Research Society 61(11), 1632-1644), which are kept: they were simulated anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellwright.errors import InputError
from cellwright.sim.manual_replication import run_manual
from cellwright.sim.replication import run_cell
from cellwright.sim.run_length import Length, Replication
from cellwright.sim.scenario import Scenario
from cellwright.sim.statistics import t_quantile

LOOK_AHEAD = 5
"""Over how many further replications the interval has to stay narrow; beyond 100, so many of each 100 (kLimit)."""
DEFAULT_PERCENT = 0.5


def run_pair(scenario: Scenario, length: Length, seed: int, replication: int) -> tuple[Replication, Replication]:
    """Simulate the cell and the manual method under the same random numbers."""
    return run_cell(scenario, length, seed, replication), run_manual(scenario, length, seed, replication)


def noise_percent(*means_s: Sequence[float]) -> tuple[float, ...]:
    """Half the 95 % interval that the simulation's noise leaves.

    means_s: of each replication, of one method or of the cell and the manual method in pairs. Returns that of each
    mean, as % of it; of two also that of the saved time, 100 (1 - first / second), in percentage points.
    """
    values = [np.asarray(each, dtype=float) for each in means_s]
    count = len(values[0])
    deviations = [each / each.mean() - 1 for each in values]
    scales = [100.0] * len(values)
    if len(values) == 2:
        deviations.append(deviations[0] - deviations[1])
        scales.append(100.0 * float((values[0] / values[1]).mean()))
    factor = t_quantile(count - 1) / np.sqrt(count)
    return tuple(float(scale * factor * each.std(ddof=1)) for scale, each in zip(scales, deviations, strict=True))


@dataclass(frozen=True, slots=True)
class Precision:
    """How narrow the simulation's own noise is to be, and how many replications may be spent on it.

    percent: at most half the 95 % interval, of each cycle time as % of it, of the saved time in percentage points.

    Example:
        >>> Precision(0.5).is_enough([100.0 + 0.1 * (n % 2) for n in range(15)])
        True

    Raises:
        InputError: The precision is not above 0 and below 100.
    """

    percent: float = DEFAULT_PERCENT
    min_replications: int = 10
    max_replications: int = 200

    def __post_init__(self) -> None:
        if not 0 < self.percent < 100:
            raise InputError(
                f"A precision of {self.percent:g} % cannot be asked for; give more than 0 and less than 100."
            )

    def is_reached(self, *means_s: Sequence[float]) -> bool:
        """Whether the intervals of these replications are narrow enough, and were so for the whole look-ahead."""
        count = len(means_s[0])
        first = count - LOOK_AHEAD * max(100, count) // 100
        return first >= self.min_replications and all(
            self._is_narrow(*(each[:number] for each in means_s)) for number in range(count, first - 1, -1)
        )

    def is_enough(self, *means_s: Sequence[float]) -> bool:
        """Whether to stop: the precision is reached, or no further replication may be spent."""
        return len(means_s[0]) >= self.max_replications or self.is_reached(*means_s)

    def _is_narrow(self, *means_s: Sequence[float]) -> bool:
        # An error of ``percent`` of the true mean is this share of the estimated one (Law).
        limits = [self.percent / (1 + self.percent / 100)] * len(means_s) + [self.percent]
        return all(noise <= limit for noise, limit in zip(noise_percent(*means_s), limits, strict=False))
