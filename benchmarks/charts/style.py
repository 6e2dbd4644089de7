"""Charts of a comparison, and the style and files that all charts share."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

from cellwright.errors import InputError
from cellwright.files import plain_text, write_atomically

if TYPE_CHECKING:
    from cellwright.benchmarks.comparison import Comparison, MeasureOutcome, Outcome
    from cellwright.sim import Estimate, Measure

INK, FAINT, GRID = "#24303a", "#5d6b78", "#dde3e8"
CHANCE = "#b4bcc4"  # effects that may be chance
MANUAL, CELL = "#d9822b", "#2a7fa8"
STYLE: dict[Any, Any] = {"font.size": 11, "font.family": "DejaVu Sans", "text.color": INK, "axes.labelcolor": INK,
         "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": FAINT, "text.parse_math": False}  # fmt: skip


PHONE_WIDTH_IN = 4.4
"""At 358 px the text of 11 points is then 12 px high."""


@contextmanager
def drawing() -> Iterator[None]:
    """The style of every chart; in it a text is as it was typed, and a letter that no font has is no warning."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from|Matplotlib currently does not support")
        yield


# ---- findings in words ----


def percent(value: float, like: float | None = None) -> str:
    """A percentage without its sign, with one decimal below 10 (or where ``like`` is below 10)."""
    return f"{abs(value):.{0 if abs(value if like is None else like) >= 9.95 else 1}f}"


def between(estimate: Estimate, sign: int = 1) -> str:
    """The interval in words, "(95 % interval: 29 to 33 %)"; nothing where there is none."""
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return ""
    low, high = sorted((sign * estimate.ci95_low, sign * estimate.ci95_high))
    # An interval narrower than 2 % needs a further digit, or both ends look the same.
    like = 0.0 if high - low < 2 else estimate.mean
    minus = ["−" if float(percent(each, like)) and each < 0 else "" for each in (low, high)]
    shown = [mark + percent(each, like) for mark, each in zip(minus, (low, high), strict=True)]
    return f"(95 % interval: {shown[0]} to {shown[1]} %)"


def is_clear(estimate: Estimate) -> bool:
    """Whether the 95 % interval excludes 0; with one replication, whether the rounded value is not 0."""
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return float(percent(estimate.mean)) > 0
    return estimate.ci95_low > 0 or estimate.ci95_high < 0


def finding(comparison: Comparison) -> str:
    """What the comparison shows, in one sentence without its full stop."""
    saved = comparison.less_time_percent
    if not is_clear(saved):
        if saved.ci95_low is None or saved.ci95_high is None:
            return f"No clear difference: the cell takes as long per {comparison.unit} as manual work"
        return (
            f"No clear difference: per {comparison.unit} the cell may take {percent(saved.ci95_high)} % less time "
            f"than manual work, or {percent(saved.ci95_low)} % more"
        )
    direction, sign = ("less", 1) if saved.mean > 0 else ("more", -1)
    sentence = f"The cell takes {percent(saved.mean)} % {direction} time per {comparison.unit} than manual work"
    return f"{sentence} {between(saved, sign)}".rstrip()


# ---- the comparison ----


def cycle_time_chart(comparison: Comparison, width_in: float = 6.2) -> Figure:
    """Cycle times by hand and with the cell, and below them the person's seconds for each unit."""
    with drawing():
        figure = Figure(figsize=(width_in, 5.4), layout="constrained")
        times, labour = figure.subplots(2, 1, height_ratios=[2.4, 1])
        head, _, interval = finding(comparison).partition(" (")
        title = f"{head}\n({interval}" if interval else _wrapped(head)
        title = _narrow_enough(title, width_in, 56)
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=13)
        _draw_times(times, comparison, width_in)
        _draw_labour(labour, comparison, width_in)
        make_room(figure)
    return figure


def _narrow_enough(text: str, width_in: float, characters: int) -> str:
    """The text as it is at 6.2 inches; in a narrower figure in lines of so many characters, or fewer."""
    return text if width_in >= 6.2 else "\n".join(textwrap.wrap(text, round(characters * width_in / 6.2)))


def _wrapped(sentence: str) -> str:
    middle = len(sentence) // 2
    spaces = [place for place, letter in enumerate(sentence) if letter == " "]
    cut = min(spaces, key=lambda place: abs(place - middle))
    return sentence if len(sentence) < 60 else f"{sentence[:cut]}\n{sentence[cut + 1 :]}"


