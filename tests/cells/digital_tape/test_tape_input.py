from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.cells import load
from cellwright.cells.digital_tape.assignment import plan_for
from cellwright.cells.digital_tape.cutlist import CutList
from cellwright.cells.digital_tape.stock import Saw, Stock
from cellwright.errors import InputError

HEAD = '<?xml version="1.0"?>\n'
ROOT = '<BTLx xmlns="https://www.design2machine.com" Version="2.0.0">'
PART = """<Project Name="cabin"><Parts>
<Part SingleMemberNumber="7" Designation="sill" Count="2" Length="3655.250" Height="150" Width="150">
<Processings><JackRafterCut Name="cut"><StartX>3655.25</StartX><Angle>60</Angle></JackRafterCut>
<Lap Name="lap"><StartX>abc</StartX></Lap></Processings></Part>
<Part SingleMemberNumber="8" Length="1200"/>
<Part SingleMemberNumber="9" Length="900" Count="0"/>
</Parts></Project></BTLx>"""
BILLION_LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n + 1} "{f"&lol{n or str()};" * 10}">' for n in range(9))
    + "]>\n"
)


def write_file(folder: Path, text: str, name: str = "parts.btlx") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_btlx_gives_lengths_counts_and_saw_cuts_and_says_what_it_ignores(tmp_path: Path) -> None:
    path = write_file(tmp_path, HEAD + ROOT + PART)
    cut_list = CutList.read(path)
    assert [(piece.piece, piece.length_mm, piece.quantity) for piece in cut_list.pieces] == [
        ("7 sill", 3655.2, 2),
        ("8", 1200.0, 1),
    ]
    assert cut_list.pieces[0].angle == 60 and cut_list.pieces[0].joint == "cut 3655.25 60°"
    assert cut_list.pieces[0].where == f"{path}, line 3"
    assert any("processing Lap is ignored (1 times)" in note for note in cut_list.ignored)
    assert "grade" in cut_list.ignored[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + BILLION_LAUGHS + ROOT + "&lol9;</BTLx>", "line 2: a document type declaration"),
        (HEAD + '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n' + ROOT + "&x;</BTLx>", "document type"),
        (HEAD + '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">\n' + ROOT + "</BTLx>", "document type"),
        (HEAD + '<BTLx xmlns="http://example.org/">' + PART, "in the namespace 'http://example.org/'; BTLx has"),
        (HEAD + "<BTLx>" + PART, "in the namespace None"),
        (HEAD + '<html xmlns="https://www.design2machine.com"/>', "the root is 'html'"),
        (HEAD + ROOT + PART[:-8], "this is not XML"),
        (HEAD + ROOT + "&undeclared;</BTLx>", "this is not XML: undefined entity"),
        ("", "this is not XML"),
        ("\x00\x01", "this is not XML"),
        (HEAD + ROOT + "</BTLx>", "lists no pieces"),
        (HEAD + ROOT + "<a>" * 60 + "</a>" * 60 + "</BTLx>", "more than 50 levels"),
        (HEAD + ROOT + PART.replace("3655.250", "-3"), "line 3, column length_mm: '-3': "),
        (HEAD + ROOT + PART.replace("3655.250", "nan"), "line 3, column length_mm: 'nan': "),
        (HEAD + ROOT + PART.replace(' Length="1200"', ""), "line 6: the part has no Length"),
        (HEAD + ROOT + PART.replace('Count="2"', 'Count="many"'), "attribute Count: 'many'"),
        (HEAD + ROOT + PART.replace("<Angle>60", "<Angle>sixty"), "Angle is 'sixty', which is not a number"),
        (HEAD + ROOT + PART + " " * 2_000_001, "more than 2000000 are not read"),
    ],
)
def test_hostile_and_malformed_btlx_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = write_file(tmp_path, text)
    with pytest.raises(InputError) as refused:
        CutList.read(path)
    sentence = str(refused.value)
    assert message in sentence and sentence.startswith(str(path)) and sentence.endswith(".") and "\n" not in sentence
    assert sentence.count(str(path)) == 1
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("piece,length_mm,quantity\nwall,0,2\n", "line 2, column length_mm: '0': "),
        ("# none\npiece,length_mm,quantity\n\nwall,-500,2\n", "line 4, column length_mm: '-500': "),
        ("piece,length_mm,quantity\nwall,inf,2\n", "line 2, column length_mm: 'inf': "),
        ("piece,length_mm,quantity\nwall,two,2\n", "line 2, column length_mm: 'two': "),
        ("piece,length_mm,quantity\nwall,500,0\n", "line 2, column quantity: '0': "),
        ("piece,length_mm,quantity\nwall,500,1.5\n", "line 2, column quantity: '1.5': "),
        ("piece,length_mm,quantity\nwall,500\n", "line 2, column quantity: there is no value"),
        ("piece,length_mm,quantity\nwall,500,2,dovetail\n", "line 2: there are 4 values for 3 columns"),
        ("piece,length,quantity\nwall,500,2\n", "line 1: 'length' is no column here; the columns are piece, length_mm"),
        ("piece,length_mm\nwall,500\n", "line 1: the column quantity is missing"),
        ("piece,length_mm,quantity,angle\nwall,500,1,5\n", "line 2, column angle: '5': "),
        ("piece,piece,length_mm,quantity\na,b,1,1\n", "line 1: the column piece is there twice"),
        ("piece,length_mm,quantity\nwall,500,5000\nwall,500,1\n", "lists 5001 pieces"),
        ('piece,length_mm,quantity\n"wall,500,2\n', "line 2: unexpected end of data"),
        ("piece,length_mm,quantity\n", "lists no pieces"),
        ("", "is empty; begin with the line piece,length_mm,quantity"),
    ],
)
def test_a_bad_cut_list_is_refused_with_file_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    path = write_file(tmp_path, text, "cuts.csv")
    with pytest.raises(InputError) as refused:
        CutList.read(path)
    assert message in str(refused.value) and str(path) in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log,length_mm,quantity\nlong,0,2\n", "line 2, column length_mm: '0': "),
        ("log,length_mm,quantity,knots_mm\nlong,6000,2,30\n", "line 2, column knots_mm: '30': write knots as from-to"),
        ("log,length_mm,quantity,knots_mm\nlong,6000,2,900-800\n", "line 2: the knots of a log of 6000 mm must lie"),
        ("log,length_mm,quantity,knots_mm\nlong,6000,2,5900-6100\n", "line 2: the knots of a log of 6000 mm must lie"),
    ],
)
def test_a_bad_list_of_logs_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = write_file(tmp_path, text, "logs.csv")
    with pytest.raises(InputError) as refused:
        Stock.read(path)
    assert message in str(refused.value) and str(path) in str(refused.value)


