"""A report built: sections in order, headlines, and summaries for the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.report.calculation import calculation_sheets
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Document, Headline
from cellwright.benchmarks.report.inputs import ReportInputs
from cellwright.benchmarks.report.sections import (
    cash_flow,
    climate,
    economics,
    money,
    process,
    project_plan,
    sensitivity,
    validation,
)
from cellwright.benchmarks.report.translations import Translations, with_element_names

FORM_FIELD_SIZES = (60, 300, 1000)
"""Sizes of the fields of application forms, characters."""


def build(inputs: ReportInputs, translations: Translations) -> Document:
    """The whole report in the language of ``translations``."""
    context = ReportContext(with_element_names(translations, inputs.scenario), inputs)
    return Document(
        language=translations.language,
        title=translations("title.title", cell=translations.about.name),
        finding=context.finding(),
        headlines=tuple(_headlines(context)),
        about=f"{_basis(context)} {translations('title.about')}",
        sections=(
            money.money(context),
            process.need(context),
            process.solution(context),
            process.method(context, DRAWS),
            process.output(context),
            economics.cost(context),
            cash_flow.cash_flow(context),
            climate.climate(context),
            validation.validation(context),
            sensitivity.assumptions(context),
            project_plan.plan(context),
            validation.reproduction(context),
            validation.inputs(context),
        ),
        page_words=f"{translations('title.page')}|{translations('title.of')}",
        summaries=tuple((size, summary(context, size)) for size in FORM_FIELD_SIZES),
        sheets=calculation_sheets(context),
    )


def _headlines(context: ReportContext) -> Iterator[Headline]:
    translations, comparison = context.translations, context.inputs.comparison
    time, labour = comparison.less_time_percent, comparison.less_labour_percent
    if is_clear(time):
        key = "headline.time_less" if time.mean > 0 else "headline.time_more"
        yield Headline(f"{translations.percent(time.mean)} %", context.sentence(key))
    else:
        yield Headline("≈ 0", context.sentence("headline.time_unclear"))
    if is_clear(labour):
        key = "headline.labour_less" if labour.mean > 0 else "headline.labour_more"
        yield Headline(f"{translations.percent(labour.mean)} %", context.sentence(key))
    if context.inputs.money is not None:
        months = Percentiles.of(context.inputs.money.result.decisive.payback_months)
        low, middle, high = (translations.months(each) for each in (months.p5, months.p50, months.p95))
        if middle == translations("numbers.never"):
            yield Headline(middle, translations("cost.payback_row"))
        else:
            yield Headline(
                translations("headline.months", months=middle), translations("headline.payback", low=low, high=high)
            )


# ---- summaries ----


def summary(context: ReportContext, size: int) -> str:
    """A summary of at most ``size`` characters: the finding, then every further sentence that fits, in order."""
    opening = next((text for text in _opening_sentences(context) if len(text) + 1 <= size), "")
    text = f"{opening}." if opening else _opening_sentences(context)[-1][: size - 1].rstrip() + "…"
    if size < 2 * len(text):
        return text
    for sentence in _further_sentences(context):
        if len(text) + 1 + len(sentence) <= size:
            text = f"{text} {sentence}"
    return text


def _basis(context: ReportContext) -> str:
    """How the figures were obtained, in one sentence."""
    inputs = context.inputs.inputs()
    counts = {status: sum(each.status == status for each in inputs) for status in ("assumed", "measured")}
    return context.sentence("summary.basis", runs=context.runs, hours=context.hours, total=len(inputs), **counts)


def _opening_sentences(context: ReportContext) -> list[str]:
    """The finding in ever shorter versions, without a full stop."""
    saved = context.inputs.comparison.less_time_percent
    key = "unclear" if not is_clear(saved) else "less" if saved.mean > 0 else "more"
    templates: list[str] = context.translations.table["summary"][key]
    percent = context.translations.percent(saved.mean)
    return [each.format(percent=percent, unit=context.unit) for each in templates]


def _further_sentences(context: ReportContext) -> Iterator[str]:
    """Further sentences for a summary, the most important first."""
    translations, inputs = context.translations, context.inputs
    yield context.labour()
    if inputs.money is not None:
        yield economics.payback(context, inputs.money.result.decisive)
    yield _basis(context)
    if inputs.money is not None:
        _, npv, _, *beside = economics.verdict(context, inputs.money)
        yield npv
        yield from beside
    yield translations("summary.method")
    order = inputs.screening.ranked_inputs()
    if order:
        yield translations("summary.depends", name=translations.input(order[0].name))
    if all(each.status != "measured" for each in inputs.inputs()):
        yield translations("summary.next")
    yield translations("summary.again", seed=inputs.comparison.seed, version=inputs.version)


def summaries_text(document: Document, translations: Translations) -> str:
    """The summaries as they stand in their file, each below its heading."""
    parts = [
        f"{translations('summary.heading', size=size, length=len(text))}\n\n{text}\n"
        for size, text in document.summaries
    ]
    return "\n".join(parts)
