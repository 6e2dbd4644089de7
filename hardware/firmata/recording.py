"""Record and replay at the byte transport: the messages of host and board, with their times, as lines of text.

A recording is one line for each write of the host or the board:

    cellwright recording 1, virtual time from 0.000000000 s, a virtual Uno
    2.200260417 < F9 02 06
    2.700000000 > F0 79 F7
    8.412000000 ! the cable was pulled

``>`` is from host to board, ``<`` from board to host, ``!`` the loss of the line; times are seconds of the run's clock.
The questions and answers of peripherals stand between them (see hardware/peripherals/recorded.py).
"""

from __future__ import annotations

import os
import re
from collections import deque
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import simpy
from simpy.events import Event, Timeout

from cellwright.errors import InputError
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host import watchdog
from cellwright.hardware.firmata.host.scheduler_watchdog import TASK_DELAY_S, WATCHDOG_TASK
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.describe import describe
from cellwright.hardware.peripherals.recorded import RecordedExchange, exchanges_of
from cellwright.hardware.transport.link import Link

TO_BOARD, TO_HOST, LOST = ">", "<", "!"
VIRTUAL, WALL = "virtual", "wall"

TIME_TOLERANCE_S = {VIRTUAL: 1e-5, WALL: 0.05}
"""By how much a host may write earlier or later than in the recording and still be equal. On a wall clock, every timer
of the recorded run came a little late."""

KEEP_ALIVE_MESSAGES = (
    messages.QUERY_VERSION,
    features.schedule_task(WATCHDOG_TASK, round(1000 * TASK_DELAY_S)),
    watchdog.FEED_MESSAGE,
)
"""Messages that the host sends by timers alone. On a wall clock their order is random, so they are not compared."""

_HEADER = re.compile(r"cellwright recording 1, (virtual|wall) time from (\d+\.\d+) s, (.*)")
_LINE = re.compile(r"(\d+\.\d+) (?:([<>]) ([0-9A-F]{2}(?: [0-9A-F]{2})*)|([!?=x]) (.*))")
OF_THE_LINE = (TO_BOARD, TO_HOST, LOST)


class Entry(NamedTuple):
    """A line of a recording. direction: its sign. data: the bytes. text: why the line was lost, or of a peripheral."""

    at_s: float
    direction: str
    data: bytes
    text: str = ""


class Recording(NamedTuple):
    """The contents of a file. clock: "virtual" or "wall". name: the name of the recorded line."""

    clock: str
    started_s: float
    name: str
    entries: list[Entry]


class RecordingLink(Link):
    """A link that records what goes over ``link`` in both directions, a line at a time.

    path: the file to write; it must not exist yet. A full disk ends the recording but not the run, and
    ``problem`` then says so.
    """

    def __init__(self, env: simpy.Environment, link: Link, path: Path | str) -> None:
        super().__init__(link.name)
        self.env = env
        self.link = link
        self.path = Path(path)
        try:
            self._file = self.path.open("x", encoding="utf-8", buffering=1)  # flushed with every line
        except FileExistsError:
            raise InputError(f"The recording {path} exists already; choose another name or remove it.") from None
        except OSError as error:
            raise InputError(f"The recording {path} cannot be written ({error}); choose another folder.") from error
        clock = WALL if isinstance(env, WallClock) else VIRTUAL
        self._write_line(f"cellwright recording 1, {clock} time from {env.now:.9f} s, {link.name}")
        link.on_bytes = self._on_bytes
        link.on_lost = self._on_lost

    def write(self, data: bytes) -> None:
        self.note(TO_BOARD, _in_hex(data))
        self.link.write(data)

    def try_another_rate(self) -> None:
        self.link.try_another_rate()

    def _on_bytes(self, data: bytes) -> None:
        self.note(TO_HOST, _in_hex(data))
        self.on_bytes(data)

    def _on_lost(self, reason: str) -> None:
        self.note(LOST, " ".join(reason.split()))
        self._close_file()
        self.on_lost(reason)

    def close(self) -> None:
        self.link.close()
        self._close_file()

    def _close_file(self) -> None:
        with suppress(OSError):  # a full disk: said by then, as every line is flushed
            self._file.close()

    def note(self, direction: str, what: str) -> None:
        """Write a line at the present time."""
        # To the nanosecond: a replay must keep the order of what happened almost at once.
        self._write_line(f"{self.env.now:.9f} {direction} {what}")

    def _write_line(self, line: str) -> None:
        if self.problem is not None or self._file.closed:
            return
        try:
            self._file.write(line + "\n")
        except OSError as error:
            self._close_file()
            self._drop_partial_line()
            self.problem = (
                f"The recording {self.path} ends at {self.env.now:.3f} s: it cannot be written ({error.strerror}); "
                "make room there, or choose another place."
            )

    def _drop_partial_line(self) -> None:
        """Leave whole lines only, so that what was recorded can be replayed."""
        with suppress(OSError):
            content = self.path.read_bytes()
            os.truncate(self.path, content.rfind(b"\n") + 1)


def _in_hex(data: bytes) -> str:
    return data.hex(" ").upper()


