"""``-v`` says what was sent, heard and decided; without it nothing is formatted."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
import simpy

from cellwright.cli import run
from cellwright.hardware.firmata import logged_link
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sequences import RunLog

SMALL = ["--cycles", "1", "--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]
LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3} (cellwright\.[a-z_.]+): .+")


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("Note: ")]


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_a_run_says_what_is_sent_heard_and_decided(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "stapler", "--on", "virtual", *SMALL, option, "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["units"] == 1
    matched = [LINE.fullmatch(line) for line in lines_of(printed.err)]
    assert all(matched)
    assert {match[1] for match in matched if match} >= {
        "cellwright.cli.commands.run", "cellwright.hardware.firmata.logged_link", "cellwright.sequences.runlog",
    }  # fmt: skip
    for words in ("sent: ", "heard: ", "cell state stapling", "trigger fire", "timing of cellwright"):
        assert words in printed.err


def test_check_says_what_it_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "stapler", "-v"]) == 0
    shown = capsys.readouterr().err
    assert shown.count("no problem") == 5 and "dry run" in shown


def test_the_next_command_is_silent_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "stapler", "-v"]) == 0
    assert run(["check", "nothing", "-v"]) == 2
    capsys.readouterr()
    assert run(["check", "stapler"]) == 0
    assert capsys.readouterr().err == ""
    assert not logging.getLogger("cellwright").handlers


def test_a_log_says_the_same_with_and_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    rows = []
    for name, more in (("quiet.db", []), ("loud.db", ["-v"])):
        assert run(["run", "stapler", "--on", "virtual", *SMALL, "--log", str(tmp_path / name), *more]) == 0
        with sqlite3.connect(tmp_path / name) as log:
            rows.append(log.execute("SELECT * FROM event ORDER BY rowid").fetchall())
    assert rows[0] == rows[1]
    assert len(rows[0]) > 30


def test_nothing_stands_in_the_way_of_a_run_that_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off, the link and the log's write are the same objects as without logging: there is nothing to be slow."""
    env = simpy.Environment()
    link = LoopbackLine(env, 57600).host
    assert logged_link.logged(env, link) is link
    log = RunLog(":memory:")
    assert log._execute == log.connection.execute
    monkeypatch.setattr(logging.getLogger("cellwright"), "level", logging.DEBUG)
    logging.getLogger("cellwright").manager._clear_cache()  # type: ignore[attr-defined]
    try:
        assert logged_link.logged(env, link) is not link
    finally:
        monkeypatch.undo()
        logging.getLogger("cellwright").manager._clear_cache()  # type: ignore[attr-defined]


def test_what_a_user_wrote_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from cellwright.cli.verbose import start_logging, stop_logging

    start_logging(True)
    try:
        logging.getLogger("cellwright.own").debug("a%sb", "\x1b[2J")
    finally:
        stop_logging()
    assert "a\\x1b[2Jb" in capsys.readouterr().err
