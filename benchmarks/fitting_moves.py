"""Speed and acceleration of an axis from the times of its moves, with what the line adds to each.

A move's time is that of the firmware's recurrence (hardware/stepping.py), plus a constant for the line: T(d; v, a) + c.
Its parameters are found by weighted least squares over the distances met, on a grid that is made finer twice. The
intervals are those of the profile likelihood: every value that, with the others at their best, raises chi square by no
more than its 95 % quantile (Venzon and Moolgavkar 1988, Applied Statistics 37, 87-94). A grid, because the firmware
looks at its axes once a turn of its loop, so that the time is a staircase in v and has no slope to follow: whole ranges
of speeds are one and the same to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.interpolate import PchipInterpolator

from cellwright.actuators import Stepper
from cellwright.hardware.stepping import CONFIGURABLE_FIRMATA as FIRMWARE
from cellwright.hardware.stepping import move_time
from cellwright.sequences.measured import LineTime, MeasuredValue, rounded

TURN_S = FIRMWARE.poll_s + FIRMWARE.step_s
"""A turn of the firmware's loop in which one axis steps."""
RUNS_AHEAD = 4.0
"""Turns by which a move's time is uncertain beyond the ceiling, where the recurrence runs ahead of the steps."""
SLOWEST_LINE_S = 0.02
"""The most that a line adds to a move: bytes both ways at 57,600 baud, and 16 ms in a USB adapter."""
FEWEST_MOVES = 10
WIDEST = 2.0
"""A parameter that is not known to within this factor stays as it is described, unless that is refuted."""
QUANTILE = 3.841458820694124
"""Chi square, one degree of freedom, 95 %."""
SEARCHED = 10.0
"""How many times smaller and larger than described an acceleration is looked for."""
KNOTS, FINE, LINE_POINTS = 11, 1201, 41
LOOSENED = (30.0, 10.0, 3.0, 1.0)
"""By how much more chi square may rise while the grid is still coarse, so that nothing plausible falls between."""
ABOVE_THE_CEILING = (1.05, 1.6, 2.4, 3.6)
"""Speeds the firmware cannot reach, as shares of its ceiling: they differ in when it begins to slow down."""
METHOD = "least squares over the firmware's step recurrence, profile likelihood"


@dataclass(frozen=True, slots=True)
class Times:
    """The moves over one distance: steps, how many, their mean in s, and its standard error, s."""

    steps: int
    n: int
    mean_s: float
    error_s: float

    @classmethod
    def of(cls, axis: Stepper, mm: float, taken_s: Sequence[float]) -> Times:
        """Of one distance's times."""
        spread_s = float(np.std(taken_s, ddof=1)) if len(taken_s) > 1 else 0.0
        error_s = spread_s / math.sqrt(len(taken_s))
        return cls(round(mm * axis.steps_per_mm), len(taken_s), float(np.mean(taken_s)), error_s)

    def known_to_s(self, speed: float) -> float:
        """How well it is known against a move at up to ``speed`` steps/s, s.

        Where ramps meet full speed, a step more or less is chance: the time is a staircase in speed and acceleration
        whose steps are as long as the interval of one step.
        """
        staircase_s = RUNS_AHEAD * TURN_S if speed > FIRMWARE.ceiling() else max(TURN_S, 1 / speed)
        return math.hypot(self.error_s, staircase_s)


@dataclass(frozen=True, slots=True)
class MovesFound:
    """What the moves of all axes say: values, the line's time, and in words what they do not settle."""

    values: tuple[MeasuredValue, ...]
    line: LineTime | None
    unsettled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Chi square of one axis over speeds (steps/s), accelerations (steps/s²) and the line's time (s)."""

    speeds: np.ndarray
    accelerations: np.ndarray
    chi2: np.ndarray


@dataclass(frozen=True, slots=True)
class _Search:
    """All axes over the same times of the line. slack: the highest chi square of all together that is plausible."""

    grids: Mapping[str, _Grid]
    line_s: np.ndarray
    slack: float

    def by_line(self, leave_out: str = "") -> np.ndarray:
        """The least chi square of all axes together, for each of the line's times."""
        total = np.zeros(len(self.line_s))
        for name, grid in self.grids.items():
            if name != leave_out:
                total += grid.chi2.min(axis=(0, 1))
        return total

    def total(self, name: str) -> np.ndarray:
        """Chi square over an axis's speeds and accelerations, the line and the other axes at their best."""
        return np.asarray((self.grids[name].chi2 + self.by_line(leave_out=name)).min(axis=2))


