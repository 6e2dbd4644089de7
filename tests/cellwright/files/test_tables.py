"""The one reader of tables: every form that spreadsheets save gives the same rows; what is ambiguous is refused."""

from __future__ import annotations

from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from dialects import ENCODINGS, CsvDialect, dialects
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.cells.digital_tape.cutlist import CutList
from cellwright.cells.digital_tape.stock import Stock
from cellwright.cells.lacquer_mixer.orders import Orders
from cellwright.errors import InputError
from cellwright.files import Column, read_table

COLUMNS = (
    Column("piece", aliases=("del",)),
    Column("length_mm", "number", ("lengde_mm",)),
    Column("quantity", "whole", ("antall",)),
    Column("note"),
)
NEEDED = ("piece", "length_mm", "quantity")
NAMES = st.text("abcæøåÆØÅé #$_,;\"'=.5", min_size=1, max_size=12).map(str.strip).filter(bool)
ROWS = st.lists(
    st.tuples(NAMES, st.integers(1, 3_000_000).map(lambda n: n / 100), st.integers(1, 999)), min_size=1, max_size=6
)


def read(path: Path) -> list[tuple[str, float, int]]:
    rows = read_table(path, COLUMNS, NEEDED).rows
    return [(row.values["piece"], float(row.values["length_mm"]), int(row.values["quantity"])) for row in rows]


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@settings(max_examples=60, deadline=None)
@given(
    dialects(times=["seconds"]),
    ROWS,
    st.booleans(),
    st.lists(st.sampled_from(["mine", "a, b; c", 'say "x"']), max_size=2),
)
def test_a_table_is_the_same_in_every_form(
    tmp_path_factory: pytest.TempPathFactory,
    dialect: CsvDialect,
    rows: list[tuple],
    is_bokmal: bool,
    remarks: list[str],
) -> None:
    headings = ["del", "Lengde (mm)", "antall"] if is_bokmal else list(NEEDED)
    renamed = [dict(zip(headings, row, strict=True)) for row in rows]
    path = dialect.write(tmp_path_factory.mktemp("table"), headings, renamed, remarks=remarks)
    assert read(path) == rows
    assert [remark.text for remark in read_table(path, COLUMNS, NEEDED).remarks] == [
        remark.strip('"') for remark in remarks
    ]


HEADER = {";": "piece;length_mm;quantity", ",": "piece,length_mm,quantity", "\t": "piece\tlength_mm\tquantity"}


