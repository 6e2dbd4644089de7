"""What a stopwatch study says of each element: its mean, what is far from the rest, a distribution, what is missing."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellwright.benchmarks.time_study.stopwatch_csv import Reading, read_readings, read_status, seconds_by_cycle
from cellwright.provenance import Status
from cellwright.sim import Estimate, Streams, estimate

FAR_SCORE = 3.5
"""Above this modified z-score a time is flagged (Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers)."""
WITHIN = 0.05
"""How near to the true mean a study wants to be, as a share of it, with 95 % confidence."""
MIN_TO_FIT = 10
"""Of fewer times no distribution is fitted: hardly any could be refused."""
REFUSED_BELOW = 0.05
"""A distribution whose fit has a lower p-value is refused."""
BOOTSTRAP_SAMPLES = 999
FAMILIES = {"lognormal": "lognorm", "gamma": "gamma", "normal": "norm"}
"""The distributions that are tried, by the names they have in scipy.stats."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A time far from the others of its element: seconds, modified z-score, and what was noted beside it."""

    cycle: int
    seconds: float
    score: float
    note: str = ""


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
    def is_refused(self) -> bool:
        """Whether the times do not look as if they came from it."""
        return self.p_value < REFUSED_BELOW

    def frozen(self) -> Any:
        """The distribution as one of scipy.stats, with its parameters."""
        from scipy import stats

        return getattr(stats, FAMILIES[self.name])(**self.parameters)


@dataclass(frozen=True, slots=True)
class ElementTimes:
    """One element. times_s: seconds in each of ``cycles``, the cycles that have it; ``of_cycles`` were timed.

    mean: seconds, with Student's t interval. sd_s: None of a single time. fit: None where none was tried.
    """

    name: str
    cycles: tuple[int, ...]
    times_s: tuple[float, ...]
    of_cycles: int
    mean: Estimate
    sd_s: float | None
    outliers: tuple[Outlier, ...]
    fit: Fit | None

    @property
    def n(self) -> int:
        """How many times there are."""
        return len(self.times_s)

    @property
    def more_needed(self) -> int | None:
        """How many more times a mean within ±5 % needs; None where a single time does not tell."""
        return None if self.sd_s is None else max(0, observations_needed(self.sd_s / self.mean.mean) - self.n)

    @property
    def more_cycles_needed(self) -> int | None:
        """How many more cycles bring as many times, as often as the element has come so far."""
        return None if self.more_needed is None else math.ceil(self.more_needed * self.of_cycles / self.n)

    @property
    def distribution(self) -> str:
        """What to draw from: a fitted distribution by name, or "empirical", the times themselves."""
        return "empirical" if self.fit is None or self.fit.is_refused else self.fit.name

    @property
    def why_empirical(self) -> str:
        """Why no fitted distribution is used, as a clause; empty if one is."""
        if self.fit is not None:
            refused = f"the nearest, {self.fit.name}, does not fit (p = {self.fit.p_value:.3f})"
            return refused if self.fit.is_refused else ""
        few = f"{self.n} times are fewer than {MIN_TO_FIT}" if self.n > 1 else "there is one time only"
        return few if self.n < MIN_TO_FIT else "all times are alike"

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
            "outliers": [
                {"cycle": each.cycle, "time_s": each.seconds, "modified_z_score": each.score, "note": each.note}
                for each in self.outliers
            ],
            "distribution": self.distribution,
            "fit": self.fit
            and {
                "distribution": self.fit.name,
                "scipy_parameters": self.fit.parameters,
                "aic": self.fit.aic,
                "p_value": self.fit.p_value,
            },
            "more_observations_needed": self.more_needed,
            "more_cycles_needed": self.more_cycles_needed,
        }


@dataclass(frozen=True, slots=True)
class TimeStudy:
    """A whole study: how many cycles were timed, where its times come from, and its elements in order."""

    cycles: int
    status: Status
    elements: tuple[ElementTimes, ...]

    @property
    def slowest(self) -> ElementTimes | None:
        """The element that needs the most further cycles; None where all are within ±5 %."""
        needy = [each for each in self.elements if each.more_cycles_needed]
        return max(needy, key=lambda each: each.more_cycles_needed or 0, default=None)


