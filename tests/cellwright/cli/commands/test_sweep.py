from __future__ import annotations

import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cellwright.cli import run

CELLWRIGHT = str(Path(sys.executable).with_name("cellwright"))
QUICK = ["--hours", "0.5", "-R", "2", "--jobs", "2", "--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]


def test_a_sweep_is_written_drawn_and_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture = tmp_path / "sweep.csv", tmp_path / "sweep.png"
    arguments = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:3", *QUICK, "-o", str(path)]
    assert run([*arguments, "--picture", str(picture)]) == 0
    assert "3 designs are in" in capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = path.read_bytes()
    assert run(arguments) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "No parameter is varied; give one"),
        (["--vary", "carriage.max_speed"], "write it as device.parameter=from:to:n"),
        (["--vary", "carrage.max_speed=1:2:3"], "there is no 'carrage'; did you mean 'carriage'?"),
        (["--vary", "carriage.max_speed=1:2:3", "--method", "gird"], "did you mean 'grid'?"),
        (["--vary", "carriage.max_speed=1:2:3", "-o", "/nowhere/sweep.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_sentence(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["sweep", "stapler", *arguments, *QUICK]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_computed_and_the_same_command_resumes(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    arguments = [
        CELLWRIGHT,
        "sweep",
        "stapler",
        "--vary",
        "carriage.max_speed=100:300:5001",
        *QUICK[:6],
        "-o",
        str(path),
    ]
    # A shell lets what it starts in the background ignore Ctrl-C, and these tests with it.
    restore_sigint = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=restore_sigint
    ) as running:
        try:
            until_s = time.monotonic() + 60
            while not path.exists() or path.read_bytes().count(b"\n") < 5:
                assert running.poll() is None and time.monotonic() < until_s
            os.killpg(running.pid, signal.SIGINT)
            _, output = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert "Stopped by Ctrl-C" in output and "run the same command again to resume" in output
    assert "Traceback" not in output
    rows = path.read_bytes().count(b"\n")
    assert 5 <= rows < 5003


