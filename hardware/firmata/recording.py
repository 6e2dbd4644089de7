"""Record and replay at the byte transport: what host and board said to each other, and when, as lines of text.

A recording is one line for each piece of bytes, as the host or the board wrote it:

    cellwright recording 1, virtual time from 0.000000000 s, a virtual Uno
    2.200260417 < F9 02 06
    2.700000000 > F0 79 F7
    8.412000000 ! the cable was pulled

``>`` is from host to board, ``<`` from board to host, ``!`` the loss of the line; times are seconds of the run's clock.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import simpy
from simpy.events import Event, Timeout

from cellwright.errors import InputError
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host import watchdog
from cellwright.hardware.firmata.host.scheduler_watchdog import RUNS_AFTER_S, TASK
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.describe import explain
from cellwright.hardware.transport.link import Link

TO_BOARD, TO_HOST, LOST = ">", "<", "!"
VIRTUAL, WALL = "virtual", "wall"

SLACK_S = {VIRTUAL: 1e-5, WALL: 0.05}
"""How much sooner or later than in the recording a host may write and still do the same. On the wall's time, every
timer of the recorded run came a little late."""

KEEP_ALIVE = (messages.ASK_VERSION, features.schedule_task(TASK, round(1000 * RUNS_AFTER_S)), watchdog.KEEP_ALIVE)
"""What the host sends by its clock alone. On the wall's time its place among the rest is chance: it is not compared."""

_HEADER = re.compile(r"cellwright recording 1, (virtual|wall) time from (\d+\.\d+) s, (.*)")
_LINE = re.compile(r"(\d+\.\d+) (?:([<>]) ([0-9A-F]{2}(?: [0-9A-F]{2})*)|(!) (.*))")


class Piece(NamedTuple):
    """A line of a recording. way: ``>``, ``<`` or ``!``; reason: why the line was lost."""

    at_s: float
    way: str
    data: bytes
    reason: str = ""


class Recording(NamedTuple):
    """What a file holds. clock: "virtual" or "wall". name: the recorded line's."""

    clock: str
    started_s: float
    name: str
    pieces: list[Piece]


class RecordingLink(Link):
    """A link that writes down what goes over ``link``, both ways, a line at a time.

    path: the file to write; it must not exist yet. A disk that is full ends the recording and not the run; then
    ``problem`` says so.
    """

    def __init__(self, env: simpy.Environment, link: Link, path: Path | str) -> None:
        super().__init__(link.name)
        self.env = env
        self.link = link
        self.path = Path(path)
        self.problem: str | None = None
        try:
            self._file = self.path.open("x", encoding="utf-8", buffering=1)  # flushed with every line
        except FileExistsError:
            raise InputError(f"The recording {path} exists already; choose another name or remove it.") from None
        except OSError as error:
            raise InputError(f"The recording {path} cannot be written ({error}); choose another folder.") from error
        clock = WALL if isinstance(env, WallClock) else VIRTUAL
        self._write_line(f"cellwright recording 1, {clock} time from {env.now:.9f} s, {link.name}")
        link.on_bytes = self._hear
        link.on_lost = self._lose

    def write(self, data: bytes) -> None:
        self._note(TO_BOARD, _in_hex(data))
        self.link.write(data)

    def try_another_rate(self) -> None:
        self.link.try_another_rate()

    def _hear(self, data: bytes) -> None:
        self._note(TO_HOST, _in_hex(data))
        self.on_bytes(data)

    def _lose(self, reason: str) -> None:
        self._note(LOST, " ".join(reason.split()))
        self._file.close()
        self.on_lost(reason)

    def close(self) -> None:
        self.link.close()
        self._file.close()

    def _note(self, way: str, what: str) -> None:
        # To the nanosecond: a replay must keep the order of what happened almost at once.
        self._write_line(f"{self.env.now:.9f} {way} {what}")

    def _write_line(self, line: str) -> None:
        if self.problem is not None or self._file.closed:
            return
        try:
            self._file.write(line + "\n")
        except OSError as error:
            self.problem = f"The recording {self.path} ends at {self.env.now:.3f} s: it cannot be written ({error})."


def _in_hex(data: bytes) -> str:
    return data.hex(" ").upper()


