"""A chart of a cell's economics: break-even point in units a day, and distribution of the net present value."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from cellwright.benchmarks.charts.style import drawing
from cellwright.benchmarks.economics.results import EconomicResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.translations import read_translations

MAX_TITLE_LINE = 78


def break_even_chart(result: EconomicResult, finding: str, unit: str) -> Figure:
    """The break-even line above, and below it the draws of each machine's net present value. finding: the title."""
    translations = read_translations("en")
    alternatives = charts.machines(result, translations)
    with drawing():
        figure = Figure(figsize=(8.2, 5.2 + 1.5 * len(alternatives)), layout="constrained")
        figure.suptitle("\n".join(textwrap.wrap(finding, MAX_TITLE_LINE)), x=0.01, ha="left", weight="bold", size=12)
        line, *histograms = figure.subplots(1 + len(alternatives), 1, height_ratios=[3.2, *(1 for _ in alternatives)])
        charts.break_even(line, result, translations, f"{unit}s")
        for axes, (name, alternative, colour) in zip(histograms, alternatives, strict=True):
            charts.npv_histogram(axes, alternative, colour, translations)
            axes.set_title(name, loc="left", size=11, weight="bold")
        histograms[-1].set_xlabel(f"{translations('cost.npv_axis')}; {len(result.cell.npv_nok):,} draws")
    return figure