def test_a_piece_longer_than_any_log_and_a_kerf_wider_than_a_piece_are_refused(tmp_path: Path) -> None:
    long = write_file(tmp_path, "piece,length_mm,quantity\nwall,500,2\nridge,6001,1\n", "long.csv")
    with pytest.raises(InputError, match=r"long\.csv, line 3, column length_mm: ridge is 6001 mm long and the longest"):
        plan_for(CutList.read(long), Stock.standard(), Saw.standard())
    thin = write_file(tmp_path, "piece,length_mm,quantity\nshim,4,2\n", "thin.csv")
    with pytest.raises(InputError, match=r"thin\.csv, line 2, column length_mm: shim is 4 mm long and the saw takes 4"):
        plan_for(CutList.read(thin), Stock.standard(), Saw.standard())


def test_the_files_are_set_on_the_command_line(tmp_path: Path) -> None:
    path = write_file(tmp_path, HEAD + ROOT + PART)
    scenario = load("digital_tape").scenario([f"cut_list={path}", "saw.kerf_mm=5"])
    assert len(scenario.parameters["cut_list"].pieces) == 2
    assert scenario.parameters["saw"].kerf_mm == 5


# ---- BTLx: what programs write ----


def part_of(processings: str = "", attributes: str = 'Length="3000.000" Designation="Sparren Süd"') -> str:
    part = f'<Part SingleMemberNumber="7" {attributes}><Processings>{processings}</Processings></Part>'
    return f'{ROOT}<Project Name="x"><Parts>{part}</Parts></Project></BTLx>'


