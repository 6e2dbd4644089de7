"""An operator's times from the events of a log: the response, and the elements of tending the cell.

A span without a call is the sum of its elements, each lognormal. A span that begins with a call is the response
(lognormal) plus the walk and the elements. Everything is fitted by maximum likelihood; the sum of several lognormals is
approximated by the lognormal of the same mean and variance (Fenton 1960, IRE Transactions on Communications Systems 8,
57-67), and the response is convolved with it numerically. Intervals: estimate × exp(± t s), s from the curvature of the
log-likelihood in the logarithm of the parameters (Wald), t of Student with n - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize, special

from cellwright.errors import DescriptionError, nearest
from cellwright.sequences import apply_overrides
from cellwright.sequences.measured import MeasuredValue, rounded
from cellwright.sim import Element, Scenario
from cellwright.sim.log_evidence import WorkInterval

MIN_SPAN_TIMES = 10
NODES = np.linspace(-5.0, 5.0, 129)
"""Nodes of the elements' time in the convolution with a response, in standard deviations of its logarithm."""
WEIGHTS = np.exp(-NODES * NODES / 2) / np.sum(np.exp(-NODES * NODES / 2))
FIT_METHOD = "maximum likelihood, Wald interval in the logarithm with Student's t"
SPREAD = "manual.spread"
RESPONSE, RESPONSE_SPREAD = "operator.response_s", "operator.response_spread"
STEP = 1e-2
"""Step of the second differences of the log-likelihood, in the logarithm of a parameter."""

MIN_SPREAD = 0.05
MAX_INTERVAL_RATIO = 10.0
"""What a log does not show to within this factor is not fitted."""

