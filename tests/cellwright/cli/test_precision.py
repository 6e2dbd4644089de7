"""``--precision``: replications until the simulation's noise is small enough, in place of a fixed number."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from cellwright.cli import run

QUICK = ["--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]


def test_it_stops_and_says_so_in_json_and_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ["simulate", "stapler", *QUICK, "--cycles", "10", "--precision", "4"]
    assert run([*asked, "--json", "--jobs", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["precision"]["is_reached"] is True
    assert found["precision"]["simulation_half_width_percent"]["cell.cycle_time_s"] <= 4
    assert 15 <= found["replications"] < 200
    assert run([*asked, "--log", str(tmp_path / "run.db"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found  # on one core, with a log
    log = sqlite3.connect(tmp_path / "run.db")
    assert log.execute("SELECT value FROM run WHERE key = 'replications'").fetchone() == (str(found["replications"]),)
    assert log.execute("SELECT max(replication) FROM cycle").fetchone() == (found["replications"] - 1,)
    log.close()
    assert run(asked) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f"Stopped after {found['replications']} replications: the simulation's noise is at most 4 %: ±" in words


@pytest.mark.parametrize("command", ["compare", "economics"])
def test_cell_and_manual_method_stop_together(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "stapler", *QUICK, "--hours", "0.2", "--precision", "8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["precision"]["is_reached"] is True
    assert list(found["precision"]["simulation_half_width_percent"]) == [
        "cell.cycle_time_s",
        "manual.cycle_time_s",
        "less_time_percent",
    ]
    assert found["replications"] >= 15


def test_that_it_was_not_reached_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "stapler", *QUICK, "--cycles", "1", "--precision", "0.01"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "The simulation's noise is not within 0.01 % after 200 replications, which is the most: ±" in words


@pytest.mark.parametrize("command", ["simulate", "compare", "economics", "report"])
@pytest.mark.parametrize(
    ("options", "words"),
    [(["--precision", "1", "-R", "5"], "give one of them"), (["--precision", "0"], "more than 0 and less than 100")],
)
def test_what_cannot_be_asked_for_is_refused(
    command: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "stapler", *options]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
