"""The run log: one SQLite file for any target, one row per event and per cycle, written as the run goes."""

from __future__ import annotations

import datetime
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cellwright.errors import CellFault, InputError

SCHEMA = """
CREATE TABLE run   (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE event (replication INTEGER NOT NULL, at_s REAL NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
                    what TEXT NOT NULL, value REAL, detail TEXT NOT NULL);
CREATE TABLE cycle (replication INTEGER NOT NULL, number INTEGER NOT NULL, ended_s REAL NOT NULL,
                    cycle_time_s REAL, PRIMARY KEY (replication, number));
"""
LOG = logging.getLogger(__name__)
INSERT_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"


SAVE_INTERVAL_S = 0.2
"""A row is on its way to the file no longer than this; a process that is killed loses no more."""


class RunLog:
    """Writes a run while it goes on.

    Each change of state is committed at once, and what else there is by a thread every ``SAVE_INTERVAL_S``: a process
    that is killed loses less than 0.5 s. A power cut corrupts nothing, as SQLite checks its write-ahead log by sums.

    path: the file to write; it must not exist yet. ``":memory:"`` keeps the log in memory. is_live: the run takes real
    time: what was committed is also brought to the disk, so that a power cut costs little more than a killed process.

    A log that cannot be written any more, as on a full disk, raises CellFault: at once, and again at each change of
    state, so that no step can go on without it. What came before stays readable.
    """

    def __init__(self, path: Path | str, is_live: bool = False) -> None:
        self.path = path
        self.replication = 0
        self.failure: CellFault | None = None
        """Why nothing more can be written, if that is so."""
        self._last_end_s: float | None = None
        self._committing = threading.Lock()
        """Two threads commit; who comes second would find no transaction."""
        in_memory = str(path) == ":memory:"
        if not in_memory and Path(path).exists():
            raise InputError(f"The log {path} exists already; choose another name or remove it.")
        try:
            self.connection = sqlite3.connect(path, check_same_thread=False)  # another thread may have to close it
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self.connection.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise InputError(f"The log {path} cannot be written ({error}); choose another folder.") from error
        self._execute: Callable[[str, Sequence[Any]], object] = self.connection.execute
        if LOG.isEnabledFor(logging.DEBUG):
            self._execute = self._execute_and_tell
        self._saver = None if in_memory else _Saver(self, Path(f"{path}-wal") if is_live else None)

    def describe(self, **facts: object) -> None:
        """Write metadata of the whole run: cell, target, seed, version."""
        for key, value in facts.items():
            self._write("INSERT OR REPLACE INTO run VALUES (?, ?)", (key, _storable(str(value))))
        self.save()

    def begin(self, replication: int) -> None:
        """Begin a replication: the rows that follow belong to it."""
        self.save()
        self.replication = replication
        self._last_end_s = None

    def event(self, at_s: float, state: str, source: str, what: str, value: float | None, detail: str = "") -> None:
        """Write an event: its time, the state, the device (or "cell"), what happened, and a number with it.

        Raises CellFault if the log cannot be written.
        """
        try:
            self._execute(INSERT_EVENT, (self.replication, at_s, state, source, what, value, detail))
            if source == "cell":
                self.save()
        except sqlite3.Error as error:
            if self.failure is None or source == "cell":  # a device that is made safe is not held up by its log
                raise self._failed(error) from error
        except UnicodeEncodeError:  # half characters, as in a file's name that is no UTF-8
            self.event(at_s, _storable(state), _storable(source), _storable(what), value, _storable(detail))

    def cycle(self, ended_s: float, number: int) -> None:
        """Write a finished unit. Its cycle time is the time since the one before; the first has none."""
        cycle_time_s = None if self._last_end_s is None else ended_s - self._last_end_s
        self._last_end_s = ended_s
        self._write("INSERT INTO cycle VALUES (?, ?, ?, ?)", (self.replication, number, ended_s, cycle_time_s))
        self.save()

    def save(self) -> None:
        """Commit what has been written so far. Raises CellFault if that fails."""
        if self.failure is not None:
            raise self.failure
        try:
            with self._committing:
                self.connection.commit()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _execute_and_tell(self, statement: str, row: Sequence[Any]) -> None:
        """Write a row and log it; an unwatched run has no such call in its way."""
        if statement is INSERT_EVENT:
            _, at_s, state, source, what, value, detail = row
            shown = "" if value is None else f" {value:.6g}"
            LOG.debug("%.6f s, %s: %s %s%s%s", at_s, state, source, what, shown, f": {detail}" if detail else "")
        self.connection.execute(statement, row)

    def _write(self, statement: str, row: Sequence[Any]) -> None:
        try:
            self._execute(statement, row)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> CellFault:
        """The fault of a log that cannot be written; nothing is written after it."""
        if self.failure is None:
            self.failure = CellFault(
                f"The log {self.path} cannot be written any more ({error}); make room there, or choose another place. "
                "What it holds up to here stays readable."
            )
            self._execute = _refuse
        return self.failure

    def close(self) -> None:
        """Commit what is left and close the file. Raises CellFault if something was lost that nobody has heard of."""
        if self._saver is not None:
            self._saver.end()
        known, self.failure = self.failure, None  # there may be room again for the last rows
        try:
            self.save()
            self.connection.close()
        except (CellFault, sqlite3.Error) as error:
            with suppress(sqlite3.Error):
                self.connection.rollback()
                self.connection.close()
            if known is None:
                raise (self._failed(error) if isinstance(error, sqlite3.Error) else error) from None
        self.failure = self.failure or known

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Saver(threading.Thread):
    """Commits a log's rows at an interval; wal: the file to bring to the disk then, if any."""

    def __init__(self, log: RunLog, wal: Path | None) -> None:
        super().__init__(name="run log", daemon=True)
        self._log = log
        self._wal = wal
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._ended.wait(SAVE_INTERVAL_S):
            if self._log.failure is None and self._log.connection.in_transaction:
                with suppress(CellFault):  # the log keeps it, and its next row raises it
                    self._log.save()
            if self._wal is not None:
                with suppress(OSError):  # SQLite does so too, later
                    _bring_to_disk(self._wal)

    def end(self) -> None:
        self._ended.set()
        self.join()


def _bring_to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)  # not by SQLite, which would hold the run up meanwhile
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _refuse(_: str, __: Sequence[Any]) -> None:
    raise sqlite3.OperationalError("it failed before")


def _storable(text: str) -> str:
    """The text as SQLite can hold it: half characters as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


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
