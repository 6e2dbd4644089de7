"""Pictures for the owner of a small firm: what the cell saves, and one cycle of it."""

from __future__ import annotations

import io
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cellwright.errors import InputError
from cellwright.hardware.device import Device
from cellwright.sequences import Cell

if TYPE_CHECKING:
    from cellwright.benchmarks.comparison import Comparison, Outcome
    from cellwright.sim import Estimate

INK, FAINT, GRID = "#24303a", "#5d6b78", "#dde3e8"
HAND, CELL = "#d9822b", "#2a7fa8"
STATES = ["#8fb8de", "#c9ccd1", "#2a7fa8", "#e2a03f", "#c8553d", "#7fb77e", "#9a7fb8", "#d98cb3", "#6b8e8a", "#b5a642"]
ZOOM_S = 6.0
"""How much of a cycle is shown enlarged, s."""
STYLE: dict[Any, Any] = {"font.size": 11, "font.family": "DejaVu Sans", "text.color": INK, "axes.labelcolor": INK,
         "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": FAINT}  # fmt: skip


# ---- findings in words ----


def percent(value: float, like: float | None = None) -> str:
    """A percentage without its sign, one digit after the point below 10 (or where ``like`` is below 10)."""
    return f"{abs(value):.{0 if abs(value if like is None else like) >= 9.95 else 1}f}"


def between(estimate: Estimate, sign: int = 1) -> str:
    """The interval in words, "(95 % sure: 29 to 33 %)"; nothing where there is none."""
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return ""
    low, high = sorted((sign * estimate.ci95_low, sign * estimate.ci95_high))
    # An interval narrower than 2 % reads as one number unless it shows a further digit.
    like = 0.0 if high - low < 2 else estimate.mean
    minus = ["−" if float(percent(each, like)) and each < 0 else "" for each in (low, high)]
    shown = [mark + percent(each, like) for mark, each in zip(minus, (low, high), strict=True)]
    return f"(95 % sure: {shown[0]} to {shown[1]} %)"


def is_clear(estimate: Estimate) -> bool:
    """Whether the difference is surely not 0; with one replication, whether it is not 0 as shown."""
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return float(percent(estimate.mean)) > 0
    return estimate.ci95_low > 0 or estimate.ci95_high < 0


def finding(comparison: Comparison) -> str:
    """What the comparison shows, in one sentence without its full stop."""
    saved = comparison.less_time_percent
    if not is_clear(saved):
        if saved.ci95_low is None or saved.ci95_high is None:
            return f"No clear difference: the cell takes as long per {comparison.unit} as the hand"
        return (
            f"No clear difference: per {comparison.unit} the cell may take {percent(saved.ci95_high)} % less time "
            f"than the hand, or {percent(saved.ci95_low)} % more"
        )
    direction, sign = ("less", 1) if saved.mean > 0 else ("more", -1)
    sentence = f"The cell takes {percent(saved.mean)} % {direction} time per {comparison.unit} than the hand"
    return f"{sentence} {between(saved, sign)}".rstrip()


# ---- the comparison ----


def cycle_time_chart(comparison: Comparison) -> Figure:
    """Cycle times by hand and with the cell, and below them the person's seconds for each unit."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.2, 5.4), layout="constrained")
        times, labour = figure.subplots(2, 1, height_ratios=[2.4, 1])
        head, _, interval = finding(comparison).partition(" (")
        title = f"{head}\n({interval}" if interval else _wrapped(head)
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=13)
        _draw_times(times, comparison)
        _draw_labour(labour, comparison)
    return figure


def _wrapped(sentence: str) -> str:
    middle = len(sentence) // 2
    spaces = [place for place, letter in enumerate(sentence) if letter == " "]
    cut = min(spaces, key=lambda place: abs(place - middle))
    return sentence if len(sentence) < 60 else f"{sentence[:cut]}\n{sentence[cut + 1 :]}"


def _draw_times(axes: Axes, comparison: Comparison) -> None:
    rows = (("By hand", comparison.hand, HAND, 1.0), ("Cell", comparison.cell, CELL, 0.0))
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
        axes.annotate(_mean_label(mean), (mean.mean, level + 0.7), ha="right" if on_left else "left", size=10.5)
    axes.set_yticks(
        [level + 0.25 for *_, level in rows], [f"{name}\n{outcome.cycles:,} cycles" for name, outcome, _, _ in rows]
    )
    note = f" ({beyond} longer not shown)" if beyond else ""
    axes.set_xlabel(f"Seconds for one {comparison.unit}; {_runs(comparison.replications)}{note}")
    axes.set(xlim=(0, limit_s), ylim=(-0.15, 1.95))
    _plain(axes)


def _mean_label(mean: Estimate) -> str:
    interval = "" if mean.ci95_low is None else f" (95 %: {mean.ci95_low:.3g} to {mean.ci95_high:.3g} s)"
    return f"mean {mean.mean:.3g} s{interval}"


def _runs(replications: int) -> str:
    return "1 simulated run" if replications == 1 else f"{replications} simulated runs"


def _draw_labour(axes: Axes, comparison: Comparison) -> None:
    rows: list[tuple[str, Outcome, str]] = [("By hand", comparison.hand, HAND), ("Cell", comparison.cell, CELL)]
    for level, (_, outcome, colour) in zip((1, 0), rows, strict=True):
        labour = outcome.labour_s_per_unit
        axes.barh(level, labour.mean, height=0.62, color=colour, alpha=0.75)
        axes.text(labour.mean, level, f"  {labour.mean:.3g} s", va="center", weight="bold")
        if labour.ci95_low is not None and labour.ci95_high is not None:
            axes.plot([labour.ci95_low, labour.ci95_high], [level, level], color=INK, linewidth=2)
    saved = comparison.less_labour_percent
    direction, sign = ("less", 1) if saved.mean >= 0 else ("more", -1)
    said = (
        f"{percent(saved.mean)} % {direction} {between(saved, sign)}".rstrip()
        if is_clear(saved)
        else "no clear difference"
    )
    axes.set_title(f"A person's time: {said}", loc="left", size=11, weight="bold")
    axes.set_yticks([1, 0], [name for name, _, _ in rows])
    axes.set_xlabel(f"Seconds of a person's work for one {comparison.unit}")
    axes.set(xlim=(0, 1.15 * max(outcome.labour_s_per_unit.mean for _, outcome, _ in rows)), ylim=(-0.5, 1.5))
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


# ---- one cycle ----


@dataclass(slots=True)
class Band:
    """What went on from ``start_s`` to ``end_s``, seconds since the cycle's start."""

    what: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class CycleRecord:
    """One cycle out of a run log: states in order, and what each device did."""

    length_s: float
    states: list[Band] = field(default_factory=list)
    devices: dict[str, list[Band]] = field(default_factory=dict)

    def state_seconds(self) -> dict[str, float]:
        """Seconds in each state that took any time, in order of first appearance."""
        spent: dict[str, float] = {}
        for band in self.states:
            spent[band.what] = spent.get(band.what, 0.0) + band.end_s - band.start_s
        return spent


