from pathlib import Path

import pytest

from cellwright.benchmarks import read_stopwatch
from cellwright.benchmarks.time_study.stopwatch_csv import read_study
from cellwright.errors import InputError

GOOD = "cycle,element,seconds,note\n1,staple,200,\n1,refill,12,new strip\n2,staple,220,\n2,staple,5,one again\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "times.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_elements_come_in_order_with_their_times(tmp_path: Path) -> None:
    staple, refill = read_stopwatch(write(tmp_path, "# observer: Kari\n" + GOOD))
    assert (staple.name, staple.observed_s, staple.per_unit, staple.status) == (
        "staple",
        (200.0, 220.0, 5.0),
        1.5,
        "measured",
    )
    assert (refill.name, refill.observed_s, refill.per_unit) == ("refill", (12.0,), 0.5)


def test_a_remark_says_that_the_times_were_not_measured(tmp_path: Path) -> None:
    assert read_stopwatch(write(tmp_path, "# status: assumed\n" + GOOD))[0].status == "assumed"
    study = read_study(write(tmp_path, "# status: guessed\n" + GOOD))
    assert study.status == "assumed" and "line 1: 'guessed' is no status" in study.notes[0]


def test_a_spreadsheets_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    assert len(read_stopwatch(write(tmp_path, "\ufeff" + GOOD + "\n\n"))) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,staple,-3", r"line 2, column seconds: '-3' stands where a number of seconds above 0 belongs"),
        ("1,staple,0", r"line 2, column seconds"),
        ("1,staple,", r"line 2, column seconds: nothing stands where"),
        ("1,staple", r"line 2, column seconds: nothing stands where"),
        ("1,staple,fast", r"line 2, column seconds: 'fast'"),
        ("1,staple,nan", r"line 2, column seconds: 'nan'"),
        ("1,staple,inf", r"line 2, column seconds: 'inf'"),
        ("one,staple,3", r"line 2, column cycle: 'one' stands where a whole number belongs"),
        ("1,,3", r"line 2, column element: nothing stands where a name belongs"),
    ],
)
def test_a_wrong_time_is_named_by_file_line_and_column(tmp_path: Path, line: str, words: str) -> None:
    path = write(tmp_path, f"cycle,element,seconds\n{line}\n")
    with pytest.raises(InputError, match=words) as refusal:
        read_stopwatch(path)
    assert str(path) in str(refusal.value)


def test_empty_missing_and_headless_files_are_refused(tmp_path: Path) -> None:
    for text in ("", "# only a remark\n"):
        with pytest.raises(InputError, match="is empty; begin with the line cycle,element,seconds"):
            read_stopwatch(write(tmp_path, text))
    with pytest.raises(InputError, match="has no times in it"):
        read_stopwatch(write(tmp_path, "cycle,element,seconds\n"))
    with pytest.raises(InputError, match=r"line 2, column cycle: .*; remarks stand above the header"):
        read_stopwatch(write(tmp_path, "cycle,element,seconds\n# only a remark\n"))
    with pytest.raises(InputError, match="'time' is no column here; the columns are cycle, element, seconds"):
        read_stopwatch(write(tmp_path, "cycle,element,time\n1,staple,3\n"))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_stopwatch(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_stopwatch(tmp_path / "binary.csv")


def test_the_shipped_example_says_that_it_was_not_measured() -> None:
    import cellwright.cells.stapler as stapler

    path = Path(stapler.__file__).resolve().with_name("example_stopwatch.csv")
    assert "NOT MEASURED" in path.read_text(encoding="utf-8").splitlines()[0]
    elements = read_stopwatch(path)
    assert {element.status for element in elements} == {"assumed"}
    assert [element.name for element in elements][:2] == ["fetch felt", "lay slats"]
