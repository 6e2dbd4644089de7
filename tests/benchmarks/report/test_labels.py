"""No label of a figure is cut off at its edge, or stands on another: as wide as a page and as wide as a phone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from cellwright.benchmarks.charts import style
from cellwright.benchmarks.report.builder import build
from cellwright.cells import load

from .test_report import report_inputs, translations_of

CUT_OFF_PT = 1.0
"""How far ink may stand beyond the edge: the box of a text is a little larger than its letters."""
OVERLAP_PT = 2.0


def ticks_beyond_the_view(figure: Figure) -> Iterator[Text]:
    """The labels of ticks outside the limits of their axis, which Matplotlib keeps and does not draw."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for place, tick in zip(axis.get_majorticklocs(), axis.get_major_ticks(), strict=False):
            if not low <= place <= high:
                yield from (tick.label1, tick.label2)


@lru_cache(maxsize=1)
def labels(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every text that is drawn, and where, in points."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    unseen = {id(text) for text in ticks_beyond_the_view(figure)}
    drawn = [
        text
        for text in figure.findobj(Text)
        if id(text) not in unseen and text.get_visible() and text.get_text().strip()
    ]
    boxes = [text.get_window_extent(canvas.get_renderer()).get_points() * 72 / figure.dpi for text in drawn]
    return [(text.get_text(), Bbox(box)) for text, box in zip(drawn, boxes, strict=True)]


def cut_off(figure: Figure) -> list[str]:
    """The texts that stand beyond the figure's edge."""
    wide, high = figure.get_size_inches() * 72
    return [text for text, box in labels(figure) if min(box.x0, box.y0, wide - box.x1, high - box.y1) < -CUT_OFF_PT]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """The pairs of texts that stand on each other."""
    found = []
    for (one, first), (other, second) in combinations(labels(figure), 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        along = min(first.y1, second.y1) - max(first.y0, second.y0)
        if across > OVERLAP_PT and along > OVERLAP_PT:
            found.append((one, other))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "language"), [("stapler", "nb"), ("lacquer_mixer", "en"), ("digital_tape", "nb")])
def test_no_label_of_a_report_is_cut_off_or_covered(cell: str, language: str) -> None:
    given = report_inputs(cell)
    for drawing in build(given, translations_of(given, language)).drawings():
        for figure in filter(None, (drawing.figure, drawing.narrow)):
            assert (cut_off(figure), overlapping(figure)) == ([], []), (drawing.name, figure.get_figwidth())


@pytest.mark.parametrize("width_in", [6.2, 4.4])
@pytest.mark.parametrize("cell", ["stapler", "lacquer_mixer", "digital_tape"])
def test_no_label_of_the_demo_is_cut_off_or_covered(cell: str, width_in: float) -> None:
    comparison = report_inputs(cell).comparison
    measures = load(cell).measures
    figures = [style.cycle_time_chart(comparison, width_in)]
    figures += [style.measures_chart(comparison, measures, width_in)] if measures else []
    for figure in figures:
        assert (cut_off(figure), overlapping(figure)) == ([], [])


def test_a_label_beyond_the_edge_and_one_on_another_would_be_found() -> None:
    figure = Figure(figsize=(2, 1))
    figure.text(0.9, 0.5, "far too long to stand here")
    figure.text(0.1, 0.5, "one")
    figure.text(0.1, 0.5, "other")
    assert cut_off(figure) == ["far too long to stand here"]
    assert overlapping(figure) == [("one", "other")]
