"""The run log: rows, schema, and what another reader sees while the run goes on."""

from __future__ import annotations

import sqlite3

import pytest

from cellwright.actuators import Lamp
from cellwright.errors import InputError
from cellwright.sequences import Cell, RunLog


class Blinking(Cell):
    cycle_ends_with = "done"
    states = ["waiting", "working"]
    transitions = [["start", "waiting", "working"], ["done", "working", "waiting"]]
    lamp = Lamp(pin=13)

    def waiting(self):
        yield self.env.timeout(1)
        return "start"

    def working(self):
        self.lamp.on()
        yield self.env.timeout(2)
        self.lamp.off()
        return "done"


def read(path, query):
    with sqlite3.connect(path) as reader:
        rows = reader.execute(query).fetchall()
    reader.close()
    return rows


def test_the_tables_are_as_documented(tmp_path):
    RunLog(tmp_path / "run.sqlite").close()
    columns = {
        table: [row[1] for row in read(tmp_path / "run.sqlite", f"PRAGMA table_info({table})")]
        for table in ("run", "event", "cycle")
    }
    assert columns == {
        "run": ["key", "value"],
        "event": ["replication", "at_s", "state", "source", "what", "value", "detail"],
        "cycle": ["replication", "number", "ended_s", "cycle_time_s"],
    }


def test_a_run_is_readable_by_others_after_each_change_of_state(env, board, tmp_path):
    path = tmp_path / "run.sqlite"
    with RunLog(path) as log:
        log.describe(cell="blinking", seed=1)
        log.begin(3)
        cell = Blinking(board, log=log)
        env.process(cell.run())
        env.run(until=4.5)  # midway through the second cycle
        assert read(path, "SELECT * FROM cycle") == [(3, 1, 3.0, None)]
        assert read(path, "SELECT * FROM run ORDER BY key") == [("cell", "blinking"), ("seed", "1")]
        events = read(path, "SELECT at_s, state, source, what, value, detail FROM event ORDER BY rowid")
        assert events == [
            (0.0, "waiting", "cell", "state waiting", None, ""),
            (1.0, "working", "cell", "trigger start", None, ""),
            (1.0, "working", "cell", "state working", None, ""),
            (1.0, "working", "lamp", "on", None, ""),
            (3.0, "working", "lamp", "off", None, ""),
            (3.0, "waiting", "cell", "trigger done", None, ""),
            (3.0, "waiting", "cell", "state waiting", None, ""),
            (4.0, "working", "cell", "trigger start", None, ""),
            (4.0, "working", "cell", "state working", None, ""),
        ]  # and not yet the lamp, which was lit since
        env.run(until=10)
        assert read(path, "SELECT number, ended_s, cycle_time_s FROM cycle") == [
            (1, 3.0, None),
            (2, 6.0, 3.0),
            (3, 9.0, 3.0),
        ]
        cell.fault("too warm.")
    last = read(path, "SELECT state, source, what, detail FROM event ORDER BY rowid DESC LIMIT 3")
    assert last[::-1] == [
        ("waiting", "cell", "fault", "too warm."),
        ("faulted", "cell", "trigger fault", ""),
        ("faulted", "cell", "state faulted", ""),
    ]


def test_each_replication_counts_its_cycles_from_the_start(tmp_path):
    with RunLog(tmp_path / "run.sqlite") as log:
        for replication in (0, 1):
            log.begin(replication)
            for number in (1, 2):
                log.cycle(5.0 * number, number)
    rows = read(tmp_path / "run.sqlite", "SELECT * FROM cycle")
    assert rows == [(0, 1, 5, None), (0, 2, 10, 5), (1, 1, 5, None), (1, 2, 10, 5)]


def test_a_file_that_exists_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(InputError) as refused:
        RunLog(path)
    assert str(refused.value) == f"The log {path} exists already; choose another name or remove it."
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        RunLog(tmp_path / "nowhere" / "run.sqlite")


def test_a_log_in_memory_can_be_opened_again_and_again():
    for _ in range(2):
        with RunLog(":memory:") as log:
            log.cycle(1.0, 1)
