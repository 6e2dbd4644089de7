"""A text that a user wrote is that text in every output: no markup, no mathematics, nothing that steers a terminal.

Each output is written with arbitrary names and read back. What a format cannot hold stands there as its escape.
"""

from __future__ import annotations

import csv
import html
import html.parser
import io
import json
import re
import sqlite3
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import openpyxl
import pytest
import typst
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from rich.table import Table as TerminalTable

from cellwright.benchmarks.charts import state_diagram, style
from cellwright.benchmarks.charts.mermaid import mermaid
from cellwright.benchmarks.report.demo_page import in_page
from cellwright.benchmarks.report.document import Document, Headline, Paragraph, Section, Table
from cellwright.benchmarks.report.renderers import NO_BREAK_SPACE, ZERO_WIDTH_SPACE, as_html, as_pdf, as_typst, as_xlsx
from cellwright.benchmarks.sweeps.sweep import _csv_line
from cellwright.cli.terminal import PlainConsole
from cellwright.files import make_readable_handler, one_line, plain_text
from cellwright.sequences import Cell, RunLog
from cellwright.sequences.runlog import fact, open_log

TRICKY = [
    "$x$", "a_b^c", "\\frac{1}{2}", "$", "[bold]x[/bold]", "[x]", "[/]", ":smiley:", "#strong[x]", "@ref", "*b* _i_",
    "<>&\"'",
    "<script>1</script>", "<!-- x -->", "--", "]]>", "a\x1b[2Jb", "\x00", "\x07", "a\nb", "a\rb", "a\u2028b",
    "\u202egnp.exe",
    "שלום", "مرحبا", "😀", "👩‍🔧", "e\u0301", "ø", "\ud800", "\ufffe", "=1+1", "+1", "@SUM(A1)", "#N/A", "%%{x}%%",
    "a: b", ";",
    "a;b,c", '"', "'", "{{ x }}", "{% x %}", "-", "~", "`x`", "//x", "/*x*/", "\\", "\\n", "\\u{1b}", "id=\"x", "3 mm",
]  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(), min_size=1, max_size=20),  # half characters too, as in names of files
    st.lists(st.sampled_from(TRICKY), min_size=2, max_size=3).map(" ".join),
)
few = settings(max_examples=15)
many = settings(max_examples=300)


def spaced(text: str) -> str:
    """A text with all its white space as single spaces: outputs break lines and keep units with their numbers."""
    return " ".join(text.replace(NO_BREAK_SPACE, " ").replace(ZERO_WIDTH_SPACE, "").split())


def all_of(name: str) -> str:
    return spaced(plain_text(name))


def a_document(name: str) -> Document:
    table = Table("sheet", (name, "b"), ((name, "x"),), (1, 1), note=name)
    section = Section("key", name, (table, Paragraph(name), Paragraph(name, "warning"), Paragraph(name, "code")))
    return Document("en", name, name, (Headline(name, name),), name, (section,), "Page|of", ())


# ---- the mechanism ----


@given(NAMES)
@many
def test_what_no_output_can_act_on_stays_as_it_is(name: str) -> None:
    plain = plain_text(name)
    assert plain == plain_text(plain)
    if name.isprintable():
        assert plain == name
    assert all(letter in "\n\t" or ord(letter) >= 32 for letter in plain)
    plain.encode("utf-8")


@given(NAMES, st.sampled_from(["ascii", "cp1252", "cp850", "cp437", "latin-1", "utf-8", "utf-16"]))
@many
def test_every_encoding_can_write_every_text(name: str, encoding: str) -> None:
    shown = plain_text(name, encoding)
    assert shown.encode(encoding).decode(encoding) == shown
    assert plain_text(shown, encoding) == shown


# ---- the outputs ----


@given(NAMES, st.sampled_from(["ascii", "cp1252", "cp850", "utf-8"]))
@many
def test_on_a_terminal(name: str, encoding: str) -> None:
    written = io.BytesIO()
    out = PlainConsole()
    out.file = io.TextIOWrapper(written, encoding=encoding, errors=make_readable_handler())
    out.width = 10_000
    out.print(f"begin {name} end")
    shown = written.getvalue().decode(encoding)
    assert spaced(shown) == spaced(f"begin {plain_text(name, encoding)} end".expandtabs())
    table = TerminalTable(name, title=name)
    table.add_row(name)
    out.print(table)
    assert "\x1b" not in written.getvalue().decode(encoding)
    first = spaced(plain_text(name, encoding).split("\n")[0].expandtabs())
    assert spaced(written.getvalue().decode(encoding)).count(first) >= 4


class _Texts(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(spaced(data))


@given(NAMES)
@settings(max_examples=80)
def test_in_the_reports_page(name: str) -> None:
    plain, written = _Texts(), _Texts()
    plain.feed(as_html(a_document("name"), {}))
    written.feed(as_html(a_document(name), {}))
    assert written.tags == plain.tags
    if all_of(name):
        assert written.texts.count(all_of(name)) >= 8
    assert in_page(name) == plain_text(name)  # what the demo's page does with each value


@given(NAMES)
@few
@example("#N/A")
@example("=1+1")
def test_in_the_workbook(name: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(a_document(name)))).active
    assert sheet is not None
    for row, column in ((1, 1), (2, 1)):
        cell = sheet.cell(row, column)
        assert cell.data_type == "s"
        assert cell.value == plain_text(name)


