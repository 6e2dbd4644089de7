"""Uncertainty budgets: what is not known about the figures of a comparison, one source after the other.

Every source moves all figures together: one that manual work and cell share, such as the time to fetch a part, moves
both, and their difference less. Variances of independent sources are added, and the degrees of freedom of the sum are
those of Welch and Satterthwaite. Source: JCGM 100:2008, Guide to the expression of uncertainty in measurement (GUM),
5.1.2 and annex G.4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cellwright.provenance import Status
from cellwright.sim import Estimate, t_quantile

NORMAL_95 = 1.959964
"""The half-width of a normal distribution's central 95 %, in standard deviations."""


@dataclass(frozen=True)
class UncertaintySource:
    """One source of uncertainty.

    name: "simulation", "time study", or an input. status: of the input; "simulation" for the noise of replications.
    deviations: shape (rows, columns). The variance of a sum of columns is the sum over the rows of its square, so rows
    are independent deviations by one standard uncertainty, or those of a sample divided by √(n (n − 1)).
    degrees_of_freedom: n − 1 of that sample; infinite where the spread itself is known or assumed.
    """

    name: str
    status: Status | str
    deviations: np.ndarray
    degrees_of_freedom: float = math.inf

    def variance(self, weights: np.ndarray) -> float:
        """The variance that it gives to the sum of all columns, each times its weight."""
        return float(np.sum((self.deviations @ weights) ** 2))

    def draw(self, generator: np.random.Generator, draws: int) -> np.ndarray:
        """Deviations of all columns together, shape (draws, columns): multivariate t, or normal."""
        normal = generator.standard_normal((draws, len(self.deviations)))
        drawn = np.asarray(normal @ self.deviations)
        if math.isinf(self.degrees_of_freedom) or self.degrees_of_freedom < 1:
            return drawn
        widened = np.sqrt(self.degrees_of_freedom / generator.chisquare(self.degrees_of_freedom, draws))
        return np.asarray(widened[:, None] * drawn)


def of_sample(name: str, status: Status | str, values: np.ndarray) -> UncertaintySource:
    """The uncertainty of the mean of ``values``, shape (n, columns), whose rows are independent.

    A single row says nothing of it: no degrees of freedom are left.
    """
    count = len(values)
    if count < 2:
        return UncertaintySource(name, status, np.zeros_like(values), 0)
    return UncertaintySource(name, status, (values - values.mean(axis=0)) / math.sqrt(count * (count - 1)), count - 1)


def of_range(name: str, status: Status | str, low: np.ndarray, high: np.ndarray) -> UncertaintySource:
    """The uncertainty from an input that lies between two values in 95 of 100 cases.

    low, high: the columns with the input at either end, as deviations from their values with the input as it is.
    """
    return UncertaintySource(name, status, ((high - low) / (2 * NORMAL_95))[None, :])


@dataclass(frozen=True)
class UncertaintyBudget:
    """All sources of the uncertainty of some figures. columns: their names."""

    columns: tuple[str, ...]
    sources: tuple[UncertaintySource, ...]

    def half_width(self, weights: Mapping[str, float], only: str = "") -> float | None:
        """Half the 95 % interval of a sum of columns, each times its weight. only: one source's; else of all.

        None where a single replication says nothing of the simulation's noise.
        """
        vector = np.array([weights.get(column, 0.0) for column in self.columns])
        sources = [each for each in self.sources if only in ("", each.name)]
        if any(each.degrees_of_freedom < 1 for each in sources):
            return None
        variances = [each.variance(vector) for each in sources]
        total = math.fsum(variances)
        if total == 0.0:
            return 0.0
        shares = [variance / total for variance in variances]
        of_samples = math.fsum(share**2 / each.degrees_of_freedom for share, each in zip(shares, sources, strict=True))
        return t_quantile(1 / of_samples if of_samples else math.inf) * math.sqrt(total)

    def shares(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The share of each source in the variance of a sum of columns, the largest first; they add up to 1."""
        vector = np.array([weights.get(column, 0.0) for column in self.columns])
        variances = {each.name: each.variance(vector) for each in self.sources}
        total = math.fsum(variances.values())
        ordered = sorted(variances.items(), key=lambda item: -item[1])
        return {name: variance / total if total else 0.0 for name, variance in ordered}

    def draw(self, streams: Mapping[str, np.random.Generator], draws: int) -> np.ndarray:
        """Deviations of all columns together, shape (draws, columns); each source from the stream of its name."""
        drawn = np.zeros((draws, len(self.columns)))
        for each in self.sources:
            drawn += each.draw(streams[each.name], draws)
        return drawn


def around(value: float, half_width: float | None, *, is_positive: bool) -> Estimate:
    """A value with its interval. is_positive: it cannot reach 0; then ``half_width`` is a share of it.

    The interval of a positive value is symmetric in its logarithm (delta method), so it never reaches 0.
    """
    if half_width is None:
        return Estimate(value, None, None)
    if is_positive:
        return Estimate(value, value * math.exp(-half_width), value * math.exp(half_width))
    return Estimate(value, value - half_width, value + half_width)