Guess = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class OperatorFit:
    """The fit of the operator: values, and notes on what was fixed at its described value and what was left out."""

    values: tuple[MeasuredValue, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _SpanTimes:
    """A span with its times, s, whether its parameter is fitted, and how many times are too short to use."""

    span: WorkInterval
    times_s: np.ndarray
    fits: bool
    too_short: int


def fit_operator(
    scenario: Scenario, spans: Sequence[WorkInterval], spans_s: Mapping[str, Sequence[float]]
) -> OperatorFit:
    """Fit the elements that are observed alone first, then the response together with those that follow a call."""
    span_times = [_span_times(scenario, span, spans_s[span.name]) for span in spans]
    usable = [each for each in span_times if len(each.times_s) >= MIN_SPAN_TIMES]
    notes = [
        f"{each.span.name}: {each.too_short} times shorter than the walk are left out; the person was at the cell."
        for each in span_times
        if each.too_short
    ]
    notes += [
        f"{each.span.fits} is not fitted: the log shows it {_times(len(each.times_s))} ({each.span.name}), and at "
        f"least {MIN_SPAN_TIMES} are needed."
        for each in span_times
        if each not in usable and each.span.fits
    ]
    found: dict[str, MeasuredValue] = {}
    if float(scenario.manual.spread) == 0 and any(not each.span.called for each in usable):
        scenario = _with_parameters(scenario, {SPREAD: MIN_SPREAD})  # the start value of its fit
    for called in (False, True):
        group = [each for each in usable if each.span.called == called]
        if group:
            fitted = _fit_group(scenario, group, called)
            notes += [_untold(value) for value in fitted.values() if not _is_told(value)]
            found |= {name: value for name, value in fitted.items() if _is_told(value)}
            scenario = _with_parameters(scenario, {name: value.value for name, value in found.items()})
    return OperatorFit(tuple(found.values()), (*notes, *_fixed_parameters_note(scenario, usable, found)))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _is_told(value: MeasuredValue) -> bool:
    """Whether the log tells the value at all: its likelihood has a peak, and the peak is not too wide."""
    low, high = value.ci95_low, value.ci95_high
    return high is not None and low < high <= MAX_INTERVAL_RATIO * low


def _untold(value: MeasuredValue) -> str:
    return (
        f"{value.parameter} is not fitted: {value.n} times do not show it to within a factor of "
        f"{MAX_INTERVAL_RATIO:g}; it stays as described. A longer run may tell it."
    )


def _span_times(scenario: Scenario, span: WorkInterval, times_s: Sequence[float]) -> _SpanTimes:
    least_s = _walk_s(scenario) if span.called else 0.0
    possible_s = np.asarray([each for each in times_s if each > least_s])
    is_fitted = bool(span.fits) and len(possible_s) >= MIN_SPAN_TIMES
    return _SpanTimes(span, possible_s, is_fitted, len(times_s) - len(possible_s))


def _walk_s(scenario: Scenario) -> float:
    """The walk to the cell, s, with the allowance."""
    return float(scenario.parameters["operator"].walk_s) * (1 + float(scenario.manual.allowance))


def _fit_group(scenario: Scenario, group: Sequence[_SpanTimes], called: bool) -> dict[str, MeasuredValue]:
    """Fit all spans that begin with a call, or all that do not, together."""
    counts = {each.span.fits: len(each.times_s) for each in group if each.fits}
    total = sum(len(each.times_s) for each in group)
    counts |= {RESPONSE: total, RESPONSE_SPREAD: total} if called else {SPREAD: total}
    start = {name: _start_value(scenario, name) for name in counts}
    sums = {each.span.name: _ElementSum(scenario, each.span, start) for each in group}

    def log_likelihood(guess: Guess) -> float:
        return sum(_log_likelihood(each, sums[each.span.name], guess, scenario if called else None) for each in group)

    return {
        name: _measured_value(name, best, error, counts[name])
        for name, (best, error) in _maximise(log_likelihood, start).items()
    }


def _measured_value(name: str, best: float, error: float, n: int) -> MeasuredValue:
    factor = math.exp(min(50.0, float(special.stdtrit(n - 1, 0.975)) * error))
    return MeasuredValue(
        parameter=name,
        value=rounded(best),
        ci95_low=rounded(best / factor),
        ci95_high=rounded(best * factor),
        n=n,
        method=FIT_METHOD,
    )


# ---- the times' distribution ----


class _ElementSum:
    """Mean and variance of a span's elements, s, allowance included, as functions of what is fitted.

    A mean is linear in each parameter of the manual method (MODs, or seconds), so two evaluations of it determine it.
    """

    def __init__(self, scenario: Scenario, span: WorkInterval, start: Guess) -> None:
        self._fits = span.fits if span.fits in start else ""
        self._spread_is_fitted = SPREAD in start
        self._allowed = 1 + float(scenario.manual.allowance)
        self._elements = _elements(scenario, span)
        self._start = dict(start)
        self._described = _value_of(scenario, self._fits) if self._fits else 0.0
        self._slopes = _slopes(scenario, span) if self._fits else [0.0] * len(span.elements)

    def moments(self, guess: Guess) -> tuple[float, float]:
        """Mean, s, and variance, s²."""
        spread_ratio = guess[SPREAD] / self._start[SPREAD] if self._spread_is_fitted else 1.0
        change = guess[self._fits] - self._described if self._fits else 0.0
        mean_s = variance_s2 = 0.0
        for number, element in enumerate(self._elements):
            one_s = element.mean_s + self._slopes[number] * change
            mean_s += one_s * self._allowed
            variance_s2 += (one_s * self._allowed * element.spread * spread_ratio) ** 2
        return mean_s, variance_s2


def _elements(scenario: Scenario, span: WorkInterval) -> list[Element]:
    by_name = {element.name: element for element in scenario.tending()}
    for name in span.elements:
        if name not in by_name:
            raise DescriptionError(f"The evidence of {span.name!r} names {name!r}; {nearest(name, by_name)}")
    return [by_name[name] for name in span.elements]


def _slopes(scenario: Scenario, span: WorkInterval) -> list[float]:
    """The slope of each element's mean, s, in the parameter that the span fits."""
    more = _with_parameters(scenario, {span.fits: _value_of(scenario, span.fits) + 1})
    return [
        after.mean_s - before.mean_s
        for after, before in zip(_elements(more, span), _elements(scenario, span), strict=True)
    ]


def _log_likelihood(span_times: _SpanTimes, elements: _ElementSum, guess: Guess, called_in: Scenario | None) -> float:
    mean_s, variance_s2 = elements.moments(guess)
    if mean_s <= 0 and span_times.span.elements:
        return -math.inf
    cv = max(math.sqrt(variance_s2) / mean_s, 1e-4) if mean_s else 0.0
    if called_in is None:
        return float(np.sum(_log_density(span_times.times_s, mean_s, cv)))
    worked_s = _walk_s(called_in) + _lognormal_at_nodes(mean_s, cv)
    left_s = span_times.times_s[:, None] - worked_s[None, :]
    density = np.where(
        left_s > 0,
        np.exp(_log_density(np.maximum(left_s, 1e-9), guess[RESPONSE], guess[RESPONSE_SPREAD])),
        0.0,
    )
    return float(np.sum(np.log(np.maximum(density @ WEIGHTS, 1e-300))))


def _log_density(times_s: np.ndarray, mean_s: float, cv: float) -> Any:
    """Of a lognormal with this mean and coefficient of variation."""
    variance = math.log1p(cv * cv)
    standard = (np.log(times_s) - math.log(mean_s) + variance / 2) / math.sqrt(variance)
    return -standard * standard / 2 - np.log(times_s) - 0.5 * math.log(2 * math.pi * variance)


def _lognormal_at_nodes(mean_s: float, cv: float) -> np.ndarray:
    """Times of a lognormal at the nodes, s."""
    variance = math.log1p(cv * cv)
    return np.asarray(mean_s * np.exp(math.sqrt(variance) * NODES - variance / 2))


# ---- the likelihood's maximum ----


def _maximise(log_likelihood: Callable[[Guess], float], start: Guess) -> dict[str, tuple[float, float]]:
    """The maximum of a likelihood, and the standard error of each parameter's logarithm there."""
    names = list(start)

    def negative(logarithms: np.ndarray) -> float:
        return -log_likelihood(dict(zip(names, np.exp(logarithms), strict=True)))

    begin = np.log([start[name] for name in names])
    optimum = optimize.minimize(
        negative, begin, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-6}
    )
    optimum = optimize.minimize(
        negative, optimum.x, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-6}
    )
    covariance = np.linalg.pinv(_curvature(negative, optimum.x))
    return {name: (math.exp(optimum.x[at]), math.sqrt(max(0.0, covariance[at, at]))) for at, name in enumerate(names)}


