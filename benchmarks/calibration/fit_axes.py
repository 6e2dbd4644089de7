"""Speed and acceleration of an axis from the times of its moves, with the time that the line adds to each.

A move's time is that of the firmware's step timing (``Timing.move_time``), plus a constant for the line:
T(d; v, a) + c. Its parameters are found by weighted least squares over the observed distances, on a grid that is
refined repeatedly. The intervals are those of the profile likelihood: every value that, with the others at their best,
raises chi square by no more than its 95 % quantile (Venzon and Moolgavkar 1988, Applied Statistics 37, 87-94). A grid,
because with some firmware the time is a staircase in v and has no slope to follow; which speeds a firmware
distinguishes, and how closely, is in benchmarks/calibration/move_models.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.interpolate import PchipInterpolator

from cellwright.benchmarks.calibration.move_models import MoveModel
from cellwright.hardware.linear_axis import LinearAxis
from cellwright.hardware.model.timing import Timing
from cellwright.sequences.measured import LineTime, MeasuredValue, rounded

MAX_LINE_S = 0.02
"""The longest time that a line adds to a move: bytes both ways at 57,600 baud, and 16 ms in a USB adapter."""
MIN_MOVES = 10
MAX_INTERVAL_RATIO = 2.0
"""A parameter that is not known to within this factor keeps its described value, unless the moves refute it."""
CHI2_QUANTILE = 3.841458820694124
"""Chi square, one degree of freedom, 95 %."""
SEARCH_FACTOR = 10.0
"""The search range of an acceleration: the described one, divided and multiplied by this."""
KNOTS, FINE_POINTS, LINE_POINTS = 11, 1201, 41
CHI2_TOLERANCE = 0.05
"""Values whose chi squares differ by no more than this fit equally well."""
SLACK_FACTORS = (30.0, 10.0, 3.0, 1.0)
"""Factors on the allowed rise of chi square in each round: larger while the grid is coarse, to lose no optimum."""


@dataclass(frozen=True, slots=True)
class MoveTimes:
    """The moves over one distance: steps, how many, their mean in s, and its standard error, s."""

    steps: int
    n: int
    mean_s: float
    error_s: float

    @classmethod
    def of(cls, axis: LinearAxis, mm: float, taken_s: Sequence[float]) -> MoveTimes:
        """Of one distance's times."""
        spread_s = float(np.std(taken_s, ddof=1)) if len(taken_s) > 1 else 0.0
        error_s = spread_s / math.sqrt(len(taken_s))
        return cls(round(mm * axis.steps_per_mm), len(taken_s), float(np.mean(taken_s)), error_s)

    def known_to_s(self, granularity_s: float) -> float:
        """Its uncertainty together with the granularity of the model's time, s."""
        return math.hypot(self.error_s, granularity_s)


@dataclass(frozen=True, slots=True)
class AxisFit:
    """The fit of all axes: values, the line's time, and notes on what the moves do not determine."""

    values: tuple[MeasuredValue, ...]
    line: LineTime | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Chi square of one axis over speeds (steps/s), accelerations (steps/s²) and the line's time (s)."""

    speeds: np.ndarray
    accelerations: np.ndarray
    chi2: np.ndarray


@dataclass(frozen=True, slots=True)
class _Search:
    """All axes over the same times of the line. slack: the highest plausible chi square of all together."""

    model: MoveModel
    grids: Mapping[str, _Grid]
    line_s: np.ndarray
    slack: float

    def chi2_by_line(self, leave_out: str = "") -> np.ndarray:
        """The least chi square of all axes together, for each of the line's times."""
        total_chi2 = np.zeros(len(self.line_s))
        for name, grid in self.grids.items():
            if name != leave_out:
                total_chi2 += grid.chi2.min(axis=(0, 1))
        return total_chi2

    def total_chi2(self, name: str) -> np.ndarray:
        """Chi square over an axis's speeds and accelerations, the line and the other axes at their best."""
        return np.asarray((self.grids[name].chi2 + self.chi2_by_line(leave_out=name)).min(axis=2))


