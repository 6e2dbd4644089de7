from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from cellwright.cells import stapler
from cellwright.cli import run

EXAMPLE = str(Path(stapler.__file__).with_name("example_stopwatch.csv"))


def test_a_study_is_read_printed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "study.png"
    assert run(["timestudy", "stapler", "--read", EXAMPLE, "-o", str(picture)]) == 0
    printed = capsys.readouterr().out
    assert "273.1 (259.3 to 287.5)" in printed and "8 times are fewer" in printed
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run(["timestudy", "stapler", "--read", EXAMPLE, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["cycles"] == 12 and figures["status"] == "assumed"
    staple = next(each for each in figures["elements"] if each["element"] == "staple")
    assert staple["ci95_low_s"] < staple["mean_s"] < staple["ci95_high_s"]


def test_the_whole_cycle_and_what_narrows_it_stand_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study(tmp_path / "few.csv", staple=[250, 300, 350], **{"fetch felt": [15, 16, 14]})
    assert run(["timestudy", "stapler", "--read", path]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "whole cycle 3 315.0 (213.2 to 465.4)" in shown and "outliers distribution (p) var. %" in shown
    assert "for ±5 %, time about 38 more cycles. Of what makes cycles differ, 100 % comes from staple." in shown
    assert run(["timestudy", "stapler", "--read", path, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["whole_cycle"]["n"] == 3 and figures["whole_cycle"]["more_cycles_needed"] == 38
    assert sum(each["share_of_cycle_variance"] for each in figures["elements"]) == pytest.approx(1)


@pytest.mark.parametrize("long", [0, 1])
def test_compare_names_outliers_and_says_what_it_is_without_them(
    long: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times_s = [270.0, 280.0, 275.0, 272.0, 277.0, 273.0, 900.0 if long else 274.0]
    path = study(tmp_path / "study.csv", staple=times_s)
    arguments = ["compare", "stapler", "--manual", path, "--hours", "0.5", "--replications", "2"]
    assert run(arguments) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert ("1 of 7 times is an outlier and is kept: staple, cycle 7 (900.0 s)." in shown) == bool(long)
    assert ("Without the outliers a panel takes" in shown) == bool(long)
    assert run([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert len(figures["study"]["outliers"]) == long and ("without_outliers" in figures) == bool(long)
    if long:
        assert figures["without_outliers"]["manual_cycle_time_s"] < figures["manual"]["cycle_time_s"]["mean"] - 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give a file to record to with -o FILE.csv"),
        (["-o", "study.txt"], "study.txt is no .csv file"),
        (["-o", "/nowhere/study.csv"], "The folder /nowhere does not exist"),
        (["--read", "none.csv"], "none.csv cannot be read"),
        (["--against", EXAMPLE], "--against needs --read FILE.csv, the later of the two studies."),
        (["--read", EXAMPLE, "--against", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_what_cannot_be_studied_is_refused_in_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["timestudy", "stapler", *arguments]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1


def study(path: Path, **seconds: list[float]) -> str:
    """A file with the seconds of each element in cycle 1, 2, …"""
    rows = [f"{cycle},{name},{each}" for name, times in seconds.items() for cycle, each in enumerate(times, 1)]
    path.write_text("\n".join(["cycle,element,seconds", *rows, ""]))
    return str(path)


def against(tmp_path: Path, capsys: pytest.CaptureFixture[str], before: list[float], after: list[float]) -> str:
    """The printed comparison of two studies of the stapling."""
    earlier, later = study(tmp_path / "before.csv", staple=before), study(tmp_path / "after.csv", staple=after)
    assert run(["timestudy", "stapler", "--read", later, "--against", earlier]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_study_is_compared_with_an_earlier_one_by_welch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Student's sleep again (see test_statistics), 10 s added to each: 1.58 more, -0.2055 to 3.3655
    first = [10.7, 8.4, 9.8, 8.8, 9.9, 13.4, 13.7, 10.8, 10.0, 12.0]
    second = [11.9, 10.8, 11.1, 10.1, 9.9, 14.4, 15.5, 11.6, 14.6, 13.4]
    output = against(tmp_path, capsys, first, second)
    assert "whole cycle 10.8 10 12.3 10 1.6 (-0.2 to 3.4)" in output
    assert (
        "Whether a cycle takes less time than in before.csv is not known yet: the difference may be from "
        "0.2 s less to 3.4 s more." in output
    )
    output = against(tmp_path, capsys, [30.0, 31.0, 32.0], [10.0, 11.0, 12.0])
    assert "A cycle takes 20.0 s less (17.7 to 22.3) than in before.csv." in output
    assert "A single cycle gives no interval" in against(tmp_path, capsys, [30.0], [10.0, 11.0])


def test_json_of_two_studies_counts_what_only_one_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = study(tmp_path / "before.csv", staple=[30, 31], walk=[5])  # the walk in one of the cycles only
    later = study(tmp_path / "after.csv", staple=[30, 31], wait=[1, 1])
    assert run(["timestudy", "stapler", "--read", later, "--against", earlier, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["against"]
    assert (figures["gone"], figures["new"], figures["status"]) == (["walk"], ["wait"], "assumed")
    assert [each["element"] for each in figures["elements"]] == ["staple"]
    assert figures["whole_cycle"]["difference_s"]["mean"] == pytest.approx((31 + 32) / 2 - (35 + 31) / 2)
    assert run(["timestudy", "stapler", "--read", later, "--against", earlier]) == 0
    assert "Only in before.csv: walk; the whole cycle counts it." in " ".join(capsys.readouterr().out.split())


def test_without_a_terminal_nothing_is_recorded(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "cellwright", "timestudy", "stapler", "-o", str(tmp_path / "study.csv")]
    ended = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "Recording needs a terminal for key presses" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.slow
def test_keys_at_a_real_terminal_become_lines_and_the_terminal_is_its_own_again(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    person, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    arguments = [sys.executable, "-m", "cellwright", "timestudy", "stapler", "-o", str(path)]
    recording = subprocess.Popen(arguments, stdin=terminal, stdout=terminal, stderr=terminal)
    shown = b""

    def wait_for(words: bytes) -> None:
        nonlocal shown
        until_s = time.monotonic() + 30
        while words not in shown:
            assert time.monotonic() < until_s, shown
            if select.select([person], [], [], 0.1)[0]:
                shown += os.read(person, 4096)
        shown = shown[shown.index(words) + len(words) :]

    def let_pass(seconds: float) -> None:  # keys nearer than 0.2 s are one key held down
        select.select([], [], [], seconds)

    try:
        wait_for(b"q  end")
        for key, answer in ((b" ", b"begins."), (b"a", b"s  fetch felt"), (b"\x1b[A", b""), (b"b", b"s  lay slats"),
                            (b"u", b"Undone"), (b"q", b"recorded in")):  # fmt: skip
            let_pass(0.4)
            os.write(person, key)
            wait_for(answer)
        assert recording.wait(timeout=30) == 0
        assert termios.tcgetattr(terminal) == before
    finally:
        recording.kill()
        recording.wait(timeout=30)
        os.close(person)
        os.close(terminal)
    lines = path.read_text().splitlines()
    assert len(lines) == 3 and lines[2].startswith("1,fetch felt,0.")


def test_names_of_elements_are_printed_as_they_were_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "study.csv"
    path.write_text("cycle,element,seconds\n1,[red]staple[/],3\n2,[red]staple[/],4\n1,glue $5,3\n2,glue $5,4\n")
    assert run(["timestudy", "stapler", "--read", str(path)]) == 0
    shown = capsys.readouterr().out
    rows = [re.split(r" +\d+ ", line)[0].strip() for line in shown.splitlines()]
    assert "[red]staple[/]" in rows and "glue $5" in rows
