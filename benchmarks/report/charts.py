"""A report's figures, without titles: the captions below them state what they show, in the report's language."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cellwright.benchmarks.charts.style import CELL, CHANCE, FAINT, INK, MANUAL, drawing, make_room, plain
from cellwright.benchmarks.comparison import Comparison, Outcome
from cellwright.benchmarks.economics.project import Project
from cellwright.benchmarks.economics.results import AlternativeResult, EconomicResult
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.translations import Translations, capital
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange
from cellwright.benchmarks.sweeps.screening import NPV, ScreeningResult
from cellwright.sim import Estimate, Measure

FIGURE_WIDTH_IN = 6.8
NARROW_WIDTH_IN = 4.4
"""For a phone: at 358 px the text of 11 points is then 12 px high."""
COMMERCIAL = "#7d6ba8"
BEST_MANUAL = "#b5473c"
PART_COLOURS = {
    "time": CELL,
    "material": "#7a9a3a",
    "scrap": "#c9a227",
    "energy": "#8a97a3",
    "maintenance": FAINT,
    "method": BEST_MANUAL,
}


def times(comparison: Comparison, translations: Translations, unit: str, width_in: float = FIGURE_WIDTH_IN) -> Figure:
    """Seconds for one unit, and below them the labour time, by hand and with the cell; mean and interval."""
    with drawing():
        figure = Figure(figsize=(width_in, 3.6), layout="constrained")
        for axes, key, attribute in zip(
            figure.subplots(2, 1), ("manual_axis", "labour_axis"), ("cycle_time_s", "labour_s_per_unit"), strict=True
        ):
            pairs = [(1, comparison.manual, MANUAL), (0, comparison.cell, CELL)]
            for level, outcome, colour in pairs:
                _bar(axes, level, getattr(outcome, attribute), colour, translations)
            axes.set_yticks([1, 0], [translations("output.manual"), translations("output.cell")])
            axes.set_xlabel(in_lines(translations(f"output.{key}", unit=unit), width_in, 70))
            axes.set(
                xlim=(0, 1.32 * max(getattr(outcome, attribute).mean for _, outcome, _ in pairs)), ylim=(-0.6, 1.6)
            )
            _finish(axes, translations)
        make_room(figure)
    return figure


def _bar(axes: Axes, level: int, mean: Estimate, colour: str, translations: Translations) -> None:
    axes.barh(level, mean.mean, height=0.62, color=colour, alpha=0.8)
    end = mean.mean
    if mean.ci95_low is not None and mean.ci95_high is not None:
        axes.plot([max(0.0, mean.ci95_low), mean.ci95_high], [level, level], color=INK, linewidth=2)
        end = max(end, mean.ci95_high)
    axes.text(
        end, level, "  " + translations("output.mean", value=translations.short(mean.mean)), va="center", weight="bold"
    )


def measures(
    comparison: Comparison,
    shown: Sequence[Measure],
    translations: Translations,
    width_in: float = FIGURE_WIDTH_IN,
) -> Figure:
    """The measures of a unit: 5th to 95th percentile of the units, and the mean."""
    with drawing():
        figure = Figure(figsize=(width_in, 1.5 * len(shown)), layout="constrained")
        for axes, measure in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
            _measure(axes, comparison, measure, translations, width_in)
        make_room(figure)
    return figure


def _measure(axes: Axes, comparison: Comparison, measure: Measure, translations: Translations, width_in: float) -> None:
    rows: list[tuple[int, Outcome, str]] = [(1, comparison.manual, MANUAL), (0, comparison.cell, CELL)]
    for level, outcome, colour in rows:
        found = outcome.measures[measure.name]
        axes.plot([found.p5, found.p95], [level] * 2, color=colour, alpha=0.8, linewidth=9, solid_capstyle="butt")
        axes.plot(found.mean.mean, level, marker="d", color=INK, markersize=7, clip_on=False)
        label = translations("output.mean_of", value=translations.short(found.mean.mean))
        axes.text(max(found.p95, found.mean.mean), level, f"   {label}", va="center")
    axes.set_yticks([1, 0], [translations("output.manual"), translations("output.cell")])
    label = f"{capital(translations.term(measure.words))}, {translations.term(measure.unit)}"
    axes.set_xlabel(in_lines(label, width_in, 70))
    most = max(
        max(outcome.measures[measure.name].p95, outcome.measures[measure.name].mean.mean) for _, outcome, _ in rows
    )
    axes.set(xlim=(0, 1.32 * most or 1.0), ylim=(-0.6, 1.6))
    _finish(axes, translations)


def money_made_of(
    pairs: Sequence[tuple[str, str, AlternativeResult]], translations: Translations, width_in: float = FIGURE_WIDTH_IN
) -> Figure:
    """What the saving of a year is made of: for each pair the median of each component, with its 90 % range."""
    parts = [[part for part in PART_COLOURS if np.any(each.saving_by.get(part, 0.0))] for _, _, each in pairs]
    heights = [0.7 + len(each) for each in parts]
    with drawing():
        row_in = 0.3 if width_in >= FIGURE_WIDTH_IN else 0.42  # names take two lines in a narrow one
        figure = Figure(figsize=(width_in, 0.6 + row_in * sum(heights)), layout="constrained")
        all_axes = figure.subplots(len(pairs), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for axes, (_, name, each), shown in zip(all_axes, pairs, parts, strict=True):
            for level, part in enumerate(reversed(shown)):
                low, middle, high = np.percentile(each.saving_by[part] / 1000, (5, 50, 95))
                axes.barh(level, middle, height=0.66, color=PART_COLOURS[part], alpha=0.85)
                axes.plot([low, high], [level, level], color=INK, linewidth=1.8)
            axes.axvline(0, color=INK, linewidth=1.0)
            names = [in_lines(capital(translations.term(part)), width_in) for part in reversed(shown)]
            axes.set_yticks(range(len(shown)), names)
            axes.set_title(in_lines(name, width_in, 60), loc="left", size=11, weight="bold")
            _finish(axes, translations)
        all_axes[-1].set_xlabel(in_lines(translations("money.axis"), width_in, 60))
    return figure


def machines(result: EconomicResult, translations: Translations) -> list[tuple[str, AlternativeResult, str]]:
    """The cell against the manual methods, and the commercial machine: name, result, colour; the decisive one first."""
    alternatives = [(translations("money.cell_today"), result.cell, CELL)]
    if result.beyond_best is not None:
        alternatives.insert(0, (translations("money.cell_best"), result.beyond_best, BEST_MANUAL))
    if result.commercial is not None:
        alternatives.append((translations("cost.commercial_today"), result.commercial, COMMERCIAL))
    return alternatives


def present_values(result: EconomicResult, translations: Translations, width_in: float = FIGURE_WIDTH_IN) -> Figure:
    """The distribution of the net present value: the cell's and, if there is one, the commercial machine's."""
    alternatives = machines(result, translations)
    with drawing():
        figure = Figure(figsize=(width_in, 2.1 * len(alternatives) ** 0.6), layout="constrained")
        for axes, (name, alternative, colour) in zip(
            figure.subplots(len(alternatives), 1, squeeze=False)[:, 0], alternatives, strict=True
        ):
            npv_histogram(axes, alternative, colour, translations)
            axes.set_title(in_lines(name, width_in, 60), loc="left", size=11, weight="bold")
        axes.set_xlabel(translations("cost.npv_axis"))
    return figure


def npv_histogram(axes: Axes, alternative: AlternativeResult, colour: str, translations: Translations) -> None:
    """The draws of one machine's net present value, thousand NOK, as a histogram."""
    thousands = alternative.npv_nok / 1000
    low, high = np.percentile(thousands, (0.5, 99.5))
    axes.hist(thousands, bins=70, range=(low, high), color=colour, alpha=0.85)
    if low < 0 < high:
        axes.axvline(0, color=INK, linewidth=1.2)
    axes.set_yticks([])
    axes.set_ylabel(translations("cost.npv_count"))
    _finish(axes, translations)