def read_recording(path: Path | str) -> Recording:
    """Read a recording; a last line that a power cut left unfinished does not count. Raises InputError."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The recording {path} cannot be read ({error}).") from error
    lines = text.split("\n")[:-1]
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None:
        raise InputError(f"{path}, line 1: a recording begins with 'cellwright recording 1, …'; is this another file?")
    pieces = [_read_line(path, number, line) for number, line in enumerate(lines[1:], start=2)]
    for number, (before, after) in enumerate(pairwise(pieces), start=3):
        if after.at_s < before.at_s:
            raise InputError(f"{path}, line {number}: its time is earlier than that of the line before it.")
    return Recording(header[1], float(header[2]), header[3], pieces)


def _read_line(path: Path | str, number: int, line: str) -> Piece:
    found = _LINE.fullmatch(line)
    if found is None:
        raise InputError(f"{path}, line {number}: {line!r} stands where something like '1.500000 > F9' belongs.")
    at_s, way, data, lost, reason = found.groups()
    return Piece(float(at_s), way or lost, bytes.fromhex(data or ""), reason or "")


class ReplayLink(Link):
    """A link on which a recording plays the board, and which holds what the host writes against the recording.

    Each piece of the board's comes as long after the host's last write as it did then. At the first difference the
    line is lost, and ``difference`` says as a clause when and what it was. It stays None while host and recording
    agree. A host that goes on when the recording is over loses the line, which is no difference.
    Raises InputError for a file that is no recording.
    """

    def __init__(self, env: simpy.Environment, path: Path | str) -> None:
        recording = read_recording(path)
        super().__init__(recording.name)
        self.env = env
        self.difference: str | None = None
        self._is_open = True
        self._on_the_wall = recording.clock == WALL
        self._slack_s = SLACK_S[recording.clock]
        self._lag_s = env.now - recording.started_s  # the run's clock against the recording's
        self._coming = deque(piece for piece in recording.pieces if not self._is_left_out(piece.way, piece.data))
        self._play()

    @property
    def is_over(self) -> bool:
        """Whether the host has written all that it wrote in the recording, and no more is to come."""
        return not self._coming

    def _is_left_out(self, way: str, data: bytes) -> bool:
        return self._on_the_wall and way == TO_BOARD and data in KEEP_ALIVE

    def write(self, data: bytes) -> None:
        if not self._is_open or self._is_left_out(TO_BOARD, data):
            return
        if not self._coming:
            self._lose("the recording is over")
            return
        expected = self._coming.popleft()
        early_s = expected.at_s + self._lag_s - self.env.now
        if data != expected.data or early_s > self._slack_s:
            self._differ(expected, _shown(data))
            return
        self._lag_s = self.env.now - expected.at_s
        self._play()

    def close(self) -> None:
        self._is_open = False

    def _play(self) -> None:
        """Let come what came before the host's next write, and watch for that."""
        while self._coming and self._coming[0].way != TO_BOARD:
            piece = self._coming.popleft()
            self._at(piece.at_s, piece).callbacks.append(self._bring)
        if self._coming:
            expected = self._coming[0]
            self._at(expected.at_s + self._slack_s, expected).callbacks.append(self._expect_no_longer)

    def _at(self, recorded_s: float, piece: Piece) -> Event:
        return Timeout(self.env, max(0.0, recorded_s + self._lag_s - self.env.now), piece)

    def _bring(self, event: Event) -> None:
        piece = cast(Piece, event.value)
        if not self._is_open:
            return
        if piece.way == LOST:
            self._is_open = False
            self.on_lost(piece.reason)
        else:
            self.on_bytes(piece.data)

    def _expect_no_longer(self, event: Event) -> None:
        if self._is_open and self._coming and self._coming[0] is event.value:
            self._differ(self._coming[0], "nothing")

    def _differ(self, expected: Piece, instead: str) -> None:
        self.difference = (
            f"at {self.env.now:.6f} s the host wrote {instead}, where the recording has {_shown(expected.data)} "
            f"at {expected.at_s + self._lag_s:.6f} s"
        )
        self._lose(self.difference)

    def _lose(self, reason: str) -> None:
        """Lose the line once the host is done with what it is doing: a write never calls back."""
        self._is_open = False
        Timeout(self.env, 0).callbacks.append(lambda _: self.on_lost(reason))


def _shown(data: bytes) -> str:
    return f"{_in_hex(data)} ({explain(data)})"
