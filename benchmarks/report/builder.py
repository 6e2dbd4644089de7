"""A report built: sections in order, headlines, and summaries for the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.model import DRAWS
from cellwright.benchmarks.report.context import Telling
from cellwright.benchmarks.report.document import Contents, Headline
from cellwright.benchmarks.report.inputs import Material
from cellwright.benchmarks.report.sections import economics, process, project_plan, sensitivity, validation
from cellwright.benchmarks.report.translations import Words

FIELDS = (60, 300, 1000)
"""Characters that the fields of application forms hold."""


def build(material: Material, words: Words) -> Contents:
    """The whole report in the language of ``words``."""
    telling = Telling(words, material)
    return Contents(
        language=words.language,
        title=words("title.title", cell=words.about.name),
        finding=telling.finding(),
        headlines=tuple(_headlines(telling)),
        about=f"{_basis(telling)} {words('title.about')}",
        sections=(
            process.need(telling),
            process.solution(telling),
            process.method(telling, DRAWS),
            process.output(telling),
            economics.cost(telling),
            economics.climate(telling),
            validation.validation(telling),
            sensitivity.assumptions(telling),
            project_plan.plan(telling),
            validation.again(telling),
            validation.inputs(telling),
        ),
        page_words=f"{words('title.page')}|{words('title.of')}",
        summaries=tuple((size, summary(telling, size)) for size in FIELDS),
    )


def _headlines(telling: Telling) -> Iterator[Headline]:
    words, comparison = telling.words, telling.material.comparison
    time, labour = comparison.less_time_percent, comparison.less_labour_percent
    if is_clear(time):
        key = "headline.time_less" if time.mean > 0 else "headline.time_more"
        yield Headline(f"{words.percent(time.mean)} %", telling.say(key))
    else:
        yield Headline("≈ 0", telling.say("headline.time_unclear"))
    if is_clear(labour):
        key = "headline.labour_less" if labour.mean > 0 else "headline.labour_more"
        yield Headline(f"{words.percent(labour.mean)} %", telling.say(key))
    if telling.material.money is not None:
        months = Percentiles.of(telling.material.money.worth.cell.payback_months)
        low, middle, high = (words.months(each) for each in (months.p5, months.p50, months.p95))
        if middle == words("numbers.never"):
            yield Headline(middle, words("cost.payback_row"))
        else:
            yield Headline(words("headline.months", months=middle), words("headline.payback", low=low, high=high))


# ---- summaries ----


def summary(telling: Telling, size: int) -> str:
    """A summary of at most ``size`` characters: the finding as long as it fits, then what else fits, in order."""
    first = next((text for text in _firsts(telling) if len(text) + 1 <= size), "")
    text = f"{first}." if first else _firsts(telling)[-1][: size - 1].rstrip() + "…"
    if size < 2 * len(text):
        return text
    for sentence in _sentences(telling):
        if len(text) + 1 + len(sentence) <= size:
            text = f"{text} {sentence}"
    return text


def _basis(telling: Telling) -> str:
    """What the figures rest on, in one sentence."""
    given = telling.material.inputs()
    counts = {status: sum(each.status == status for each in given) for status in ("assumed", "measured")}
    return telling.say("summary.basis", runs=telling.runs, hours=telling.hours, total=len(given), **counts)


def _firsts(telling: Telling) -> list[str]:
    """The finding in fewer and fewer words, without a full stop."""
    saved = telling.material.comparison.less_time_percent
    key = "unclear" if not is_clear(saved) else "less" if saved.mean > 0 else "more"
    templates: list[str] = telling.words.table["summary"][key]
    percent = telling.words.percent(saved.mean)
    return [each.format(percent=percent, unit=telling.unit) for each in templates]


def _sentences(telling: Telling) -> Iterator[str]:
    """What else there is to say, the most important first."""
    words, material = telling.words, telling.material
    yield telling.labour()
    if material.money is not None:
        yield economics.payback(telling, material.money.worth.cell)
    yield _basis(telling)
    if material.money is not None:
        _, npv, _, *bought = economics.verdict(telling, material.money)
        yield npv
        yield from bought
    yield words("summary.method")
    order = material.weighing.moving()
    if order:
        yield words("summary.depends", name=words.input(order[0].name))
    if all(each.status != "measured" for each in material.inputs()):
        yield words("summary.next")
    yield words("summary.again", seed=material.comparison.seed, version=material.version)


def summaries_text(contents: Contents, words: Words) -> str:
    """The summaries as they stand in their file, each below what it is."""
    parts = [
        f"{words('summary.heading', size=size, length=len(text))}\n\n{text}\n" for size, text in contents.summaries
    ]
    return "\n".join(parts)