def read_cycle(log: sqlite3.Connection, cell: type[Cell], replication: int, number: int) -> CycleRecord:
    """Read one cycle. Raises InputError if the log does not have it."""
    ends = dict(log.execute("SELECT number, ended_s FROM cycle WHERE replication = ?", (replication,)))
    if number not in ends or (number > 1 and number - 1 not in ends):
        raise InputError(
            f"The log has no whole cycle {number} of replication {replication}; it has {len(ends)} cycles."
        )
    start_s, end_s = ends.get(number - 1, 0.0), ends[number]
    reader = _CycleReader(log, replication, start_s, end_s)
    record = CycleRecord(end_s - start_s, list(reader.states()))
    for name, part in cell.parts().items():
        if isinstance(part, Device):
            record.devices[name] = list(reader.device(name))
    return record


@dataclass(frozen=True, slots=True)
class _CycleReader:
    log: sqlite3.Connection
    replication: int
    start_s: float
    end_s: float

    def _rows(self, source: str, like: str = "%") -> list[tuple[float, str, float | None]]:
        """What the source noted in this cycle, after the last thing it noted before."""
        key = (self.replication, source, like)
        chosen = "SELECT at_s, what, value FROM event WHERE replication = ? AND source = ? AND what LIKE ?"
        before = self.log.execute(f"{chosen} AND at_s <= ? ORDER BY rowid DESC LIMIT 1", (*key, self.start_s))
        within = self.log.execute(
            f"{chosen} AND at_s > ? AND at_s <= ? ORDER BY rowid", (*key, self.start_s, self.end_s)
        )
        return [*before.fetchall(), *within.fetchall()]

    def _band(self, what: str, start_s: float, end_s: float) -> Band:
        return Band(what, max(start_s, self.start_s) - self.start_s, min(end_s, self.end_s) - self.start_s)

    def states(self) -> Iterator[Band]:
        rows = self._rows("cell", "state %")
        for (at_s, what, _), next_s in zip(rows, [*(row[0] for row in rows[1:]), self.end_s], strict=True):
            band = self._band(what.removeprefix("state "), at_s, next_s)
            if band.end_s > band.start_s:
                yield band

    def device(self, name: str) -> Iterator[Band]:
        """Bars from "move" to "move done", from "on" to "off", from "closed" to "open"; shots as long as they are."""
        under_way: tuple[str, float] | None = None
        for at_s, what, value in self._rows(name):
            if under_way is not None and under_way[0] != "fire" and at_s > self.start_s:
                yield self._band(under_way[0], under_way[1], at_s)
            under_way = None
            if what == "fire":
                if at_s >= self.start_s:
                    yield self._band(what, at_s, at_s + (value or 0.0))
            elif what in ("on", "closed", "move", "jog"):
                under_way = (what, at_s)
        if under_way is not None and under_way[1] < self.end_s:
            yield self._band(under_way[0], under_way[1], self.end_s)


