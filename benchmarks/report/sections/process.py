"""The sections on the work: the need, the solution, the method, and what comes out per hour."""

from __future__ import annotations

from collections.abc import Iterator

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.comparison import Outcome
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Bullets, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital, chance
from cellwright.sim import Estimate

# ---- need and baseline ----


def need(context: ReportContext) -> Section:
    """Why anything should change, and what the work takes today."""
    manual, words = context.inputs.comparison.manual, context.words
    seconds, labour = words.short(manual.cycle_time_s.mean), words.short(manual.labour_s_per_unit.mean)
    key = "need.baseline" if seconds == labour else "need.baseline_labour"
    blocks: list[Block] = [
        Paragraph(words.about.need),
        Paragraph(context.say(key, seconds=seconds, labour=labour)),
        Paragraph(_timed(context)),
        _elements(context),
    ]
    return Section("need", words("need.heading"), tuple(blocks))


def _timed(context: ReportContext) -> str:
    observed = context.inputs.observed_cycles
    if not observed:
        return context.say("need.predetermined")
    if context.inputs.manual_status != "measured":
        return context.say("need.timed_assumed", n=observed)
    return context.say("need.timed", n=observed, when=_when(context))


def _when(context: ReportContext) -> str:
    """On which days the hand was timed, as far as the study says."""
    words = context.words
    days = [words("need.day", day=f"{day:%d}", month=f"{day:%m}", year=day.year) for day in context.inputs.timed_on]
    if not days:
        return words("need.no_day")
    return words("need.on_day", day=days[0]) if len(days) == 1 else words("need.on_days", first=days[0], last=days[-1])


def _elements(context: ReportContext) -> Table:
    spent = context.inputs.comparison.manual.time_in_state_s
    ordered = sorted(spent.items(), key=lambda each: -each[1])
    rows = [(capital(context.words.term(name)), context.words.short(seconds)) for name, seconds in ordered]
    rows.append((context.words("need.total"), context.words.short(sum(spent.values()))))
    head = (context.words("need.element"), context.say("need.seconds"))
    raw: list[tuple[str | float, ...]] = [(name, seconds) for name, seconds in ordered]
    return context.table(
        "baseline", head, rows, (3, 2), context.words("need.elements_note"), ("element", "seconds_per_unit"), raw
    )


# ---- solution and novelty ----


def solution(context: ReportContext) -> Section:
    """What is proposed, what is new in it, and the best that can be bought."""
    words, money = context.words, context.inputs.money
    blocks: list[Block] = [Paragraph(words.about.solution), Paragraph(words.about.novelty)]
    if money is None or money.commercial is None:
        blocks.append(Paragraph(words("solution.alone")))
    else:
        machine = words.term(money.commercial.machine)
        key = "solution.against" if money.result.commercial else "solution.no_price"
        blocks.append(Paragraph(words(key, machine=machine)))
    if money is not None and money.result.commercial is not None:
        blocks.append(_alternatives(context))
    return Section("solution", words("solution.heading"), tuple(blocks))


def _alternatives(context: ReportContext) -> Table:
    words, money = context.words, context.inputs.money
    assert money is not None and money.result.commercial is not None and money.commercial is not None
    manual, cell, bought = money.result.manual, money.result.cell, money.result.commercial

    def middle(draws: Draws) -> str:
        return words.short(Percentiles.of(draws).p50)

    rows = [
        (context.say("solution.seconds"), middle(manual.seconds), middle(cell.seconds), middle(bought.seconds)),
        (context.say("solution.labour"), middle(manual.labour_s), middle(cell.labour_s), middle(bought.labour_s)),
        *(
            (f"{capital(words.term(each.words))}, {words.term(each.unit)}",
             *(middle(way.measured[each.name]) if each.name in way.measured else words("numbers.as_by_hand")
               for way in (manual, cell, bought)))
            for each in context.inputs.scenario.study.measures
        ),
        (words("solution.price"), "–", context.money_spread(cell.investment_nok),
         context.money_spread(bought.investment_nok)),
        (words("solution.power"), "–", words.plain(money.economics.power_w.value),
         words.plain(money.commercial.power_w.value)),
    ]  # fmt: skip
    head = ("", words("solution.manual"), words("solution.cell"), words("solution.bought"))
    note = words("solution.note", status=words("solution.note_status"))
    return context.table("alternatives", head, rows, (6, 3, 5, 5), note)


# ---- method ----


def method(context: ReportContext, draws: int) -> Section:
    """What is simulated and how, with the checklist that reviewers of simulations use."""
    words, comparison = context.words, context.inputs.comparison
    said = [
        words("method.simulated"),
        context.say("method.pairs", runs=context.runs, hours=context.hours),
        words("method.interval") if comparison.replications > 1 else words("method.one_run"),
    ]
    if context.inputs.money is not None:
        said.append(words("method.draws", draws=words.number(draws)))
    return Section("method", words("method.heading"), (Bullets(tuple(said)), _checklist(context)))


def _checklist(context: ReportContext) -> Table:
    material = context.inputs
    cell = material.scenario.study.cell
    inputs = material.inputs()
    values: dict[str, dict[str, object]] = {
        "objectives": {},
        "outputs": {"measures": context.say("method.measures_too") if material.scenario.study.measures else ""},
        "logic": {"states": ", ".join(context.words.term(each) for each in cell.states)},
        "components": {"devices": ", ".join(context.words.part(each) for each in cell.parts())},
        "data": {"count": len(inputs)},
        "assumptions": {"assumed": sum(each.status == "assumed" for each in inputs)},
        "initial": {},
        "runs": {"runs": capital(context.runs), "hours": context.hours, "seed": material.comparison.seed},
        "random": {},
        "software": {"version": material.version},
        "access": {},
    }
    rows = [
        (context.words(f"method.{key}"), capital(context.say(f"method.{key}_here", **given)).replace("_", " "))
        for key, given in values.items()
    ]
    return context.table(
        "method", (context.words("method.checklist_head"), context.words("method.checklist_here")), rows, (2, 5)
    )


