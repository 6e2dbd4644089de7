"""The section on milestones and budget."""

from __future__ import annotations

from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.project import Milestone, Project
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital
from cellwright.provenance import STATUSES

RISK_ASSESSMENT = ("risk assessment", "risikovurdering")
"""How a plan names it, in either language; a plan that does not gets the milestone all the same."""


def plan(context: ReportContext) -> Section:
    """Work packages, milestones and budget; without a plan, a note that the section is left out."""
    translations, project = context.translations, context.inputs.project
    if project is None:
        return Section(
            "plan",
            translations("plan.heading"),
            (Paragraph(translations("plan.left_out"), "warning"), Paragraph(translations("plan.safety"))),
        )
    answers = {"novelty": project.novelty_to_industry, "unsolved": project.unsolved_question}
    blocks: list[Block] = [
        Paragraph(_intro(context, project)),
        *(
            Paragraph(translations(f"plan.{key}", text=f"{translations.term(text)}."))
            for key, text in answers.items()
            if text
        ),
        Drawing("plan", _caption(context, project), *charts.both_widths(charts.plan, project, translations)),
        _packages(context, project),
        _milestones(context, project),
        Paragraph(translations("plan.safety")),
        _budget(context, project),
    ]
    return Section("plan", translations("plan.heading"), tuple(blocks))


def _intro(context: ReportContext, project: Project) -> str:
    translations = context.translations
    total = project.total_nok
    text = translations(
        "plan.intro",
        months=project.months,
        total=translations.number(total),
        applied=translations.number(project.applied_nok),
        percent=translations.number(100 * project.aid_intensity),
        own=translations.number(project.own_nok),
        vat=translations(f"cost.vat_{project.vat}"),
    )
    if context.inputs.money is None:
        return text
    investment = translations.money(Percentiles.of(context.inputs.money.result.cell.investment_nok).p50)
    return f"{text} {translations('plan.against_investment', investment=investment)}"


def _caption(context: ReportContext, project: Project) -> str:
    translations = context.translations
    last = max(project.milestones, key=lambda each: each.month)
    return translations(
        "plan.caption", count=len(project.milestones), months=project.months, last=translations.term(last.name)
    )


def _packages(context: ReportContext, project: Project) -> Table:
    translations = context.translations
    rows = [
        (capital(translations.term(each.name)), translations.between(str(each.from_month), str(each.to_month)),
         capital(translations.term(each.who)), capital(translations.term(each.result)))
        for each in project.work_packages
    ]  # fmt: skip
    head = tuple(translations(f"plan.{each}") for each in ("package", "months", "who", "result"))
    return context.table("packages", head, rows, (5, 2, 4, 6))


def _milestones(context: ReportContext, project: Project) -> Table:
    translations = context.translations
    rows = [
        (str(each.month), capital(translations.term(each.name)), capital(translations.term(each.done_when)))
        for each in sorted(project.milestones, key=lambda each: each.month)
    ]
    if not any(_names_risk_assessment(each) for each in project.milestones):
        words = [translations(f"plan.{each}") for each in ("before_use", "risk_assessment", "risk_assessed")]
        rows.append((words[0], words[1], words[2]))
    head = tuple(translations(f"plan.{each}") for each in ("month", "milestone", "done_when"))
    return context.table("milestones", head, rows, (1, 4, 6))


def _names_risk_assessment(milestone: Milestone) -> bool:
    text = f"{milestone.name} {milestone.done_when}".casefold()
    return any(words in text for words in RISK_ASSESSMENT)


def _budget(context: ReportContext, project: Project) -> Table:
    translations = context.translations
    rows, raw = [], []
    for line in project.budget:
        own, applied = line.own_nok.value, line.applied_nok.value
        sums = tuple(translations.number(each) for each in (own, applied, own + applied))
        # The status of a sum of 0 is of no interest.
        statuses = {each.status for each in (line.own_nok, line.applied_nok) if each.value}
        ordered = [each for each in STATUSES if each in statuses]
        rows.append(
            (
                capital(translations.term(line.item)),
                *sums,
                translations.listed([translations.term(each) for each in ordered]),
            )
        )
        raw.append((line.item, own, applied, own + applied, line.own_nok.status, line.applied_nok.status))
    total = project.own_nok + project.applied_nok
    sums = tuple(translations.number(each) for each in (project.own_nok, project.applied_nok, total))
    rows.append((translations("plan.sum"), *sums, ""))
    head = tuple(translations(f"plan.{each}") for each in ("item", "own", "applied", "sum_nok", "status"))
    raw_head = ("item", "own_nok", "applied_nok", "sum_nok", "own_status", "applied_status")
    return context.table("budget", head, rows, (6, 3, 3, 3, 3), translations("plan.note"), raw_head, raw)
