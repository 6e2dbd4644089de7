"""The analysis of a stopwatch study: the whole cycle and what it still needs, each element's mean and distribution."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellwright.benchmarks.time_study.outliers import Outlier, element_outliers
from cellwright.benchmarks.time_study.stopwatch_csv import (
    Reading,
    StopwatchStudy,
    occurrences,
    read_study,
    whole_cycles_s,
)
from cellwright.provenance import Status
from cellwright.sim import Estimate, Streams, estimate

TARGET_PRECISION = 0.05
"""The required precision of a mean, as a share of it, with 95 % confidence."""
MIN_TIMES_TO_FIT = 10
"""With fewer times no distribution is fitted: hardly any could be rejected."""
MIN_P_VALUE = 0.05
"""A distribution whose fit has a lower p-value is rejected."""
BOOTSTRAP_SAMPLES = 999
FAMILIES = {"lognormal": "lognorm", "gamma": "gamma", "normal": "norm"}
"""The distributions that are tried, by the names they have in scipy.stats."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A distribution fitted by maximum likelihood.

    parameters: as scipy.stats has them (shape, loc and scale; loc and scale in seconds). aic: Akaike's information
    criterion. p_value: of the Anderson-Darling test, by parametric bootstrap.
    """

    name: str
    parameters: dict[str, float]
    aic: float
    p_value: float

    @property
    def is_rejected(self) -> bool:
        """Whether the test rejects the distribution."""
        return self.p_value < MIN_P_VALUE

    def frozen(self) -> Any:
        """The distribution as one of scipy.stats, with its parameters."""
        from scipy import stats

        return getattr(stats, FAMILIES[self.name])(**self.parameters)


@dataclass(frozen=True, slots=True)
class ElementTimes:
    """One element. times_s: seconds of each occurrence, in the cycle that ``cycles`` has; ``of_cycles`` were timed.

    mean: seconds, with Student's t interval. sd_s: None for a single time. fit: None where no distribution was fitted.
    variance_share: what it adds to the variance of a whole cycle, as a share of it; below 0 if it is short where the
    others are long; None where no cycle differs from another.
    """

    name: str
    cycles: tuple[int, ...]
    times_s: tuple[float, ...]
    of_cycles: int
    mean: Estimate
    sd_s: float | None
    outliers: tuple[Outlier, ...]
    fit: Fit | None
    variance_share: float | None

    @property
    def n(self) -> int:
        """How many times there are."""
        return len(self.times_s)

    @property
    def distribution(self) -> str:
        """The distribution to draw from: a fitted one by name, or "empirical", the times themselves."""
        return "empirical" if self.fit is None or self.fit.is_rejected else self.fit.name

    @property
    def why_empirical(self) -> str:
        """Why no fitted distribution is used, as a clause; empty if one is."""
        if self.fit is not None:
            rejected = f"the nearest, {self.fit.name}, does not fit (p = {self.fit.p_value:.3f})"
            return rejected if self.fit.is_rejected else ""
        few = f"{self.n} times are fewer than {MIN_TIMES_TO_FIT}" if self.n > 1 else "there is one time only"
        return few if self.n < MIN_TIMES_TO_FIT else "all times are equal"

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names."""
        return {
            "element": self.name,
            "n": self.n,
            "of_cycles": self.of_cycles,
            "mean_s": self.mean.mean,
            "ci95_low_s": self.mean.ci95_low,
            "ci95_high_s": self.mean.ci95_high,
            "sd_s": self.sd_s,
            "outliers": [each.as_json() for each in self.outliers],
            "distribution": self.distribution,
            "fit": self.fit
            and {
                "distribution": self.fit.name,
                "scipy_parameters": self.fit.parameters,
                "aic": self.fit.aic,
                "p_value": self.fit.p_value,
            },
            "share_of_cycle_variance": self.variance_share,
        }


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """The whole timed cycles, all elements together.

    times_s: seconds of each cycle. mean: of them, with Student's t interval.
    """

    times_s: tuple[float, ...]
    mean: Estimate

    @property
    def n(self) -> int:
        """How many cycles were timed."""
        return len(self.times_s)

    @property
    def precision(self) -> float | None:
        """Half the 95 % interval as a share of the mean, the larger half; None for a single cycle."""
        low, high = self.mean.ci95_low, self.mean.ci95_high
        return (
            None if low is None or high is None else max(high - self.mean.mean, self.mean.mean - low) / self.mean.mean
        )

    @property
    def more_needed(self) -> int | None:
        """How many more cycles a mean within ±5 % needs; None for a single cycle."""
        if self.n < 2:
            return None
        return max(0, observations_needed(statistics.stdev(self.times_s) / self.mean.mean) - self.n)

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names."""
        return {
            "n": self.n,
            "mean_s": self.mean.mean,
            "ci95_low_s": self.mean.ci95_low,
            "ci95_high_s": self.mean.ci95_high,
            "sd_s": statistics.stdev(self.times_s) if self.n > 1 else None,
            "more_cycles_needed": self.more_needed,
        }


@dataclass(frozen=True, slots=True)
class TimeStudy:
    """A whole study: the timed cycles, the status of the times, and the elements in order."""

    cycle: CycleTimes
    status: Status
    elements: tuple[ElementTimes, ...]

    @property
    def cycles(self) -> int:
        """How many cycles were timed."""
        return self.cycle.n

    @property
    def most_varying(self) -> ElementTimes | None:
        """The element that adds most to the variance of a whole cycle; None where no cycle differs from another."""
        varying = [each for each in self.elements if each.variance_share is not None]
        return max(varying, key=lambda each: each.variance_share or 0.0, default=None)


def read_time_study(path: Path, seed: int = 1) -> TimeStudy:
    """Analyse the times in a file. The same seed gives the same p-values. Raises InputError with file and line."""
    return analyse(read_study(path), seed)


def analyse(study: StopwatchStudy, seed: int = 1) -> TimeStudy:
    """Analyse a study. The same seed gives the same p-values."""
    streams = Streams(seed, 0)
    whole_s = whole_cycles_s(study)
    shares = variance_shares([each.cycle_sums_s for each in study.elements])
    elements = tuple(
        _element(each.name, study.readings, len(whole_s), streams[f"fit {each.name}"], share)
        for each, share in zip(study.elements, shares, strict=True)
    )
    return TimeStudy(CycleTimes(whole_s, estimate(whole_s, are_positive=True)), study.status, elements)


def variance_shares(cycle_sums_s: Sequence[Sequence[float]]) -> list[float | None]:
    """What each element adds to the variance of a whole cycle: its covariance with the whole, as a share.

    cycle_sums_s: shape (elements, cycles), s. The shares add up to 1; each is None where no cycle differs.

    Example:
        >>> variance_shares([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
        [1.0, 0.0]
    """
    sums_s = np.asarray(cycle_sums_s, dtype=float)
    deviations_s = sums_s - sums_s.mean(axis=1, keepdims=True)
    covariances = deviations_s @ deviations_s.sum(axis=0)
    variance = float(covariances.sum())
    if variance <= (1e-9 * float(sums_s.sum())) ** 2:
        return [None] * len(sums_s)
    return [float(covariance) / variance for covariance in covariances]


def _element(
    name: str, readings: Sequence[Reading], of_cycles: int, draws: np.random.Generator, variance_share: float | None
) -> ElementTimes:
    found = occurrences([reading for reading in readings if reading.element == name])
    times_s = tuple(seconds for _, seconds, _ in found)
    return ElementTimes(
        name,
        tuple(cycle for cycle, _, _ in found),
        times_s,
        of_cycles,
        estimate(times_s, are_positive=True),
        statistics.stdev(times_s) if len(times_s) > 1 else None,
        element_outliers(name, readings),
        best_fit(times_s, draws),
        variance_share,
    )


# ---- how many times ----


def observations(quantile: float, cv: float, precision: float = TARGET_PRECISION) -> float:
    """The times that a mean within ±``precision`` of itself needs: n = (quantile cv / precision)².

    cv: standard deviation / mean. Source: Kanawaty (ed.), Introduction to Work Study, ILO, 4th ed. 1992, on the
    number of readings, which has 2 for the quantile.
    """
    return (quantile * cv / precision) ** 2


def observations_needed(cv: float, precision: float = TARGET_PRECISION) -> int:
    """The smallest n >= 2 whose 95 % interval reaches no farther than ±``precision`` of the mean.

    It is the n that satisfies n = (t cv / precision)² with Student's t of n - 1 degrees of freedom.
    """
    from scipy.special import ndtri, stdtrit

    n = max(2, math.ceil(observations(float(ndtri(0.975)), cv, precision)))
    while observations(float(stdtrit(n - 1, 0.975)), cv, precision) > n:
        n += 1
    return n


# ---- distributions ----


def best_fit(times_s: Sequence[float], draws: np.random.Generator) -> Fit | None:
    """The distribution with the lowest AIC, and how well it fits; None for few times, or for times that are all equal.

    Each is fitted by maximum likelihood; lognormal and gamma begin at 0 s. The p-value is that of Anderson and
    Darling's test by parametric bootstrap: the distribution is fitted anew to each of 999 samples drawn from it, so
    that the p-value holds although the parameters come from the same times. Source: Stute, Gonzáles Manteiga and
    Presedo Quindimil 1993, Bootstrap based goodness-of-fit tests, Metrika 40, as in scipy.stats.goodness_of_fit.
    """
    if len(times_s) < MIN_TIMES_TO_FIT or _are_equal(times_s):
        return None
    from scipy import stats

    values = np.asarray(times_s, dtype=float)
    fitted = {name: _fit_parameters(name, values) for name in FAMILIES}
    aic = {
        name: 2 * 2 - 2 * float(np.sum(getattr(stats, FAMILIES[name]).logpdf(values, **parameters)))
        for name, parameters in fitted.items()
    }
    name = min(aic, key=aic.__getitem__)
    known = {} if name == "normal" else {"loc": 0.0}
    tested = stats.goodness_of_fit(
        getattr(stats, FAMILIES[name]),
        values,
        known_params=known,
        statistic="ad",
        n_mc_samples=BOOTSTRAP_SAMPLES,
        rng=draws,
    )
    return Fit(name, fitted[name], aic[name], float(tested.pvalue))


def _are_equal(times_s: Sequence[float]) -> bool:
    return max(times_s) - min(times_s) <= 1e-6 * max(times_s)


def _fit_parameters(name: str, values: np.ndarray) -> dict[str, float]:
    from scipy import stats

    if name == "normal":
        loc, scale = stats.norm.fit(values)
        return {"loc": float(loc), "scale": float(scale)}
    shape, _, scale = getattr(stats, FAMILIES[name]).fit(values, floc=0)
    return {"s" if name == "lognormal" else "a": float(shape), "loc": 0.0, "scale": float(scale)}
