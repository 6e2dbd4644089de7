"""The run log: one SQLite file for any target, one row per event and per cycle, written as the run goes."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from cellwright.errors import InputError

SCHEMA = """
CREATE TABLE run   (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE event (replication INTEGER NOT NULL, at_s REAL NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
                    what TEXT NOT NULL, value REAL, detail TEXT NOT NULL);
CREATE TABLE cycle (replication INTEGER NOT NULL, number INTEGER NOT NULL, ended_s REAL NOT NULL,
                    cycle_time_s REAL, PRIMARY KEY (replication, number));
"""


class RunLog:
    """Writes a run while it goes on. Each change of state is committed, so a power cut loses at most the current state.

    path: the file to write; it must not exist yet. ``":memory:"`` keeps the log in memory.
    """

    def __init__(self, path: Path | str) -> None:
        self.replication = 0
        self._last_end_s: float | None = None
        if str(path) != ":memory:" and Path(path).exists():
            raise InputError(f"The log {path} exists already; choose another name or remove it.")
        try:
            self.connection = sqlite3.connect(path, check_same_thread=False)  # another thread may have to close it
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self.connection.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise InputError(f"The log {path} cannot be written ({error}); choose another folder.") from error

    def describe(self, **facts: object) -> None:
        """Write metadata of the whole run: cell, target, seed, version."""
        rows = [(key, str(value)) for key, value in facts.items()]
        with self.connection:
            self.connection.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", rows)

    def begin(self, replication: int) -> None:
        """Begin a replication: the rows that follow belong to it."""
        self.connection.commit()
        self.replication = replication
        self._last_end_s = None

    def event(self, at_s: float, state: str, source: str, what: str, value: float | None, detail: str = "") -> None:
        """Write an event: its time, the state, the device (or "cell"), what happened, and a number with it."""
        row = (self.replication, at_s, state, source, what, value, detail)
        self.connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        if source == "cell":
            self.connection.commit()

    def cycle(self, ended_s: float, number: int) -> None:
        """Write a finished unit. Its cycle time is the time since the one before; the first has none."""
        cycle_time_s = None if self._last_end_s is None else ended_s - self._last_end_s
        self._last_end_s = ended_s
        row = (self.replication, number, ended_s, cycle_time_s)
        self.connection.execute("INSERT INTO cycle VALUES (?, ?, ?, ?)", row)
        self.connection.commit()

    def close(self) -> None:
        """Commit what is left and close the file."""
        self.connection.commit()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@contextmanager
def open_log(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a run log for reading, also during the run. Raises InputError for a file that is no run log."""
    if not path.is_file():
        raise InputError(f"There is no run log {path}.")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path} is no run log ({error}).") from error
    finally:
        connection.close()


def fact(log: sqlite3.Connection, key: str) -> str | None:
    """Metadata of the run by its ``key``, such as "cell"; None if there is none."""
    row = log.execute("SELECT value FROM run WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def moment(log: sqlite3.Connection, at_s: float) -> str:
    """A time in words: date and time for a run on a real board, otherwise seconds of the simulation clock."""
    began = fact(log, "began")
    if began is None:
        return f"{at_s:.0f} s into a simulated run"
    return str(datetime.datetime.fromisoformat(began) + datetime.timedelta(seconds=round(at_s)))
