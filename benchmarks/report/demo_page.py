"""One page for the owner of a small firm: what the cell saves, the evidence, and how to reproduce the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import jinja2
import numpy as np
from markupsafe import Markup

from cellwright.benchmarks.charts.style import between, difference, finding, is_clear, percent, short
from cellwright.benchmarks.report.renderers import in_page
from cellwright.files import write_atomically
from cellwright.provenance import STATUSES, Status

if TYPE_CHECKING:
    from cellwright.benchmarks.comparison import Comparison, Outcome
    from cellwright.benchmarks.economics.commercial import Commercial
    from cellwright.benchmarks.economics.inputs import UncertainNumber
    from cellwright.sim import BestManual, Estimate, Measure

TEMPLATE = "demo_page.html.jinja"
STATUS_WORDS: Mapping[Status, str] = MappingProxyType(
    {
        "measured": "measured at a workplace",
        "published": "taken from publications",
        "vendor": "stated by makers of parts",
        "assumed": "assumed",
    }
)
NO_SOURCES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A large figure: its value, what it states, its interval; ``is_better`` is None where no difference is clear."""

    value: str
    label: str
    interval: str
    is_better: bool | None


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table as text; ``commercial`` is empty where the commercial machine's file states nothing.

    best: by the best manual method.
    """

    name: str
    cell: str
    manual: str
    commercial: str = ""
    best: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as ``<svg>`` text, and what stands in its place on a phone: a narrower one, or a list of sentences."""

    wide: Markup
    narrow: Markup | None = None
    sentences: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class InputGroup:
    """The inputs of one status: names, each with its source in words."""

    title: str
    numbers: list[tuple[str, str]]


def write_page(
    path: Path,
    comparison: Comparison,
    figures: Mapping[str, str],
    *,
    title: str,
    command: str,
    version: str,
    input_hash: str,
    sources: Mapping[str, str] = NO_SOURCES,
    measures: Sequence[Measure] = (),
    commercial: Commercial | None = None,
    narrow: Mapping[str, str | Sequence[str]] = MappingProxyType({}),
    against_best: tuple[BestManual, Comparison] | None = None,
) -> None:
    """Write one self-contained HTML page, all of it or nothing.

    figures: ``<svg>`` text by title; the first stands above the table, the others below. sources: the
    source of each input by its name. measures: what is measured of a unit besides its time. commercial: the commercial
    machine for the same work. narrow: figures, or sentences, for a phone, by title. against_best: the best manual
    method, and the cell against it. Raises InputError if the folder cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=in_page,
        undefined=jinja2.StrictUndefined,
    )
    drawn = [  # our own drawings
        (name, _picture(svg, narrow.get(name, ""))) for name, svg in figures.items()
    ]
    best, beyond = against_best or (None, None)
    text = environment.get_template(TEMPLATE).render(
        title=title,
        unit=comparison.unit,
        finding=finding(comparison) + ".",
        key_figures=[*key_figures(comparison), *measure_key_figures(comparison, measures)],
        first_figures=drawn[:1],
        more_figures=drawn[1:],
        rows=list(table(comparison, measures, commercial, beyond)),
        commercial=commercial,
        best=best,
        against_best=_percent_words(beyond.less_time_percent) if beyond else "",
        runs=comparison.replications,
        inputs=list(group_by_status(comparison.provenance, sources)),
        counted=count_by_status(comparison.provenance),
        nothing_measured="measured" not in comparison.provenance.values(),
        command=command,
        seed=comparison.seed,
        version=version,
        input_hash=input_hash,
    )
    write_atomically(path, text.encode())


def _picture(wide: str, narrow: str | Sequence[str]) -> Picture:
    if isinstance(narrow, str):
        return Picture(Markup(wide), Markup(narrow) if narrow else None)
    return Picture(Markup(wide), sentences=narrow)


def key_figures(comparison: Comparison) -> Iterator[KeyFigure]:
    """The three main figures: time, output, and labour time."""
    unit = comparison.unit
    yield _percent_key_figure(comparison.less_time_percent, f"less time per {unit}", f"more time per {unit}")
    yield _percent_key_figure(
        comparison.more_output_percent, f"more {unit}s in the same time", f"fewer {unit}s in the same time"
    )
    saved = comparison.less_labour_percent
    saved_s = comparison.manual.labour_s_per_unit.mean - comparison.cell.labour_s_per_unit.mean
    if not is_clear(saved):
        yield _percent_key_figure(saved, "", "")
        return
    direction, sign = ("less", 1) if saved.mean > 0 else ("more", -1)
    yield KeyFigure(
        f"{_three_digits(abs(saved_s))} s {direction}",
        f"labour time per {unit}",
        f"{percent(saved.mean)} % {direction} {between(saved, sign)}".rstrip(),
        saved.mean > 0,
    )


def measure_key_figures(comparison: Comparison, measures: Sequence[Measure]) -> Iterator[KeyFigure]:
    """A key figure for each measure that clearly differs; less of a measure is better."""
    for measure in measures:
        less = comparison.less_measured.get(measure.name)
        if less is not None and is_clear(less):
            shown, _, sure = difference(less, measure.unit).partition(" by the cell ")
            yield KeyFigure(shown, f"{measure.words} per {comparison.unit}", sure, less.mean > 0)


def _percent_key_figure(estimate: Estimate, up: str, down: str) -> KeyFigure:
    sign = 1 if estimate.mean >= 0 else -1
    if not is_clear(estimate):
        what = (up or "less labour time").removeprefix("less ").removeprefix("more ")
        return KeyFigure("no clear difference", f"in {what}", between(estimate), None)
    sure = between(estimate, sign) or "(one run gives no interval)"
    return KeyFigure(f"{percent(estimate.mean)} %", up if sign > 0 else down, sure, sign > 0)


def table(
    comparison: Comparison,
    measures: Sequence[Measure] = (),
    commercial: Commercial | None = None,
    beyond: Comparison | None = None,
) -> Iterator[TableRow]:
    """The cell, the manual methods and the commercial machine, a row for each figure; the rows' names give the units.

    beyond: the cell against the best manual method.
    """
    stated = _stated_figures(commercial, comparison, measures) if commercial else {}
    best = {row.name: row.manual for row in _simulated(beyond, measures)} if beyond else {}
    for row in _simulated(comparison, measures):
        yield replace(row, commercial=stated.get(row.name, ""), best=best.get(row.name, ""))


def _percent_words(less: Estimate) -> str:
    """A difference in time: "12 % less time (95 % interval: …)"."""
    if not is_clear(less):
        return "about the same time"
    direction, sign = ("less", 1) if less.mean > 0 else ("more", -1)
    return f"{percent(less.mean)} % {direction} time {between(less, sign)}".rstrip()


def _stated_figures(commercial: Commercial, comparison: Comparison, measures: Sequence[Measure]) -> dict[str, str]:
    """The figures that the commercial machine's file states, by the names of the rows."""
    unit, hours, seconds = comparison.unit, comparison.shift_hours, commercial.seconds_per_unit
    by_row = {
        f"Seconds per {unit}, mean": _with_range(seconds),
        f"{unit.capitalize()}s per hour": _three_digits(3600 / seconds.value),
        f"{unit.capitalize()}s per shift of {hours:g} h": _three_digits(3600 * hours / seconds.value),
        f"Labour time per {unit}, s": _with_range(commercial.labour_s_per_unit),
    }
    for measure in measures:
        figure = commercial.stated_figure(measure.name)
        by_row[_measure_row(measure, unit)] = _with_range(figure) if figure else "as by hand"
    return by_row


