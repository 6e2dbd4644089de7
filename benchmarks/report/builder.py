"""A report built: sections in order, headlines, and summaries for the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Document, Headline
from cellwright.benchmarks.report.inputs import ReportInputs
from cellwright.benchmarks.report.sections import economics, process, project_plan, sensitivity, validation
from cellwright.benchmarks.report.translations import Translations

FIELDS = (60, 300, 1000)
"""Characters that the fields of application forms hold."""


def build(inputs: ReportInputs, words: Translations) -> Document:
    """The whole report in the language of ``words``."""
    context = ReportContext(words, inputs)
    return Document(
        language=words.language,
        title=words("title.title", cell=words.about.name),
        finding=context.finding(),
        headlines=tuple(_headlines(context)),
        about=f"{_basis(context)} {words('title.about')}",
        sections=(
            process.need(context),
            process.solution(context),
            process.method(context, DRAWS),
            process.output(context),
            economics.cost(context),
            economics.climate(context),
            validation.validation(context),
            sensitivity.assumptions(context),
            project_plan.plan(context),
            validation.again(context),
            validation.inputs(context),
        ),
        page_words=f"{words('title.page')}|{words('title.of')}",
        summaries=tuple((size, summary(context, size)) for size in FIELDS),
    )


def _headlines(context: ReportContext) -> Iterator[Headline]:
    words, comparison = context.words, context.inputs.comparison
    time, labour = comparison.less_time_percent, comparison.less_labour_percent
    if is_clear(time):
        key = "headline.time_less" if time.mean > 0 else "headline.time_more"
        yield Headline(f"{words.percent(time.mean)} %", context.say(key))
    else:
        yield Headline("≈ 0", context.say("headline.time_unclear"))
    if is_clear(labour):
        key = "headline.labour_less" if labour.mean > 0 else "headline.labour_more"
        yield Headline(f"{words.percent(labour.mean)} %", context.say(key))
    if context.inputs.money is not None:
        months = Percentiles.of(context.inputs.money.result.cell.payback_months)
        low, middle, high = (words.months(each) for each in (months.p5, months.p50, months.p95))
        if middle == words("numbers.never"):
            yield Headline(middle, words("cost.payback_row"))
        else:
            yield Headline(words("headline.months", months=middle), words("headline.payback", low=low, high=high))


# ---- summaries ----


def summary(context: ReportContext, size: int) -> str:
    """A summary of at most ``size`` characters: the finding as long as it fits, then what else fits, in order."""
    first = next((text for text in _firsts(context) if len(text) + 1 <= size), "")
    text = f"{first}." if first else _firsts(context)[-1][: size - 1].rstrip() + "…"
    if size < 2 * len(text):
        return text
    for sentence in _sentences(context):
        if len(text) + 1 + len(sentence) <= size:
            text = f"{text} {sentence}"
    return text


def _basis(context: ReportContext) -> str:
    """What the figures rest on, in one sentence."""
    given = context.inputs.inputs()
    counts = {status: sum(each.status == status for each in given) for status in ("assumed", "measured")}
    return context.say("summary.basis", runs=context.runs, hours=context.hours, total=len(given), **counts)


def _firsts(context: ReportContext) -> list[str]:
    """The finding in fewer and fewer words, without a full stop."""
    saved = context.inputs.comparison.less_time_percent
    key = "unclear" if not is_clear(saved) else "less" if saved.mean > 0 else "more"
    templates: list[str] = context.words.table["summary"][key]
    percent = context.words.percent(saved.mean)
    return [each.format(percent=percent, unit=context.unit) for each in templates]


def _sentences(context: ReportContext) -> Iterator[str]:
    """What else there is to say, the most important first."""
    words, inputs = context.words, context.inputs
    yield context.labour()
    if inputs.money is not None:
        yield economics.payback(context, inputs.money.result.cell)
    yield _basis(context)
    if inputs.money is not None:
        _, npv, _, *bought = economics.verdict(context, inputs.money)
        yield npv
        yield from bought
    yield words("summary.method")
    order = inputs.screening.moving()
    if order:
        yield words("summary.depends", name=words.input(order[0].name))
    if all(each.status != "measured" for each in inputs.inputs()):
        yield words("summary.next")
    yield words("summary.again", seed=inputs.comparison.seed, version=inputs.version)


def summaries_text(document: Document, words: Translations) -> str:
    """The summaries as they stand in their file, each below what it is."""
    parts = [
        f"{words('summary.heading', size=size, length=len(text))}\n\n{text}\n" for size, text in document.summaries
    ]
    return "\n".join(parts)
