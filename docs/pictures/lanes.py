"""Draws who uses whom: a row for each part, the highest first, and a line that falls from each part to what it uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cellwright.benchmarks.charts.style import FAINT, INK, drawing

WIDTH_IN, MARGIN_IN = 7.6, 0.1
TEXT_PT, NAME_PT = 10.0, 10.5
BANDS = ("#eef3f6", "#ffffff")
COLOURS = ("#2a7fa8", "#a85a1b", "#4a7a3a", "#7a4f9a", "#b3261e", "#5d6b78")


@dataclass(frozen=True)
class Row:
    """A part: its name, the layer in which it stands, a note below its name, and a word that decides its colour."""

    name: str
    layer: str
    note: str
    family: str


def draw(
    rows: Sequence[Row],
    uses: Mapping[str, Iterable[str]],
    title: str,
    *,
    names_in: float,
    layers_in: float,
    row_in: float,
) -> Figure:
    """The rows at the left, their lines at the right.

    uses: by part, what it uses. names_in, layers_in: room for the names and for the layers' names.
    """
    title_in = 0.28 * (title.count("\n") + 1) + 0.12
    height = row_in * len(rows)
    with drawing():
        figure = Figure(figsize=(WIDTH_IN, height + title_in + MARGIN_IN))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH_IN), ylim=(height + MARGIN_IN, -title_in))
        axes.set_axis_off()
        axes.text(MARGIN_IN, -title_in / 2, title, size=13, weight="bold", va="center", linespacing=1.3)
        _draw_rows(axes, rows, layers_in, row_in)
        families = list(dict.fromkeys(row.family for row in rows))
        number = {row.name: place for place, row in enumerate(rows)}
        left = MARGIN_IN + layers_in + names_in
        pitch = (WIDTH_IN - MARGIN_IN - left) / (len(rows) - 1)
        for place, row in enumerate(rows):
            x, colour = left + pitch * (place + 0.4), COLOURS[families.index(row.family) % len(COLOURS)]
            _draw_name(axes, row, MARGIN_IN + layers_in, row_in * (place + 0.5), colour)
            targets = [number[name] for name in uses.get(row.name, ())]
            if targets:
                _draw_lane(axes, x, place, targets, row_in, colour)
    return figure


def _draw_rows(axes: Axes, rows: Sequence[Row], layers_in: float, row_in: float) -> None:
    layers = list(dict.fromkeys(row.layer for row in rows))
    for number, layer in enumerate(layers):
        places = [place for place, row in enumerate(rows) if row.layer == layer]
        top, size = places[0] * row_in, len(places) * row_in
        axes.add_patch(Rectangle((0, top), WIDTH_IN, size, facecolor=BANDS[number % 2], linewidth=0))
        if layers_in:
            axes.text(MARGIN_IN, top + size / 2, layer, size=TEXT_PT, va="center", color=FAINT, linespacing=1.1)


def _draw_name(axes: Axes, row: Row, x: float, y: float, colour: str) -> None:
    lines = row.note.count("\n") + 1 if row.note else 0
    axes.text(x, y - 0.09 * lines, row.name, size=NAME_PT, weight="bold", va="center", color=colour)
    if row.note:
        axes.text(x, y + 0.1, row.note, size=TEXT_PT, va="center", color=INK, linespacing=1.15)


def _draw_lane(axes: Axes, x: float, place: int, targets: Sequence[int], row_in: float, colour: str) -> None:
    start = row_in * (place + 0.5)
    reaches = [start, *(row_in * (target + 0.5) for target in targets)]
    axes.plot([x, x], [min(reaches), max(reaches)], color=colour, linewidth=1.1, zorder=2)
    axes.plot(x, start, marker="s", markersize=5.5, color=colour, zorder=3)
    for target in targets:
        y = row_in * (target + 0.5)
        axes.plot(x, y, marker="v" if target > place else "^", markersize=5.5, color=colour, zorder=3)


def save_with_data(figure: Figure, path: Path, data: object) -> None:
    """Write a PNG that carries what it was drawn from, so that a test can compare it with the code."""
    with drawing():
        figure.savefig(path, dpi=150, metadata={"Software": None, "Source": json.dumps(data, sort_keys=True)})
