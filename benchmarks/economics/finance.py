"""Payback, net present value, and the percentiles of a figure over the draws of a Monte Carlo simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellwright.benchmarks.economics.inputs import Draws


def npv(rate: float, flows: Sequence[float]) -> float:
    """Net present value of ``flows`` (NOK), of which the first is now and each further one a year later.

    rate: a share a year, 0.1 for 10 %. NPV = sum of flow_t / (1 + rate)^t. Source: Brealey, Myers, Allen, Principles
    of Corporate Finance, chapter 2.
    """
    return math.fsum(flow / (1 + rate) ** year for year, flow in enumerate(flows))


def annuity(rate: Draws, years: Draws) -> Draws:
    """The present value of 1 NOK at the end of each of ``years``: (1 - (1 + rate)^-years) / rate; years, if rate is 0.

    For whole years it equals ``npv`` of that many flows of 1; the formula interpolates between them. rate: a share a
    year.
    """
    log = np.log1p(np.asarray(rate, float))
    safe = np.where(rate == 0, 1.0, rate)
    return np.where(rate == 0, years, -np.expm1(-log * years) / safe)


def payback_months(investment_nok: Draws, saving_nok_per_year: Draws) -> Draws:
    """The simple payback, not discounted: 12 x investment / yearly saving; infinite where nothing is saved."""
    pays = saving_nok_per_year > 0
    return np.where(pays, 12 * investment_nok / np.where(pays, saving_nok_per_year, 1.0), np.inf)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles 5, 50 and 95 over the draws; infinite where an investment is never paid back."""

    p5: float
    p50: float
    p95: float

    @classmethod
    def of(cls, draws: Draws) -> Percentiles:
        """Percentiles without interpolation, so that infinite draws do not affect finite percentiles."""
        return cls(*(float(each) for each in np.percentile(draws, (5, 50, 95), method="inverted_cdf")))

    def as_json(self) -> dict[str, float | None]:
        """The three by name; None for what is infinite."""
        return {name: each if math.isfinite(each) else None for name, each in self._named()}

    def _named(self) -> list[tuple[str, float]]:
        return [("p5", self.p5), ("p50", self.p50), ("p95", self.p95)]
