"""``timestudy``: the hand timed at the terminal, a key for each element, and what such a study says."""

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
from cellwright.benchmarks.time_study.recorder import Recorder
from cellwright.errors import InputError

SHOWN_EVERY_S = 0.5
ARROWS_AND_THE_LIKE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)")
"""What such keys send; its letters are nobody's elements."""
HELP = "space or Enter  begin or end a cycle    u  undo    n  note on the last line    q  end"


@dataclass(frozen=True, slots=True)
class TimeStudyAsked:
    """What the user asked for: to record into ``output``, or to read a study and perhaps draw it to ``output``.

    against: an earlier study, to be compared with the one that is read.
    """

    cell: str
    read: Path | None
    against: Path | None
    output: Path | None
    settings: list[str]
    seed: int
    as_json: bool


def timestudy(asked: TimeStudyAsked) -> None:
    """Read a study if a file to read is given, else record one."""
    scenario = cells.load(asked.cell).scenario(asked.settings)
    if asked.read is not None:
        from cellwright.cli.commands import timestudy_report

        timestudy_report.study(asked.cell, scenario, asked.read, asked.against, asked.output, asked.seed, asked.as_json)
        return
    if asked.against is not None:
        raise InputError("--against goes with --read FILE.csv, the later of the two studies.")
    if asked.output is None:
        raise InputError("Say which file to record into with -o FILE.csv, or which to read with --read FILE.csv.")
    if asked.output.suffix.lower() != ".csv":
        raise InputError(f"{asked.output} is no .csv file; a study is recorded into one. A picture needs --read too.")
    if asked.as_json:
        raise InputError("--json goes with --read FILE.csv; a recording prints none.")
    if not asked.output.resolve().parent.is_dir():
        raise InputError(f"The folder {asked.output.resolve().parent} is not there; make it first.")
    today = datetime.date.today().isoformat()
    remark = f"Timed with cellwright timestudy {asked.cell}, begun {today}."
    recorder = Recorder(asked.output, [element.name for element in scenario.manual_elements()], remark)
    record(recorder)
    if recorder.lines:
        print(f"See what they say: cellwright timestudy {asked.cell} --read {asked.output}")


def record(recorder: Recorder) -> None:
    """Let a person time the hand at the terminal. Raises InputError if there is none."""
    if not sys.stdin.isatty():
        raise InputError("Recording needs a terminal to press keys at, and standard input is none.")
    for key, element in recorder.keys.items():
        print(f"  {key}  {element}")
    print("Press an element's key when it ends; the next one begins at once.")
    print(HELP)
    if not recorder.is_new:
        print(f"{recorder.path.name} is continued after its cycle {recorder.last_cycle_before}.")
    with _keys_at_once(sys.stdin.fileno()):
        for said in recorder.record(_pressed(sys.stdin.fileno(), recorder)):
            print(f"\r\x1b[K{said}", flush=True)


@contextmanager
def _keys_at_once(terminal: int) -> Iterator[None]:
    """Keys come when they are pressed and are not shown; Ctrl-C works as ever. The terminal is its own again after."""
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
        print("\r\x1b[K", end="", flush=True)


def _pressed(terminal: int, recorder: Recorder) -> Iterator[tuple[float, str]]:
    """Every key with the second it came at, until the terminal is closed; shows the running time meanwhile."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
    while True:
        _show(recorder)
        if not select.select([terminal], [], [], SHOWN_EVERY_S)[0]:
            continue
        try:
            came = os.read(terminal, 1024)
        except OSError:  # the terminal was closed
            return
        now_s = time.monotonic()
        if not came:
            return
        for key in ARROWS_AND_THE_LIKE.sub("", decoder.decode(came)):
            yield now_s, key


def _show(recorder: Recorder) -> None:
    """Write the note as it is typed, or how long the running element has taken."""
    now = recorder.now
    line = ""
    if recorder.note is not None:
        line = f"> {recorder.note}"
    elif now.since_s is not None:
        line = f"cycle {now.cycle}, {time.monotonic() - now.since_s:.0f} s"
    sys.stdout.write(f"\r\x1b[K{line[-78:]}")
    sys.stdout.flush()
