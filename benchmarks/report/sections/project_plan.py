"""The section on milestones and budget."""

from __future__ import annotations

from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.project import Project
from cellwright.benchmarks.report import charts
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Block, Drawing, Paragraph, Section, Table
from cellwright.benchmarks.report.translations import capital
from cellwright.provenance import STATUSES


def plan(context: ReportContext) -> Section:
    """When what is done and reached, and what it costs; that there is no plan, where there is none."""
    words, project = context.words, context.inputs.project
    if project is None:
        return Section("plan", words("plan.heading"), (Paragraph(words("plan.left_out"), "warning"),))
    blocks: list[Block] = [
        Paragraph(_intro(context, project)),
        Drawing("plan", _caption(context, project), charts.plan(project, words)),
        _packages(context, project),
        _milestones(context, project),
        _budget(context, project),
    ]
    return Section("plan", words("plan.heading"), tuple(blocks))


def _intro(context: ReportContext, project: Project) -> str:
    words = context.words
    total = project.own_nok + project.applied_nok
    text = words(
        "plan.intro",
        months=project.months,
        total=words.number(total),
        applied=words.number(project.applied_nok),
        percent=words.number(100 * project.applied_nok / total),
        own=words.number(project.own_nok),
        vat=words(f"cost.vat_{project.vat}"),
    )
    if context.inputs.money is None:
        return text
    investment = words.money(Percentiles.of(context.inputs.money.result.cell.investment_nok).p50)
    return f"{text} {words('plan.against_investment', investment=investment)}"


def _caption(context: ReportContext, project: Project) -> str:
    words = context.words
    last = max(project.milestones, key=lambda each: each.month)
    return words("plan.caption", count=len(project.milestones), months=project.months, last=words.term(last.name))


def _packages(context: ReportContext, project: Project) -> Table:
    words = context.words
    rows = [
        (capital(words.term(each.name)), words.between(str(each.from_month), str(each.to_month)),
         capital(words.term(each.who)), capital(words.term(each.result)))
        for each in project.work_packages
    ]  # fmt: skip
    head = tuple(words(f"plan.{each}") for each in ("package", "months", "who", "result"))
    return context.table("packages", head, rows, (5, 2, 4, 6))


def _milestones(context: ReportContext, project: Project) -> Table:
    words = context.words
    rows = [
        (str(each.month), capital(words.term(each.name)), capital(words.term(each.done_when)))
        for each in sorted(project.milestones, key=lambda each: each.month)
    ]
    head = tuple(words(f"plan.{each}") for each in ("month", "milestone", "done_when"))
    return context.table("milestones", head, rows, (1, 4, 6))


def _budget(context: ReportContext, project: Project) -> Table:
    words = context.words
    rows, raw = [], []
    for line in project.budget:
        own, applied = line.own_nok.value, line.applied_nok.value
        sums = tuple(words.number(each) for each in (own, applied, own + applied))
        # A sum of nothing says nothing, so its status is not shown.
        statuses = {each.status for each in (line.own_nok, line.applied_nok) if each.value}
        ordered = [each for each in STATUSES if each in statuses]
        rows.append((capital(words.term(line.item)), *sums, words.listed([words.term(each) for each in ordered])))
        raw.append((line.item, own, applied, own + applied, line.own_nok.status, line.applied_nok.status))
    total = project.own_nok + project.applied_nok
    sums = tuple(words.number(each) for each in (project.own_nok, project.applied_nok, total))
    rows.append((words("plan.sum"), *sums, ""))
    head = tuple(words(f"plan.{each}") for each in ("item", "own", "applied", "sum_nok", "status"))
    raw_head = ("item", "own_nok", "applied_nok", "sum_nok", "own_status", "applied_status")
    return context.table("budget", head, rows, (6, 3, 3, 3, 3), words("plan.note"), raw_head, raw)
