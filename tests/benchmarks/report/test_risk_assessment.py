"""The report's plan has the risk assessment among its milestones, in both languages, whatever its file says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from cellwright.benchmarks.economics.project import Milestone, read_project
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Paragraph, Table
from cellwright.benchmarks.report.sections.project_plan import _milestones, plan
from cellwright.benchmarks.report.translations import read_translations

STAPLER = Path(__file__).resolve().parents[3] / "cells" / "stapler"
WORDS = {
    "nb": ("Risikovurdering", "risikovurdering etter trinnene i ISO 12100"),
    "en": ("Risk assessment", "ISO 12100"),
}


def context(language: str, project: object) -> ReportContext:
    translations = read_translations(language, "stapler", STAPLER)
    inputs = SimpleNamespace(project=project, money=None)
    return _Context(translations, inputs)  # type: ignore[return-value]


class _Context:
    def __init__(self, translations: object, inputs: object) -> None:
        self.translations = translations
        self.inputs = inputs

    def table(self, name: str, head: tuple[str, ...], rows: list[tuple[str, ...]], widths: tuple[int, ...]) -> Table:
        return Table(name, head, tuple(rows), widths)


def rows_of(language: str, *milestones: Milestone) -> tuple[tuple[str, ...], ...]:
    project = read_project(STAPLER / "project.toml")
    changed = project.model_copy(update={"milestones": milestones or project.milestones})
    return _milestones(context(language, changed), changed).rows


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_plan_that_forgot_it_gets_the_milestone(language: str) -> None:
    rows = rows_of(language, Milestone(name="first panels", month=2, done_when="ten of them"))
    assert [row[1] for row in rows] == ["First panels", WORDS[language][0]]


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("name", ["the Risk assessment is signed", "risikovurdering", "sign the RISIKOVURDERINGEN"])
def test_a_plan_that_has_it_keeps_its_own(language: str, name: str) -> None:
    assert len(rows_of(language, Milestone(name=name, month=2, done_when="x"))) == 1
    assert len(rows_of(language)) == 5  # the stapler's


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_report_without_a_plan_says_it_too(language: str) -> None:
    said = [block.text for block in plan(context(language, None)).blocks if isinstance(block, Paragraph)]
    assert any(WORDS[language][1] in text for text in said)