@pytest.mark.parametrize(
    ("separator", "numbers", "refused", "both"),
    [
        (",", ['"1,200"'], 2, "1.2 or 1200"),
        (",", ["12.5", '"1,200"'], 3, "1.2 or 1200"),
        (",", ["1200", '"12,345"'], 3, "12.345 or 12345"),
        (";", ["12,60", "1.200"], 3, "1.2 or 1200"),
        (";", ["1.200"], 2, "1.2 or 1200"),
        (";", ["12.60", "1,200"], 3, "1.2 or 1200"),
        ("\t", ["1.200"], 2, "1.2 or 1200"),
        ("\t", ["1,200"], 2, "1.2 or 1200"),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_is_refused_by_line(
    tmp_path: Path, separator: str, numbers: list[str], refused: int, both: str
) -> None:
    lines = [HEADER[separator], *(separator.join(["a", number, "1"]) for number in numbers)]
    with pytest.raises(InputError, match=rf"line {refused}, column length_mm: .* can be {both}"):
        read(write(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("separator", "numbers", "values"),
    [
        (";", ["1,200"], [1.2]),
        (";", ["12,60", "1,200"], [12.6, 1.2]),
        (";", ["12.60", "1.200"], [12.6, 1.2]),
        (",", ["1.200"], [1.2]),
        (",", ['"12,60"', '"1,200"'], [12.6, 1.2]),
        ("\t", ["0,200"], [0.2]),
        ("\t", ["0.200"], [0.2]),
        (";", ["1.234,5"], [1234.5]),
        (",", ['"1,234.5"'], [1234.5]),
        (";", ["1 234,5", "12\u00a0345,5", "2 000"], [1234.5, 12345.5, 2000]),
        (";", ["1.234.567"], [1234567]),
        (";", [",5", "7"], [0.5, 7]),
        (",", ["1e-05", "2.5E3"], [1e-5, 2500]),
    ],
)
def test_what_shows_the_decimal_mark_decides(
    tmp_path: Path, separator: str, numbers: list[str], values: list[float]
) -> None:
    lines = [HEADER[separator], *(separator.join(["a", number, "1"]) for number in numbers)]
    assert [length for _, length, _ in read(write(tmp_path, "\n".join(lines)))] == values


@pytest.mark.parametrize("quantity", ["1.000", "1,000"])
def test_a_whole_number_with_a_mark_for_thousands_is_refused(tmp_path: Path, quantity: str) -> None:
    for length in ("12,5", "12.5"):
        with pytest.raises(InputError, match=r"column quantity: .* can be 1 or 1000"):
            read(write(tmp_path, f"piece;length_mm;quantity\na;{length};{quantity}\n"))


def test_points_and_commas_in_one_file_are_refused_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'12,5' in line 3 has a decimal comma and '1\.25' in line 4 a decimal point"):
        read(write(tmp_path, "# x\npiece;length_mm;quantity\na;12,5;1\nb;1.25;1\n"))


def test_a_decimal_comma_that_splits_a_number_is_not_read_as_a_number_and_a_note(tmp_path: Path) -> None:
    columns = (Column("element"), Column("seconds", "number"), Column("note"))
    with pytest.raises(
        InputError, match=r"line 2, column seconds: '300,35' can be 300.35, or 300 with 35 in column note"
    ):
        read_table(write(tmp_path, "element,seconds,note\nstaple,300,35\n"), columns, ("element", "seconds"))
    with pytest.raises(
        InputError, match=r"line 2: there are 4 values for 3 columns; put a number with a decimal comma"
    ):
        read(write(tmp_path, "piece,length_mm,quantity\na,300,35,1\n"))


@pytest.mark.parametrize("name", ["#4 stud", "# stud", "#"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_number_sign_below_the_header_is_data(tmp_path: Path, name: str, separator: str) -> None:
    rows = [
        separator.join(cells)
        for cells in (["# a remark", "", ""], ["piece", "length_mm", "quantity"], [name, "2400", "3"])
    ]
    assert read(write(tmp_path, "\n".join(rows))) == [(name, 2400, 3)]


def test_a_remark_below_the_header_is_refused_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, "piece,length_mm,quantity\nbeam,1000,1\n# the rest tomorrow\n")
    with pytest.raises(InputError, match="line 3, column length_mm: there is no value"):
        CutList.read(path)


def test_lines_are_counted_through_remarks_and_values_of_several_lines(tmp_path: Path) -> None:
    text = '\ufeffsep=;\r\n"# one;\r\ntwo";;\r\n;;\r\npiece;length_mm;quantity\r\n"a\r\nb";1;1\r\nc;x;1\r\n'
    rows = read_table(write(tmp_path, text), COLUMNS, NEEDED).rows
    assert [row.where.rpartition(", ")[2] for row in rows] == ["line 6", "line 8"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_letters_survive_every_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(write(tmp_path, "piece;length_mm;quantity\nÅsgård;1;1\n".encode(encoding))) == [("Åsgård", 1, 1)]


def test_a_sheet_can_be_named_and_the_first_is_read_otherwise(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["other"])
    sheet = workbook.create_sheet("Kapp liste")
    for row in (["Del", "Lengde (mm)", "Antall", None], ["#4 stender", 2400.5, 3, None], [None, None, None, None]):
        sheet.append(row)
    path = tmp_path / "book.xlsx"
    workbook.save(path)
    assert read(Path(f"{path}#kapp liste")) == [("#4 stender", 2400.5, 3)]
    with pytest.raises(InputError, match="sheet Sheet, line 1: 'other' is no column here"):
        read(path)
    with pytest.raises(InputError, match="has no sheet 'kaplist'; did you mean 'Kapp liste'"):
        read(Path(f"{path}#kaplist"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(20), "old .xls form; save it as .xlsx"),
        (b"PK\x03\x04" + bytes(20), "is no workbook that can be read"),
        (b"\x00\x01\x02\x03\x04", "it is not text"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"", "is empty; begin with the line piece,length_mm,quantity"),
        (b";;\n\n;;\n", "is empty"),
        (b"piece;length_mm\n", "line 1: the column quantity is missing"),
        (b"piece;del;length_mm;quantity\n", "the column piece is there twice"),
        (b"piece;length_mm;quantity;\na;1;1;surplus\n", "line 2: there are 4 values for 3 columns"),
        (b'piece;length_mm;quantity\n"a;1;1\n', "line 2: .* look for a quotation mark too many"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        read(write(tmp_path, content))
    assert "\n" not in str(refusal.value)


def test_stock_and_orders_take_a_norwegian_spreadsheet(tmp_path: Path) -> None:
    stock = Stock.read(write(tmp_path, "Stokk;Lengde (mm);Antall;Kvister (mm)\nA;4200,5;2;1200,5-1260 3400-3450,5\n"))
    assert stock.logs[0].length_mm == 4200.5 and stock.logs[0].knots_mm == ((1200.5, 1260.0), (3400.0, 3450.5))
    orders = Orders.read(
        write(tmp_path, "Ordre;Resept;Mengde;Toleranse prosent;Boks (ml)\n1;pu_clear;0,6 kg;0,5;1000\n")
    )
    assert orders.orders[0].mass_g == 600 and orders.orders[0].tolerance_percent == 0.5
    with pytest.raises(InputError, match=r"column amount: '1\.200' can be 1.2 or 1200"):
        Orders.read(write(tmp_path, "Ordre;Resept;Mengde;Toleranse prosent\n1;pu_clear;1.200 kg;0,5\n"))