def _with_range(number: UncertainNumber) -> str:
    if number.lowest == number.highest:
        return _three_digits(number.value)
    return f"{_three_digits(number.value)} ({_three_digits(number.lowest)} to {_three_digits(number.highest)})"


def _measure_row(measure: Measure, unit: str) -> str:
    return f"{measure.words[:1].upper()}{measure.words[1:]} per {unit}, {measure.unit}"


def _simulated(comparison: Comparison, measures: Sequence[Measure]) -> Iterator[TableRow]:
    unit, hours = comparison.unit, comparison.shift_hours
    cell, manual = comparison.cell, comparison.manual
    yield TableRow(f"Seconds per {unit}, mean", _mean(cell.cycle_time_s), _mean(manual.cycle_time_s))
    yield TableRow("Seconds, 5th to 95th percentile of the cycles", _percentile_range(cell), _percentile_range(manual))
    yield TableRow(f"{unit.capitalize()}s per hour", _mean(cell.units_per_hour), _mean(manual.units_per_hour))
    per_shift = f"{unit.capitalize()}s per shift of {hours:g} h"
    yield TableRow(per_shift, _mean(cell.units_per_hour, hours), _mean(manual.units_per_hour, hours))
    yield TableRow(f"Labour time per {unit}, s", _mean(cell.labour_s_per_unit), _mean(manual.labour_s_per_unit))
    for measure in measures:
        if measure.name in cell.measures and measure.name in manual.measures:
            yield TableRow(
                _measure_row(measure, unit),
                _mean(cell.measures[measure.name].mean, text=short),
                _mean(manual.measures[measure.name].mean, text=short),
            )
    for cause in sorted({*cell.stops, *manual.stops}):
        name = f"Stops per shift: {cause}"
        yield TableRow(name, _stops(cell, cause, hours), _stops(manual, cause, hours))


def _mean(estimate: Estimate, factor: float = 1.0, text: Callable[[float], str] | None = None) -> str:
    """A mean, ``factor`` times as large, with its interval in brackets."""
    show = text or _three_digits
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return show(factor * estimate.mean)
    low, high = factor * estimate.ci95_low, factor * estimate.ci95_high
    return f"{show(factor * estimate.mean)} ({show(low)} to {show(high)})"


def _percentile_range(outcome: Outcome) -> str:
    low, high = (float(value) for value in np.percentile(outcome.cycle_times_s, (5, 95)))
    return f"{_three_digits(low)} to {_three_digits(high)}"


def _stops(outcome: Outcome, cause: str, hours: float) -> str:
    simulated_h = float(outcome.cycle_times_s.sum()) / 3600
    return _three_digits(outcome.stops.get(cause, 0) / simulated_h * hours)


def _three_digits(value: float) -> str:
    """A figure with three significant digits."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"


def group_by_status(provenance: Mapping[str, Status], sources: Mapping[str, str]) -> Iterator[InputGroup]:
    """The inputs by status, the most certain first."""
    for status in STATUSES:
        names = [name for name, each in provenance.items() if each == status]
        if names:
            yield InputGroup(STATUS_WORDS[status].capitalize(), [(name, sources.get(name, "")) for name in names])


def count_by_status(provenance: Mapping[str, Status]) -> str:
    """How many inputs have each status, in one sentence."""
    counts = {status: sum(1 for each in provenance.values() if each == status) for status in STATUSES}
    parts = [
        f"{count or 'none'} {'is' if count == 1 else 'are'} {STATUS_WORDS[each]}" for each, count in counts.items()
    ]
    return f"Of the {len(provenance)} numbers behind this page, {', '.join(parts[:-1])} and {parts[-1]}."
