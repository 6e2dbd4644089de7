"""A disk that is full in mid-run, and a process that is killed: one sentence, a log that is whole to its last row.

The disk is full by the limit of a file's size that the system gives a process.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellwright.hardware.firmata.recording import read_recording
from cellwright.sequences import RunLog, open_log

resource = pytest.importorskip("resource", reason="no limits of a file's size here")
CELLWRIGHT = str(Path(sys.executable).with_name("cellwright"))


def run_with_room(arguments: list[str], room_bytes: int, folder: Path) -> subprocess.CompletedProcess[str]:
    limit = f"import resource, os, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({room_bytes},) * 2); "
    return subprocess.run(
        [sys.executable, "-c", f"{limit}os.execv(sys.argv[1], sys.argv[1:])", CELLWRIGHT, *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def one_sentence(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 1, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if not line.startswith("Note: ")]
    return line


@pytest.mark.parametrize("room_bytes", [60_000, 131_072, 204_800])
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "stapler", "--on", "model", "--cycles", "20"],
        ["run", "stapler", "--on", "virtual", "--cycles", "20"],
        ["simulate", "stapler", "-R", "2"],
    ],
    ids=" ".join,
)
def test_a_full_disk_ends_a_run_whose_log_is_whole(arguments: list[str], room_bytes: int, tmp_path: Path) -> None:
    said = one_sentence(run_with_room([*arguments, "--log", "run.db"], room_bytes, tmp_path))
    assert "The log run.db cannot be written any more" in said and "make room there" in said
    with open_log(tmp_path / "run.db") as log:
        assert log.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        numbers = [row[0] for row in log.execute("SELECT rowid FROM event ORDER BY rowid")]
        times = [row[0] for row in log.execute("SELECT at_s FROM event ORDER BY rowid")]
        (cell,) = log.execute("SELECT value FROM run WHERE key = 'cell'").fetchone()
    assert cell == "stapler"
    assert numbers == list(range(1, len(numbers) + 1)) and times == sorted(times) and len(times) > 1


def test_a_full_disk_ends_a_recording_at_a_whole_line(tmp_path: Path) -> None:
    ended = run_with_room(["run", "stapler", "--on", "virtual", "--cycles", "1", "--record", "r.txt"], 50_001, tmp_path)
    assert "The recording r.txt ends at" in one_sentence(ended)
    assert "1 panel" in ended.stdout  # the run itself was finished
    assert read_recording(tmp_path / "r.txt")
    assert (tmp_path / "r.txt").read_bytes().endswith(b"\n")


@pytest.mark.slow
def test_a_full_disk_ends_a_report_with_a_sentence(tmp_path: Path) -> None:
    small = ["--hours", "0.2", "-R", "2", "-o", "out"]
    said = one_sentence(run_with_room(["report", "stapler", *small], 40_000, tmp_path))
    assert "cannot be written (File too large); make room there" in said
    assert not list((tmp_path / "out").glob(".*.part"))


# ---- a log by itself ----


class Failing:
    """A connection on a disk that is full from the nth write on."""

    def __init__(self, connection: sqlite3.Connection, writes: int) -> None:
        self._connection = connection
        self._left = writes

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, statement: str, row: tuple[object, ...] = ()) -> object:
        self._left -= 1
        if self._left < 0:
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, row)


def failing_log(writes: int) -> RunLog:
    log = RunLog(":memory:")
    log.connection = Failing(log.connection, writes)  # type: ignore[assignment]
    log._execute = log.connection.execute
    return log


def test_a_device_that_is_made_safe_is_not_held_up_by_its_log() -> None:
    log = failing_log(writes=2)
    for _ in range(2):
        log.event(1.0, "s", "lamp", "on", None)
    with pytest.raises(Exception, match="disk is full"):
        log.event(2.0, "s", "lamp", "off", None)
    log.event(2.0, "s", "lamp", "off", None)
    with pytest.raises(Exception, match="disk is full"):
        log.event(2.0, "s", "cell", "state faulted", None)


@pytest.mark.parametrize("writes", range(0, 40, 3))
def test_the_outputs_are_safe_whenever_the_log_fails(writes: int, env, board) -> None:
    from cellwright.actuators import Lamp
    from cellwright.errors import CellFault
    from cellwright.sequences import Cell

    class Blinking(Cell):
        cycle_ends_with = "done"
        states = ["waiting", "working"]
        transitions = [["start", "waiting", "working"], ["done", "working", "waiting"]]
        lamp = Lamp(pin=13)

        def waiting(self):
            yield self.env.timeout(1)
            return "start"

        def working(self):
            try:
                self.lamp.on()
                yield self.env.timeout(2)
            finally:
                self.lamp.off()
            return "done"

    log = failing_log(writes)
    cell = Blinking(board, log=log)
    env.process(cell.run())
    with pytest.raises(CellFault, match="disk is full"):
        env.run(until=100)
    cell.end()
    assert not board.outputs[13]


WRITER = """
import sys, time
from cellwright.sequences import RunLog
log = RunLog(sys.argv[1], is_live=True)
log.describe(cell="own")
number = 0
while True:
    number += 1
    log.event(number, "s", "lamp", "on", time.monotonic(), "")
    if number % 50 == 0:
        log.event(number, "s", "cell", "state s", time.monotonic(), "")
    print(number, time.monotonic(), flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_run_leaves_a_whole_log(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    writing = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writing.stdout is not None
    for _ in range(random.Random(seed).randrange(1, 4000)):
        last = writing.stdout.readline()
    writing.send_signal(signal.SIGKILL)
    written = [last, *writing.stdout.read().splitlines()]
    writing.wait()
    writing.stdout.close()
    with open_log(path) as log:
        assert log.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        saved = [row[0] for row in log.execute("SELECT at_s FROM event WHERE source = 'lamp' ORDER BY rowid")]
    assert saved == list(range(1, len(saved) + 1))
    announced = int(next(line for line in reversed(written) if line.count(".") == 1).split()[0])
    assert announced - 50 <= len(saved) <= announced + 1  # each fiftieth row is a change of state


def test_a_row_that_nothing_follows_is_saved_too(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with RunLog(path) as log:
        log.event(1.0, "s", "lamp", "on", None)
        with sqlite3.connect(path) as reader:
            until_s = time.monotonic() + 60  # it is there after 0.2 s, or never
            while not (saved := reader.execute("SELECT count(*) FROM event").fetchone()[0]):
                assert time.monotonic() < until_s
        assert saved == 1
        reader.close()


def test_the_last_rows_are_saved_if_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    log = RunLog(path)
    log.event(1.0, "s", "lamp", "on", None)
    with pytest.raises(Exception, match="for once"):
        raise log._failed(sqlite3.OperationalError("for once"))
    log.close()
    with open_log(path) as read:
        assert read.execute("SELECT count(*) FROM event").fetchone() == (1,)
