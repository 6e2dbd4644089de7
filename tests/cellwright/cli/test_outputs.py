"""Standard streams that are full, closed, gone or of another encoding: one sentence or silence, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cellwright
from cellwright.cli import BROKEN_PIPE_EXIT_CODE, run

CELLWRIGHT = str(Path(sys.executable).with_name("cellwright"))
PRINTING = [["cells"], ["describe", "stapler", "--diagram"], ["describe", "stapler", "--parameters", "--json"]]
needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "0", **more}


@needs_dev_full
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([CELLWRIGHT, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("cellwright: the output cannot be") and ended.stderr.count("\n") == 1


@needs_dev_full
def test_a_full_disk_behind_standard_error_keeps_the_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([CELLWRIGHT, "check", "nothing"], stdout=subprocess.PIPE, stderr=full, check=False)
    assert (ended.returncode, ended.stdout) == (2, b"")


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_reader_that_went_away_ends_the_command_silently(arguments: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    ended = subprocess.run([CELLWRIGHT, *arguments], stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert (ended.returncode, ended.stderr) == (BROKEN_PIPE_EXIT_CODE, b"")


def test_closed_streams_are_no_error() -> None:
    shell = subprocess.run(["sh", "-c", f"'{CELLWRIGHT}' cells >&- 2>&-"], check=False)
    assert shell.returncode == 0
    shell = subprocess.run(["sh", "-c", f"'{CELLWRIGHT}' check nothing 2>&-"], stdout=subprocess.PIPE, check=False)
    assert (shell.returncode, shell.stdout) == (2, b"")


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": each} for each in ("ascii", "cp1252", "cp850", "cp437", "latin-1")] + [{"LC_ALL": "C"}],
    ids=lambda each: "-".join(each.values()),
)
def test_a_terminal_of_any_encoding_shows_every_word(variables: dict[str, str], tmp_path: Path) -> None:
    study = tmp_path / "blåbær–$x$ 😀.csv"
    study.write_text("cycle,element,seconds\n1,Bræk [b] ε $a_b$,15\n2,Bræk [b] ε $a_b$,16\n", encoding="utf-8")
    ended = subprocess.run(
        [CELLWRIGHT, "timestudy", "stapler", "--read", str(study)],
        env=environment(**variables), capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    assert "[b]" in ended.stdout.decode(encoding) and "$a_b$" in ended.stdout.decode(encoding)
    refused = subprocess.run(
        [CELLWRIGHT, "check", "blåbær–ε"], env=environment(**variables), capture_output=True, check=False
    )
    assert refused.returncode == 2 and refused.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", [".", "..", "/", "", " ", "no/", "a\x1b[2Jb", "\udcff", "$x$", "[red]x", "a\nb"])
def test_what_is_no_cell_is_one_sentence(name: str, capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["check", name]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("cellwright: ") and "\x1b" not in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize("file", ["orders.csv", "notes", "cell.toml"])
def test_a_file_that_is_no_python_is_said(file: str, capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    (tmp_path / file).write_text("x")
    assert run(["check", str(tmp_path / file)]) == 2
    assert "is no Python file; name the .py file" in capsys.readouterr().err


def test_a_cell_without_a_docstring_is_described(drill_press: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = drill_press.read_text(encoding="utf-8")
    start = text.index('"""', text.index("(Cell):"))
    drill_press.write_text(text[:start] + text[text.index('"""', start + 3) + 3 :], encoding="utf-8")
    assert run(["describe", str(drill_press)]) == 0
    assert "no docstring that says its purpose" in capsys.readouterr().out


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"cellwright {cellwright.__version__}\n"


def test_parameters_are_listed_whole(capsys: pytest.CaptureFixture[str], drill_press: Path) -> None:
    assert run(["describe", "lacquer_mixer", "--parameters", "--set", "stirrer.max_duty=0.5"]) == 0
    shown = capsys.readouterr().out
    for words in ("plant.bubbles_per_1000_cans", "stirrer.max_duty", "0.5", "operator.walk_s"):
        assert words in shown
    assert run(["describe", str(drill_press), "--parameters", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {tuple(each) for each in listed} == {("name", "value", "unit", "status", "source")}
    assert run(["describe", "stapler", "--json"]) == 2


def test_hazards_are_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "stapler"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Hazards" in shown and "machine-safety" in shown and "mechanical" in shown