def test_when_ctrl_c_has_been_answered_no_thread_of_the_pool_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is left races with Python's own ending of pools, which then may print a traceback."""

    def interrupted(_: object, __: Path, executor: Executor, ___: int) -> Iterator[int]:
        yield 0
        for seconds in (60, 0.01, 60, 60):
            executor.submit(time.sleep, seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr("cellwright.benchmarks.experiments.sweep.write_sweep", interrupted)
    for _ in range(5):
        before = set(threading.enumerate())
        assert run([*ROWS, "-o", str(tmp_path / "sweep.csv")]) == 1
        assert set(threading.enumerate()) <= before
        assert "Stopped by Ctrl-C" in capsys.readouterr().err


ROWS = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:5", *QUICK]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same sweep on a disk with room enough."""
    path = tmp_path_factory.mktemp("whole") / "sweep.csv"
    assert run([*ROWS, "-o", str(path)]) == 0
    return path.read_bytes()


def test_a_disk_full_in_mid_sweep_keeps_what_was_computed_and_the_same_command_resumes(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, fsync = tmp_path / "sweep.csv", os.fsync
    room = len(whole) // 2

    def sync(file: int) -> None:
        if os.fstat(file).st_size > room:
            os.ftruncate(file, room)  # a full disk takes the row in part
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", sync)
        for _ in range(2):  # the second time there is still no room
            assert run([*ROWS, "-o", str(path)]) == 1
            output = capsys.readouterr().err
            assert output == (
                f"cellwright: {path} cannot be written (No space left on device); what was computed so far is kept; "
                "make room there, or choose another place.\n"
            )
            assert path.read_bytes() == whole[:room]
    assert run([*ROWS, "-o", str(path)]) == 0
    assert path.read_bytes() == whole


@pytest.mark.slow
def test_a_write_that_truly_fails_in_mid_sweep_is_one_sentence_and_loses_nothing(tmp_path: Path, whole: bytes) -> None:
    path, room = tmp_path / "sweep.csv", len(whole) - 100

    def no_larger_file() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    ended = subprocess.run(
        [CELLWRIGHT, *ROWS, "-o", str(path)], preexec_fn=no_larger_file, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and "cannot be written (File too large); what was computed" in ended.stderr
    assert path.read_bytes() == whole[:room]
    assert run([*ROWS, "-o", str(path)]) == 0
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("lost", "options", "message"),
    [
        (
            CancelledError(),
            ["--scheduler", "tcp://there:8786"],
            "The Dask scheduler at tcp://there:8786 answers no more",
        ),
        (BrokenExecutor(), [], "A worker process was killed, perhaps for lack of memory"),
    ],
)
def test_workers_lost_in_mid_sweep_are_one_sentence(
    lost: BaseException,
    options: list[str],
    message: str,
    tmp_path: Path,
    whole: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class GoneAfterTwo(ThreadPoolExecutor):
        given = 0

        def submit(self, *work: Any) -> Future[Any]:
            self.given += 1
            if self.given <= 2:
                return super().submit(*work)
            gone: Future[Any] = Future()
            gone.set_exception(lost)
            return gone

    @contextmanager
    def workers(*_: object) -> Iterator[tuple[Executor, int]]:
        with GoneAfterTwo(1) as pool:
            yield pool, 1

    path = tmp_path / "sweep.csv"
    with monkeypatch.context() as patched:
        patched.setattr("cellwright.benchmarks.experiments.sweep.sweep_workers", workers)
        assert run([*ROWS, *options, "-o", str(path)]) == 2
    output = capsys.readouterr().err
    assert (
        message in output
        and f"2 of 5 designs are in {path}; run the same command again" in output
        and output.count("\n") == 1
    )
    assert run([*ROWS, "-o", str(path)]) == 0
    assert path.read_bytes() == whole


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and its workers on loopback, each a process of its own; the scheduler comes first."""
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
        yield at, started
    finally:
        for each in reversed(started):
            each.kill()
            each.wait(timeout=30)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_bytes_though_a_worker_is_killed_in_mid_sweep(tmp_path: Path) -> None:
    arguments = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:41", *QUICK]
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert run([*arguments, "-o", str(here)]) == 0
    with dask_cluster(tmp_path, workers=2) as (at, (_, *workers)):
        running = subprocess.Popen(
            [CELLWRIGHT, *arguments, "--scheduler", at, "-o", str(there)], stderr=subprocess.PIPE
        )
        until_s = time.monotonic() + 90
        while not there.exists() or there.read_bytes().count(b"\n") < 5:
            assert running.poll() is None, running.stderr.read()
            assert time.monotonic() < until_s
        workers[0].kill()
        assert running.poll() is None, "the sweep was over before the worker was killed"
        _, output = running.communicate(timeout=120)
    assert running.returncode == 0, output
    assert there.read_bytes() == here.read_bytes()


@pytest.mark.slow
def test_a_scheduler_lost_in_mid_sweep_is_one_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    arguments = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:41", *QUICK]
    path = tmp_path / "sweep.csv"
    with dask_cluster(tmp_path, workers=1) as (at, (scheduler, _)):
        running = subprocess.Popen(
            [CELLWRIGHT, *arguments, "--scheduler", at, "-o", str(path)], stderr=subprocess.PIPE, text=True
        )
        until_s = time.monotonic() + 90
        while not path.exists() or path.read_bytes().count(b"\n") < 5:
            assert running.poll() is None and time.monotonic() < until_s
        scheduler.kill()
        _, output = running.communicate(timeout=120)
    assert running.returncode == 2
    assert f"The Dask scheduler at {at} answers no more" in output and output.count("\n") == 1
    kept = path.read_bytes()
    assert run([*arguments, "-o", str(path)]) == 0
    assert path.read_bytes().startswith(kept) and path.read_bytes().count(b"\n") == 43


@contextmanager
def server_that_replies(words: bytes) -> Iterator[str]:
    """Something on loopback that is no Dask scheduler: it sends ``words``, or nothing, to every client."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            kept = []
            with suppress(OSError):  # the server was closed
                while True:
                    kept.append(server.accept()[0])
                    kept[-1].sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 400 Bad Request\r\n" * 4, b"\1" + b"\0" * 15 + b"nonsense"])
def test_a_server_that_is_no_scheduler_is_one_sentence(
    words: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellwright.benchmarks.experiments.sweep_workers.SCHEDULER_TIMEOUT_S", 1)
    with server_that_replies(words) as at:
        refused_in_one_sentence(at, tmp_path / "x.csv", capsys)


@pytest.mark.slow
@pytest.mark.parametrize("at", ["tcp://127.0.0.1:9", "nonsense", "carrier-pigeon://here:1"])
def test_a_scheduler_that_does_not_answer_is_one_sentence(
    at: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellwright.benchmarks.experiments.sweep_workers.SCHEDULER_TIMEOUT_S", 1)
    refused_in_one_sentence(at, tmp_path / "x.csv", capsys)


def refused_in_one_sentence(at: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began_s = time.monotonic()
    assert run([*ROWS, "-o", str(path), "--scheduler", at]) == 2
    assert (
        capsys.readouterr().err == f"cellwright: No Dask scheduler answers at {at}; start one with: dask scheduler.\n"
    )
    assert time.monotonic() - began_s < 10 and not path.exists()