def _draw_times(axes: Axes, comparison: Comparison, width_in: float) -> None:
    upper = 1.0 if width_in >= 6.2 else 1.3  # labels take two lines in a narrow figure
    rows = (("By hand", comparison.manual, MANUAL, upper), ("Cell", comparison.cell, CELL, 0.0))
    limit_s = 1.08 * max(float(np.percentile(outcome.cycle_times_s, 99.5)) for _, outcome, _, _ in rows)
    beyond = sum(int((outcome.cycle_times_s > limit_s).sum()) for _, outcome, _, _ in rows)
    for _, outcome, colour, level in rows:
        counts, edges = np.histogram(outcome.cycle_times_s, bins=90, range=(0, limit_s))
        axes.stairs(
            level + 0.6 * counts / max(1, counts.max()), edges, baseline=level, fill=True, color=colour, alpha=0.75
        )
        mean = outcome.cycle_time_s
        low, high = (mean.mean if end is None else end for end in (mean.ci95_low, mean.ci95_high))
        axes.plot([low, high], [level - 0.05] * 2, color=INK, linewidth=5, solid_capstyle="butt")
        axes.plot([mean.mean] * 2, [level - 0.1, level + 0.66], color=INK, linewidth=1.2)
        on_left = mean.mean > limit_s / 2
        label = _narrow_enough(_mean_label(mean), width_in, 30)
        axes.annotate(label, (mean.mean, level + 0.7), ha="right" if on_left else "left", size=10.5)
    axes.set_yticks(
        [level + 0.25 for *_, level in rows], [f"{name}\n{outcome.cycles:,} cycles" for name, outcome, _, _ in rows]
    )
    note = f" ({beyond} longer not shown)" if beyond else ""
    label = f"Seconds for one {comparison.unit}; {_runs(comparison.replications)}{note}"
    axes.set_xlabel(_narrow_enough(label, width_in, 60))
    axes.set(xlim=(0, limit_s), ylim=(-0.15, upper + 0.95))
    plain(axes)


def _mean_label(mean: Estimate) -> str:
    interval = "" if mean.ci95_low is None else f" (95 %: {mean.ci95_low:.3g} to {mean.ci95_high:.3g} s)"
    return f"mean {mean.mean:.3g} s{interval}"


def _runs(replications: int) -> str:
    return "1 simulated run" if replications == 1 else f"{replications} simulated runs"


def _draw_labour(axes: Axes, comparison: Comparison, width_in: float) -> None:
    rows: list[tuple[str, Outcome, str]] = [("By hand", comparison.manual, MANUAL), ("Cell", comparison.cell, CELL)]
    end_s = 0.0
    for level, (_, outcome, colour) in zip((1, 0), rows, strict=True):
        labour = outcome.labour_s_per_unit
        axes.barh(level, labour.mean, height=0.62, color=colour, alpha=0.75)
        end_s = max(end_s, upper_end(labour))
        axes.text(upper_end(labour), level, f"  {labour.mean:.3g} s", va="center", weight="bold")
        if labour.ci95_low is not None and labour.ci95_high is not None:
            axes.plot([labour.ci95_low, labour.ci95_high], [level, level], color=INK, linewidth=2)
    saved = comparison.less_labour_percent
    direction, sign = ("less", 1) if saved.mean >= 0 else ("more", -1)
    text = (
        f"{percent(saved.mean)} % {direction} {between(saved, sign)}".rstrip()
        if is_clear(saved)
        else "no clear difference"
    )
    title = _narrow_enough(f"Labour time: {text}", width_in, 56)
    axes.set_title(title, loc="left", size=11, weight="bold")
    axes.set_yticks([1, 0], [name for name, _, _ in rows])
    axes.set_xlabel(f"Labour time for one {comparison.unit}, s")
    axes.set(xlim=(0, 1.15 * end_s), ylim=(-0.5, 1.5))
    plain(axes)


def upper_end(estimate: Estimate) -> float:
    """Where a label stands: beyond the interval, but within twice the mean, as two runs leave very wide intervals."""
    return estimate.mean if estimate.ci95_high is None else min(estimate.ci95_high, 2 * estimate.mean)


def make_room(figure: Figure) -> None:
    """Lengthen the x axes until every label that begins at its place ends within its axes."""
    make_texts_plain(figure)
    for text in (text for axes in figure.axes for text in axes.texts):
        text.set_in_layout(False)  # or the layout makes the axes narrow for it, before they are made long enough
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # only now the layout is known
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    for axes in figure.axes:
        start, stop = axes.get_xlim()
        for text in axes.texts:
            share = text.get_window_extent(renderer).width / axes.bbox.width
            if text.get_horizontalalignment() == "left" and share < 1:
                stop = max(stop, start + 1.01 * (text.get_position()[0] - start) / (1 - share))
        axes.set_xlim(start, stop)


