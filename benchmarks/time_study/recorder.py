"""A stopwatch study as keys record it: times and keys in, a CSV file that is whole after every key."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cellwright.benchmarks.time_study.stopwatch_csv import COLUMNS, read_readings, read_status
from cellwright.errors import InputError
from cellwright.files import write_whole

LETTERS = "abcdefghijklmoprstvwxyz0123456789"
"""Keys of elements, in order: n, q and u have a meaning of their own."""
SHORTEST_S = 0.2
"""Keys nearer together than this are one key held down, or a slip."""
LONGEST_S = 1e6
"""No element is longer: a study reads none that is."""
CYCLE_KEYS = (" ", "\n", "\r")
ESCAPE, BACKSPACE = "\x1b", ("\x7f", "\b")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the study."""

    cycle: int
    element: str
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """How the recording stands. cycle: number of the last one begun. since_s: when the running element began."""

    cycle: int
    since_s: float | None = None
    lines: tuple[Line, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether a cycle runs."""
        return self.since_s is not None


@dataclass
class Recorder:
    """Turns keys into lines of ``path``. It knows no terminal: each key comes with its time in seconds.

    elements: names that keys are given to, in order. remark: the first line of a new file, after a #. An existing
    file is continued; what stands in it is kept byte for byte. Raises InputError if it cannot be, or cannot be written.
    """

    path: Path
    elements: Sequence[str]
    remark: str = ""
    _history: list[tuple[Moment, str]] = field(default_factory=list, init=False)
    _typed: str | None = field(default=None, init=False)
    _pressed_s: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        if len(self.elements) > len(LETTERS):
            raise InputError(f"There are {len(self.elements)} elements; keys are there for {len(LETTERS)} only.")
        self.path = self.path.resolve()
        self.keys = dict(zip(LETTERS, self.elements, strict=False))
        self._columns: tuple[str, ...] = (*COLUMNS, "note")
        self._before = self._after = b""
        self.is_new = not self.path.exists()
        self.last_cycle_before = 0 if self.is_new else self._take_up()
        self.now = Moment(self.last_cycle_before)

    def _take_up(self) -> int:
        """Read the file that is to be continued; returns the number of its last cycle."""
        readings = read_readings(self.path)
        status = read_status(self.path)
        if status != "measured":
            raise InputError(f"{self.path} says that its times are {status}; record measured ones in another file.")
        content = self.path.read_bytes()
        newline = b"" if content.endswith((b"\n", b"\r")) else b"\n"
        self._columns = tuple(_header(self.path))
        self._before, self._after = content + newline, content
        return max(reading.cycle for reading in readings)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of this recording, without those that the file had before."""
        return self.now.lines

    @property
    def note(self) -> str | None:
        """The note as far as it is typed; None while none is."""
        return self._typed

    def record(self, events: Iterable[tuple[float, str]]) -> Iterator[str]:
        """Take (seconds, key) after (seconds, key) until q; yields after each what it did, as a sentence."""
        for now_s, key in events:
            if self._typed is None and key.lower() == "q":
                break
            said = self.press(now_s, key)
            if said:
                yield said
        yield self._end()

    def press(self, now_s: float, key: str) -> str:
        """What one key does; returns it as a sentence, empty where there is nothing to say."""
        if self._typed is not None:
            return self._type(key)
        key = key if key in CYCLE_KEYS else key.lower()
        if key == "u":
            return self._undo()
        if key == "n":
            return self._begin_note()
        if key not in self.keys and key not in CYCLE_KEYS:
            return ""
        bounced, self._pressed_s = now_s - self._pressed_s < SHORTEST_S, now_s
        if bounced:
            return "Not counted: two keys at once, or one held down."
        return self._turn_cycle(now_s) if key in CYCLE_KEYS else self._time(now_s, self.keys[key])

    # ---- what keys do ----

    def _turn_cycle(self, now_s: float) -> str:
        if self.now.is_running:
            self._become(replace(self.now, since_s=None), "the end of the cycle")
            return f"Cycle {self.now.cycle} ends. Space begins the next."
        # A cycle without a line leaves no trace in the file, so the next one has its number.
        cycle = max([self.last_cycle_before, *(line.cycle for line in self.now.lines)]) + 1
        self._become(replace(self.now, cycle=cycle, since_s=now_s), "the start of the cycle")
        return f"Cycle {cycle} begins."

    def _time(self, now_s: float, element: str) -> str:
        since_s = self.now.since_s
        if since_s is None:
            return "No cycle runs: space begins one."
        seconds = round(now_s - since_s, 2)
        if seconds < SHORTEST_S:
            return "Not counted: too soon after the last."
        if seconds > LONGEST_S:
            return f"Not counted: {element} would be longer than {LONGEST_S:.0f} s."
        line = Line(self.now.cycle, element, seconds)
        self._become(replace(self.now, since_s=now_s, lines=(*self.now.lines, line)), f"{element}, {seconds:.1f} s")
        return f"{seconds:8.1f} s  {element}"

    def _undo(self) -> str:
        if not self._history:
            return "There is nothing to undo in this recording."
        moment, what = self._history[-1]
        self._save(moment)
        self._history.pop()
        self.now = moment
        goes_on = f"; cycle {moment.cycle} goes on" if moment.is_running else ""
        return f"Undone: {what}{goes_on}."

    def _begin_note(self) -> str:
        if not self.now.lines:
            return "There is no line yet to put a note on."
        if "note" not in self._columns:
            return "This file has no column for notes."
        self._typed = ""
        return f"Note on {self.now.lines[-1].element}; Enter keeps it, Esc drops it:"

    def _type(self, key: str) -> str:
        typed = self._typed or ""
        if key == ESCAPE:
            self._typed = None
            return "No note."
        if key in BACKSPACE:
            self._typed = typed[:-1]
        elif key not in ("\n", "\r"):
            self._typed = typed + key if key.isprintable() else typed
        else:
            self._typed = None
            *others, last = self.now.lines
            if not typed.strip():
                return "No note."
            noted = replace(last, note=typed.strip())
            self._become(replace(self.now, lines=(*others, noted)), f"the note on {last.element}")
            return f"Noted on {last.element}: {noted.note}"
        return ""

    def _end(self) -> str:
        times = len(self.now.lines)
        if not times:
            return "Nothing was recorded."
        last = self.now.cycle
        unfinished = self.now.is_running and self.now.lines[-1].cycle == last
        warning = f" Cycle {last} was not ended: delete its lines if work is missing in it." if unfinished else ""
        return f"{times} time{'s' * (times > 1)} recorded in {self.path.name}.{warning}"

    # ---- the file ----

    def _become(self, moment: Moment, what: str) -> None:
        self._save(moment)
        self._history.append((self.now, what))
        self.now = moment

    def _save(self, moment: Moment) -> None:
        """Write the file as it is to be then, in one piece; a file of no lines is not there."""
        if moment.lines == self.now.lines:
            return
        self._refuse_if_changed()
        if not moment.lines and self.is_new:
            self.path.unlink()
            self._after = b""
            return
        content = self._before + self._text(moment.lines)
        write_whole(self.path, content)
        self._after = content

    def _refuse_if_changed(self) -> None:
        there = self.path.read_bytes() if self.path.exists() else b""
        if there != self._after:
            raise InputError(f"{self.path} was changed by another program meanwhile; its last time was not added.")

    def _text(self, lines: Sequence[Line]) -> bytes:
        text = io.StringIO()
        if self.is_new:
            text.write(f"# {self.remark}\n" if self.remark else "")
            text.write(",".join(self._columns) + "\n")
        rows = csv.writer(text, lineterminator="\n")
        for line in lines:
            values = {"cycle": line.cycle, "element": line.element, "seconds": f"{line.seconds:.2f}", "note": line.note}
            rows.writerow([values[column] for column in self._columns])
        return text.getvalue().encode()


def _header(path: Path) -> list[str]:
    """The names of the file's columns, in order; it has been read before, so they are known to be right."""
    text = path.read_text(encoding="utf-8-sig")
    rows = ([cell.strip() for cell in row] for row in csv.reader(io.StringIO(text)))
    return [cell.lower() for cell in next(row for row in rows if any(row) and not row[0].startswith("#"))]
