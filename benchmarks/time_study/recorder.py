"""Records a stopwatch study from key presses; the CSV file is complete after every key."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cellwright.benchmarks.time_study.stopwatch_csv import STOPWATCH_COLUMNS, StopwatchStudy, read_study
from cellwright.errors import InputError
from cellwright.files import one_line, write_atomically

ELEMENT_KEYS = "abcdefghijklmoprstvwxyz0123456789"
"""Keys of elements, in order: n, q and u have a meaning of their own."""
MIN_ELEMENT_S = 0.2
"""Keys closer together than this are a held key, or a slip."""
MAX_ELEMENT_S = 1e6
"""No element is longer: a study refuses longer ones."""
CYCLE_KEYS = (" ", "\n", "\r")
ESCAPE, BACKSPACE = "\x1b", ("\x7f", "\b")


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A line of the study."""

    cycle: int
    element: str
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecordingState:
    """The state of the recording. cycle: number of the last one started. since_s: when the running element began."""

    cycle: int
    since_s: float | None = None
    lines: tuple[StudyLine, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether a cycle runs."""
        return self.since_s is not None


@dataclass
class StudyRecorder:
    """Turns keys into lines of ``path``, independent of any terminal: each key comes with its time in seconds.

    elements: names that keys are assigned to, in order. remark: the first line of a new file, after a #. An existing
    file is continued; its content is kept byte for byte. Raises InputError if it cannot be, or cannot be written.
    """

    path: Path
    elements: Sequence[str]
    remark: str = ""
    _history: list[tuple[RecordingState, str]] = field(default_factory=list, init=False)
    _note_text: str | None = field(default=None, init=False)
    _pressed_s: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        if len(self.elements) > len(ELEMENT_KEYS):
            raise InputError(f"There are {len(self.elements)} elements; there are keys for {len(ELEMENT_KEYS)} only.")
        self.path = self.path.resolve()
        self.keys = dict(zip(ELEMENT_KEYS, self.elements, strict=False))
        self._columns: tuple[str, ...] = (*STOPWATCH_COLUMNS, "note")
        self._content_before = self._content_written = b""
        self.is_new = not self.path.exists()
        self.last_cycle_before = 0 if self.is_new else self._read_existing()
        self.now = RecordingState(self.last_cycle_before)

    def _read_existing(self) -> int:
        """Read the file that is to be continued; returns the number of its last cycle."""
        study = read_study(self.path)
        if study.status != "measured" and study.status_stated:
            raise InputError(
                f"{self.path} says that its times are {study.status}; record measured ones in another file."
            )
        _refuse_other_forms(study)
        content = self.path.read_bytes()
        newline = b"" if content.endswith((b"\n", b"\r")) else b"\n"
        self._columns = study.table.columns
        self._content_before, self._content_written = content + newline, content
        return study.cycles[-1]

    @property
    def lines(self) -> tuple[StudyLine, ...]:
        """The lines of this recording, without those already in the file."""
        return self.now.lines

    @property
    def note(self) -> str | None:
        """The note being typed; None if none is."""
        return self._note_text

    def record(self, events: Iterable[tuple[float, str]]) -> Iterator[str]:
        """Process pairs of (seconds, key) until q; yields after each what it did, as a sentence."""
        for now_s, key in events:
            if self._note_text is None and key.lower() == "q":
                break
            message = self.press(now_s, key)
            if message:
                yield message
        yield self._end()

    def press(self, now_s: float, key: str) -> str:
        """Process one key; returns what it did as a sentence, or an empty text."""
        if self._note_text is not None:
            return self._type(key)
        key = key if key in CYCLE_KEYS else key.lower()
        if key == "u":
            return self._undo()
        if key == "n":
            return self._begin_note()
        if key not in self.keys and key not in CYCLE_KEYS:
            return ""
        is_bounce, self._pressed_s = now_s - self._pressed_s < MIN_ELEMENT_S, now_s
        if is_bounce:
            return "Not counted: two keys at once, or one held down."
        return self._start_or_end_cycle(now_s) if key in CYCLE_KEYS else self._time(now_s, self.keys[key])

    # ---- keys ----

    def _start_or_end_cycle(self, now_s: float) -> str:
        if self.now.is_running:
            self._change_to(replace(self.now, since_s=None), "the end of the cycle")
            return f"Cycle {self.now.cycle} ends. Space begins the next."
        # A cycle without a line is not in the file, so the next one takes its number.
        cycle = max([self.last_cycle_before, *(line.cycle for line in self.now.lines)]) + 1
        self._change_to(replace(self.now, cycle=cycle, since_s=now_s), "the start of the cycle")
        return f"Cycle {cycle} begins."

    def _time(self, now_s: float, element: str) -> str:
        since_s = self.now.since_s
        if since_s is None:
            return "No cycle runs: space begins one."
        seconds = round(now_s - since_s, 2)
        if seconds < MIN_ELEMENT_S:
            return "Not counted: too soon after the last."
        if seconds > MAX_ELEMENT_S:
            return f"Not counted: {element} would be longer than {MAX_ELEMENT_S:.0f} s."
        line = StudyLine(self.now.cycle, element, seconds)
        self._change_to(replace(self.now, since_s=now_s, lines=(*self.now.lines, line)), f"{element}, {seconds:.1f} s")
        return f"{seconds:8.1f} s  {element}"

    def _undo(self) -> str:
        if not self._history:
            return "There is nothing to undo in this recording."
        state, what = self._history[-1]
        self._save(state)
        self._history.pop()
        self.now = state
        goes_on = f"; cycle {state.cycle} goes on" if state.is_running else ""
        return f"Undone: {what}{goes_on}."

    def _begin_note(self) -> str:
        if not self.now.lines:
            return "There is no line yet to put a note on."
        if "note" not in self._columns:
            return "This file has no column for notes."
        self._note_text = ""
        return f"Note on {self.now.lines[-1].element}; Enter keeps it, Esc drops it:"

    def _type(self, key: str) -> str:
        text = self._note_text or ""
        if key == ESCAPE:
            self._note_text = None
            return "No note."
        if key in BACKSPACE:
            self._note_text = text[:-1]
        elif key not in ("\n", "\r"):
            self._note_text = text + key if key.isprintable() else text
        else:
            self._note_text = None
            *others, last = self.now.lines
            if not text.strip():
                return "No note."
            annotated = replace(last, note=text.strip())
            self._change_to(replace(self.now, lines=(*others, annotated)), f"the note on {last.element}")
            return f"Noted on {last.element}: {annotated.note}"
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

    def _change_to(self, state: RecordingState, what: str) -> None:
        self._save(state)
        self._history.append((self.now, what))
        self.now = state

    def _save(self, state: RecordingState) -> None:
        """Write the whole file for ``state``; a new file without lines is removed."""
        if state.lines == self.now.lines:
            return
        self._refuse_if_changed()
        if not state.lines and self.is_new:
            self.path.unlink()
            self._content_written = b""
            return
        content = self._content_before + self._as_csv(state.lines)
        write_atomically(self.path, content)
        self._content_written = content

    def _refuse_if_changed(self) -> None:
        present = self.path.read_bytes() if self.path.exists() else b""
        if present != self._content_written:
            raise InputError(f"{self.path} was changed by another program meanwhile; its last time was not added.")

    def _as_csv(self, lines: Sequence[StudyLine]) -> bytes:
        text = io.StringIO()
        if self.is_new:
            text.write(f"# {one_line(self.remark)}\n" if self.remark else "")
            text.write(",".join(self._columns) + "\n")
        rows = csv.writer(text, lineterminator="\n")
        for line in lines:
            values = {
                "cycle": line.cycle,
                "element": one_line(line.element),
                "seconds": f"{line.seconds:.2f}",
                "note": line.note,
            }
            rows.writerow([values.get(column, "") for column in self._columns])
        return text.getvalue().encode()


def _refuse_other_forms(study: StopwatchStudy) -> None:
    """Lines are added in one form only: separated by commas, with a decimal point, in seconds, as UTF-8."""
    table = study.table
    has_clock = any(":" in row.text("seconds") for row in table.rows)
    if table.separator != "," or table.mark.mark == "," or has_clock or not table.encoding.startswith("utf-8"):
        raise InputError(
            f"{study.path} was saved by a spreadsheet; record in another file, or save it as CSV (UTF-8) separated by "
            "commas, with seconds that have a decimal point."
        )
