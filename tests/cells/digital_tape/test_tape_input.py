from __future__ import annotations

from pathlib import Path

import pytest

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
