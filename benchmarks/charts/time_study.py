"""A chart of a stopwatch study: each element's times, fitted distribution and outliers."""

from __future__ import annotations

import math
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cellwright.benchmarks.charts.style import CELL, FAINT, INK, MANUAL, drawing, plain
from cellwright.benchmarks.time_study.analysis import ElementTimes, TimeStudy

GRID_COLUMNS = 2


def study_chart(study: TimeStudy, name: str) -> Figure:
    """One small histogram for each element. name: what was timed, for the title."""
    elements = study.elements
    rows = math.ceil(len(elements) / GRID_COLUMNS)
    with drawing():
        figure = Figure(figsize=(8.2, 1.1 + 2.5 * rows), layout="constrained")
        figure.suptitle(fill(f"{name}: {finding(study)}", 72), x=0.01, ha="left", weight="bold", size=13)
        grid = figure.subplots(rows, GRID_COLUMNS, squeeze=False).ravel()
        for axes, element in zip(grid, elements, strict=False):
            _draw(axes, element)
        for axes in grid[len(elements) :]:
            axes.set_visible(False)
        figure.supxlabel(
            "Bars: cycles that took so long. Marks: each time; orange diamonds: outliers, kept.\n"
            "Line: the fitted distribution; no line: the times themselves are used." + _status_note(study),
            x=0.01,
            ha="left",
            size=9.5,
            color=FAINT,
        )
    return figure


def finding(study: TimeStudy) -> str:
    """The result of the study, in one sentence without its full stop."""
    cycle = study.cycle
    cycles = f"{study.cycles} cycle{'s' * (study.cycles != 1)} timed"
    if cycle.mean.ci95_low is None or cycle.mean.ci95_high is None:
        return f"{cycles}, {cycle.mean.mean:.1f} s; one cycle has no interval"
    known = f"{cycles}, {cycle.mean.mean:.1f} s each (95 %: {cycle.mean.ci95_low:.1f} to {cycle.mean.ci95_high:.1f})"
    if not cycle.more_needed:
        return f"{known}, within ±5 %"
    return f"{known}; within ±5 % needs about {cycle.more_needed} more"


def _status_note(study: TimeStudy) -> str:
    return "" if study.status == "measured" else f" These times are {study.status}, not measured."


def _draw(axes: Axes, element: ElementTimes) -> None:
    times_s = np.asarray(element.times_s)
    edges = np.histogram_bin_edges(times_s, bins="sturges")
    axes.hist(times_s, bins=edges.tolist(), color=CELL, alpha=0.6)
    top = float(axes.get_ylim()[1])
    if element.fit is not None and not element.fit.is_rejected:
        across = np.linspace(2 * edges[0] - edges[1], 2 * edges[-1] - edges[-2], 200)
        curve = element.fit.frozen().pdf(across) * element.n * (edges[1] - edges[0])
        axes.plot(across, curve, color=INK, linewidth=1.5)
        top = max(top, float(curve.max()))
    axes.plot(times_s, np.full_like(times_s, -0.09 * top), "|", color=INK, markersize=7)
    for outlier in element.outliers:
        axes.plot(outlier.seconds, -0.09 * top, "D", color=MANUAL, markersize=7)
        on_left = outlier.seconds > element.mean.mean
        axes.annotate(
            f"cycle {outlier.cycle}",
            (outlier.seconds, -0.09 * top),
            xytext=(-7 if on_left else 7, 0),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="center",
            size=9,
        )
    axes.set_title(_title(element), loc="left", size=10.5, weight="bold")
    axes.set_xlabel(f"seconds; n = {element.n}; {element.distribution}{_p_value(element)}", size=10)
    axes.set_ylabel("cycles", size=10)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(-0.18 * top, 1.08 * top)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1.08 * top])
    plain(axes)


def _title(element: ElementTimes) -> str:
    mean = element.mean
    if mean.ci95_low is None or mean.ci95_high is None:
        return f"{element.name}: {mean.mean:.1f} s, once"
    return f"{element.name}: {mean.mean:.1f} s (95 %: {mean.ci95_low:.1f} to {mean.ci95_high:.1f})"


def _p_value(element: ElementTimes) -> str:
    return f" (p = {element.fit.p_value:.2f})" if element.distribution != "empirical" and element.fit else ""
