"""``timestudy``: record a stopwatch time study at the terminal, with a key for each element, or analyse one."""

from __future__ import annotations

import codecs
import datetime
import os
import re
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cellwright import cells
from cellwright.benchmarks.time_study.recorder import StudyRecorder
from cellwright.cli.terminal import write_lines
from cellwright.errors import InputError
from cellwright.files import plain_text

REFRESH_INTERVAL_S = 0.5
ESCAPE_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)")
"""What arrow and function keys send; the letters in it are no keys of elements."""
HELP = "space or Enter  begin or end a cycle    u  undo    n  note on the last line    q  end"


@dataclass(frozen=True, slots=True)
class TimeStudyOptions:
    """The options of ``timestudy``: record to ``output``; or analyse ``read``, and draw it to ``output`` if given.

    against: an earlier study, to compare with the one that is read.
    """

    cell: str
    read: Path | None
    against: Path | None
    output: Path | None
    overrides: list[str]
    seed: int
    as_json: bool


def timestudy(options: TimeStudyOptions) -> None:
    """Analyse the study in ``read`` if it is given, else record one."""
    scenario = cells.load(options.cell).scenario(options.overrides)
    if options.read is not None:
        from cellwright.cli.commands import timestudy_report

        timestudy_report.report_study(
            options.cell, scenario, options.read, options.against, options.output, options.seed, options.as_json
        )
        return
    if options.against is not None:
        raise InputError("--against needs --read FILE.csv, the later of the two studies.")
    if options.output is None:
        raise InputError("Give a file to record to with -o FILE.csv, or a study to analyse with --read FILE.csv.")
    if options.output.suffix.lower() != ".csv":
        raise InputError(
            f"{options.output} is no .csv file; a study is recorded to a .csv file, and a chart needs --read."
        )
    if options.as_json:
        raise InputError("--json needs --read FILE.csv; a recording prints no JSON.")
    if not options.output.resolve().parent.is_dir():
        raise InputError(f"The folder {options.output.resolve().parent} does not exist; create it first.")
    today = datetime.date.today().isoformat()
    remark = f"Timed with cellwright timestudy {options.cell}, begun {today}."
    recorder = StudyRecorder(options.output, [element.name for element in scenario.manual_elements()], remark)
    record(recorder)
    if recorder.lines:
        write_lines([f"Analyse the study with: cellwright timestudy {options.cell} --read {options.output}"])


def record(recorder: StudyRecorder) -> None:
    """Record a study from the keys pressed at the terminal. Raises InputError if there is no terminal."""
    if not sys.stdin.isatty():
        raise InputError("Recording needs a terminal for key presses, but standard input is not one.")
    write_lines(f"  {key}  {element}" for key, element in recorder.keys.items())
    write_lines(["Press an element's key when it ends; the next one begins at once.", HELP])
    if not recorder.is_new:
        write_lines([f"{recorder.path.name} is continued after its cycle {recorder.last_cycle_before}."])
    with _unbuffered_keys(sys.stdin.fileno()):
        for message in recorder.record(_read_keys(sys.stdin.fileno(), recorder)):
            _write_over(f"{message}\n")


@contextmanager
def _unbuffered_keys(terminal: int) -> Iterator[None]:
    """Deliver keys as they are pressed, without echo; Ctrl-C still works. The terminal is restored afterwards."""
    try:
        import termios
        import tty
    except ImportError as error:
        raise InputError("Recording at the terminal needs Linux or macOS; write the CSV file by hand here.") from error
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        _write_over("")


def _read_keys(terminal: int, recorder: StudyRecorder) -> Iterator[tuple[float, str]]:
    """Every key with its time in s, until the terminal is closed; shows the running time meanwhile."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
    while True:
        _print_live_line(recorder)
        if not select.select([terminal], [], [], REFRESH_INTERVAL_S)[0]:
            continue
        try:
            data = os.read(terminal, 1024)
        except OSError:  # the terminal was closed
            return
        now_s = time.monotonic()
        if not data:
            return
        for key in ESCAPE_SEQUENCES.sub("", decoder.decode(data)):
            yield now_s, key


def _print_live_line(recorder: StudyRecorder) -> None:
    """Print the note as it is typed, or the time of the running element."""
    now = recorder.now
    line = ""
    if recorder.note is not None:
        line = f"> {recorder.note}"
    elif now.since_s is not None:
        line = f"cycle {now.cycle}, {time.monotonic() - now.since_s:.0f} s"
    _write_over(line[-78:])


def _write_over(text: str) -> None:
    """Write a text over the line that stands there."""
    sys.stdout.write(f"\r\x1b[K{plain_text(text)}")
    sys.stdout.flush()
