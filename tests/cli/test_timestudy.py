from __future__ import annotations

import json
import os
import pty
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
    assert "273.1 ± 14.1" in printed and "8 times are fewer" in printed
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run(["timestudy", "stapler", "--read", EXAMPLE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cycles"] == 12 and found["status"] == "assumed"
    staple = next(each for each in found["elements"] if each["element"] == "staple")
    assert staple["ci95_low_s"] < staple["mean_s"] < staple["ci95_high_s"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Say which file to record into with -o FILE.csv"),
        (["-o", "study.txt"], "study.txt is no .csv file"),
        (["-o", "/nowhere/study.csv"], "The folder /nowhere is not there"),
        (["--read", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_what_cannot_be_studied_is_refused_in_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["timestudy", "stapler", *arguments]) == 2
    printed = capsys.readouterr().err
    assert says in printed and printed.count("\n") == 1


def test_without_a_terminal_nothing_is_recorded(tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "cellwright", "timestudy", "stapler", "-o", str(tmp_path / "study.csv")]
    ended = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "Recording needs a terminal to press keys at" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.slow
def test_keys_at_a_real_terminal_become_lines_and_the_terminal_is_its_own_again(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    person, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    asked = [sys.executable, "-m", "cellwright", "timestudy", "stapler", "-o", str(path)]
    recording = subprocess.Popen(asked, stdin=terminal, stdout=terminal, stderr=terminal)
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