def cut_at(at: str, angle: str = "90", inclination: str = "90", more: str = "") -> str:
    places = f"<StartX>{at}</StartX><Angle>{angle}</Angle><Inclination>{inclination}</Inclination>"
    return f'<JackRafterCut Name="c" ProcessID="1" {more}><Orientation>start</Orientation>{places}</JackRafterCut>'


def read_btlx(folder: Path, text: str) -> CutList:
    return CutList.read(write_file(folder, HEAD + text))


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "UTF-16"),  # with a byte order mark
        ("utf-16", ""),
        ("iso-8859-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("iso-8859-15", "iso-8859-15"),
        ("utf-8", "utf-16"),  # as .NET writes a string into a file of UTF-8
        ("utf-8-sig", "UTF-16"),
    ],
)
def test_the_encoding_of_the_xml_declaration_counts(tmp_path: Path, encoding: str, declared: str) -> None:
    attribute = f' encoding="{declared}"' if declared else ""
    path = tmp_path / "parts.btlx"
    path.write_bytes(f'<?xml version="1.0"{attribute}?>\r\n{part_of()}'.encode(encoding))
    (piece,) = CutList.read(path).pieces
    assert (piece.piece, piece.length_mm) == ("7 Sparren Süd", 3000.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'<?xml version="1.0" encoding="klingon"?>\n<BTLx/>',
            "line 1: the encoding that the XML declaration names is not read",
        ),
        (b'<?xml version="1.0" encoding="shift_jis"?>\n<BTLx/>', "line 1: the encoding that"),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<BTLx Name="S\xfcd"/>', "line 2: this is not XML: not well-formed"),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<BTLx/>'.encode("utf-16"), "line 1: this is not XML: "),
    ],
)
def test_bytes_that_are_not_in_the_declared_encoding_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "parts.btlx"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        CutList.read(path)
    assert f"{path}, {message}" in str(refused.value) and str(refused.value).endswith(".")


def test_a_processing_with_process_no_is_not_made(tmp_path: Path) -> None:
    group = '<ProcessingGroup Name="g" Process="no"><Processings>{}</Processings></ProcessingGroup>'
    cuts = [
        cut_at("0"),
        cut_at("1500", "45", more='Process="no"'),
        cut_at("1600", "45", more='Process="yes"'),
        group.format(cut_at("1700", "45") + cut_at("1800", "45", more='Process="yes"')),
        group.replace("no", "yes").format(cut_at("1900", "45")),
        '<Lap Name="lap" Process="no"><StartX>abc</StartX></Lap>',
        cut_at("never read", more='Process="no"'),
    ]
    cut_list = read_btlx(tmp_path, part_of("".join(cuts)))
    assert cut_list.pieces[0].joint == "cut 0 90° cut 1600 45° cut 1900 45°"
    assert cut_list.ignored[1:] == (
        'parts.btlx: JackRafterCut with Process="no" is not made (2 times).',
        'parts.btlx: Lap with Process="no" is not made (1 times).',
        'parts.btlx: ProcessingGroup with Process="no" is not made (1 times).',
    )


def test_a_cut_of_a_composite_is_no_cut_of_the_last_part(tmp_path: Path) -> None:
    module = f"<Composites><Modules><Module><Processings>{cut_at('5')}</Processings></Module></Modules></Composites>"
    cut_list = read_btlx(tmp_path, part_of(cut_at("0")).replace("</Parts>", "</Parts>" + module))
    assert cut_list.pieces[0].joint == "cut 0 90°"
    assert any("processing JackRafterCut is ignored (1 times)" in note for note in cut_list.ignored)


