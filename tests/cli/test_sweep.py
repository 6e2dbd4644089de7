from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and its workers on loopback, each a process of its own."""
    dask, where = str(Path(sys.executable).with_name("dask")), folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    host = ["--host", "127.0.0.1", "--scheduler-file", str(where)]
    scheduler = subprocess.Popen(
        [dask, "scheduler", *host, "--port", "0", "--dashboard-address", "127.0.0.1:0"], **quiet
    )
    started = [scheduler]
    try:
        until_s = time.monotonic() + 60
        while not where.exists() or not where.read_text():
            assert scheduler.poll() is None and time.monotonic() < until_s
        at = json.loads(where.read_text())["address"]
        work = [dask, "worker", at, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        started += [subprocess.Popen(work, **quiet) for _ in range(workers)]
        yield at, started[1:]
    finally:
        for each in reversed(started):
            each.kill()
            each.wait(timeout=30)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_bytes_though_a_worker_is_killed_in_mid_sweep(tmp_path: Path) -> None:
    asked = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:41", *QUICK]
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert run([*asked, "-o", str(here)]) == 0
    with dask_cluster(tmp_path, workers=2) as (at, workers):
        running = subprocess.Popen([CELLWRIGHT, *asked, "--scheduler", at, "-o", str(there)], stderr=subprocess.PIPE)
        until_s = time.monotonic() + 90
        while not there.exists() or there.read_bytes().count(b"\n") < 5:
            assert running.poll() is None, running.stderr.read()
            assert time.monotonic() < until_s
        workers[0].kill()
        assert running.poll() is None, "the sweep was over before the worker was killed"
        _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    assert there.read_bytes() == here.read_bytes()


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellwright.cli.sweeping.SCHEDULER_ANSWERS_S", 1)
    asked = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:3", *QUICK, "-o", str(tmp_path / "x.csv")]
    assert run([*asked, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "No Dask scheduler answers at tcp://127.0.0.1:9; start one with: dask scheduler." in capsys.readouterr().err