def timeline(log: sqlite3.Connection, cell: type[Cell], replication: int, number: int) -> Figure:
    """One cycle, from the end of the one before to its own end, by state and by device; some seconds enlarged."""
    record = read_cycle(log, cell, replication, number)
    spent = record.state_seconds()
    longest = max(spent, key=lambda state: spent[state])
    active = [name for name, bands in record.devices.items() if bands]
    quiet = [name for name, bands in record.devices.items() if not bands]
    colours = {state: STATES[number % len(STATES)] for number, state in enumerate(cell.states)}
    zoom = _zoom(record, longest)
    close = [name for name in active if zoom and _moves_within(record.devices[name], *zoom)]
    with mpl.rc_context(STYLE):
        rows = [len(active) + 1, len(close) + 1] if zoom else [len(active) + 1]
        figure = Figure(figsize=(6.4, 1.9 + 0.34 * sum(rows) + 0.8 * len(rows)), layout="constrained")
        drawn = figure.subplots(len(rows), 1, height_ratios=rows, squeeze=False)[:, 0]
        share = 100 * spent[longest] / record.length_s
        figure.suptitle(
            f"One {cell.unit}: {record.length_s:.0f} s, of which {share:.0f} % {longest}",
            x=0.01, ha="left", weight="bold", size=13,
        )  # fmt: skip
        whole = drawn[0]
        _draw_rows(whole, record, active, colours, (0.0, record.length_s))
        note = f"\nNothing from: {', '.join(quiet).replace('_', ' ')}" if quiet else ""
        whole.set_xlabel(
            f"Seconds since the {cell.unit} before was finished\nGrey: moving, closed or lit. Orange: a shot.{note}"
        )
        handles = [
            Patch(color=colours.get(state, FAINT), label=f"{state} {seconds:.{0 if seconds >= 10 else 1}f} s")
            for state, seconds in spent.items()
        ]
        whole.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, fontsize=10.5)
        if zoom:
            _draw_rows(drawn[1], record, close, colours, zoom)
            whole.axvspan(*zoom, color=INK, alpha=0.15, linewidth=0)
            drawn[1].set_title(f"{zoom[1] - zoom[0]:.0f} seconds of it, enlarged", loc="left", size=12, weight="bold")
            drawn[1].set_xlabel("Seconds (the shaded strip above)")
    return figure


def _zoom(record: CycleRecord, state: str) -> tuple[float, float] | None:
    """Some seconds in the middle of the longest stay in ``state``, if the cycle is long enough to need it."""
    stay = max((band for band in record.states if band.what == state), key=lambda band: band.end_s - band.start_s)
    if record.length_s < 3 * ZOOM_S or stay.end_s - stay.start_s < ZOOM_S:
        return None
    start_s = round((stay.start_s + stay.end_s - ZOOM_S) / 2)
    return float(start_s), start_s + ZOOM_S


def _moves_within(bands: list[Band], start_s: float, end_s: float) -> bool:
    return any(start_s < edge < end_s for band in bands for edge in (band.start_s, band.end_s))


def _draw_rows(axes: Axes, record: CycleRecord, devices: list[str], colours: dict[str, str],
               window: tuple[float, float]) -> None:  # fmt: skip
    for band in record.states:
        axes.broken_barh(
            [(band.start_s, band.end_s - band.start_s)], (-0.42, 0.84), color=colours.get(band.what, FAINT)
        )
    for row, name in enumerate(devices, 1):
        bands = record.devices[name]
        shots = [(band.start_s, band.end_s - band.start_s) for band in bands if band.what == "fire"]
        others = [(band.start_s, band.end_s - band.start_s) for band in bands if band.what != "fire"]
        # A hairline round each bar keeps a shot of 60 ms visible in a cycle of minutes.
        axes.broken_barh(others, (row - 0.3, 0.6), facecolor=FAINT, edgecolor=FAINT, linewidth=0.4)
        axes.broken_barh(shots, (row - 0.34, 0.68), facecolor=HAND, edgecolor=HAND, linewidth=0.6)
    axes.set_yticks(range(len(devices) + 1), ["state", *(name.replace("_", " ") for name in devices)])
    axes.set(xlim=window, ylim=(len(devices) + 0.5, -0.5))
    _plain(axes)


# ---- files ----


def as_svg(figure: Figure, prefix: str = "figure") -> str:
    """The figure as an ``<svg>`` element to put in a page; the same figure gives the same text.

    prefix: put before every id, so that several figures can stand in one page.
    """
    text = _drawn(figure, "svg", prefix).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'href="#', f'href="#{prefix}-', text)
    return re.sub(r"url\(#", f"url(#{prefix}-", text)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as .svg or .png. Raises InputError for another suffix, or if it cannot be written."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise InputError(f"{path} is neither .svg nor .png; choose one of them.")
    write_whole(path, _drawn(figure, kind, "figure"))


def _drawn(figure: Figure, kind: str, salt: str) -> bytes:
    file = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type") if kind == "svg" else ("Software",))
    with mpl.rc_context({**STYLE, "svg.hashsalt": salt, "svg.fonttype": "path"}):
        figure.savefig(file, format=kind, dpi=150, metadata=nothing)
    return file.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write all of a file or nothing of it. Raises InputError if the folder cannot be written."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise InputError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error