# ---- output and hours ----


def output(context: ReportContext) -> Section:
    """What the cell takes and makes against the hand, pair by pair, and the hours that saves."""
    words, comparison = context.words, context.inputs.comparison
    counted = {"manual": words.number(comparison.manual.cycles), "cell": words.number(comparison.cell.cycles)}
    found = f"{context.finding()} {context.labour()}"
    caption = context.say("output.times_caption", finding=found, runs=context.runs, **counted)
    blocks: list[Block] = [
        Paragraph(f"{context.finding()} {context.labour()}"),
        *(Paragraph(each) for each in _hours(context)),
        Drawing("times", caption, charts.times(comparison, words, context.unit)),
        _figures(context),
    ]
    shown = [each for each in context.inputs.scenario.study.measures if each.name in comparison.less_measured]
    if shown:
        drawn = charts.measures(comparison, shown, words)
        blocks.append(Drawing("measures", context.say("output.measures_caption", **counted), drawn))
    return Section("output", words("output.heading"), tuple(blocks))


def _hours(context: ReportContext) -> Iterator[str]:
    money, words = context.inputs.money, context.words
    if money is None:
        yield words("output.no_economics")
        return
    alternative = money.result.cell
    saved = Percentiles.of(alternative.saved_h).p50
    key = "output.saved" if saved > 0 else "output.lost"
    yield context.say(
        key,
        hours=words.money(abs(saved)),
        interval=context.money_between(alternative.saved_h if saved > 0 else -alternative.saved_h),
        count=words.money(Percentiles.of(alternative.units).p50),
    )
    if alternative.short > 0:
        yield context.say("output.short", percent=chance(words, alternative.short))


def _figures(context: ReportContext) -> Table:
    words, comparison = context.words, context.inputs.comparison
    head = (words("output.row"), *(words(f"output.{each}") for each in ("manual", "cell", "difference")))
    rows = list(_rows(context))
    raw = list(_raw(comparison.manual, comparison.cell))
    return context.table("output", head, rows, (5, 4, 4, 5), words("output.note"), RAW_HEAD, raw)


RAW_HEAD = ("figure", "manual", "manual_ci95_low", "manual_ci95_high", "cell", "cell_ci95_low", "cell_ci95_high")


def _rows(context: ReportContext) -> Iterator[tuple[str, str, str, str]]:
    comparison, words = context.inputs.comparison, context.words
    manual, cell, hours = comparison.manual, comparison.cell, comparison.shift_hours
    more = comparison.more_output_percent
    fewer = Estimate(-more.mean, *(None if end is None else -end for end in (more.ci95_high, more.ci95_low)))
    mean = context.mean
    time = context.difference(comparison.less_time_percent)
    yield context.say("output.time"), mean(manual.cycle_time_s), mean(cell.cycle_time_s), time
    hourly = context.difference(fewer)
    yield capital(context.say("output.hourly")), mean(manual.units_per_hour), mean(cell.units_per_hour), hourly
    shift = capital(context.say("output.shift", hours=words.plain(hours)))
    yield shift, mean(manual.units_per_hour, hours), mean(cell.units_per_hour, hours), ""
    labour = context.difference(comparison.less_labour_percent)
    yield context.say("output.labour"), mean(manual.labour_s_per_unit), mean(cell.labour_s_per_unit), labour
    for measure in context.inputs.scenario.study.measures:
        if measure.name in comparison.less_measured:
            name = words.term(measure.words), words.term(measure.unit)
            row = capital(context.say("output.measure", words=name[0], unit_of=name[1]))
            by_hand, by_cell = manual.measures[measure.name].mean, cell.measures[measure.name].mean
            yield row, mean(by_hand), mean(by_cell), _difference(context, comparison.less_measured[measure.name])
    for cause in sorted({*manual.stops, *cell.stops}):
        row = context.say("output.stop", cause=words.term(cause))
        yield row, _stops(context, manual, cause), _stops(context, cell, cause), ""


def _difference(context: ReportContext, less: Estimate) -> str:
    """A difference in a measure's own unit, in the words of a table."""
    if not is_clear(less):
        return context.words("output.same", sure=context.sure(less))
    key, sign = ("output.less_of", 1) if less.mean > 0 else ("output.more_of", -1)
    return context.words(key, value=context.words.short(abs(less.mean)), sure=context.sure(less, sign))


def _stops(context: ReportContext, outcome: Outcome, cause: str) -> str:
    simulated_h = float(outcome.cycle_times_s.sum()) / 3600
    return context.words.short(outcome.stops.get(cause, 0) / simulated_h * context.inputs.comparison.shift_hours)


def _raw(manual: Outcome, cell: Outcome) -> Iterator[tuple[str | float, ...]]:
    """Figures with all their digits, for the workbook; an empty text where there is no interval."""
    for name in ("cycle_time_s", "units_per_hour", "labour_s_per_unit"):
        yield (name, *_ends(getattr(manual, name)), *_ends(getattr(cell, name)))
    for name in manual.measures:
        if name in cell.measures:
            yield (name, *_ends(manual.measures[name].mean), *_ends(cell.measures[name].mean))


def _ends(found: Estimate) -> tuple[str | float, ...]:
    return tuple("" if each is None else each for each in (found.mean, found.ci95_low, found.ci95_high))
