from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellwright.cli import run

CELLWRIGHT = str(Path(sys.executable).with_name("cellwright"))
QUICK = ["--hours", "0.5", "-R", "2", "--jobs", "2", "--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]


def test_a_sweep_is_written_drawn_and_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture = tmp_path / "sweep.csv", tmp_path / "sweep.png"
    asked = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:3", *QUICK, "-o", str(path)]
    assert run([*asked, "--picture", str(picture)]) == 0
    assert "3 designs are in" in capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = path.read_bytes()
    assert run(asked) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Nothing is varied; name an input"),
        (["--vary", "carriage.max_speed"], "write it as device.parameter=from:to:n"),
        (["--vary", "carrage.max_speed=1:2:3"], "there is no 'carrage'; did you mean 'carriage'?"),
        (["--vary", "carriage.max_speed=1:2:3", "--method", "gird"], "did you mean 'grid'?"),
        (["--vary", "carriage.max_speed=1:2:3", "-o", "/nowhere/sweep.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["sweep", "stapler", *arguments, *QUICK]) == 2
    printed = capsys.readouterr().err
    assert says in printed and printed.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_computed_and_the_same_command_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    asked = [CELLWRIGHT, "sweep", "stapler", "--vary", "carriage.max_speed=100:300:201", *QUICK[:6], "-o", str(path)]
    running = subprocess.Popen(asked, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until_s = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < 5:
        assert running.poll() is None and time.monotonic() < until_s
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "Stopped by Ctrl-C" in said and "the same command goes on from there" in said
    assert "Traceback" not in said
    rows = path.read_bytes().count(b"\n")
    assert 5 <= rows < 203
