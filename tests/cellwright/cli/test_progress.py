"""Long work shows the time left on a terminal, and nothing in a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import simpy
from matplotlib.figure import Figure

from cellwright.cli import run
from cellwright.cli.progress import UNKNOWN, progress, progress_bars, time_left

CELLWRIGHT = str(Path(sys.executable).with_name("cellwright"))
SWEEP = ["sweep", "stapler", "--vary", "carriage.max_speed=100:300:4", "--hours", "0.5", "-R", "2"]
SMALL = ["--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]


def on_a_terminal(arguments: list[str]) -> str:
    """What a command writes to a terminal that is its standard error."""
    screen, terminal = pty.openpty()
    running = subprocess.Popen([CELLWRIGHT, *arguments], stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while part := os.read(screen, 65536):
            shown += part
    except OSError:  # Linux says so when the last writer has closed it
        pass
    os.close(screen)
    assert running.wait(timeout=60) == 0
    return shown.decode()


def test_the_rest_takes_as_long_as_the_rate_so_far_tells() -> None:
    assert time_left(10, 2, 0, last_s=60, elapsed_s=60) == "0:04:00 left"
    assert time_left(10, 2, 0, last_s=60, elapsed_s=75) == "0:03:45 left"  # it counts down meanwhile
    assert time_left(10, 2, 0, last_s=60, elapsed_s=999) == "0:00:00 left"


def test_what_an_earlier_run_did_does_not_count_for_the_rate() -> None:
    assert time_left(10, 6, 6, last_s=0, elapsed_s=5) == UNKNOWN
    assert time_left(10, 8, 6, last_s=60, elapsed_s=60) == "0:01:00 left"


@pytest.mark.parametrize(
    "arguments",
    [
        [*SWEEP, *SMALL, "--jobs", "1", "-o", "{folder}/sweep.csv"],
        ["simulate", "stapler", "--hours", "1", "-R", "3", "--jobs", "1"],
        ["simulate", "stapler", "--hours", "1", "-R", "3", "--log", "{folder}/run.db"],
    ],
)
def test_a_terminal_shows_the_time_left(arguments: list[str], tmp_path: Path) -> None:
    shown = on_a_terminal([each.format(folder=tmp_path) for each in arguments])
    assert " left" in shown and "0:00:0" in shown


def test_a_comparison_shows_one_part_after_the_other() -> None:
    shown = on_a_terminal(["compare", "stapler", "--hours", "1", "-R", "3", "--jobs", "1", *SMALL])
    parts = ["stapler on the model board", "the manual method", "the best manual method", "what the inputs leave open"]
    places = [shown.find(each) for each in parts]
    assert -1 not in places and places == sorted(places)


def test_bars_go_on_from_what_was_done_and_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[object]] = []

    @contextmanager
    def bar(what: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
        shown.append([what, total, done])
        yield lambda: shown[-1].append("step")
        shown[-1].append("end")

    monkeypatch.setattr("cellwright.cli.progress.progress", bar)
    with progress_bars() as show:
        for each in (("a", 2, 4), ("a", 3, 4), ("b", 0, 1), ("b", 1, 1), ("b", 0, 1), ("b", 1, 1)):
            show(*each)
    twice = ["b", 1, 0, "step", "end"]
    assert shown == [["a", 4, 2, "step", "end"], twice, twice]


def test_a_resumed_sweep_shows_what_was_there_from_the_first(tmp_path: Path) -> None:
    arguments = [*SWEEP, *SMALL, "--jobs", "1", "-o", str(tmp_path / "sweep.csv")]
    on_a_terminal(arguments)
    lines = (tmp_path / "sweep.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "sweep.csv").write_bytes(b"".join(lines[:-1]))
    shown = on_a_terminal(arguments)
    assert "3/4" in shown and UNKNOWN in shown and "0/4" not in shown


def test_a_pipe_shows_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("work", 2) as advance:
        advance()
    assert capsys.readouterr().err == ""
    arguments = [CELLWRIGHT, *SWEEP, *SMALL, "-o", str(tmp_path / "sweep.csv")]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0 and ended.stderr == ""


SMALL_RUN = ["--hours", "0.2", "-R", "2", "--jobs", "1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["simulate", "stapler", *SMALL_RUN],
        ["simulate", "digital_tape", *SMALL_RUN],
        ["compare", "stapler", *SMALL_RUN],
        ["economics", "stapler", *SMALL_RUN, "--picture", "p.svg"],
        ["sensitivity", "stapler", *SMALL_RUN, *SMALL, "--picture", "p.svg"],
        ["check", "digital_tape"],
        ["run", "stapler", "--on", "virtual", "--cycles", "1", *SMALL],
        ["describe", "stapler", "--diagram", "-o", "p.svg"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_nothing_is_computed_after_the_answer(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is simulated or drawn once the first word of the answer is out: the user would not know what for."""
    happened: list[str] = []

    def noting(what: str, function: Callable[..., object]) -> Callable[..., object]:
        def called(*given: object, **more: object) -> object:
            happened.append(what)
            return function(*given, **more)

        return called

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(simpy.Environment, "step", noting("simulated", simpy.Environment.step))
    monkeypatch.setattr(Figure, "savefig", noting("drawn", Figure.savefig))
    monkeypatch.setattr(sys.stdout, "write", noting("written", sys.stdout.write))
    assert run(arguments) == 0
    assert set(happened[happened.index("written") :]) == {"written"}
    assert {"simulated", "drawn"} & set(happened)