def read_recording(path: Path | str) -> Recording:
    """Read a recording; an incomplete last line, left by a power cut, is ignored. Raises InputError."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The recording {path} cannot be read ({error}).") from error
    lines = text.split("\n")[:-1]
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None:
        raise InputError(f"{path}, line 1: a recording begins with 'cellwright recording 1, …'; is this another file?")
    entries = [_read_line(path, number, line) for number, line in enumerate(lines[1:], start=2)]
    for number, (before, after) in enumerate(pairwise(entries), start=3):
        if after.at_s < before.at_s:
            raise InputError(f"{path}, line {number}: its time is earlier than that of the line before it.")
    return Recording(header[1], float(header[2]), header[3], entries)


def _read_line(path: Path | str, number: int, line: str) -> Entry:
    found = _LINE.fullmatch(line)
    if found is None:
        raise InputError(f"{path}, line {number}: {line!r} stands where something like '1.500000 > F9' belongs.")
    at_s, direction, data, other, text = found.groups()
    return Entry(float(at_s), direction or other, bytes.fromhex(data or ""), text or "")


class ReplayLink(Link):
    """A link that replays the board from a recording, and compares what the host writes with the recording.

    Each write of the board comes as long after the host's last write as it was recorded. At the first difference the
    line is lost, and ``difference`` describes it as a clause. It is None while host and recording agree. A host that
    writes after the end of the recording loses the line, which is no difference.
    Raises InputError for a file that is no recording.
    """

    def __init__(self, env: simpy.Environment, path: Path | str) -> None:
        recording = read_recording(path)
        super().__init__(recording.name)
        self.env = env
        self.difference: str | None = None
        self._is_open = True
        self._is_wall_time = recording.clock == WALL
        self._tolerance_s = TIME_TOLERANCE_S[recording.clock]
        self._lag_s = env.now - recording.started_s  # this run's clock minus the recording's
        self._remaining = deque(
            entry
            for entry in recording.entries
            if entry.direction in OF_THE_LINE and not self._is_ignored(entry.direction, entry.data)
        )
        self.of_peripherals = _of_peripherals(path, recording)
        """What was asked of each peripheral, and the answers."""
        self._play()

    @property
    def is_over(self) -> bool:
        """Whether the whole recording has been replayed."""
        return not self._remaining

    def _is_ignored(self, direction: str, data: bytes) -> bool:
        return self._is_wall_time and direction == TO_BOARD and data in KEEP_ALIVE_MESSAGES

    def write(self, data: bytes) -> None:
        if not self._is_open or self._is_ignored(TO_BOARD, data):
            return
        if not self._remaining:
            self._on_lost("the recording is over")
            return
        expected = self._remaining.popleft()
        early_s = expected.at_s + self._lag_s - self.env.now
        if data != expected.data or early_s > self._tolerance_s:
            self._report_difference(expected, _describe_bytes(data))
            return
        self._lag_s = self.env.now - expected.at_s
        self._play()

    def close(self) -> None:
        self._is_open = False

    def _play(self) -> None:
        """Schedule what was received before the host's next write, and the time limit of that write."""
        while self._remaining and self._remaining[0].direction != TO_BOARD:
            entry = self._remaining.popleft()
            self._at(entry.at_s, entry).callbacks.append(self._deliver)
        if self._remaining:
            expected = self._remaining[0]
            self._at(expected.at_s + self._tolerance_s, expected).callbacks.append(self._on_overdue)

    def _at(self, recorded_s: float, entry: Entry) -> Event:
        return Timeout(self.env, max(0.0, recorded_s + self._lag_s - self.env.now), entry)

    def _deliver(self, event: Event) -> None:
        entry = cast(Entry, event.value)
        if not self._is_open:
            return
        if entry.direction == LOST:
            self._is_open = False
            self.on_lost(entry.text)
        else:
            self.on_bytes(entry.data)

    def _on_overdue(self, event: Event) -> None:
        if self._is_open and self._remaining and self._remaining[0] is event.value:
            self._report_difference(self._remaining[0], "nothing")

    def _report_difference(self, expected: Entry, instead: str) -> None:
        self.report_difference(
            f"at {self.env.now:.6f} s the host wrote {instead}, "
            f"where the recording has {_describe_bytes(expected.data)} at {expected.at_s + self._lag_s:.6f} s"
        )

    def report_difference(self, difference: str) -> None:
        """End the replay with a difference, a clause."""
        self.difference = difference
        self._on_lost(difference)

    def _on_lost(self, reason: str) -> None:
        """Lose the line at the next event of the environment: a write never calls back."""
        self._is_open = False
        Timeout(self.env, 0).callbacks.append(lambda _: self.on_lost(reason))


def _of_peripherals(path: Path | str, recording: Recording) -> dict[str, deque[RecordedExchange]]:
    lines = [(each.at_s, each.direction, each.text) for each in recording.entries if each.direction not in OF_THE_LINE]
    try:
        return exchanges_of(lines)
    except ValueError as error:
        raise InputError(f"{path}: a question or an answer of a peripheral is no JSON ({error}).") from None


def _describe_bytes(data: bytes) -> str:
    return f"{_in_hex(data)} ({describe(data)})"