def plain(axes: Axes) -> None:
    """Remove spines and ticks, and add a light grid."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


# ---- measures ----


def measures_chart(comparison: Comparison, measures: Sequence[Measure], width_in: float = 6.2) -> Figure:
    """The measures of a unit, by hand and by the cell: 5th to 95th percentile of the units, and the mean."""
    shown = [each for each in measures if each.name in comparison.less_measured]
    with drawing():
        figure = Figure(figsize=(width_in, (1.75 if width_in >= 6.2 else 2.6) * len(shown)), layout="constrained")
        for axes, measure in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
            _draw_measure(axes, comparison, measure, width_in)
        make_room(figure)
    return figure


def _draw_measure(axes: Axes, comparison: Comparison, measure: Measure, width_in: float) -> None:
    rows = (("By hand", comparison.manual, MANUAL, 1.0), ("Cell", comparison.cell, CELL, 0.0))
    for _, outcome, colour, level in rows:
        found: MeasureOutcome = outcome.measures[measure.name]
        mean = found.mean.mean
        axes.plot([found.p5, found.p95], [level] * 2, color=colour, alpha=0.75, linewidth=9, solid_capstyle="butt")
        axes.plot(mean, level, marker="d", color=INK, markersize=7, clip_on=False)
        axes.text(max(found.p95, mean), level, f"   mean {short(mean)}", va="center")
    less = comparison.less_measured[measure.name]
    words = measure.words[:1].upper() + measure.words[1:]
    title = _narrow_enough(_wrapped(f"{words}: {difference(less, measure.unit)}"), width_in, 38)
    axes.set_title(title, loc="left", size=11, weight="bold")
    axes.set_yticks([1, 0], [f"{name}, n = {outcome.cycles:,}" for name, outcome, _, _ in rows])
    axes.set_xlabel(_narrow_enough(f"{measure.unit}; bar: 5th to 95th percentile, diamond: mean", width_in, 42))
    highest = max(max(o.measures[measure.name].p95, o.measures[measure.name].mean.mean) for _, o, _, _ in rows)
    axes.set(xlim=(0, 1.3 * highest or 1.0), ylim=(-0.6, 1.6))
    plain(axes)


def difference(less: Estimate, unit: str) -> str:
    """Manual minus cell in words: "374 g less by the cell (95 % interval: 360 to 389)"."""
    if not is_clear(less):
        return "no clear difference"
    sign, word = (1, "less") if less.mean > 0 else (-1, "more")
    text = f"{short(sign * less.mean)} {unit if unit != '%' else 'percentage points'} {word} by the cell"
    if less.ci95_low is None or less.ci95_high is None:
        return text
    low, high = sorted((sign * less.ci95_low, sign * less.ci95_high))
    return f"{text} (95 % interval: {short(low)} to {short(high)})"


def short(value: float) -> str:
    """A figure with three significant digits, and at most two decimals."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{round(value, 2) + 0.0:.2f}"


# ---- files ----

_COMMENT_OR_ID = re.compile(r'(<!--.*?-->)|(\bid="|href="#|url\(#)', re.DOTALL)
"""What names a part of a drawing; a comment holds a text as it was typed and is passed over."""


def make_texts_plain(figure: Figure) -> None:
    """Make every text of a figure one that any file can hold, ticks included; none is read as mathematics."""
    for text in figure.findobj(Text):
        text.set_text(plain_text(text.get_text()))
        text.set_parse_math(False)
    for axis in figure.findobj(Axis):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FuncFormatter):  # what labels given as texts become
            formatter.func = partial(_plain_label, formatter.func)


def _plain_label(label: Callable[..., str], *at: float) -> str:
    return plain_text(label(*at))


def as_svg(figure: Figure, prefix: str = "figure") -> str:
    """The figure as an ``<svg>`` element to put in a page; the same figure gives the same text.

    prefix: put before every id, so that several figures can stand in one page.
    """
    text = _rendered(figure, "svg", prefix).decode()
    text = text[text.index("<svg") :]
    return _COMMENT_OR_ID.sub(lambda found: found[1] or f"{found[2]}{prefix}-", text)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as .svg or .png. Raises InputError for another suffix, or if it cannot be written."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise InputError(f"{path} is neither .svg nor .png; choose one of them.")
    write_atomically(path, _rendered(figure, kind, "figure"))


def _rendered(figure: Figure, kind: str, salt: str) -> bytes:
    make_texts_plain(figure)
    file = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type") if kind == "svg" else ("Software",))
    with drawing(), mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "path"}):
        figure.savefig(file, format=kind, dpi=150, metadata=nothing)
    return file.getvalue()