def read_time_study(path: Path, seed: int = 1) -> TimeStudy:
    """Study the times in a CSV file. The same seed gives the same p-values. Raises InputError with file and line."""
    readings = read_readings(path)
    cycles = len({reading.cycle for reading in readings})
    names = dict.fromkeys(reading.element for reading in readings)
    streams = Streams(seed, 0)
    elements = tuple(_element(name, readings, cycles, streams[f"fit {name}"]) for name in names)
    return TimeStudy(cycles, read_status(path), elements)


def _element(name: str, readings: list[Reading], of_cycles: int, draws: np.random.Generator) -> ElementTimes:
    by_cycle = seconds_by_cycle(name, readings)
    times_s = tuple(by_cycle.values())
    notes: dict[int, list[str]] = {}
    for reading in readings:
        if reading.element == name and reading.note:
            notes.setdefault(reading.cycle, []).append(reading.note)
    return ElementTimes(
        name,
        tuple(by_cycle),
        times_s,
        of_cycles,
        estimate(times_s),
        statistics.stdev(times_s) if len(times_s) > 1 else None,
        tuple(
            Outlier(cycle, seconds, score, "; ".join(notes.get(cycle, ())))
            for (cycle, seconds), score in zip(by_cycle.items(), modified_z_scores(times_s), strict=True)
            if abs(score) > FAR_SCORE
        ),
        best_fit(times_s, draws),
    )


# ---- outliers ----


def modified_z_scores(values: Sequence[float]) -> list[float]:
    """How far each value is from the median: 0.6745 (x - median) / MAD, MAD the median absolute deviation.

    Where more than half of the values are alike, MAD is 0, and the mean absolute deviation times 1.253314 takes the
    place of MAD / 0.6745. Median and MAD, unlike mean and standard deviation, do not follow the outliers.
    Source: Iglewicz and Hoaglin 1993, as in the NIST/SEMATECH e-Handbook, 1.3.5.17; for MAD = 0, IBM Cognos.
    """
    middle = statistics.median(values)
    away = [abs(value - middle) for value in values]
    scale = statistics.median(away) / 0.6745 or 1.253314 * statistics.fmean(away)
    return [(value - middle) / scale if scale else 0.0 for value in values]


# ---- how many times ----


def observations(quantile: float, cv: float, within: float = WITHIN) -> float:
    """The times that a mean within ±``within`` of itself needs: n = (quantile cv / within)².

    cv: standard deviation / mean. Source: Kanawaty (ed.), Introduction to Work Study, ILO, 4th ed. 1992, on the
    number of readings, which has 2 for the quantile.
    """
    return (quantile * cv / within) ** 2


def observations_needed(cv: float, within: float = WITHIN) -> int:
    """The smallest n >= 2 whose 95 % interval reaches no farther than ±``within`` of the mean.

    It is the n that satisfies n = (t cv / within)² with Student's t of n - 1 degrees of freedom.
    """
    from scipy.special import ndtri, stdtrit

    n = max(2, math.ceil(observations(float(ndtri(0.975)), cv, within)))
    while observations(float(stdtrit(n - 1, 0.975)), cv, within) > n:
        n += 1
    return n


# ---- distributions ----


def best_fit(times_s: Sequence[float], draws: np.random.Generator) -> Fit | None:
    """The distribution with the lowest AIC, and how well it fits; None of few times, or of times all alike.

    Each is fitted by maximum likelihood; lognormal and gamma begin at 0 s. The p-value is that of Anderson and
    Darling's test by parametric bootstrap: the distribution is fitted anew to each of 999 samples drawn from it, so
    that the p-value holds although the parameters come from the same times. Source: Stute, Gonzáles Manteiga and
    Presedo Quindimil 1993, Bootstrap based goodness-of-fit tests, Metrika 40, as in scipy.stats.goodness_of_fit.
    """
    if len(times_s) < MIN_TO_FIT or _are_alike(times_s):
        return None
    from scipy import stats

    values = np.asarray(times_s, dtype=float)
    fitted = {name: _fitted(name, values) for name in FAMILIES}
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


def _are_alike(times_s: Sequence[float]) -> bool:
    return max(times_s) - min(times_s) <= 1e-6 * max(times_s)


def _fitted(name: str, values: np.ndarray) -> dict[str, float]:
    from scipy import stats

    if name == "normal":
        loc, scale = stats.norm.fit(values)
        return {"loc": float(loc), "scale": float(scale)}
    shape, _, scale = getattr(stats, FAMILIES[name]).fit(values, floc=0)
    return {"s" if name == "lognormal" else "a": float(shape), "loc": 0.0, "scale": float(scale)}