def _curvature(function: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Second differences of a function of several logarithms."""
    count, steps = len(at), STEP * np.eye(len(at))
    hessian = np.empty((count, count))
    for i in range(count):
        for j in range(i, count):
            hessian[i, j] = hessian[j, i] = (
                function(at + steps[i] + steps[j])
                - function(at + steps[i] - steps[j])
                - function(at - steps[i] + steps[j])
                + function(at - steps[i] - steps[j])
            ) / (4 * STEP**2)
    return hessian


# ---- parameters by name ----


def _value_of(scenario: Scenario, name: str) -> float:
    group, _, parameter = name.partition(".")
    return float(getattr(scenario.parameters[group], parameter))


def _start_value(scenario: Scenario, name: str) -> float:
    """The start value of a parameter: as described, but not 0."""
    return max(_value_of(scenario, name), MIN_SPREAD if name in (SPREAD, RESPONSE_SPREAD) else 1e-2)


def _with_parameters(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    return replace(
        scenario,
        parameters=apply_overrides(scenario.parameters, [f"{name}={value!r}" for name, value in values.items()]),
    )


def _fixed_parameters_note(
    scenario: Scenario, usable: Sequence[_SpanTimes], found: Mapping[str, MeasuredValue]
) -> list[str]:
    """What the log shows only in sums with other elements, and was therefore fixed at its described value."""
    if not found:
        return []
    settled = {
        name
        for each in usable
        if each.fits
        for name, slope in zip(each.span.elements, _slopes(scenario, each.span), strict=True)
        if slope
    }
    lumped = sorted({name for each in usable for name in each.span.elements} - settled)
    fixed = [f"{name!r}" for name in lumped]
    if any(each.span.called for each in usable):
        fixed.append(f"the walk of {float(scenario.parameters['operator'].walk_s):g} s")
    fixed.append(f"the allowance of {100 * float(scenario.manual.allowance):g} %")
    return [f"Held as described, as the log shows them only together with others: {', '.join(fixed)}."]
