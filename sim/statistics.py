"""Means with confidence intervals, over replications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with its 95 % confidence interval; None where one replication gives none."""

    mean: float
    ci95_low: float | None
    ci95_high: float | None

    def as_json(self) -> dict[str, float | None]:
        """The three figures by name."""
        return {"mean": self.mean, "ci95_low": self.ci95_low, "ci95_high": self.ci95_high}


def estimate(values: Sequence[float]) -> Estimate:
    """Student's t interval for the mean of independent ``values`` (one for each replication).

    Source: Law, Simulation Modeling and Analysis, section 4.5.
    """
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Estimate(mean, None, None)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    half_width = _t_quantile(count - 1) * math.sqrt(variance / count)
    return Estimate(mean, mean - half_width, mean + half_width)


@lru_cache
def _t_quantile(degrees_of_freedom: int) -> float:
    from scipy.special import stdtrit  # the quantile alone: scipy.stats takes half a second longer to import

    return float(stdtrit(degrees_of_freedom, 0.975))
