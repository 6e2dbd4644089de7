"""A report as one HTML page, as a PDF (by typst), and as a workbook."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2
from markupsafe import Markup

from cellwright.benchmarks.report.document import Cell, Document, Formula
from cellwright.files import plain_text, unwritable

HERE = Path(__file__).parent
ZERO_WIDTH_SPACE = "\u200b"
NO_BREAK_SPACE = "\u00a0"
SPACE_BEFORE_UNIT = re.compile(r"(?<=[\d\u202f]) (?=(?:%|kr|W|kWh|kg|g|s|mm|timer|hours)\b|%)|(?<=\bNOK) (?=[\d−])")
MAX_SHEET_NAME = 31
"""Excel's limit on a sheet's name, characters."""


def as_html(document: Document, svg: Mapping[str, str]) -> str:
    """One self-contained page; ``svg``: the drawings by name."""
    svg_markup = {name: Markup(text) for name, text in svg.items()}  # our own drawings
    return _render("report.html.jinja", True, {}, document=document, svg=svg_markup)


# ---- PDF ----


def as_pdf(document: Document, svg: Mapping[str, bytes]) -> bytes:
    """The report as a PDF, set by typst with its own fonts; the same document gives the same bytes.

    Raises InputError if the folder for temporary files has no room.
    """
    try:
        return _typeset(document, svg)
    except OSError as error:
        raise unwritable(Path(tempfile.gettempdir()), error) from error


def _typeset(document: Document, svg: Mapping[str, bytes]) -> bytes:
    import typst

    with tempfile.TemporaryDirectory() as folder:
        for name, drawing in svg.items():
            Path(folder, f"{name}.svg").write_bytes(drawing)
        source = Path(folder, "report.typ")
        source.write_text(as_typst(document), encoding="utf-8")
        return bytes(typst.compile(str(source), root=folder, ignore_system_fonts=True))


def as_typst(document: Document) -> str:
    """The typst source of the report."""
    page, _, of = document.page_words.partition("|")
    return _render(
        "report.typ.jinja", False, {"quoted": quoted, "breakable": breakable}, document=document, page=page, of=of
    )


def quoted(text: str) -> str:
    """A text as a string literal of typst: nothing inside it is markup, so only these characters are escaped."""
    escaped = plain_text(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'


def breakable(text: str) -> str:
    """The text with places where a long name may break: after a dot, a slash or an underscore."""
    words = text.split(" ")
    return " ".join(_break_word(word) if len(word) > 14 else word for word in words)


def _break_word(word: str) -> str:
    for mark in "._/":
        word = word.replace(mark, mark + ZERO_WIDTH_SPACE)
    if ZERO_WIDTH_SPACE in word or len(word) < 40:
        return word
    return ZERO_WIDTH_SPACE.join(word[at : at + 8] for at in range(0, len(word), 8))


# ---- the workbook ----


def as_xlsx(document: Document) -> bytes:
    """A workbook with a sheet for each table (unrounded figures where there are any, else the text), and the others."""
    import openpyxl  # type: ignore[import-untyped]
    from openpyxl.styles import Font  # type: ignore[import-untyped]

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    tables = [
        (table.name, [table.raw_head, *table.raw] if table.raw else [table.head, *table.rows])
        for table in document.tables()
    ]
    for name, rows in [*tables, *((each.name, each.rows) for each in document.sheets)]:
        sheet = workbook.create_sheet(name[:MAX_SHEET_NAME])
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                if isinstance(value, str):
                    shown: Cell = value if isinstance(value, Formula) else plain_text(value)
                else:
                    shown = float(value)
                cell = sheet.cell(number, column, shown)
                if isinstance(value, str) and not isinstance(value, Formula):
                    cell.data_type = "s"  # a text that begins like a formula stays the text that was typed
        for column, cells in enumerate(sheet.iter_cols(), 1):
            cells[0].font = Font(bold=True)
            longest = max(len(str(each.value or "")) for each in cells if each.data_type != "f")
            sheet.column_dimensions[openpyxl.utils.get_column_letter(column)].width = min(60, longest + 2)
        sheet.freeze_panes = "A2"
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def in_page(value: object) -> object:
    """A text fit for any page; drawings (Markup) as they are."""
    return plain_text(value) if type(value) is str else value


def _with_units(value: object) -> object:
    """The same, in which no line breaks between a number and its unit."""
    return SPACE_BEFORE_UNIT.sub(NO_BREAK_SPACE, plain_text(value)) if type(value) is str else value


def _render(template: str, escaping: bool, filters: Mapping[str, Callable[[str], str]], **values: object) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=escaping,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_with_units,
    )
    environment.filters.update(filters)
    return environment.get_template(template).render(**values)
