"""A picture of what a cell is worth: from how many units a day it pays, and how its net present value spreads."""

from __future__ import annotations

import textwrap

import matplotlib as mpl
from matplotlib.figure import Figure

from cellwright.benchmarks.charts.style import CELL, STYLE
from cellwright.benchmarks.economics.model import EconomicResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.translations import read_translations

LINE = 78


def break_even_chart(found: EconomicResult, finding: str, unit: str) -> Figure:
    """The break-even line above, and below it the draws of each machine's net present value. finding: its title."""
    words = read_translations("en")
    alternatives = [(words("cost.cell"), found.cell, CELL)]
    if found.commercial is not None:
        alternatives.append((words("cost.bought"), found.commercial, charts.BOUGHT))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 5.2 + 1.5 * len(alternatives)), layout="constrained")
        figure.suptitle("\n".join(textwrap.wrap(finding, LINE)), x=0.01, ha="left", weight="bold", size=12)
        line, *spreads = figure.subplots(1 + len(alternatives), 1, height_ratios=[3.2, *(1 for _ in alternatives)])
        charts.break_even(line, found, words, f"{unit}s")
        for axes, (name, alternative, colour) in zip(spreads, alternatives, strict=True):
            charts.spread_of_npv(axes, alternative, colour, words)
            axes.set_title(name, loc="left", size=11, weight="bold")
        spreads[-1].set_xlabel(f"{words('cost.npv_axis')}; {len(found.cell.npv_nok):,} draws")
    return figure
