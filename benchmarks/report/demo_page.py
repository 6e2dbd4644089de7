"""One page for the owner of a small firm: what the cell saves, how we know, and how to get the same figures again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import jinja2
import numpy as np
from markupsafe import Markup

from cellwright.benchmarks.charts.style import between, difference, finding, is_clear, percent, short
from cellwright.files import write_whole
from cellwright.provenance import STATUSES, Status

if TYPE_CHECKING:
    from cellwright.benchmarks.comparison import Comparison, MeasureOutcome, Outcome
    from cellwright.benchmarks.economics.commercial import Commercial
    from cellwright.benchmarks.economics.inputs import Number
    from cellwright.sim import Estimate, Measure

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
class Headline:
    """A large figure: what is shown, what it means, how sure it is; ``good`` is None where nothing is clear."""

    shown: str
    means: str
    sure: str
    good: bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table as text; ``bought`` is empty where nothing is known of the machine to buy."""

    name: str
    cell: str
    manual: str
    bought: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one status: names, each with its source in words."""

    words: str
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
    bought: Commercial | None = None,
) -> None:
    """Write one self-contained HTML page, all of it or nothing.

    figures: ``<svg>`` text by title; the first stands above the table, the others below. sources: where each
    input comes from, in words, by its name. measures: what a unit is like beside its time. bought: the machine that
    could be bought for the same work. Raises InputError if the folder cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    drawn = [(name, Markup(svg)) for name, svg in figures.items()]  # our own drawings
    text = environment.get_template(TEMPLATE).render(
        title=title,
        unit=comparison.unit,
        finding=finding(comparison) + ".",
        headlines=[*headlines(comparison), *measured_headlines(comparison, measures)],
        first_figures=drawn[:1],
        more_figures=drawn[1:],
        rows=list(table(comparison, measures, bought)),
        bought=bought,
        runs=comparison.replications,
        inputs=list(grouped(comparison.provenance, sources)),
        counted=counted(comparison.provenance),
        nothing_measured="measured" not in comparison.provenance.values(),
        command=command,
        seed=comparison.seed,
        version=version,
        input_hash=input_hash,
    )
    write_whole(path, text.encode())


def headlines(comparison: Comparison) -> Iterator[Headline]:
    """The three figures that decide: time, output, the person's seconds."""
    unit = comparison.unit
    yield _headline(comparison.less_time_percent, f"less time per {unit}", f"more time per {unit}")
    yield _headline(comparison.more_output_percent, f"more {unit}s in the same time", f"fewer {unit}s in the same time")
    saved = comparison.less_labour_percent
    saved_s = comparison.manual.labour_s_per_unit.mean - comparison.cell.labour_s_per_unit.mean
    if not is_clear(saved):
        yield _headline(saved, "", "")
        return
    direction, sign = ("less", 1) if saved.mean > 0 else ("more", -1)
    yield Headline(
        f"{_seconds(abs(saved_s))} s {direction}",
        f"of a person's time per {unit}",
        f"{percent(saved.mean)} % {direction} {between(saved, sign)}".rstrip(),
        saved.mean > 0,
    )


def measured_headlines(comparison: Comparison, measures: Sequence[Measure]) -> Iterator[Headline]:
    """A large figure for each measure that clearly differs; less of a measure is better."""
    for measure in measures:
        less = comparison.less_measured.get(measure.name)
        if less is not None and is_clear(less):
            shown, _, sure = difference(less, measure.unit).partition(" by the cell ")
            yield Headline(shown, f"{measure.words} per {comparison.unit}", sure, less.mean > 0)


def _headline(estimate: Estimate, up: str, down: str) -> Headline:
    sign = 1 if estimate.mean >= 0 else -1
    if not is_clear(estimate):
        what = (up or "less of a person's time").removeprefix("less ").removeprefix("more ")
        return Headline("no clear difference", f"in {what}", between(estimate), None)
    sure = between(estimate, sign) or "(one run: no telling how sure)"
    return Headline(f"{percent(estimate.mean)} %", up if sign > 0 else down, sure, sign > 0)


def table(comparison: Comparison, measures: Sequence[Measure] = (), bought: Commercial | None = None) -> Iterator[Row]:
    """Cell, hand and the machine to buy, a row for each figure; units stand in the rows' names."""
    known = _known_of(bought, comparison, measures) if bought else {}
    for row in _simulated(comparison, measures):
        yield replace(row, bought=known.get(row.name, ""))