def fit_moves(
    axes: Mapping[str, LinearAxis],
    moves_s: Mapping[str, Mapping[float, Sequence[float]]],
    has_line: bool,
    model: MoveModel,
) -> AxisFit:
    """Fit all axes together: the line is the same for all of them.

    has_line: False of a run on the model board. model: of the firmware that made the moves.
    Where an axis's moves separate its speed from its acceleration, neither is fixed; else the speed is, as described.
    """
    times = {name: _times(axis, moves_s.get(name, {})) for name, axis in axes.items()}
    fitted = {name: axes[name] for name, each in times.items() if sum(one.n for one in each) >= MIN_MOVES}
    notes = [f"{name} moved alone fewer than {MIN_MOVES} times." for name in axes if name not in fitted]
    if not fitted:
        return AxisFit((), None, tuple(notes))
    counts = {name: sum(one.n for one in times[name]) for name in fitted}
    speeds = {name: model.speeds(axis.max_speed * axis.steps_per_mm) for name, axis in fitted.items()}
    free = _search(model, fitted, times, speeds, has_line)
    values: list[MeasuredValue] = []
    for name, axis in fitted.items():
        speed, note = _speed(name, axis, free, counts[name])
        values += [speed] if speed else []
        notes += [note] if note else []
        if speed is None and not _is_well_determined(axis, *_accelerations(axis, name, free)):
            speeds[name] = _fixed_speed(axis, free.grids[name].speeds)
    with_fixed_speed = {name for name in fitted if len(speeds[name]) == 1}
    search = _search(model, fitted, times, speeds, has_line) if with_fixed_speed else free
    line = _line_time(search, sum(counts.values())) if has_line else None
    if has_line and line is None:
        notes.append(
            f"These moves do not separate the line's time, anything up to {1000 * MAX_LINE_S:.0f} ms a move, from that "
            "of acceleration; the accelerations include it, and their intervals allow for it."
        )
    for name, axis in fitted.items():
        acceleration, note = _acceleration(
            name, axis, search, values, line is not None, name in with_fixed_speed, counts[name]
        )
        values += [acceleration] if acceleration else []
        notes += [note] if note else []
    values.sort(key=lambda value: list(axes).index(value.parameter.partition(".")[0]))
    return AxisFit(tuple(values), line, tuple(notes))


def _times(axis: LinearAxis, taken_s: Mapping[float, Sequence[float]]) -> list[MoveTimes]:
    return [MoveTimes.of(axis, mm, times_s) for mm, times_s in sorted(taken_s.items()) if mm > 0 and times_s]


# ---- the grid ----


def _grid(
    model: MoveModel, times: Sequence[MoveTimes], speeds: np.ndarray, low: float, high: float, line_s: np.ndarray
) -> _Grid:
    ratio = (speeds[-1] / speeds[0]) ** (1 / max(1, len(speeds) - 1))
    possible = np.array([speed for speed in speeds if _is_fast_enough(model, speed, ratio, times)])
    if not len(possible):
        possible = speeds[-1:]
    accelerations = np.geomspace(low, high, FINE_POINTS)
    chi2 = np.zeros((len(possible), FINE_POINTS, len(line_s)))
    for one in times:
        taken_s = np.array([_times_over(model.timing, one.steps, float(speed), low, high) for speed in possible])
        known_to_s = np.array(
            [one.known_to_s(model.granularity_s(one.steps, float(speed), ratio)) for speed in possible]
        )
        chi2 += ((one.mean_s - taken_s[:, :, None] - line_s) / known_to_s[:, None, None]) ** 2
    return _Grid(possible, accelerations, chi2)


def _is_fast_enough(model: MoveModel, speed: float, ratio: float, times: Sequence[MoveTimes]) -> bool:
    """Whether the farthest moves can be made in their time at this speed at all."""
    return all(
        one.steps / speed <= one.mean_s + 5 * one.known_to_s(model.granularity_s(one.steps, speed, ratio))
        for one in times
    )


