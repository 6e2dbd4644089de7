"""A histogram of errors with their limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from cellwright.benchmarks.charts.style import CELL, FAINT, INK, drawing, plain


def error_histogram(errors: Sequence[float] | np.ndarray, *, title: str, label: str, limit: float) -> Figure:
    """``errors`` (n,) as a histogram, with ±``limit`` and the middle 95 % marked; all in the unit that ``label`` names.

    title: the finding, in one or two sentences.
    """
    values = np.asarray(errors, dtype=float)
    low, high = np.quantile(values, (0.025, 0.975))
    reach = 1.15 * max(limit, float(np.abs(np.quantile(values, (0.001, 0.999))).max()))
    beyond = int((np.abs(values) > reach).sum())
    with drawing():
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.subplots()
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=12)
        axes.hist(values, bins=np.linspace(-reach, reach, 81).tolist(), color=CELL, alpha=0.75)
        top = axes.get_ylim()[1]
        for end in (-limit, limit):
            axes.axvline(end, color=INK, linewidth=1.2, linestyle="--")
        axes.plot([low, high], [-0.03 * top] * 2, color=INK, linewidth=5, solid_capstyle="butt", clip_on=False)
        note = f"; {beyond} outside the chart" if beyond else ""
        axes.set_xlabel(
            f"{label}; n = {len(values):,}{note}\n"
            f"bar: 95 % of them, {low:+.2f} to {high:+.2f}; dashed: limits, ±{limit:g}".replace("-", "−")
        )
        axes.set(xlim=(-reach, reach), ylim=(-0.06 * top, top))
        axes.set_yticks([])
        axes.spines["bottom"].set_color(FAINT)
        plain(axes)
    return figure
