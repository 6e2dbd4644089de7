"""A report's figures, without titles: the captions below them say what they show, in the report's language."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cellwright.benchmarks.comparison import Comparison, Outcome
from cellwright.benchmarks.economics import Worth
from cellwright.benchmarks.figures import CELL, FAINT, HAND, INK, STYLE, plain
from cellwright.benchmarks.report.words import Words, capital
from cellwright.benchmarks.sensitivity import Swing
from cellwright.sim import Estimate, Measure

WIDTH = 6.8
BOUGHT = "#7d6ba8"


def times(comparison: Comparison, words: Words, unit: str) -> Figure:
    """Seconds for one unit, and below them a person's seconds, by hand and with the cell; mean and interval."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
        for axes, key, of in zip(
            figure.subplots(2, 1), ("hand_axis", "labour_axis"), ("cycle_time_s", "labour_s_per_unit"), strict=True
        ):
            pairs = [(1, comparison.hand, HAND), (0, comparison.cell, CELL)]
            for level, outcome, colour in pairs:
                _bar(axes, level, getattr(outcome, of), colour, words)
            axes.set_yticks([1, 0], [words("output.hand"), words("output.cell")])
            axes.set_xlabel(words(f"output.{key}", unit=unit))
            axes.set(xlim=(0, 1.32 * max(getattr(outcome, of).mean for _, outcome, _ in pairs)), ylim=(-0.6, 1.6))
            _finish(axes, words)
    return figure


def _bar(axes: Axes, level: int, mean: Estimate, colour: str, words: Words) -> None:
    axes.barh(level, mean.mean, height=0.62, color=colour, alpha=0.8)
    end = mean.mean
    if mean.ci95_low is not None and mean.ci95_high is not None:
        axes.plot([max(0.0, mean.ci95_low), mean.ci95_high], [level, level], color=INK, linewidth=2)
        end = max(end, mean.ci95_high)
    axes.text(end, level, "  " + words("output.mean", value=words.short(mean.mean)), va="center", weight="bold")


def measures(comparison: Comparison, shown: Sequence[Measure], words: Words) -> Figure:
    """What units are like beside their time: nine of ten units, and the mean."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.5 * len(shown)), layout="constrained")
        for axes, measure in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
            _measure(axes, comparison, measure, words)
    return figure


def _measure(axes: Axes, comparison: Comparison, measure: Measure, words: Words) -> None:
    rows: list[tuple[int, Outcome, str]] = [(1, comparison.hand, HAND), (0, comparison.cell, CELL)]
    for level, outcome, colour in rows:
        found = outcome.measures[measure.name]
        axes.plot([found.p5, found.p95], [level] * 2, color=colour, alpha=0.8, linewidth=9, solid_capstyle="butt")
        axes.plot(found.mean.mean, level, marker="d", color=INK, markersize=7, clip_on=False)
        said = words("output.mean_of", value=words.short(found.mean.mean))
        axes.text(max(found.p95, found.mean.mean), level, f"   {said}", va="center")
    axes.set_yticks([1, 0], [words("output.hand"), words("output.cell")])
    axes.set_xlabel(f"{capital(words.term(measure.words))}, {words.term(measure.unit)}")
    most = max(
        max(outcome.measures[measure.name].p95, outcome.measures[measure.name].mean.mean) for _, outcome, _ in rows
    )
    axes.set(xlim=(0, 1.32 * most or 1.0), ylim=(-0.6, 1.6))
    _finish(axes, words)


def present_values(worth: Worth, words: Words) -> Figure:
    """How the net present value spreads over the draws: the cell's and, if there is one, the bought machine's."""
    arms = [(words("cost.cell"), worth.cell, CELL)]
    if worth.commercial is not None:
        arms.append((words("cost.bought"), worth.commercial, BOUGHT))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.1 * len(arms) ** 0.6), layout="constrained")
        for axes, (name, arm, colour) in zip(figure.subplots(len(arms), 1, squeeze=False)[:, 0], arms, strict=True):
            thousands = arm.npv_nok / 1000
            low, high = np.percentile(thousands, (0.5, 99.5))
            axes.hist(thousands, bins=70, range=(low, high), color=colour, alpha=0.85)
            if low < 0 < high:
                axes.axvline(0, color=INK, linewidth=1.2)
            axes.set_title(name, loc="left", size=11, weight="bold")
            axes.set_yticks([])
            axes.set_ylabel(words("cost.npv_count"))
            _finish(axes, words)
        axes.set_xlabel(words("cost.npv_axis"))
    return figure


def tornado(swings: Sequence[Swing], base: float, words: Words, share: str, unit: str) -> Figure:
    """Bars from the result with an input smaller to that with it larger, in the order of ``swings``."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.3 + 0.3 * max(1, len(swings))), layout="constrained")
        axes = figure.subplots()
        for level, each in enumerate(reversed(swings)):
            for end, colour in ((each.low, HAND), (each.high, CELL)):
                if end is not None:
                    axes.barh(level, end - base, left=base, height=0.62, color=colour, alpha=0.85)
        axes.axvline(base, color=INK, linewidth=1.2)
        axes.set_yticks(range(len(swings)), [capital(words.term(each.name)) for each in reversed(swings)])
        axes.set_xlabel(words("assumptions.axis", unit=unit))
        handles = [mpl.patches.Patch(color=colour, alpha=0.85) for colour in (HAND, CELL)]
        labels = [words(f"assumptions.legend_{end}", share=share) for end in ("smaller", "larger")]
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False, fontsize=10)
        _finish(axes, words)
    return figure


def _finish(axes: Axes, words: Words) -> None:
    plain(axes)
    axes.spines["bottom"].set_color(FAINT)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.plain(round(value, 10))))