@pytest.mark.parametrize("place", ["StartX", "Angle", "Inclination"])
@pytest.mark.parametrize(
    "text", ["", " ", "abc", "nan", "inf", "-INF", "1477,083", "1_000", "0x10", "1e999", "١٢", "1 2"]
)
def test_a_place_that_is_no_number_is_refused_by_its_line(tmp_path: Path, place: str, text: str) -> None:
    cut = f'\n<JackRafterCut Name="c">\n<{place}>{text}</{place}></JackRafterCut>'
    sentence = rf"^\S+/parts\.btlx, line 4: {place} is {text.strip()!r}, which is not a number\.$"
    with pytest.raises(InputError, match=sentence):
        read_btlx(tmp_path, part_of(cut))


@pytest.mark.parametrize("text", ["3_000", "3000,5", "inf", "1e999", ""])
def test_a_length_that_is_no_number_is_refused_by_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        InputError, match=rf"^\S+/parts\.btlx, line 2, column length_mm: {text!r}: this is not a number\.$"
    ):
        read_btlx(tmp_path, part_of(attributes=f'Length="{text}"'))


@pytest.mark.parametrize("text", ["1477.083", " 1477.083\n", "+1477.083", "1.477083e3", "01477.0830"])
def test_numbers_are_read_as_xml_schema_writes_them(tmp_path: Path, text: str) -> None:
    assert read_btlx(tmp_path, part_of(cut_at(text))).pieces[0].joint == "cut 1477.08 90°"


@given(st.lists(st.tuples(st.floats(-500, 30_000), st.floats(15, 165)), min_size=1, max_size=9))
def test_a_joint_is_shortened_between_whole_numbers(cuts: list[tuple[float, float]]) -> None:
    whole = " ".join(f"cut {at:g} {angle:g}°" for at, angle in cuts)
    with TemporaryDirectory() as folder:
        text = part_of("".join(cut_at(repr(at), repr(angle)) for at, angle in cuts))
        joint = read_btlx(Path(folder), text).pieces[0].joint
    if len(whole) <= 80:
        assert joint == whole
    else:
        assert len(joint) <= 80 and joint.endswith(" …")
        words = joint.split()[:-1]
        assert words == whole.split()[: len(words)] and len(joint) > 55


@pytest.mark.parametrize("name", ["Sparren 1234567890 1234567890 1234567890", "x" * 60])
def test_a_long_name_is_shortened_with_a_mark(tmp_path: Path, name: str) -> None:
    piece = read_btlx(tmp_path, part_of(attributes=f'Length="900" Designation="{name}"')).pieces[0].piece
    assert len(piece) <= 40 and piece.endswith("…")
    assert set(piece.removesuffix("…").split()) <= {"7", *name.split()}


@pytest.mark.parametrize(
    ("cuts", "leaves"),
    [
        ([("25.01",), ("1482.09",)], "its two square cuts leave 1457.1 mm"),
        ([("1482.09",), ("25.01",)], "its two square cuts leave 1457.1 mm"),
        ([("25",)], "its square cut leaves 1482.1 mm"),
        ([("1500",)], "its square cut leaves 1500.0 mm"),
        ([("20",), ("25",), ("1500",)], "its 3 square cuts leave 1475.0 mm"),
        ([("0",), ("1507.083",)], None),
        ([("-5",), ("1600",)], None),
        ([("-5",), ("1482.09",)], "its two square cuts leave 1482.1 mm"),
        ([("25", "45"), ("1482", "90", "60")], None),  # not square: the blank is as long as the piece
        ([], None),
    ],
)
def test_the_length_that_square_cuts_leave_of_the_blank_is_said(
    tmp_path: Path, cuts: list[tuple[str, ...]], leaves: str | None
) -> None:
    cut_list = read_btlx(tmp_path, part_of("".join(cut_at(*cut) for cut in cuts), 'Length="1507.083"'))
    assert cut_list.pieces[0].length_mm == 1507.1
    note = f"{tmp_path}/parts.btlx, line 2: 7 is planned with the length of its blank, 1507.1 mm; {leaves}."
    assert cut_list.ignored[1:] == ((note,) if leaves else ())
    scenario = load("digital_tape").scenario([f"cut_list={tmp_path}/parts.btlx"])
    assert not leaves or note in scenario.parameters["cut_list"].ignored