def fit_moves(
    axes: Mapping[str, Stepper], moves_s: Mapping[str, Mapping[float, Sequence[float]]], has_line: bool
) -> MovesFound:
    """Fit all axes together: the line is the same for all of them. has_line: False of a run on the model board.

    Where an axis's moves tell its speed from its acceleration, neither is held; else the speed is, as it is described.
    """
    times = {name: _times(axis, moves_s.get(name, {})) for name, axis in axes.items()}
    fitted = {name: axes[name] for name, each in times.items() if sum(one.n for one in each) >= FEWEST_MOVES}
    unsettled = [f"{name} moved alone fewer than {FEWEST_MOVES} times." for name in axes if name not in fitted]
    if not fitted:
        return MovesFound((), None, tuple(unsettled))
    counts = {name: sum(one.n for one in times[name]) for name in fitted}
    speeds = {name: _speeds(axis.max_speed * axis.steps_per_mm) for name, axis in fitted.items()}
    free = _search(fitted, times, speeds, has_line)
    values: list[MeasuredValue] = []
    for name, axis in fitted.items():
        speed, said = _speed(name, axis, free, counts[name])
        values += [speed] if speed else []
        unsettled += [said] if said else []
        if speed is None and not _is_settled(axis, *_accelerations(axis, name, free)):
            speeds[name] = _held(axis, free.grids[name].speeds)
    held = {name for name in fitted if len(speeds[name]) == 1}
    search = _search(fitted, times, speeds, has_line) if held else free
    line = _line_time(search, sum(counts.values())) if has_line else None
    if has_line and line is None:
        unsettled.append(
            f"These moves do not tell the line's time, anything up to {1000 * SLOWEST_LINE_S:.0f} ms a move, from that "
            "of speeding up; the accelerations hold it, and their intervals allow for it."
        )
    for name, axis in fitted.items():
        acceleration, said = _acceleration(name, axis, search, values, line is not None, name in held, counts[name])
        values += [acceleration] if acceleration else []
        unsettled += [said] if said else []
    values.sort(key=lambda value: list(axes).index(value.parameter.partition(".")[0]))
    return MovesFound(tuple(values), line, tuple(unsettled))


def _times(axis: Stepper, taken_s: Mapping[float, Sequence[float]]) -> list[Times]:
    return [Times.of(axis, mm, taken) for mm, taken in sorted(taken_s.items()) if mm > 0 and taken]


# ---- the grid ----


def _speeds(described: float) -> np.ndarray:
    """One speed, steps/s, of each range that is the same to the firmware; in a range with the described one, that one.

    At full speed a step comes with the first look after its interval is over (see StepLoop), so every speed between
    two whole numbers of looks is the same. The slowest is an eighth of the described one.
    """
    slowest = min(described, FIRMWARE.ceiling()) / 8
    speeds = [share * FIRMWARE.ceiling() for share in ABOVE_THE_CEILING]
    looks = 2
    while (edge := _edge(looks)) > slowest:
        fastest = _edge(looks - 1)
        speeds.append(described if edge < described <= fastest else math.sqrt(edge * fastest))
        looks += 1
    if described > FIRMWARE.ceiling():
        speeds.append(described)
    return np.unique(speeds)


def _edge(looks: int) -> float:
    """The speed, steps/s, whose interval is just this many looks."""
    return 1 / (FIRMWARE.step_s + looks * FIRMWARE.poll_s)


def _grid(times: Sequence[Times], speeds: np.ndarray, low: float, high: float, line_s: np.ndarray) -> _Grid:
    possible = np.array([speed for speed in speeds if _is_fast_enough(speed, times)])
    if not len(possible):
        possible = speeds[-1:]
    accelerations = np.geomspace(low, high, FINE)
    chi2 = np.zeros((len(possible), FINE, len(line_s)))
    for one in times:
        taken_s = np.array([_times_over(one.steps, float(speed), low, high) for speed in possible])
        known_to_s = np.array([one.known_to_s(float(speed)) for speed in possible])
        chi2 += ((one.mean_s - taken_s[:, :, None] - line_s) / known_to_s[:, None, None]) ** 2
    return _Grid(possible, accelerations, chi2)


