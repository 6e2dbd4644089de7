"""The sections on the work: the need, the solution, the method, and the throughput."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.comparison import Outcome
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.benchmarks.economics.results import Alternative, AlternativeResult
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Bullets, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital, chance
from cellwright.sim import Estimate

# ---- need and baseline ----


def need(context: ReportContext) -> Section:
    """Why the work should change, and how long it takes today."""
    manual, translations = context.inputs.comparison.manual, context.translations
    seconds, labour = translations.short(manual.cycle_time_s.mean), translations.short(manual.labour_s_per_unit.mean)
    key = "need.baseline" if seconds == labour else "need.baseline_labour"
    blocks: list[Block] = [
        Paragraph(translations.about.need),
        Paragraph(context.sentence(key, seconds=seconds, labour=labour)),
        Paragraph(_origin_of_times(context)),
        *_untimed(context),
        _elements(context),
    ]
    return Section("need", translations("need.heading"), tuple(blocks))


def _origin_of_times(context: ReportContext) -> str:
    observed = context.inputs.observed_cycles
    if not observed:
        return context.sentence("need.predetermined")
    if context.inputs.manual_status != "measured":
        return context.sentence("need.timed_assumed", n=observed)
    return context.sentence("need.timed", n=observed, when=_timing_dates(context))


def _untimed(context: ReportContext) -> list[Block]:
    """The elements for which predetermined times stand in, if the study left any out."""
    untimed = [context.translations.term(name) for name in context.inputs.scenario.untimed()]
    if not untimed:
        return []
    return [Paragraph(context.sentence("need.untimed", elements=context.translations.listed(untimed)))]


def _timing_dates(context: ReportContext) -> str:
    """On which days the manual work was timed, if the study states it."""
    translations = context.translations
    days = [
        translations("need.day", day=f"{day:%d}", month=f"{day:%m}", year=day.year) for day in context.inputs.timed_on
    ]
    if not days:
        return translations("need.no_day")
    return (
        translations("need.on_day", day=days[0])
        if len(days) == 1
        else translations("need.on_days", first=days[0], last=days[-1])
    )


def _elements(context: ReportContext) -> Table:
    spent = context.inputs.comparison.manual.time_in_state_s
    ordered = sorted(spent.items(), key=lambda each: -each[1])
    rows = [
        (capital(context.translations.term(name)), context.translations.short(seconds)) for name, seconds in ordered
    ]
    rows.append((context.translations("need.total"), context.translations.short(sum(spent.values()))))
    head = (context.translations("need.element"), context.sentence("need.seconds"))
    raw: list[tuple[str | float, ...]] = [(name, seconds) for name, seconds in ordered]
    return context.table(
        "baseline", head, rows, (3, 2), context.translations("need.elements_note"), ("element", "seconds_per_unit"), raw
    )


# ---- solution and novelty ----


def solution(context: ReportContext) -> Section:
    """What is proposed, what is new in it, and the best commercial machine."""
    translations, money = context.translations, context.inputs.money
    blocks: list[Block] = [Paragraph(translations.about.solution), Paragraph(translations.about.novelty)]
    if money is None or money.commercial is None:
        blocks.append(Paragraph(translations("solution.alone")))
    else:
        machine = translations.term(money.commercial.machine)
        key = "solution.against" if money.result.commercial else "solution.no_price"
        blocks.append(Paragraph(translations(key, machine=machine)))
    if money is not None and money.result.commercial is not None:
        blocks.append(_alternatives(context))
    return Section("solution", translations("solution.heading"), tuple(blocks))


def _alternatives(context: ReportContext) -> Table:
    translations, money = context.translations, context.inputs.money
    assert money is not None and money.result.commercial is not None and money.commercial is not None
    manual, cell, commercial = money.result.manual, money.result.cell, money.result.commercial

    def medians(name: str, of: Callable[[Alternative | AlternativeResult], Draws | None]) -> tuple[str, ...]:
        drawn = [of(each) for each in (manual, cell, commercial)]
        as_by_hand = translations("numbers.as_by_hand")
        return (name, *(as_by_hand if each is None else translations.short(Percentiles.of(each).p50) for each in drawn))

    rows = [
        medians(context.sentence("solution.seconds"), lambda each: each.seconds),
        medians(context.sentence("solution.labour"), lambda each: each.labour_s),
        *(
            medians(
                f"{capital(translations.term(measure.words))}, {translations.term(measure.unit)}",
                lambda each, name=measure.name: each.measured.get(name),  # type: ignore[misc]
            )
            for measure in context.inputs.scenario.study.measures
        ),
        (translations("solution.price"), "–", context.money_percentiles(cell.investment_nok),
         context.money_percentiles(commercial.investment_nok)),
        (translations("solution.power"), "–", translations.plain(money.economics.power_w.value),
         translations.plain(money.commercial.power_w.value)),
    ]  # fmt: skip
    head = ("", translations("solution.manual"), translations("solution.cell"), translations("solution.commercial"))
    note = translations("solution.note", status=translations("solution.note_status"))
    return context.table("alternatives", head, rows, (6, 3, 5, 5), note)


# ---- method ----


def method(context: ReportContext, draws: int) -> Section:
    """What is simulated and how, with the STRESS-DES checklist for simulation reports."""
    translations, comparison = context.translations, context.inputs.comparison
    sentences = [
        translations("method.simulated"),
        context.sentence("method.pairs", runs=context.runs, hours=context.hours),
        translations("method.interval") if comparison.replications > 1 else translations("method.one_run"),
    ]
    if (precision := context.inputs.precision) is not None:
        reached = precision.is_reached(comparison.cell.means_s, comparison.manual.means_s)
        key = "method.precise" if reached else "method.not_precise"
        sentences.append(translations(key, percent=translations.plain(precision.percent)))
    if context.inputs.money is not None:
        sentences.append(translations("method.draws", draws=translations.number(draws)))
    return Section("method", translations("method.heading"), (Bullets(tuple(sentences)), _checklist(context)))


def _checklist(context: ReportContext) -> Table:
    inputs, numbers = context.inputs, context.inputs.inputs()
    cell = inputs.scenario.study.cell
    values: dict[str, dict[str, object]] = {
        "objectives": {},
        "outputs": {"measures": context.sentence("method.measures_too") if inputs.scenario.study.measures else ""},
        "logic": {"states": ", ".join(context.translations.term(each) for each in cell.states)},
        "components": {"devices": ", ".join(context.translations.part(each) for each in cell.parameters())},
        "data": {"count": len(numbers)},
        "assumptions": {"assumed": sum(each.status == "assumed" for each in numbers)},
        "initial": {},
        "runs": {"runs": capital(context.runs), "hours": context.hours, "seed": inputs.comparison.seed},
        "random": {},
        "software": {"version": inputs.version},
        "access": {},
    }
    rows = [
        (
            context.translations(f"method.{key}"),
            capital(context.sentence(f"method.{key}_here", **given)).replace("_", " "),
        )
        for key, given in values.items()
    ]
    return context.table(
        "method",
        (context.translations("method.checklist_head"), context.translations("method.checklist_here")),
        rows,
        (2, 5),
    )


# ---- output and hours ----


def output(context: ReportContext) -> Section:
    """Time and throughput of the cell against manual work, pair by pair, and the hours saved."""
    translations, comparison = context.translations, context.inputs.comparison
    counted = {
        "manual": translations.number(comparison.manual.cycles),
        "cell": translations.number(comparison.cell.cycles),
    }
    found = f"{context.finding()} {context.labour()}"
    caption = context.sentence("output.times_caption", finding=found, runs=context.runs, **counted)
    blocks: list[Block] = [
        Paragraph(f"{context.finding()} {context.labour()}"),
        *(Paragraph(each) for each in _hours(context)),
        Drawing("times", caption, *charts.both_widths(charts.times, comparison, translations, context.unit)),
        _figures(context),
    ]
    shown = [each for each in context.inputs.scenario.study.measures if each.name in comparison.less_measured]
    if shown:
        drawn = charts.both_widths(charts.measures, comparison, shown, translations)
        blocks.append(Drawing("measures", context.sentence("output.measures_caption", **counted), *drawn))
    return Section("output", translations("output.heading"), tuple(blocks))


def _hours(context: ReportContext) -> Iterator[str]:
    money, translations = context.inputs.money, context.translations
    if money is None:
        yield translations("output.no_economics")
        return
    alternative = money.result.cell
    saved = Percentiles.of(alternative.saved_h).p50
    key = "output.saved" if saved > 0 else "output.lost"
    yield context.sentence(
        key,
        hours=translations.money(abs(saved)),
        interval=context.money_range(alternative.saved_h if saved > 0 else -alternative.saved_h),
        count=translations.money(Percentiles.of(alternative.units).p50),
    )
    if alternative.short > 0:
        yield context.sentence("output.demand_not_met", percent=chance(translations, alternative.short))


def _figures(context: ReportContext) -> Table:
    translations, comparison = context.translations, context.inputs.comparison
    head = (translations("output.row"), *(translations(f"output.{each}") for each in ("manual", "cell", "difference")))
    rows = list(_rows(context))
    raw = list(_unrounded_rows(comparison.manual, comparison.cell))
    return context.table("output", head, rows, (5, 4, 4, 5), translations("output.note"), UNROUNDED_HEAD, raw)


UNROUNDED_HEAD = ("figure", "manual", "manual_ci95_low", "manual_ci95_high", "cell", "cell_ci95_low", "cell_ci95_high")


def _rows(context: ReportContext) -> Iterator[tuple[str, str, str, str]]:
    comparison, translations = context.inputs.comparison, context.translations
    manual, cell, hours = comparison.manual, comparison.cell, comparison.shift_hours
    more = comparison.more_output_percent
    fewer = Estimate(-more.mean, *(None if end is None else -end for end in (more.ci95_high, more.ci95_low)))
    mean = context.mean
    time = context.difference(comparison.less_time_percent)
    yield context.sentence("output.time"), mean(manual.cycle_time_s), mean(cell.cycle_time_s), time
    hourly = context.difference(fewer)
    yield capital(context.sentence("output.hourly")), mean(manual.units_per_hour), mean(cell.units_per_hour), hourly
    shift = capital(context.sentence("output.shift", hours=context.hours_text(hours)))
    yield shift, mean(manual.units_per_hour, hours), mean(cell.units_per_hour, hours), ""
    labour = context.difference(comparison.less_labour_percent)
    yield context.sentence("output.labour"), mean(manual.labour_s_per_unit), mean(cell.labour_s_per_unit), labour
    for measure in context.inputs.scenario.study.measures:
        if measure.name in comparison.less_measured:
            name = translations.term(measure.words), translations.term(measure.unit)
            row = capital(context.sentence("output.measure", words=name[0], unit_of=name[1]))
            by_hand, by_cell = manual.measures[measure.name].mean, cell.measures[measure.name].mean
            yield row, mean(by_hand), mean(by_cell), _difference(context, comparison.less_measured[measure.name])
    for cause in sorted({*manual.stops, *cell.stops}):
        row = context.sentence("output.stop", cause=translations.term(cause))
        yield row, _stops(context, manual, cause), _stops(context, cell, cause), ""


def _difference(context: ReportContext, less: Estimate) -> str:
    """A difference in a measure's own unit, as a table shows it."""
    if not is_clear(less):
        return context.translations("output.same", sure=context.interval_text(less))
    key, sign = ("output.less_of", 1) if less.mean > 0 else ("output.more_of", -1)
    return context.translations(
        key, value=context.translations.short(abs(less.mean)), sure=context.interval_text(less, sign)
    )


def _stops(context: ReportContext, outcome: Outcome, cause: str) -> str:
    simulated_h = float(outcome.cycle_times_s.sum()) / 3600
    return context.translations.short(outcome.stops.get(cause, 0) / simulated_h * context.inputs.comparison.shift_hours)


def _unrounded_rows(manual: Outcome, cell: Outcome) -> Iterator[tuple[str | float, ...]]:
    """Unrounded figures for the workbook; an empty text where there is no interval."""
    for name in ("cycle_time_s", "units_per_hour", "labour_s_per_unit"):
        yield (name, *_mean_and_interval(getattr(manual, name)), *_mean_and_interval(getattr(cell, name)))
    for name in manual.measures:
        if name in cell.measures:
            yield (name, *_mean_and_interval(manual.measures[name].mean), *_mean_and_interval(cell.measures[name].mean))


def _mean_and_interval(found: Estimate) -> tuple[str | float, ...]:
    return tuple("" if each is None else each for each in (found.mean, found.ci95_low, found.ci95_high))
