"""What docs/background/architecture.md shows and names is what the code has."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import re
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from cellwright.cli import run
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.protocol import accelstepper

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PAGE = ROOT / "docs" / "background" / "architecture.md"
SKETCH = ROOT / "hardware" / "firmware" / "CellwrightFirmata" / "src"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


house = _load(Path(__file__).with_name("test_house.py"))
OPEN = "errors, files, provenance"


@cache
def package_imports() -> dict[str, set[str]]:
    """By package, the other packages that it imports; ``OPEN`` for what is open to all.

    What measures Cellwright (benchmarks/performance) is no part of it.
    """
    found: dict[str, set[str]] = {}
    for path, room in house.all_files():
        used = {package_of(module) for module in house.imports(path, house.package_of(path, room))}
        found.setdefault(room, set()).update(each for each in used if each and each != room)
    return found


def the_house() -> dict[str, dict[str, list[str]]]:
    """What the picture shows: the imports, and the folders of each package (files/ stands in ``OPEN``)."""
    folders = [name.split("/") for name in house.folders()]
    return {
        "imports": {room: sorted(used) for room, used in package_imports().items()},
        "folders": {
            room: sorted(each[1] for each in folders if each[0] == room and len(each) == 2 and each[1] != "files")
            for room in house.FLOORS
        },
    }


def package_of(module: str) -> str | None:
    """The package of a module, as the picture names it; None for the rest of the world."""
    if any(module == name or module.startswith(f"{name}.") for name in house.OPEN_TO_ALL):
        return OPEN
    return None if module == "cellwright" else house.room_of(module)


def drawn_from(name: str) -> object:
    """What a picture was drawn from: the script wrote it into the file."""
    with Image.open(PICTURES / name) as picture:
        return json.loads(picture.info["Source"])


def test_the_house_is_drawn_from_these_imports() -> None:
    assert drawn_from("house.png") == the_house(), "draw it again: python docs/pictures/house.py"


def test_the_imports_are_seen() -> None:
    found = package_imports()
    assert set(found) == set(house.FLOORS)
    assert found["hardware"] == {OPEN}
    assert found["cellwright"] == {*house.FLOORS, OPEN} - {"cellwright"}


# ---- names ----


def functions_of(path: Path) -> set[str]:
    """The functions that a file defines: ``Stepper.move_to`` in Python; ``begin_move``, ``ISR(RX_VECTOR)`` in C++."""
    text = path.read_text()
    if path.suffix == ".py":
        return set(_named_in(ast.parse(text), ""))
    interrupts = {f"ISR({vector})" for vector in re.findall(r"^ISR\((\w+)", text, re.MULTILINE)}
    return interrupts | set(re.findall(r"^[^\s#/}][^;=\n]*?\b(\w+)\([^;{}]*\)\s*\{", text, re.MULTILINE))


def _named_in(node: ast.AST, before: str) -> list[str]:
    names = []
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.ClassDef):
            names += _named_in(each, f"{before}{each.name}.")
        elif isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.append(before + each.name)
    return names


def steps_of_the_walk(text: str) -> list[list[tuple[str, str]]]:
    """The numbered steps of a page: for each function named, the file that is linked nearest to it, and its name.

    A function stands before the link to its file, or after the last link of its step.
    """
    steps = []
    for step in re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]:
        step = step.partition("\n\n")[0]
        links = [(match.start(), match[1]) for match in re.finditer(r"\]\((\.\./[^)]+)\)", step)]
        named = []
        for match in re.finditer(r"`([\w.]+)\(\)`|`(ISR\(\w+\))`", step):
            after = re.match(r"\s+in\s+\[", step[match.end() :])
            files = [file for at, file in links if (at > match.start()) == bool(after)]
            named.append((files[0] if after else files[-1], match[1] or match[2]))
        steps.append(named)
    return steps


WALK = steps_of_the_walk(PAGE.read_text())


def test_the_walk_has_ten_steps_with_functions() -> None:
    assert len(WALK) == 10
    assert all(WALK)


@pytest.mark.parametrize(("file", "name"), sorted({pair for step in WALK for pair in step}))
def test_every_function_of_the_walk_exists(file: str, name: str) -> None:
    assert name in functions_of((PAGE.parent / file).resolve())


def test_every_function_of_the_byte_path_exists() -> None:
    drawn = drawn_from("byte_path.png")
    script = _literals(PICTURES / "byte_path.py")
    assert drawn == {"host": script["HOST_STATIONS"], "board": script["BOARD_STATIONS"]}, (
        "draw it again: python docs/pictures/byte_path.py"
    )
    for root, stations in ((ROOT, drawn["host"]), (SKETCH, drawn["board"])):
        for station in stations:
            names = {name for way in ("out", "back") for name in station[way].split(", ") if name}
            assert names
            assert names <= functions_of(root / station["file"]), station


def _literals(path: Path) -> dict[str, object]:
    """The plain values that a script gives names to, without running it."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = ast.literal_eval(node.value)
    return found


def test_the_speed_takes_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is on the wire, and the functions that sent it are those of the page, in its order."""
    stacks = []
    send = FirmataClient.send

    def record(client: FirmataClient, data: bytes) -> None:
        if data == accelstepper.speed(0, 8000.0):
            frames = [frame for frame, _ in traceback.walk_stack(sys._getframe(1))]
            stacks.append([(Path(f.f_code.co_filename).resolve(), f.f_code.co_qualname) for f in frames[::-1]])
        send(client, data)

    monkeypatch.setattr(FirmataClient, "send", record)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        run(["run", "stapler", "--on", "virtual", "--cycles", "1", "--set", "bridge.max_speed=200"])
    assert stacks, "the speed was never sent"
    walk = [((PAGE.parent / file).resolve(), name) for step in WALK for file, name in step]
    in_stack = ["run", "Stepper.set_home", "CellwrightStepper.prepare", "FirmataStepper._send_speed", "Session.send"]
    told = [pair for pair in walk if pair[1] in in_stack]
    assert [name for _, name in told] == ["run", *in_stack]  # the command line's run, and the command's
    assert [pair for pair in stacks[0] if pair in told] == told


# ---- a fault would be seen ----


def test_a_function_that_is_gone_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class A:\n    def go(self): ...\n\ndef run():\n    def inner(): ...\n")
    assert functions_of(tmp_path / "a.py") == {"A.go", "run"}
    (tmp_path / "a.cpp").write_text(
        "void declared(int a);\n// void remark() {\nstatic inline bool is_due(const Axis& axis)\n{\n"
        "    if (called(2)) {\n    }\n}\n"
        'extern "C" bool service(Axis& axis)\n{\n}\nISR(RX_VECTOR)\n{\n}\nuint8_t one() { return two(); }\n'
    )
    assert functions_of(tmp_path / "a.cpp") == {"is_due", "service", "ISR(RX_VECTOR)", "one"}


def test_each_function_has_the_file_that_is_linked_with_it() -> None:
    text = (
        "x\n\n1. `a()` in [f](../f.py), `b()` too.\n2. `c()` in\n   [g](../g.py); `D.d()` in [h](../h.py).\n\n`no()`\n"
    )
    assert steps_of_the_walk(text) == [
        [("../f.py", "a"), ("../f.py", "b")],
        [("../g.py", "c"), ("../h.py", "D.d")],
    ]