def _is_fast_enough(speed: float, times: Sequence[Times]) -> bool:
    """Whether the farthest moves can be made in their time at this speed at all."""
    return all(one.steps / speed <= one.mean_s + 5 * one.known_to_s(speed) for one in times)


@lru_cache(maxsize=4096)
def _times_over(steps: int, speed: float, low: float, high: float) -> np.ndarray:
    """Times of a move, s, over a fine grid of accelerations: a few by the recurrence, the others between them."""
    knots = np.geomspace(low, high, KNOTS)
    taken_s = [move_time(FIRMWARE, steps, speed, float(knot)) for knot in knots]
    between = PchipInterpolator(np.log(knots), np.log(taken_s))
    return np.asarray(np.exp(between(np.log(np.geomspace(low, high, FINE)))))


# ---- what is plausible ----


def _search(
    axes: Mapping[str, Stepper],
    times: Mapping[str, Sequence[Times]],
    speeds: Mapping[str, np.ndarray],
    has_line: bool,
) -> _Search:
    """Look everywhere, then again and again among what is plausible."""
    line_s = np.linspace(0.0, SLOWEST_LINE_S, LINE_POINTS) if has_line else np.zeros(1)
    ranges = {}
    for name, axis in axes.items():
        described = axis.max_acceleration * axis.steps_per_mm
        ranges[name] = (speeds[name], described / SEARCHED, described * SEARCHED)
    freedom = sum(len(times[name]) for name in axes) - 2 * len(axes) - has_line
    search: _Search | None = None
    for loosened in LOOSENED:
        if search is not None:
            finer = {name: _narrowed(search, name) for name in axes}
            if loosened == LOOSENED[1]:
                finer = {name: (_between(kept, speeds[name]), low, high) for name, (kept, low, high) in finer.items()}
            ranges, line_s = finer, _narrowed_line(search)
        search = _Search({name: _grid(times[name], *ranges[name], line_s) for name in axes}, line_s, math.inf)
        least = float(np.min(search.by_line()))
        # Misfit beyond what is expected widens everything in proportion.
        search = replace(search, slack=least + loosened * QUANTILE * max(1.0, least / max(1, freedom)))
    assert search is not None
    return search


def _narrowed(search: _Search, name: str) -> tuple[np.ndarray, float, float]:
    """The speeds that are plausible and their neighbours, and the accelerations with two more on each side."""
    grid, plausible = search.grids[name], search.total(name) <= search.slack
    at = np.flatnonzero(plausible.any(axis=0))
    low, high = max(0, at[0] - 2), min(FINE - 1, at[-1] + 2)
    rows = np.flatnonzero(plausible.any(axis=1))
    near = slice(max(0, rows[0] - 1), rows[-1] + 2)
    return grid.speeds[near], float(grid.accelerations[low]), float(grid.accelerations[high])


def _between(kept: np.ndarray, speeds: np.ndarray) -> np.ndarray:
    """The speeds that are kept, and others between: what is almost the same to the firmware is not quite so."""
    if len(speeds) == 1:
        return kept
    more = [np.geomspace(slowest, fastest, 7)[1:-1] for slowest, fastest in map(_range_of, kept) if fastest < math.inf]
    above = kept[kept > FIRMWARE.ceiling()]
    return np.unique(np.concatenate([kept, *more, np.sqrt(above[1:] * above[:-1])]))


def _narrowed_line(search: _Search) -> np.ndarray:
    line_s = search.line_s
    at = np.flatnonzero(search.by_line() <= search.slack)
    return np.linspace(line_s[max(0, at[0] - 1)], line_s[min(len(line_s) - 1, at[-1] + 1)], len(line_s))


def _line_time(search: _Search, n: int) -> LineTime | None:
    """What the line adds to a move; None where the moves leave it open."""
    plausible = search.line_s[search.by_line() <= search.slack]
    if plausible[-1] >= SLOWEST_LINE_S * 0.99:
        return None
    best = _middle(search.line_s, search.by_line())
    return LineTime(
        move_s=rounded(best), ci95_low_s=rounded(plausible[0]), ci95_high_s=rounded(max(plausible[-1], best)), n=n
    )


def _middle(values: np.ndarray, chi2: np.ndarray) -> float:
    """The best value; the middle of those that are as good as the best."""
    return float(np.mean(values[chi2 <= chi2.min() + 0.05]))


