"""What a report says, in both languages, and how it is shown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cellwright import cells
from cellwright.benchmarks import paired
from cellwright.benchmarks.charts.style import as_svg
from cellwright.benchmarks.economics.commercial import read_commercial
from cellwright.benchmarks.economics.inputs import read_economics
from cellwright.benchmarks.economics.model import economics_as_given, evaluate_economics
from cellwright.benchmarks.economics.project import read_project
from cellwright.benchmarks.report.builder import FORM_FIELD_SIZES, build
from cellwright.benchmarks.report.document import Bullets, Document, Drawing, Paragraph, Table
from cellwright.benchmarks.report.inputs import Money, ReportInputs
from cellwright.benchmarks.report.renderers import as_html, as_pdf, as_typst, quoted
from cellwright.benchmarks.report.translations import LANGUAGES, Translations, read_translations, with_element_names
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange
from cellwright.benchmarks.sweeps.screening import ScreeningResult
from cellwright.errors import InputError
from cellwright.sim import Length, observe_free_time, run_cell, run_manual

ROOT = Path(__file__).resolve().parents[3]
SECTIONS = [
    "money", "need", "solution", "method", "output", "cost", "cash", "climate", "validation", "assumptions", "plan",
    "again", "inputs",
]  # fmt: skip


@cache
def report_inputs(name: str, with_money: bool = True) -> ReportInputs:
    scenario = cells.load(name).scenario()
    study, length = scenario.study, Length(hours=0.5)
    of_cell, of_manual = ([run(scenario, length, 1, number) for number in range(2)] for run in (run_cell, run_manual))
    comparison = paired(study.cell.unit, of_cell, of_manual, scenario.provenance(compared=True), 1, 7.5)
    money = best = None
    better = scenario.with_best_manual()
    if with_money:
        names = [each.name for each in study.measures]
        economics = read_economics(ROOT / "cells" / name / "economics.toml", names)
        commercial = read_commercial(ROOT / "cells" / name / "commercial.toml", names)
        if better is not None:
            of_best = [run_manual(better, length, 1, number) for number in range(2)]
            best = paired(study.cell.unit, of_cell, of_best, better.provenance(compared=True), 1, 7.5)
        given = (comparison, economics, commercial, study.measures)
        both = {"free": observe_free_time(scenario, length, 1), "best": best}
        money = Money(
            economics, commercial, evaluate_economics(*given, draws=200, **both), economics_as_given(*given, **both)
        )
    times = [
        SensitivityRange("manual.mod_s", "published", 0.129, -1.5, 31.25, "", 0.1, 0.16),
        SensitivityRange("layout.slats", "assumed", 15, 21.5, None, "", 12, 18),
        SensitivityRange("manual.refill_mods", "assumed", 77, None, None, "cannot be", 60, 90),
    ]
    sums = [
        replace(times[0], low=-12345.6, high=700000.0),
        SensitivityRange("economics.power_w", "assumed", 9, 5e5, 4e5, "", 5, 20),
    ]
    figures = {"less_time_percent": 23.75, "npv_nok": 654321.0}
    ranges = {"less_time_percent": times, "npv_nok": sums}
    screening = ScreeningResult("npv_nok" if money else "less_time_percent", figures, ranges, 40, 9, 21, 4321.0)
    plan = ROOT / "cells" / name / "project.toml"
    project = read_project(plan) if plan.exists() else None
    return ReportInputs(
        name,
        scenario,
        comparison,
        0.5,
        money,
        project,
        screening,
        0.2,
        2,
        'cellwright report "x" #1',
        "0.1",
        "abc",
        best,
    )


@cache
def built(cell: str, language: str) -> Document:
    """The report on a cell: its parts are frozen, so all that is asked of it can be asked of one."""
    given = report_inputs(cell)
    return build(given, translations_of(given, language))


def translations_of(given: ReportInputs, language: str) -> Translations:
    return read_translations(language, given.cell, ROOT / "cells" / given.cell)


@pytest.fixture(scope="module", params=["stapler", "digital_tape", "lacquer_mixer"])
def given(request: pytest.FixtureRequest) -> ReportInputs:
    return report_inputs(request.param)


def texts(document: Document) -> Iterator[str]:
    """Every text that a reader meets, but names, sources, the version and the command."""
    yield from (document.title, document.finding, document.about, *(text for _, text in document.summaries))
    for headline in document.headlines:
        yield from (headline.value, headline.label)
    for section in document.sections:
        yield section.heading
        for block in section.blocks if section.key not in ("again", "inputs") else ():
            match block:
                case Paragraph(text=text) | Drawing(caption=text):
                    yield text
                case Bullets(items=items):
                    yield from items
                case Table():
                    yield from (*block.head, *(cell for row in block.rows for cell in row), block.note)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_is_there_and_nothing_is_left_to_fill_in(given: ReportInputs, language: str) -> None:
    document = built(given.cell, language)
    assert [section.key for section in document.sections] == SECTIONS
    assert all(section.blocks for section in document.sections)
    for text in texts(document):
        assert not re.search(r"[{}]|\bnan\b|\binf\b|None|  ", text), text
    names = [table.name for table in document.tables()]
    assert len(set(names)) == len(names) and max(map(len, names)) <= 31
    for table in document.tables():
        assert all(len(row) == len(table.head) == len(table.widths) for row in table.rows)
        assert all(len(row) == len(table.raw_head) for row in table.raw)


SAME_IN_BOTH = {"status", ""}


def unrounded_texts(table: Table) -> list[str]:
    return [each for row in (table.raw_head, *table.raw) for each in row if isinstance(each, str)]


def test_the_workbook_speaks_the_reports_language(given: ReportInputs) -> None:
    """What is English there is Norwegian here, but for the names that programs use, in brackets."""
    norwegian, english = (built(given.cell, each).tables() for each in ("nb", "en"))
    compared = 0
    for ours, theirs in zip(norwegian, english, strict=True):
        for said, meant in zip(unrounded_texts(ours), unrounded_texts(theirs), strict=True):
            compared += 1
            assert said != meant or not re.search("[A-Za-z]", meant) or meant in SAME_IN_BOTH, (ours.name, meant)
    assert compared > 100


def test_norwegian_numbers_have_a_decimal_comma(given: ReportInputs) -> None:
    for text in texts(built(given.cell, "nb")):
        assert not re.search(r"\d\.\d", text.replace("0.1", "")), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_summaries_fit_their_fields(given: ReportInputs, language: str) -> None:
    summaries = dict(built(given.cell, language).summaries)
    assert tuple(summaries) == FORM_FIELD_SIZES == (60, 300, 1000)
    for size, text in summaries.items():
        assert 20 <= len(text) <= size and text.endswith(".")


def test_a_finding_too_long_for_a_field_is_shortened() -> None:
    translations = read_translations("nb")
    translations.table["summary"] |= {each: ["x" * 200] for each in ("less", "more", "unclear")}
    assert len(dict(build(report_inputs("stapler"), translations).summaries)[60]) <= 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_prices_the_report_says_so(language: str) -> None:
    translations = read_translations(language)
    document = build(report_inputs("stapler", with_money=False), translations)
    cost = next(section for section in document.sections if section.key == "cost")
    assert cost.blocks == (Paragraph(translations("cost.left_out"), "warning"),)


def test_an_assumption_that_turns_the_result_round_is_named(given: ReportInputs) -> None:
    document = built(given.cell, "nb")
    caption = next(each.caption for each in document.drawings() if each.name == "assumptions")
    assert "Sekunder per MODAPTS-enhet kan alene snu resultatet." in caption


# ---- words ----


def _keys(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.") if key != "terms" else ()
        else:
            filled = set(re.findall(r"{\w+}", str(value))) - {"{unit}", "{units}"}
            yield f"{prefix}{key}: {sorted(filled)}"


def test_both_languages_have_the_same_keys_and_fill_in_the_same() -> None:
    tables = [
        tomllib.loads((ROOT / f"benchmarks/report/{each}.toml").read_text(encoding="utf-8")) for each in LANGUAGES
    ]
    assert sorted(_keys(tables[0])) == sorted(_keys(tables[1]))


@pytest.mark.parametrize(
    ("language", "value", "digits", "shown"),
    [
        ("nb", 1234567.25, 1, "1\u202f234\u202f567,2"), ("en", 1234567.25, 1, "1,234,567.2"),
        ("nb", -0.04, 1, "0,0"), ("nb", -3.5, 1, "−3,5"), ("en", 0, 0, "0"),
    ],
)  # fmt: skip
def test_numbers_as_the_language_writes_them(language: str, value: float, digits: int, shown: str) -> None:
    assert read_translations(language).number(value, digits) == shown


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InputError, match="choose one of nb, en"):
        read_translations("sv")


# ---- how it is shown ----


@pytest.fixture(scope="module")
def document() -> Document:
    return build(report_inputs("digital_tape"), read_translations("nb"))


def test_the_page_loads_nothing(document: Document) -> None:
    page = as_html(document, {each.name: as_svg(each.figure, each.name) for each in document.drawings()})
    outside = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", page)
    assert outside and all(each.startswith(("#", "data:")) for each in outside)
    assert "<script" not in page and "@import" not in page
    assert page.count("<svg") == len(list(document.drawings())) and '<html lang="nb">' in page
    assert "&#34;x&#34; #1" in page


def test_what_typst_takes_for_markup_is_only_text(document: Document) -> None:
    nasty = '#panic() *bold* _x_ $y$ `z` <a> @b [c] \\ "q" // ~ = + - {d}\n\t'
    assert quoted(nasty) == '"' + nasty.replace("\\", "\\\\").replace('"', '\\"').replace("\n\t", "\\n\\t") + '"'
    altered = Document(
        "nb", nasty, nasty, document.headlines, nasty, document.sections, document.page_words, document.summaries
    )
    assert quoted(nasty) in as_typst(altered)
    empty = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    drawings = {each.name: empty for each in document.drawings()}
    pdf = as_pdf(altered, drawings)
    assert pdf.startswith(b"%PDF")
    assert as_pdf(altered, drawings) == pdf, "the same contents, the same bytes"


@pytest.mark.parametrize("name", ["digital_tape", "lacquer_mixer"])
def test_a_list_of_entries_is_counted_in_the_appendix_and_not_written_out(name: str) -> None:
    page = as_typst(build(report_inputs(name), read_translations("nb")))
    assert " ×" in page
    assert "length_mm=" not in page and "where=" not in page and "Recipe(" not in page


def test_no_line_ends_between_a_number_and_its_unit(document: Document) -> None:
    page = as_html(document, {each.name: as_svg(each.figure, each.name) for each in document.drawings()})
    text = re.sub(r"<svg.*?</svg>|<style>.*?</style>|<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert re.search(r"\d\u00a0%", text) and re.search(r"\d\u00a0kr\b", text)
    assert not re.search(r"\d (%|kr\b)", text)


OURS = ["stapler", "lacquer_mixer", "lacquer_mixer_mega", "digital_tape", "digital_tape_stop"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_input_of_our_cells_has_a_name_that_a_reader_understands(name: str, language: str) -> None:
    translations = read_translations(language, name, Path(__file__).parents[3] / "cells" / name)
    inputs = cells.load(name).scenario().provenance(compared=True)
    assert [each for each in inputs if "_" in translations.input(each) or translations.input(each) == each] == []


def test_a_part_of_the_cell_is_not_called_as_the_work_of_the_same_name() -> None:
    translations = read_translations("nb", "digital_tape", Path(__file__).parents[3] / "cells" / "digital_tape")
    translations = with_element_names(translations, cells.load("digital_tape").scenario())
    assert (translations.part("saw"), translations.term("saw")) == ("sag", "sage")


@pytest.mark.parametrize(
    ("language", "once", "often"),
    [("nb", "simulert 1 gang, 1 time hver", "simulert 2 ganger, 0,5 timer hver"),
     ("en", "simulated once, 1 hour each", "simulated 2 times, 0.5 hours each")],
)  # fmt: skip
def test_one_hour_and_one_run_are_said_in_the_singular(language: str, once: str, often: str) -> None:
    given = report_inputs("stapler", with_money=False)
    single = replace(given, hours=1, comparison=replace(given.comparison, replications=1))
    for each, words in ((single, once), (given, often)):
        assert any(words in text for text in texts(build(each, translations_of(each, language)))), words