def _known_of(bought: Commercial, comparison: Comparison, measures: Sequence[Measure]) -> dict[str, str]:
    """What the file of the machine to buy says, by the names of the rows."""
    unit, hours, seconds = comparison.unit, comparison.shift_hours, bought.seconds_per_unit
    by_row = {
        f"Seconds per {unit}, mean": _given(seconds),
        f"{unit.capitalize()}s per hour": _seconds(3600 / seconds.value),
        f"{unit.capitalize()}s per shift of {hours:g} h": _seconds(3600 * hours / seconds.value),
        f"A person's seconds per {unit}": _given(bought.labour_s_per_unit),
    }
    for measure in measures:
        stated = bought.stated_of(measure.name)
        by_row[_measure_row(measure, unit)] = _given(stated) if stated else "as by hand"
    return by_row


def _given(number: Number) -> str:
    if number.lowest == number.highest:
        return _seconds(number.value)
    return f"{_seconds(number.value)} ({_seconds(number.lowest)} to {_seconds(number.highest)})"


def _measure_row(measure: Measure, unit: str) -> str:
    return f"{measure.words[:1].upper()}{measure.words[1:]} per {unit}, {measure.unit}"


def _simulated(comparison: Comparison, measures: Sequence[Measure]) -> Iterator[Row]:
    unit, hours = comparison.unit, comparison.shift_hours
    cell, manual = comparison.cell, comparison.manual
    yield Row(f"Seconds per {unit}, mean", _mean(cell.cycle_time_s), _mean(manual.cycle_time_s))
    yield Row("Nine cycles out of ten take, s", _middle(cell), _middle(manual))
    yield Row(f"{unit.capitalize()}s per hour", _mean(cell.units_per_hour), _mean(manual.units_per_hour))
    per_shift = f"{unit.capitalize()}s per shift of {hours:g} h"
    yield Row(per_shift, _mean(cell.units_per_hour, hours), _mean(manual.units_per_hour, hours))
    yield Row(f"A person's seconds per {unit}", _mean(cell.labour_s_per_unit), _mean(manual.labour_s_per_unit))
    for measure in measures:
        if measure.name in cell.measures and measure.name in manual.measures:
            yield Row(
                _measure_row(measure, unit),
                _measured(cell.measures[measure.name]),
                _measured(manual.measures[measure.name]),
            )
    for cause in sorted({*cell.stops, *manual.stops}):
        name = f"Stops per shift: {cause}"
        yield Row(name, _stops(cell, cause, hours), _stops(manual, cause, hours))


def _mean(estimate: Estimate, times: float = 1.0) -> str:
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return _seconds(times * estimate.mean)
    low, high = times * estimate.ci95_low, times * estimate.ci95_high
    return f"{_seconds(times * estimate.mean)} ({_seconds(low)} to {_seconds(high)})"


def _measured(found: MeasureOutcome) -> str:
    mean = found.mean
    if mean.ci95_low is None or mean.ci95_high is None:
        return short(mean.mean)
    return f"{short(mean.mean)} ({short(mean.ci95_low)} to {short(mean.ci95_high)})"


def _middle(outcome: Outcome) -> str:
    low, high = (float(value) for value in np.percentile(outcome.cycle_times_s, (5, 95)))
    return f"{_seconds(low)} to {_seconds(high)}"


def _stops(outcome: Outcome, cause: str, hours: float) -> str:
    simulated_h = float(outcome.cycle_times_s.sum()) / 3600
    return _seconds(outcome.stops.get(cause, 0) / simulated_h * hours)


def _seconds(value: float) -> str:
    """A figure with three digits that count, no more than a reader can use."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"


def grouped(provenance: Mapping[str, Status], sources: Mapping[str, str]) -> Iterator[Inputs]:
    """The inputs by status, the surest first."""
    for status in STATUSES:
        names = [name for name, each in provenance.items() if each == status]
        if names:
            yield Inputs(STATUS_WORDS[status].capitalize(), [(name, sources.get(name, "")) for name in names])


def counted(provenance: Mapping[str, Status]) -> str:
    """How many inputs rest on what, in one sentence."""
    counts = {status: sum(1 for each in provenance.values() if each == status) for status in STATUSES}
    parts = [
        f"{count or 'none'} {'is' if count == 1 else 'are'} {STATUS_WORDS[each]}" for each, count in counts.items()
    ]
    return f"Of the {len(provenance)} numbers behind this page, {', '.join(parts[:-1])} and {parts[-1]}."