@given(st.lists(NAMES, min_size=8, max_size=8, unique_by=all_of))
@settings(max_examples=6)
def test_in_the_pdf(names: list[str]) -> None:
    names = [name for name in names if all_of(name)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "report.typ")
        source.write_text("\n".join(as_typst(a_document(name)) for name in names), encoding="utf-8")
        headings = json.loads(typst.query(str(source), "heading", field="body"))
        assert [_text_of(each) for each in headings] == [spaced(all_of(name)) for name in names]
        codes = json.loads(typst.query(str(source), "raw", field="text"))
        assert [spaced(each) for each in codes] == [all_of(name) for name in names]
    assert as_pdf(a_document(names[0]), {}).startswith(b"%PDF")


def _text_of(content: dict[str, object]) -> str:
    """The text of a typst content, which a text with line ends is a sequence of."""
    children = content.get("children")
    if isinstance(children, list):
        return spaced("".join(_text_of(each) if each["func"] != "space" else " " for each in children))
    return spaced(str(content.get("text", " ")))


def a_figure(name: str) -> Figure:
    with style.drawing():
        figure = Figure(figsize=(4, 3))
        axes = figure.subplots()
        axes.set_title(name)
        axes.set_yticks([0, 1], [name, "b"])
        axes.set_xlabel(name)
        axes.text(0.2, 0.2, name)
        axes.plot([0, 1], [0, 1], label=f"x{name}")  # a label that begins with "_" is none
        axes.legend()
        style.make_room(figure)
    return figure


def comments_of(svg: str) -> list[str]:
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    return [html.unescape(each.text or "") for each in ET.fromstring(svg, parser).iter(ET.Comment)]  # type: ignore[arg-type]


@given(NAMES)
@few
@example("$\\nix$")  # as mathematics it would be an error
def test_in_a_picture(name: str) -> None:
    figure = a_figure(name)
    drawn = comments_of(style.as_svg(figure, "prefix"))
    line = re.sub("-(?=-)", "- ", plain_text(name).split("\n")[0])  # as a comment has to have it
    if line.strip():
        assert sum(each.strip() == line.strip() for each in drawn) >= 4
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("svg", "png"):
            style.save(figure, Path(folder, f"picture.{kind}"))


def a_cell(trigger: str, name: str) -> type[Cell]:
    class Own(Cell):
        states = ["first", "second"]
        transitions = [[trigger, "first", "second"], ["back", "second", "first"]]

        def first(self) -> str:
            return trigger

        def second(self) -> str:
            return "back"

    Own.name = classmethod(lambda cls: name)  # type: ignore[method-assign]
    return Own


@given(NAMES.filter(lambda name: name not in ("back", "fault", "stop", "reset")), NAMES)
@many
def test_in_a_state_diagram(trigger: str, name: str) -> None:
    lines = mermaid(a_cell(trigger, name)).split("\n")
    arrow = next(line for line in lines if line.strip().startswith("first -->"))
    label = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), arrow.partition(":")[2])
    assert spaced(plain_text(label)) == all_of(trigger)
    title = next(line for line in lines if line.startswith("title: ")).removeprefix("title: ")
    assert (json.loads(title) if title.startswith('"') else title) == plain_text(name)
    assert sum(re.match(r"\s*(\w+|\[\*\]) --> \w", line) is not None for line in lines) == 3


@given(NAMES)
@settings(max_examples=10)
@example("$\\nix$")
def test_in_a_drawn_state_diagram(trigger: str) -> None:
    comments_of(style.as_svg(state_diagram.state_diagram(a_cell(trigger, "own"))))


@given(st.lists(NAMES, min_size=1, max_size=4))
@many
def test_in_csv(names: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(_csv_line(names)))
    assert read == [one_line(name) for name in names]


@given(NAMES)
@many
def test_in_json(name: str) -> None:
    assert json.loads(json.dumps({name: name}).encode("ascii")) == {name: name}


@given(NAMES)
@settings(max_examples=40)
def test_in_the_run_log(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.db")
        with RunLog(path) as log:
            log.describe(cell=name)
            log.event(0.0, name, name, name, None, name)
        with open_log(path) as read:
            rows = read.execute("SELECT state, source, what, detail FROM event").fetchall()
            cell = fact(read, "cell")
    expected = name if _can_be_stored(name) else plain_text(name)
    assert [cell, *rows[0]] == [expected] * 5


def _can_be_stored(name: str) -> bool:
    try:
        return bool(sqlite3.connect(":memory:").execute("SELECT ?", (name,)).fetchone())
    except UnicodeEncodeError:
        return False


def test_a_page_that_did_not_care_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellwright.benchmarks.report.renderers.plain_text", lambda text: text)
    texts = _Texts()
    texts.feed(as_html(a_document("a\x1bb"), {}))
    assert all_of("a\x1bb") not in texts.texts
