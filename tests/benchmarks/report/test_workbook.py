"""The workbook's calculation, worked out again by a program that is not ours, gives our figures."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import formulas
import openpyxl
import pytest

from cellwright.benchmarks.economics.results import AlternativeResult
from cellwright.benchmarks.report.calculation import METHODS
from cellwright.benchmarks.report.document import Document, Sheet
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.renderers import as_xlsx
from cellwright.benchmarks.report.sections.cash_flow import years

from .test_report import built, report_inputs

FIGURES = {
    "Good units a year": lambda each: each.units,
    "Saved time, NOK a year": lambda each: each.saving_by["time"],
    "Saved material, NOK a year": lambda each: each.saving_by["material"],
    "Saved scrap, NOK a year": lambda each: each.saving_by["scrap"],
    "Electricity, NOK a year": lambda each: each.saving_by["energy"],
    "Maintenance, NOK a year": lambda each: each.saving_by["maintenance"],
    "Saving, NOK a year": lambda each: each.saving_nok,
    "Net present value, NOK": lambda each: each.npv_nok,
    "Payback, months": lambda each: each.payback_months,
    "Annual value, NOK": lambda each: each.yearly_nok,
}


def workbook(name: str) -> tuple[Money, Document, bytes]:
    money, document = report_inputs(name).money, built(name, "en")
    assert money is not None
    return money, document, as_xlsx(document)


def recalculated(folder: Path, content: bytes, sheet: str) -> dict[tuple[int, int], Any]:
    """Every value of a sheet by row and column, after another program worked out its formulas."""
    path = folder / "report.xlsx"
    path.write_bytes(content)
    solution = formulas.ExcelModel().loads(str(path)).finish().calculate()
    name = f"'[{path.name}]{sheet}'!".upper()
    found = {}
    for key, value in solution.items():
        if str(key).upper().startswith(name) and ":" not in str(key):
            cell = openpyxl.utils.cell.coordinate_from_string(str(key).rpartition("!")[2])
            found[cell[1], openpyxl.utils.column_index_from_string(cell[0])] = value.value[0, 0]
    return found


def calculation(document: Document) -> Sheet:
    return document.sheets[0]


def results(money: Money) -> list[AlternativeResult]:
    """The results in the order of the columns, without today's method."""
    given = money.as_given
    found = {
        "best": given.best_manual,
        "cell": given.cell,
        "commercial": given.commercial,
        "decisive": given.beyond_best,
    }
    return [each for each in (found[name] for name in METHODS[1:]) if each is not None]


@pytest.mark.parametrize("name", ["stapler", "lacquer_mixer", "digital_tape"])
def test_another_program_works_out_our_figures(name: str, tmp_path: Path) -> None:
    money, document, content = workbook(name)
    sheet = calculation(document)
    values = recalculated(tmp_path, content, sheet.name)
    seen = set()
    for number, row in enumerate(sheet.rows, 1):
        label = str(row[0]) if row else ""
        if label not in FIGURES:
            continue
        seen.add(label)
        for column, each in enumerate(results(money), 3):
            wanted = float(FIGURES[label](each)[0])
            if math.isfinite(wanted):
                assert float(values[number, column]) == pytest.approx(wanted, rel=1e-9, abs=1e-6), (label, column)
            else:
                assert values[number, column] == "never"
    assert seen == set(FIGURES)


def test_a_number_that_is_changed_in_the_workbook_changes_the_result(tmp_path: Path) -> None:
    money, document, content = workbook("stapler")
    sheet = calculation(document)
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = {str(row[0].value): row[0].row for row in book[sheet.name].iter_rows(max_col=1)}
    price = rows["Labour cost per hour, NOK"]
    book[sheet.name].cell(price, 3).value = 0
    changed = io.BytesIO()
    book.save(changed)
    values = recalculated(tmp_path, changed.getvalue(), sheet.name)
    assert float(values[rows["Saved time, NOK a year"], 4]) == 0
    scrap_nok = float(money.as_given.cell.saving_by["scrap"][0])
    assert float(values[rows["Saved scrap, NOK a year"], 4]) == pytest.approx(scrap_nok)


def test_the_first_sheet_says_what_the_money_is_made_of() -> None:
    _, _, content = workbook("stapler")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames[0] == "What the money is made of"
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert head == ("comparison", "part", "nok_per_year_p5", "nok_per_year_p50", "nok_per_year_p95")
    assert {row[0] for row in rows} == {"cell_against_best_manual", "cell_against_manual", "best_manual_against_manual"}
    assert all(row[2] <= row[3] <= row[4] for row in rows)


def test_what_looks_like_a_formula_but_is_a_text_stays_one() -> None:
    _, document, _ = workbook("stapler")
    table = next(document.tables())
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(document)))
    assert all(cell.data_type != "f" for row in book[table.name].iter_rows() for cell in row)
    formula_cells = sum(cell.data_type == "f" for row in book[calculation(document).name].iter_rows() for cell in row)
    assert formula_cells > 40


def test_the_cash_flow_adds_up_to_the_net_present_value() -> None:
    flow = list(years(1000.0, 5.0, 0.07))
    assert [each.number for each in flow] == [1, 2, 3, 4, 5]
    # 1000 / 1.07 + … + 1000 / 1.07^5 = 4100.20
    assert sum(each.flow_nok * each.discount for each in flow) == pytest.approx(4100.20, abs=0.005)
    part = list(years(1000.0, 2.5, 0.0))
    assert [each.flow_nok for each in part] == [1000, 1000, 500]


@pytest.mark.parametrize("name", ["stapler", "digital_tape"])
def test_the_last_year_of_the_table_is_the_net_present_value(name: str) -> None:
    money, document, _ = workbook(name)
    cash = next(table for table in document.tables() if table.name == "Cash flow")
    assert cash.raw[-1][2] == pytest.approx(float(money.as_given.decisive.npv_nok[0]), rel=1e-9)
    if name == "stapler":  # a project with a grant: the firm pays 90,000 of 220,000 NOK
        own, total = -cash.raw[0][4], -cash.raw[0][3]
        assert (own, total) == (90_000, 220_000)
        assert cash.raw[-1][4] - cash.raw[-1][3] == pytest.approx(total - own)