@lru_cache(maxsize=4096)
def _times_over(timing: Timing, steps: int, speed: float, low: float, high: float) -> np.ndarray:
    """Times of a move, s, over a fine grid of accelerations: a few as the firmware steps, the others between them."""
    knots = np.geomspace(low, high, KNOTS)
    taken_s = [timing.move_time(steps, speed, float(knot)) for knot in knots]
    between = PchipInterpolator(np.log(knots), np.log(taken_s))
    return np.asarray(np.exp(between(np.log(np.geomspace(low, high, FINE_POINTS)))))


# ---- what is plausible ----


def _search(
    model: MoveModel,
    axes: Mapping[str, LinearAxis],
    times: Mapping[str, Sequence[MoveTimes]],
    speeds: Mapping[str, np.ndarray],
    has_line: bool,
) -> _Search:
    """Search the whole range, then repeatedly the plausible part of it."""
    line_s = np.linspace(0.0, MAX_LINE_S, LINE_POINTS) if has_line else np.zeros(1)
    ranges = {}
    for name, axis in axes.items():
        described = axis.max_acceleration * axis.steps_per_mm
        ranges[name] = (speeds[name], described / SEARCH_FACTOR, described * SEARCH_FACTOR)
    degrees_of_freedom = sum(len(times[name]) for name in axes) - 2 * len(axes) - has_line
    search: _Search | None = None
    for number, slack_factor in enumerate(SLACK_FACTORS):
        if search is not None:
            for name, axis in axes.items():
                kept, low, high = _narrowed(search, name)
                if len(speeds[name]) > 1:
                    kept = model.finer(kept, axis.max_speed * axis.steps_per_mm, number)
                ranges[name] = kept, low, high
            line_s = _narrowed_line(search)
        grids = {name: _grid(model, times[name], *ranges[name], line_s) for name in axes}
        search = _Search(model, grids, line_s, math.inf)
        least = float(np.min(search.chi2_by_line()))
        # A misfit beyond the expected one widens all intervals in proportion.
        search = replace(
            search, slack=least + slack_factor * CHI2_QUANTILE * max(1.0, least / max(1, degrees_of_freedom))
        )
    assert search is not None
    return search


def _narrowed(search: _Search, name: str) -> tuple[np.ndarray, float, float]:
    """The speeds that are plausible and their neighbours, and the accelerations with two more on each side."""
    grid, plausible = search.grids[name], search.total_chi2(name) <= search.slack
    at = np.flatnonzero(plausible.any(axis=0))
    low, high = max(0, at[0] - 2), min(FINE_POINTS - 1, at[-1] + 2)
    rows = np.flatnonzero(plausible.any(axis=1))
    near = slice(max(0, rows[0] - 1), rows[-1] + 2)
    return grid.speeds[near], float(grid.accelerations[low]), float(grid.accelerations[high])


def _narrowed_line(search: _Search) -> np.ndarray:
    line_s = search.line_s
    at = np.flatnonzero(search.chi2_by_line() <= search.slack)
    return np.linspace(line_s[max(0, at[0] - 1)], line_s[min(len(line_s) - 1, at[-1] + 1)], len(line_s))


def _line_time(search: _Search, n: int) -> LineTime | None:
    """The time that the line adds to a move; None where the moves do not determine it."""
    plausible = search.line_s[search.chi2_by_line() <= search.slack]
    if plausible[-1] >= MAX_LINE_S * 0.99:
        return None
    best = _best_value(search.line_s, search.chi2_by_line())
    return LineTime(
        move_s=rounded(best), ci95_low_s=rounded(plausible[0]), ci95_high_s=rounded(max(plausible[-1], best)), n=n
    )


def _best_value(values: np.ndarray, chi2: np.ndarray) -> float:
    """The best value: the mean of those that fit equally well."""
    return float(np.mean(values[chi2 <= chi2.min() + CHI2_TOLERANCE]))


# ---- what is determined ----


def _accelerations(axis: LinearAxis, name: str, search: _Search) -> tuple[float, float]:
    """The lowest and the highest plausible acceleration, mm/s²."""
    at = search.grids[name].accelerations[(search.total_chi2(name) <= search.slack).any(axis=0)]
    return at[0] / axis.steps_per_mm, at[-1] / axis.steps_per_mm


