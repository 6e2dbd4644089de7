"""Charts of a sweep: a curve over one input, a heat map over two, and the Pareto front of two figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cellwright.benchmarks.charts.style import CELL, FAINT, INK, MANUAL, drawing, plain
from cellwright.errors import InputError, nearest

Rows = Sequence[dict[str, Any]]
FIGURE_LABELS = {
    "cycle_time_s": "cycle time, s",
    "units_per_hour": "units an hour",
    "labour_s_per_unit": "labour a unit, s",
    "less_time_percent": "less time than by hand, %",
    "less_labour_percent": "less labour time than by hand, %",
}
LESS_IS_BETTER = {"units_per_hour": False, "less_time_percent": False, "less_labour_percent": False}
"""Figures of which more is better; of all others (measures and seconds) less is better."""

NOISE_LEFT_OUT = "means; their simulation noise is not shown"
"""Two designs that differ less than their noise may change places: the intervals are in the table."""


def sweep_chart(rows: Rows, names: Sequence[str], figure: str) -> Figure:
    """``figure`` over the inputs ``names`` that were varied: one is a curve, two a heat map.

    Raises InputError for a figure that the sweep does not have, or more inputs than can be drawn.
    """
    usable = [row for row in rows if figure in row and row[figure] is not None]
    if not usable:
        raise InputError(f"The sweep has no {figure!r}; {nearest(figure, rows[0] if rows else ())}")
    if len(names) > 2:
        raise InputError(f"{len(names)} inputs cannot be drawn in one chart; vary one or two, or name two figures.")
    with drawing():
        drawn = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = drawn.subplots()
        (_curve if len(names) == 1 else _heat_map)(axes, usable, names, figure)
        best = _best(usable, figure)
        where = ", ".join(f"{name} = {best[name]:g}" for name in names)
        title = f"The best of {len(usable)} designs, {best[figure]:.3g} ({figure_label(figure)}),\nis at {where}"
        drawn.suptitle(title, x=0.01, ha="left", weight="bold", size=12)
    return drawn


def pareto_chart(rows: Rows, across: str, up: str) -> Figure:
    """Every design by two figures, with the Pareto front."""
    usable = [row for row in rows if row.get(across) is not None and row.get(up) is not None]
    if not usable:
        raise InputError(f"The sweep has no {across!r} and {up!r}; {nearest(up, rows[0] if rows else ())}")
    front = pareto_front(usable, across, up)
    with drawing():
        drawn = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = drawn.subplots()
        axes.scatter([row[across] for row in usable], [row[up] for row in usable], s=18, color=CELL, alpha=0.6)
        ordered = sorted(front, key=lambda row: float(row[across]))
        axes.plot([row[across] for row in ordered], [row[up] for row in ordered], color=MANUAL, marker="o")
        axes.set_xlabel(f"{_label_with_direction(across)}\nn = {len(usable)} designs; {NOISE_LEFT_OUT}")
        axes.set_ylabel(_label_with_direction(up))
        plain(axes)
        drawn.suptitle(
            f"{len(front)} of {len(usable)} designs are Pareto-optimal\n"
            f"in {figure_label(across)}; {figure_label(up)}",
            x=0.01, ha="left", weight="bold", size=12,
        )  # fmt: skip
    return drawn


def pareto_front(rows: Rows, first: str, second: str) -> list[dict[str, Any]]:
    """The rows that no other row dominates: at least as good in both figures and better in one."""
    points = [(_cost(row, first), _cost(row, second)) for row in rows]
    return [
        row
        for row, point in zip(rows, points, strict=True)
        if not any(other[0] <= point[0] and other[1] <= point[1] and other != point for other in points)
    ]


def _is_less_better(figure: str) -> bool:
    return LESS_IS_BETTER.get(figure, True)


def _cost(row: dict[str, Any], figure: str) -> float:
    return float(row[figure]) if _is_less_better(figure) else -float(row[figure])


def _best(rows: Rows, figure: str) -> dict[str, Any]:
    return min(rows, key=lambda row: _cost(row, figure))


def figure_label(figure: str) -> str:
    """A figure in words with its unit; a measure by its name, which ends in its unit."""
    return FIGURE_LABELS.get(figure, figure.replace("_", " "))


def _label_with_direction(figure: str) -> str:
    return f"{figure_label(figure)} ({'less' if _is_less_better(figure) else 'more'} is better)"


def _curve(axes: Axes, rows: Rows, names: Sequence[str], figure: str) -> None:
    ordered = sorted(rows, key=lambda row: float(row[names[0]]))
    at = [row[names[0]] for row in ordered]
    axes.plot(at, [row[figure] for row in ordered], color=CELL, marker="o")
    ends = [(row[f"{figure}_ci95_low"], row[f"{figure}_ci95_high"]) for row in ordered]
    if all(low is not None for low, _ in ends):
        axes.fill_between(at, [low for low, _ in ends], [high for _, high in ends], color=CELL, alpha=0.25, linewidth=0)
    axes.set_xlabel(f"{names[0]}; n = {len(rows)} designs; band: 95 %, simulation noise only")
    axes.set_ylabel(figure_label(figure))
    plain(axes)


def _heat_map(axes: Axes, rows: Rows, names: Sequence[str], figure: str) -> None:
    across, up = (np.array([row[name] for row in rows], dtype=float) for name in names)
    values = np.array([row[figure] for row in rows], dtype=float)
    columns, lines = np.unique(across), np.unique(up)
    if len(columns) * len(lines) == len(rows):
        table = np.full((len(lines), len(columns)), np.nan)
        table[np.searchsorted(lines, up), np.searchsorted(columns, across)] = values
        shown: Any = axes.pcolormesh(columns, lines, table, cmap="viridis", shading="nearest")
        if table.size <= 100:
            for (line, column), value in np.ndenumerate(table):
                bright = value > np.nanmean(table)
                axes.text(float(columns[column]), float(lines[line]), f"{value:.3g}", ha="center", va="center", size=8,
                          color=INK if bright else "white")  # fmt: skip
    else:
        shown = axes.scatter(across, up, c=values, cmap="viridis", s=40)
    bar = axes.figure.colorbar(shown, ax=axes)
    bar.set_label(figure_label(figure))
    axes.set_xlabel(f"{names[0]}; n = {len(rows)} designs\n{NOISE_LEFT_OUT}")
    axes.set_ylabel(names[1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(color=FAINT)
