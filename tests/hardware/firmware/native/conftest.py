"""CellwrightFirmata compiled for this computer with sanitizers, with a simulated chip."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
NATIVE = Path(__file__).parent
CHIPS = {"uno": [], "mega": ["-D__AVR_ATmega2560__"]}
HALF_US = 5e-7
OPTIONS = [
    "-std=gnu++17",
    "-O1",
    "-g",
    "-fsanitize=address,undefined,float-cast-overflow",
    "-fno-sanitize-recover=all",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-maybe-uninitialized",
]

Build = Callable[..., Path]


@dataclass
class Recording:
    """What happened on a board during a script; times in s since the start."""

    ended_well: bool
    words: list[str]
    sent: bytes = b""
    steps: dict[int, list[tuple[float, bool]]] = field(default_factory=dict)
    """Of each axis: when, and whether forward."""
    edges: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    """Of each pin: when, and to which level; -1: released."""


def _recording(lines: list[str]) -> Recording:
    recording = Recording(lines[-1] == "done", lines)
    sent = bytearray()
    for line in lines[:-1]:
        match line.split():
            case ["sent", _, data]:
                sent += bytes.fromhex(data)
            case ["step", axis, forward, at]:
                recording.steps.setdefault(int(axis), []).append((int(at) * HALF_US, forward == "1"))
            case ["pin", pin, level, at]:
                recording.edges.setdefault(int(pin), []).append((int(at) * HALF_US, int(level)))
    recording.sent = bytes(sent)
    return recording


class NativeBoards:
    """Fresh boards, one for each script."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, script: list[str]) -> Recording:
        """Run a script (see script.cpp) to its end, or to what may never happen."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n".join([*script, "end"]) + "\n")
        self._process.stdin.flush()
        lines: list[str] = []
        while not lines or lines[-1] not in ("done", "failed"):
            line = self._process.stdout.readline()
            assert line, "the native firmware's server has ended"
            lines.append(line.rstrip("\n"))
        return _recording(lines)

    def close(self) -> None:
        self._process.communicate()


def _build(chip: str, sketch: Path) -> Path:
    """The program, built once for the same sources."""
    if shutil.which("g++") is None:
        pytest.skip("No g++ is installed; it compiles the firmware for this computer.")
    sources = sorted([*sketch.rglob("*.cpp"), *NATIVE.glob("*.cpp")])
    everything = [*sources, *sorted(sketch.rglob("*.h")), *sorted(NATIVE.rglob("*.h"))]
    digest = hashlib.sha256(b"\0".join(path.name.encode() + path.read_bytes() for path in everything)).hexdigest()
    program = ROOT / "build" / "native" / f"{chip}-{digest[:16]}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        unfinished = program.with_name(f"{program.name}-{hashlib.sha256(str(id(sources)).encode()).hexdigest()[:8]}")
        folders = [f"-I{NATIVE / 'stubs'}", f"-I{sketch / 'src'}"]
        command = ["g++", *OPTIONS, *CHIPS[chip], *folders, *sources, "-o", unfinished]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        unfinished.replace(program)
    return program


@pytest.fixture(scope="session")
def sketch_folder(firmware_folder: Path) -> Path:
    """The firmware's sources."""
    return firmware_folder / "CellwrightFirmata"


@pytest.fixture(scope="session")
def build_native(sketch_folder: Path) -> Build:
    """Compiles the firmware for this computer; gives the program."""

    def build(chip: str = "uno", sketch: Path = sketch_folder) -> Path:
        return _build(chip, sketch)

    return build


@pytest.fixture(scope="session", params=list(CHIPS))
def native_program(request: pytest.FixtureRequest, build_native: Build) -> Path:
    """For each chip."""
    return build_native(request.param)


@pytest.fixture(scope="session")
def native_uno(build_native: Build) -> Iterator[NativeBoards]:
    """Boards with an ATmega328P."""
    boards = NativeBoards(build_native("uno"))
    yield boards
    boards.close()