# ---- what is settled ----


def _accelerations(axis: Stepper, name: str, search: _Search) -> tuple[float, float]:
    """The least and the greatest acceleration that is plausible, mm/s²."""
    at = search.grids[name].accelerations[(search.total(name) <= search.slack).any(axis=0)]
    return at[0] / axis.steps_per_mm, at[-1] / axis.steps_per_mm


def _is_settled(axis: Stepper, low: float, high: float) -> bool:
    """Whether an acceleration is known well enough, and not only because it was looked for no farther."""
    is_within = low > axis.max_acceleration / SEARCHED * 1.01 and high < axis.max_acceleration * SEARCHED / 1.01
    return is_within and high <= WIDEST * low


def _held(axis: Stepper, speeds: np.ndarray) -> np.ndarray:
    """The speed that is described, if it is plausible; else all that are."""
    described = axis.max_speed * axis.steps_per_mm
    return np.array([described]) if np.isclose(speeds, described).any() else speeds


def _acceleration(
    name: str,
    axis: Stepper,
    search: _Search,
    values: Sequence[MeasuredValue],
    line_is_known: bool,
    speed_is_held: bool,
    n: int,
) -> tuple[MeasuredValue | None, str]:
    """An axis's acceleration, or why its moves do not settle it; an unknown line's time is left within it."""
    low, high = _accelerations(axis, name, search)
    described = float(axis.max_acceleration)
    if not _is_settled(axis, low, high) and low <= described <= high:
        return None, (
            f"{name}.max_acceleration stays {described:g} mm/s²: these moves leave anything from {_rounded(low)} to "
            f"{_rounded(high)} mm/s² open; it needs short moves beside long ones."
        )
    grid = search.grids[name]
    fitted = next((each.value for each in values if each.parameter == f"{name}.max_speed"), float(axis.max_speed))
    used = int(np.argmin(abs(grid.speeds - fitted * axis.steps_per_mm)))
    chi2 = search.total(name)[used] if line_is_known else grid.chi2[used, :, 0]
    best = min(max(_middle(grid.accelerations, chi2) / axis.steps_per_mm, low), high)
    given = f"; given max_speed {axis.max_speed:g} mm/s" if speed_is_held else ""
    most = None if high >= SEARCHED * described / 1.01 else high
    return _value(f"{name}.max_acceleration", best, low, most, n, METHOD + given), ""


def _speed(name: str, axis: Stepper, search: _Search, n: int) -> tuple[MeasuredValue | None, str]:
    """An axis's speed, a range that is all the same to the firmware; or why its moves do not settle it."""
    grid, total = search.grids[name], search.total(name)
    at = np.flatnonzero((total <= search.slack).any(axis=1))
    low, high = (_range_of(grid.speeds[at[end]])[end] / axis.steps_per_mm for end in (0, -1))
    described, ceiling = float(axis.max_speed), FIRMWARE.ceiling() / axis.steps_per_mm
    parameter = f"{name}.max_speed"
    if math.isinf(high) and described < low:
        return _value(parameter, max(low, ceiling), low, None, n), ""
    if math.isinf(high):
        return None, (
            f"{parameter} stays {described:g} mm/s: every speed from {_rounded(low)} mm/s up gives these times, as no "
            f"move reaches it, or because the firmware steps no faster than {_rounded(ceiling)} mm/s."
        )
    if high > WIDEST * low and low <= described <= high:
        return None, (
            f"{parameter} stays {described:g} mm/s: these moves leave anything from {_rounded(low)} to "
            f"{_rounded(high)} mm/s open; it needs longer moves."
        )
    best = float(grid.speeds[int(np.argmin(total.min(axis=1)))]) / axis.steps_per_mm
    return _value(parameter, min(max(best, low), high), low, high, n), ""


def _range_of(speed: float) -> tuple[float, float]:
    """The range of speeds that are the same to the firmware as this one, steps/s."""
    looks = math.ceil((1 / speed - FIRMWARE.step_s) / FIRMWARE.poll_s - 1e-9)
    return (_edge(1), math.inf) if looks <= 1 else (_edge(looks), _edge(looks - 1))


def _value(parameter: str, best: float, low: float, high: float | None, n: int, method: str = METHOD) -> MeasuredValue:
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
