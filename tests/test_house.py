"""The house's rules: who may import whom, and what every file keeps to."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FLOORS = {
    "hardware": 0,
    "actuators": 1,
    "sensors": 1,
    "sequences": 2,
    "sim": 3,
    "cells": 4,
    "benchmarks": 5,
    "cellwright": 6,
}
"""Each room imports from floors below its own, and from itself."""
OPEN_TO_ALL = {"cellwright.errors", "cellwright.files", "cellwright.provenance", "cellwright.__version__"}
NOT_OURS = {"build", "dist", "docs", "tests", "node_modules"}


def folders() -> list[str]:
    """The package's folders on disk, relative to the root."""
    return sorted(
        path.parent.relative_to(ROOT).as_posix()
        for path in ROOT.glob("*/**/__init__.py")
        if not any(part in NOT_OURS or part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


def sources(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


IMPORTERS = {"import_module", "__import__", "find_spec", "resolve_name"}


def imports(path: Path, package: str) -> Iterator[str]:
    """Every module that a file imports; relative ones as seen from ``package``.

    ``cellwright.sim.Study`` after ``import cellwright`` counts too, and ``import_module("cellwright.sim")``.
    """
    tree = ast.parse(path.read_text())
    names = {
        each.asname or "cellwright"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for each in node.names
        if each.name == "cellwright" or (each.name.startswith("cellwright.") and not each.asname)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield f"cellwright.{node.attr}"
        elif isinstance(node, ast.Call) and _called(node) in IMPORTERS:
            yield from _module_named_by(node, package)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                module = ".".join([*base, module] if module else base)
            yield module
            yield from (f"{module}.{name.name}" for name in node.names)


def _called(node: ast.Call) -> str:
    """The last name of what is called: import_module, for importlib.import_module(...)."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _module_named_by(node: ast.Call, package: str) -> Iterator[str]:
    """The module in the first argument of ``import_module``, as far as the text says it."""
    given = node.args[0] if node.args else None
    if isinstance(given, ast.JoinedStr) and given.values:
        given = given.values[0]
    if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
        return
    dots = len(given.value) - len(given.value.lstrip("."))
    base = package.split(".")[: len(package.split(".")) - dots + 1] if dots else []
    yield ".".join([*base, given.value.lstrip(".")]).rstrip(".")


def room_of(module: str) -> str | None:
    """The room in which a module of the package lives; None for the rest of the world."""
    parts = module.split(".")
    if parts[0] != "cellwright":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in FLOORS else "cellwright"


def wrong_imports(path: Path, room: str, package: str) -> list[str]:
    """The arrows of a file that do not point downwards."""
    wrong = []
    for module in imports(path, package):
        target = room_of(module)
        if (
            target is None
            or target == room
            or any(module == name or module.startswith(name + ".") for name in OPEN_TO_ALL)
        ):
            continue
        if module == "cellwright":  # "from cellwright import errors" is judged by the name after it
            continue
        if FLOORS[target] >= FLOORS[room]:
            wrong.append(f"{path.name}: {room} imports {module}")
    return wrong


def package_of(path: Path, room: str) -> str:
    inside = path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    return inside if room == "cellwright" else f"cellwright.{inside}"


def all_files() -> list[tuple[Path, str]]:
    everything = [(path, room) for room in FLOORS for path in sources(room)]
    return [(path, room) for path, room in everything if "performance" not in path.relative_to(ROOT).parts]


def test_there_is_something_to_check():
    assert len(all_files()) > 25
    assert {room for _, room in all_files()} == set(FLOORS)


def test_imports_point_downwards_only():
    found = []
    for path, room in all_files():
        if path in OPEN_FILES:
            continue
        found += wrong_imports(path, room, package_of(path, room))
    assert not found


OPEN_FILES = [
    *(ROOT / "cellwright" / f"{name}.py" for name in ("errors", "provenance")),
    *sources("cellwright/files"),
]


@pytest.mark.parametrize("path", OPEN_FILES, ids=lambda path: path.name)
def test_what_is_open_to_all_imports_nothing_else_of_ours(path):
    ours = [module for module in imports(path, "cellwright") if room_of(module)]
    assert not [module for module in ours if not any(module.startswith(name) for name in OPEN_TO_ALL)]


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("hardware", "from cellwright.actuators import Lamp"),
        ("actuators", "import cellwright.sensors.button"),
        ("sensors", "from cellwright.actuators.lamp import Lamp"),
        ("sequences", "from cellwright.sim import Study"),
        ("sequences", "from cellwright import sim"),
        ("sim", "from cellwright.cells.stapler import Stapler"),
        ("sim", "from ..cells import load"),
        ("sim", "from .. import benchmarks"),
        ("cells", "from cellwright.benchmarks import comparison"),
        ("benchmarks", "from cellwright.cli.app import app"),
        ("hardware", "def late():\n    from cellwright import sequences"),
        ("hardware", "import cellwright\nx = cellwright.sim.Study"),
        ("actuators", "import cellwright as cw\n\ndef late():\n    return cw.sequences.cell.Cell()"),
        ("sim", "import cellwright.errors\ncellwright.cells.load('stapler')"),
        ("sensors", 'import importlib\nimportlib.import_module("cellwright.sequences.cell")'),
        ("sensors", 'from importlib import import_module\nimport_module(f"cellwright.cells.{3}")'),
        ("sim", 'import importlib\nimportlib.import_module("..cells", __package__)'),
        ("sim", '__import__("cellwright.benchmarks")'),
        (
            "hardware",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from cellwright.sequences.cell import Cell",
        ),
    ],
)
def test_a_wrong_import_is_seen(tmp_path, room, line):
    path = tmp_path / "wrong.py"
    path.write_text(line + "\n")
    assert wrong_imports(path, room, f"cellwright.{room}")


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("hardware", "from cellwright.errors import CellFault"),
        ("hardware", "from cellwright import errors, provenance"),
        ("sensors", "from .switch import Switch"),
        ("cells", "from cellwright.sim import Study"),
        ("cellwright", "from cellwright.benchmarks import comparison"),
        ("sim", "import simpy"),
        ("sim", "import cellwright\ncellwright.errors.InputError('x')"),
        ("cells", 'import importlib\nimportlib.import_module("cellwright.sim")'),
        ("sim", "import importlib\nimportlib.import_module(name)"),
    ],
)
def test_a_right_import_is_let_through(tmp_path, room, line):
    path = tmp_path / "right.py"
    path.write_text(line + "\n")
    assert not wrong_imports(path, room, f"cellwright.{room}")


def cell_names() -> list[str]:
    return [name.removeprefix("cells/") for name in folders() if name.startswith("cells/")]


CELL_NAMES = cell_names()


def names_a_cell(text: str) -> list[str]:
    """Words of the code, and of its texts, that are a particular cell's name."""
    words = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            words |= {part for name in node.names for part in name.name.split(".")}
            words |= set((getattr(node, "module", None) or "").split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words |= set(node.value.replace(".", " ").replace("/", " ").replace(",", " ").split())
    return [name for name in CELL_NAMES if any(word.lower() == name for word in words)]


def test_simulation_and_benchmarks_know_no_particular_cell():
    assert "stapler" in CELL_NAMES
    assert names_a_cell("from cellwright.cells.stapler import STUDY")
    assert names_a_cell('load("stapler")')
    assert names_a_cell("cell: Stapler")
    for path in sources("sim", "benchmarks"):
        if "performance" not in path.relative_to(ROOT).parts:
            assert not names_a_cell(path.read_text()), path


def test_a_cells_description_knows_no_simulation():
    descriptions = list(ROOT.glob("cells/*/cell.py"))
    assert descriptions
    for path in descriptions:
        assert not [module for module in imports(path, package_of(path, "cells")) if room_of(module) == "sim"], path


STANDARD_STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def prints(text: str) -> list[int]:
    """The lines that write to a standard stream: by print, or by using sys.stdout or sys.stderr in any way."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr in STANDARD_STREAMS and _is_named(node.value, "sys"))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "sys"
            and {n.name for n in node.names} & STANDARD_STREAMS
        )
        or (isinstance(node, ast.Call) and _called(node) == "write" and bool(node.args) and _is_standard(node.args[0]))
    ]


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_standard(node: ast.expr) -> bool:
    """Whether os.write(1, …) or os.write(2, …) is meant."""
    return isinstance(node, ast.Constant) and node.value in (1, 2) and isinstance(node.value, int)


@pytest.mark.parametrize(
    "line",
    [
        "print(1)",
        "import sys\nsys.stdout.write('x')",
        "import sys\nsys.stderr.write('x')",
        "import sys\nwrite = sys.stdout.buffer.write",
        "from sys import stdout",
        "import os\nos.write(1, b'x')",
    ],
)
def test_what_prints_is_seen(line):
    assert prints(line)


@pytest.mark.parametrize("line", ["file.write('x')", "port.write(b'x')", "process.stdout.read()", "out.print(1)"])
def test_what_does_not_print_is_let_through(line):
    assert not prints(line)


def test_only_the_command_line_prints():
    for path, room in all_files():
        if room != "cellwright":
            assert not prints(path.read_text()), path


MAX_LINES = 400
MAX_FILES = 18
CODE = (".py", ".cpp", ".c", ".h", ".S")


def product_code() -> list[Path]:
    """Every source file of the product, whatever its language."""
    return [path for room in FLOORS for path in sorted((ROOT / room).rglob("*")) if path.suffix in CODE]


def other_code() -> list[Path]:
    """The Python files beside the product: tests, examples of the docs, pictures, set-up."""
    return [*sources("tests", "docs"), *ROOT.glob("*.py")]


def test_no_file_is_longer_than_400_lines():
    assert len(product_code()) > 250
    for path in [*product_code(), *other_code()]:
        lines = len(path.read_text().splitlines())
        assert lines <= MAX_LINES, f"{path.relative_to(ROOT)} has {lines} lines"


def test_no_folder_holds_more_files_than_a_glance_takes_in():
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in [*product_code(), *other_code()])
    assert {folder: count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_every_folder_is_listed_in_pyproject():
    expected = {
        ("cellwright" + ("" if name == "cellwright" else "." + name.removeprefix("cellwright/"))): name
        for name in folders()
    }
    expected = {package.replace("/", "."): name for package, name in expected.items()}
    assert sorted(PYPROJECT["packages"]) == sorted(expected)
    listed = PYPROJECT["package-dir"]
    for package, folder in expected.items():
        parent = max((name for name in listed if f"{package}.".startswith(f"{name}.")), key=len)
        assert listed[parent] + package.removeprefix(parent).replace(".", "/") == folder
    for folder in listed.values():
        assert (ROOT / folder / "__init__.py").exists()
