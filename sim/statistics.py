"""Means with confidence intervals, and differences of means."""

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


def estimate(values: Sequence[float], *, are_positive: bool = False) -> Estimate:
    """Student's t interval for the mean of independent ``values`` (one for each replication).

    are_positive: the interval is symmetric in the logarithm of the mean (delta method), so that it never reaches 0.
    Source: Law, Simulation Modeling and Analysis, section 4.5.
    """
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Estimate(mean, None, None)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    half_width = t_quantile(count - 1) * math.sqrt(variance / count)
    if are_positive and mean > 0:
        return Estimate(mean, mean * math.exp(-half_width / mean), mean * math.exp(half_width / mean))
    return Estimate(mean, mean - half_width, mean + half_width)


def proportion(share: float, count: int, half_width: float | None) -> Estimate:
    """Wilson's interval for a share of ``count`` units, which need not be independent: on the effective number.

    half_width: half the 95 % interval of the share from its replications (with Student's t); the effective number is
    that of independent units which would give it. It is ``count`` at most, and where all units are alike, so that
    nothing shows how alike those of one replication are. None with one replication.

    Never below 0 or above 1. Sources: Wilson 1927, Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22, 209-212; Korn and Graubard 1998, Confidence intervals
    for proportions with small expected number of positive counts estimated from survey data, Survey Methodology 24,
    193-201 (design effect and t in the effective number).
    """
    if half_width is None:
        return Estimate(share, None, None)
    z = t_quantile(math.inf)
    own_variance = share * (1 - share)
    alike = (half_width / z) ** 2 / own_variance if own_variance else 0.0
    n = max(1.0, 1 / max(1 / count, alike))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return Estimate(share, min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach)))


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two means (the second less the first), by Welch's test; None where a group has one value.

    mean: with its 95 % interval. t, degrees_of_freedom and p_value: of the test that the means are the same.
    """

    mean: Estimate
    t: float | None = None
    degrees_of_freedom: float | None = None
    p_value: float | None = None

    @property
    def is_significant(self) -> bool:
        """Whether the 95 % interval excludes 0."""
        low, high = self.mean.ci95_low, self.mean.ci95_high
        return low is not None and high is not None and (low > 0 or high < 0)


def welch(first: Sequence[float], second: Sequence[float]) -> Difference:
    """How much larger the mean of ``second`` is; the values are unpaired and their variances may differ.

    It is for times that were not simulated under common random numbers, such as two stopwatch studies; what was, is
    paired and goes to ``estimate``. Source: Welch 1947, The generalization of "Student's" problem when several
    different population variances are involved, Biometrika 34, 28-35, as in scipy.stats.ttest_ind.
    """
    difference = math.fsum(second) / len(second) - math.fsum(first) / len(first)
    if min(len(first), len(second)) < 2:
        return Difference(Estimate(difference, None, None))
    if _is_constant(first) and _is_constant(second):
        return Difference(Estimate(difference, difference, difference))  # no spread: t would be a division by 0
    from scipy import stats

    tested = stats.ttest_ind(second, first, equal_var=False)
    low, high = tested.confidence_interval(0.95)
    return Difference(
        Estimate(difference, float(low), float(high)), float(tested.statistic), float(tested.df), float(tested.pvalue)
    )


def _is_constant(values: Sequence[float]) -> bool:
    return min(values) == max(values)


@lru_cache
def t_quantile(degrees_of_freedom: float) -> float:
    """The half-width of the central 95 % of Student's t, whose degrees of freedom need not be whole."""
    from scipy.special import ndtri, stdtrit  # the quantile alone: scipy.stats takes half a second longer to import

    return float(ndtri(0.975) if math.isinf(degrees_of_freedom) else stdtrit(degrees_of_freedom, 0.975))