def tornado(
    ranges: Sequence[SensitivityRange],
    screening: ScreeningResult,
    context: ReportContext,
    ends: tuple[str, str],
    width_in: float = FIGURE_WIDTH_IN,
) -> Figure:
    """Bars from the result with an input at its lowest to that at its highest, in the order of ``ranges``."""
    translations = context.translations
    scale = 1000 if screening.figure == NPV else 1
    exact_base = screening.base[screening.figure]
    base = exact_base / scale
    with drawing():
        figure = Figure(figsize=(width_in, 1.3 + 0.3 * max(1, len(ranges))), layout="constrained")
        axes = figure.subplots()
        for level, each in enumerate(reversed(ranges)):
            for (end, is_clear), colour in zip(each.ends(exact_base), (MANUAL, CELL), strict=True):
                if end is not None:
                    shade = colour if is_clear else CHANCE
                    axes.barh(level, end / scale - base, left=base, height=0.62, color=shade, alpha=0.85)
        axes.axvline(base, color=INK, linewidth=1.2)
        low, high = axes.get_xlim()
        if low < 0 < high:
            axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (3, 3)))
        axes.set_yticks(
            range(len(ranges)),
            [in_lines(capital(translations.input(each.name)), width_in) for each in reversed(ranges)],
        )
        axes.tick_params(axis="y", labelsize=10.5)
        axes.set_xlabel(
            translations("cost.npv_axis") if screening.figure == NPV else context.sentence("assumptions.axis")
        )
        colours = {MANUAL: ends[0], CELL: ends[1]}
        ends_shown = [end for each in ranges for end in each.ends(exact_base)]
        if not all(is_clear for end, is_clear in ends_shown if end not in (None, exact_base)):
            colours[CHANCE] = translations("assumptions.chance")
        handles = [mpl.patches.Patch(color=colour, alpha=0.85) for colour in colours]
        figure.legend(handles, list(colours.values()), loc="outside upper left", ncols=2, frameon=False, fontsize=10.5)
        _finish(axes, translations)
    return figure