def _is_well_determined(axis: LinearAxis, low: float, high: float) -> bool:
    """Whether an acceleration is known closely enough, and not limited by the search range."""
    is_within = (
        low > axis.max_acceleration / SEARCH_FACTOR * 1.01 and high < axis.max_acceleration * SEARCH_FACTOR / 1.01
    )
    return is_within and high <= MAX_INTERVAL_RATIO * low


def _fixed_speed(axis: LinearAxis, speeds: np.ndarray) -> np.ndarray:
    """The described speed, if it is plausible; else all plausible ones."""
    described = axis.max_speed * axis.steps_per_mm
    return np.array([described]) if np.isclose(speeds, described).any() else speeds


def _acceleration(
    name: str,
    axis: LinearAxis,
    search: _Search,
    values: Sequence[MeasuredValue],
    line_is_known: bool,
    speed_is_fixed: bool,
    n: int,
) -> tuple[MeasuredValue | None, str]:
    """An axis's acceleration, or why its moves do not determine it; its interval allows for an unknown line's time."""
    low, high = _accelerations(axis, name, search)
    described = float(axis.max_acceleration)
    if not _is_well_determined(axis, low, high) and low <= described <= high:
        return None, (
            f"{name}.max_acceleration stays {described:g} mm/s²: these moves are consistent with anything from "
            f"{_rounded(low)} to {_rounded(high)} mm/s²; short moves as well as long ones are needed."
        )
    grid = search.grids[name]
    fitted = next((each.value for each in values if each.parameter == f"{name}.max_speed"), float(axis.max_speed))
    used = int(np.argmin(abs(grid.speeds - fitted * axis.steps_per_mm)))
    chi2 = search.total_chi2(name)[used] if line_is_known else grid.chi2[used, :, 0]
    best = min(max(_best_value(grid.accelerations, chi2) / axis.steps_per_mm, low), high)
    given = f"; given max_speed {axis.max_speed:g} mm/s" if speed_is_fixed else ""
    most = None if high >= SEARCH_FACTOR * described / 1.01 else high
    return _value(f"{name}.max_acceleration", best, low, most, n, search.model.method + given), ""


def _speed(name: str, axis: LinearAxis, search: _Search, n: int) -> tuple[MeasuredValue | None, str]:
    """An axis's speed, with the range that the firmware does not distinguish; or why its moves do not determine it."""
    grid, total_chi2, model = search.grids[name], search.total_chi2(name), search.model
    at = np.flatnonzero((total_chi2 <= search.slack).any(axis=1))
    low, high = (model.equivalent_speeds(grid.speeds, int(at[end]))[end] / axis.steps_per_mm for end in (0, -1))
    described, ceiling = float(axis.max_speed), model.timing.ceiling() / axis.steps_per_mm
    parameter, least = f"{name}.max_speed", total_chi2.min(axis=1)
    if math.isinf(high) and described < low:
        fits_best = float(grid.speeds[np.flatnonzero(least <= least.min() + CHI2_TOLERANCE)[0]])
        used = model.speed_above_bound(low * axis.steps_per_mm, fits_best) / axis.steps_per_mm
        return _value(parameter, used, low, None, n, model.method), ""
    if math.isinf(high):
        return None, (
            f"{parameter} stays {described:g} mm/s: every speed from {_rounded(low)} mm/s up gives these times, as no "
            f"move reaches it, or because the firmware steps no faster than {_rounded(ceiling)} mm/s."
        )
    if high > MAX_INTERVAL_RATIO * low and low <= described <= high:
        return None, (
            f"{parameter} stays {described:g} mm/s: these moves are consistent with anything from {_rounded(low)} "
            f"to {_rounded(high)} mm/s; longer moves are needed."
        )
    best = float(grid.speeds[int(np.argmin(least))]) / axis.steps_per_mm
    return _value(parameter, min(max(best, low), high), low, high, n, model.method), ""


def _value(parameter: str, best: float, low: float, high: float | None, n: int, method: str) -> MeasuredValue:
    return MeasuredValue(
        parameter=parameter,
        value=rounded(best),
        ci95_low=min(rounded(low), rounded(best)),
        ci95_high=None if high is None else max(rounded(high), rounded(best)),
        n=n,
        method=method,
    )


def _rounded(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"
