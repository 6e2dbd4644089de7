"""A Gantt chart of one cycle from a run log: states, and the activity of each device."""

from __future__ import annotations

import sqlite3
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cellwright.benchmarks.charts.style import FAINT, INK, MANUAL, drawing, plain
from cellwright.errors import InputError
from cellwright.hardware.device import Device
from cellwright.sequences import Cell

STATE_COLOURS = [
    "#8fb8de", "#c9ccd1", "#2a7fa8", "#e2a03f", "#c8553d", "#7fb77e", "#9a7fb8", "#d98cb3", "#6b8e8a", "#b5a642",
]  # fmt: skip
ZOOM_S = 6.0
"""How much of a cycle is shown enlarged, s."""
LEGEND = "Grey: moving, running, lit, open; a switch: closed. Orange: pulse."


@dataclass(slots=True)
class Band:
    """An activity from ``start_s`` to ``end_s``, seconds since the cycle's start."""

    what: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class CycleRecord:
    """One cycle of a run log: states in order, and the activity of each device."""

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
    for name, part in cell.parameters().items():
        if isinstance(part, Device):
            record.devices[name] = list(reader.device(name, part))
    return record


@dataclass(frozen=True, slots=True)
class _CycleReader:
    log: sqlite3.Connection
    replication: int
    start_s: float
    end_s: float

    def _rows(self, source: str, like: str = "%") -> list[tuple[float, str, float | None]]:
        """The source's events in this cycle, after its last event before it."""
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

    def device(self, name: str, device: Device) -> Iterator[Band]:
        """Bars from an event that begins an activity to the device's next event; pulses with their length."""
        under_way: tuple[str, float] | None = None
        for at_s, what, value in self._rows(name):
            if under_way is not None and at_s > self.start_s:
                yield self._band(under_way[0], under_way[1], at_s)
            under_way = None
            if what in device.pulse_events:
                if at_s >= self.start_s:
                    yield self._band(what, at_s, at_s + (value or 0.0))
            elif what in device.state_events:
                under_way = (what, at_s)
        if under_way is not None and under_way[1] < self.end_s:
            yield self._band(under_way[0], under_way[1], self.end_s)


def timeline(log: sqlite3.Connection, cell: type[Cell], replication: int, number: int, width_in: float = 6.4) -> Figure:
    """One cycle, from the end of the one before to its own end, by state and by device; some seconds enlarged.

    width_in: of the figure, inches; less than 6.4 gives one for a phone.
    """
    record = read_cycle(log, cell, replication, number)
    spent = record.state_seconds()
    longest = max(spent, key=lambda state: spent[state])
    pulsed = {word for part in cell.parameters().values() if isinstance(part, Device) for word in part.pulse_events}
    active = [name for name, bands in record.devices.items() if bands]
    quiet = [name for name, bands in record.devices.items() if not bands]
    colours = {state: STATE_COLOURS[number % len(STATE_COLOURS)] for number, state in enumerate(cell.states)}
    zoom = _zoom(record, longest)
    close = [name for name in active if zoom and _moves_within(record.devices[name], *zoom)]
    with drawing():
        rows = [len(active) + 1, len(close) + 1] if zoom else [len(active) + 1]
        narrower = width_in / 6.4
        more_lines = 0.0 if narrower >= 1 else 0.2 * len(spent) + 0.4
        height_in = 1.9 + 0.34 * sum(rows) + 0.8 * len(rows) + more_lines
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        drawn = figure.subplots(len(rows), 1, height_ratios=rows, squeeze=False)[:, 0]
        share = 100 * spent[longest] / record.length_s
        title = f"One {cell.unit}: {record.length_s:.0f} s, of which {share:.0f} % {longest}"
        figure.suptitle(
            "\n".join(textwrap.wrap(title, round(58 * narrower))),
            x=0.01, ha="left", weight="bold", size=13,
        )  # fmt: skip
        whole = drawn[0]
        _draw_rows(whole, record, active, colours, (0.0, record.length_s), pulsed)
        said = f"Nothing from: {', '.join(quiet).replace('_', ' ')}" if quiet else ""
        notes = [line for sentence in (LEGEND, said) for line in textwrap.wrap(sentence, round(66 * narrower**1.3))]
        since = "Seconds since the last one" if more_lines else f"Seconds since the {cell.unit} before was finished"
        whole.set_xlabel("\n".join([since, *notes]))
        handles = [
            Patch(
                color=colours.get(state, FAINT),
                label=f"{state.replace('_', ' ')} {seconds:.{0 if seconds >= 10 else 1}f} s",
            )
            for state, seconds in spent.items()
        ]
        columns = 1 if more_lines else 3 if max(len(str(patch.get_label())) for patch in handles) <= 16 else 2
        whole.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, fontsize=10.5
        )
        if zoom:
            _draw_rows(drawn[1], record, close, colours, zoom, pulsed)
            whole.axvspan(*zoom, color=INK, alpha=0.15, linewidth=0)
            drawn[1].set_title(f"{zoom[1] - zoom[0]:.0f} seconds of it, enlarged", loc="left", size=12, weight="bold")
            drawn[1].set_xlabel("Seconds (the shaded strip above)")
    return figure


def _zoom(record: CycleRecord, state: str) -> tuple[float, float] | None:
    """The busiest seconds of the longest stay in ``state``, if the cycle is long enough to need enlarging."""
    stay = max((band for band in record.states if band.what == state), key=lambda band: band.end_s - band.start_s)
    if record.length_s < 3 * ZOOM_S or stay.end_s - stay.start_s < ZOOM_S:
        return None
    edges = [edge for bands in record.devices.values() for band in bands for edge in (band.start_s, band.end_s)]
    latest_s = stay.end_s - ZOOM_S
    middle_s = (stay.start_s + latest_s) / 2
    starts = {float(round(min(max(edge - ZOOM_S / 2, stay.start_s), latest_s))) for edge in (*edges, middle_s)}
    busy = {start: sum(start < edge < start + ZOOM_S for edge in edges) for start in starts}
    start_s = max(starts, key=lambda start: (busy[start], -abs(start - middle_s)))
    return (start_s, start_s + ZOOM_S) if busy[start_s] else None


def _moves_within(bands: list[Band], start_s: float, end_s: float) -> bool:
    return any(start_s < edge < end_s for band in bands for edge in (band.start_s, band.end_s))


def _draw_rows(axes: Axes, record: CycleRecord, devices: list[str], colours: dict[str, str],
               window: tuple[float, float], pulsed: set[str]) -> None:  # fmt: skip
    for band in record.states:
        axes.broken_barh(
            [(band.start_s, band.end_s - band.start_s)], (-0.42, 0.84), color=colours.get(band.what, FAINT)
        )
    for row, name in enumerate(devices, 1):
        bands = record.devices[name]
        shots = [(band.start_s, band.end_s - band.start_s) for band in bands if band.what in pulsed]
        others = [(band.start_s, band.end_s - band.start_s) for band in bands if band.what not in pulsed]
        # A hairline round each bar keeps a shot of 60 ms visible in a cycle of minutes.
        axes.broken_barh(others, (row - 0.3, 0.6), facecolor=FAINT, edgecolor=FAINT, linewidth=0.4)
        axes.broken_barh(shots, (row - 0.34, 0.68), facecolor=MANUAL, edgecolor=MANUAL, linewidth=0.6)
    axes.set_yticks(range(len(devices) + 1), ["state", *(name.replace("_", " ") for name in devices)])
    axes.set(xlim=window, ylim=(len(devices) + 0.5, -0.5))
    plain(axes)