def in_lines(text: str, width_in: float, characters: int = 38) -> str:
    """A label in lines; fewer characters in each where the figure is narrower."""
    return "\n".join(textwrap.wrap(text, round(characters * (width_in / FIGURE_WIDTH_IN) ** 1.5)))


def both_widths(draw: Callable[..., Figure], *given: object) -> tuple[Figure, Figure]:
    """A figure as wide as a page, and the same for a phone."""
    return draw(*given), draw(*given, width_in=NARROW_WIDTH_IN)


def break_even(axes: Axes, result: EconomicResult, translations: Translations, units: str) -> None:
    """The annual value of each alternative against units a day: manual work 0, others with 5th to 95th percentile."""
    alternatives = [(translations("cost.cell"), result.cell, CELL)]
    if result.best_manual is not None:
        alternatives.insert(0, (capital(translations("money.best_name")), result.best_manual, BEST_MANUAL))
    if result.commercial is not None:
        alternatives.append((translations("cost.commercial"), result.commercial, COMMERCIAL))
    demand = result.cell.units / result.cell.days
    most = 1.25 * float(np.percentile(demand, 95))
    break_even_at = float(np.percentile(result.decisive.break_even_per_day, 50, method="inverted_cdf"))
    most = max(most, 1.6 * break_even_at) if np.isfinite(break_even_at) else most
    per_day = np.linspace(0, most, 101)
    axes.axhline(0, color=MANUAL, linewidth=2.2, label=capital(translations("money.today_name")))
    for name, alternative, colour in alternatives:
        draws = np.array([np.percentile(alternative.annual_value_at(each), (5, 50, 95)) for each in per_day]) / 1000
        axes.fill_between(per_day, draws[:, 0], draws[:, 2], color=colour, alpha=0.18, linewidth=0)
        axes.plot(per_day, draws[:, 1], color=colour, linewidth=2.2, label=name)
    if np.isfinite(break_even_at):
        worth = float(np.median(result.cell.annual_value_at(break_even_at))) / 1000
        axes.plot(break_even_at, worth, "o", color=INK, markersize=7, zorder=5)
        label = translations("cost.from_here", count=translations.count(break_even_at))
        aside, side = (8, "left") if break_even_at < most / 2 else (-8, "right")
        place = (break_even_at, worth)
        axes.annotate(label, place, (aside, -14), textcoords="offset points", va="top", ha=side, weight="bold")
    bottom = axes.get_xaxis_transform()
    low, high = np.percentile(demand, (5, 95))
    axes.plot([low, high], [0.02, 0.02], color=INK, linewidth=6, alpha=0.5, solid_capstyle="butt", transform=bottom)
    axes.text(
        (low + high) / 2, 0.045, translations("cost.demand"), ha="center", va="bottom", size=10.5, transform=bottom
    )
    axes.set(xlim=(0, most))
    axes.set_xlabel(translations("cost.break_even_axis", units=capital(units)))
    axes.set_ylabel(translations("cost.yearly_axis"))
    axes.legend(loc="upper left", frameon=False, fontsize=10.5)
    _finish(axes, translations)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: translations.plain(round(value, 10))))


def break_even_figure(
    result: EconomicResult, translations: Translations, units: str, width_in: float = FIGURE_WIDTH_IN
) -> Figure:
    """``break_even`` alone."""
    with drawing():
        figure = Figure(figsize=(width_in, 3.9), layout="constrained")
        break_even(figure.subplots(), result, translations, units)
    return figure


def plan(project: Project, translations: Translations, width_in: float = FIGURE_WIDTH_IN) -> Figure:
    """Work packages as bars over the months, milestones as diamonds below them."""
    rows = len(project.work_packages)
    with drawing():
        figure = Figure(figsize=(width_in, 1.2 + 0.34 * (rows + 1)), layout="constrained")
        axes = figure.subplots()
        for level, each in enumerate(project.work_packages):
            axes.barh(-level, each.to_month - each.from_month + 1, left=each.from_month - 1, height=0.55, color=CELL)
        for milestone in project.milestones:
            axes.plot(milestone.month, -rows, marker="D", color=MANUAL, markersize=8, clip_on=False)
        names = [
            *(in_lines(capital(translations.term(each.name)), width_in) for each in project.work_packages),
            translations("plan.reached"),
        ]
        axes.set_yticks([-level for level in range(rows + 1)], names)
        axes.tick_params(axis="y", labelsize=10.5)
        step = 1 if project.months <= 18 else 6
        axes.set_xticks(range(0, project.months + 1, step))
        axes.set(xlim=(0, project.months + 0.15), ylim=(-rows - 0.6, 0.6))
        axes.set_xlabel(translations("plan.axis"))
        _finish(axes, translations)
    return figure


def _finish(axes: Axes, translations: Translations) -> None:
    plain(axes)
    axes.spines["bottom"].set_color(FAINT)
    axes.locator_params(axis="x", nbins=4 if axes.figure.bbox.width / axes.figure.dpi < FIGURE_WIDTH_IN else 9)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: translations.plain(round(value, 10))))
