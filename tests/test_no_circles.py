"""No file imports another that imports it back, by whatever way: at the top, in a function, or for types alone."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hardware", "actuators", "sensors", "sequences", "sim", "cells", "benchmarks", "cellwright")


def modules() -> dict[str, Path]:
    """Every module of the package, and its file."""
    found = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            parts = list(path.relative_to(ROOT).with_suffix("").parts)
            parts = parts if room == "cellwright" else ["cellwright", *parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(source: str, module: str, is_package: bool, known: set[str]) -> set[str]:
    """The modules of ``known`` that a file imports, wherever it does so."""
    package = module if is_package else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, (base, node.module or "")))
            for each in node.names:
                names.add(f"{origin}.{each.name}" if f"{origin}.{each.name}" in known else origin)
    return (names & known) - {module}


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other (Tarjan 1972, strongly connected components of more than one)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_modules: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        open_modules.append(module)
        for other in sorted(imports[module]):
            if other not in order:
                visit(other)
            if other in open_modules:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            start = open_modules.index(module)
            group = open_modules[start:]
            del open_modules[start:]
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(imports):
        if module not in order:
            visit(module)
    return found


def test_nothing_imports_what_imports_it() -> None:
    files = modules()
    imports = {
        module: imported(path.read_text(), module, path.name == "__init__.py", set(files))
        for module, path in files.items()
    }
    assert len(imports) > 250
    assert circles(imports) == []


def test_a_circle_would_be_found_however_it_is_closed() -> None:
    files = {
        "a": "import b",
        "b": "def f():\n    from c import x",
        "c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import y",
        "d": "import a",
    }
    imports = {name: imported(source, name, False, set(files)) for name, source in files.items()}
    assert circles(imports) == [["a", "b", "c"]]
    assert imported("from . import b\nfrom .c import x", "p.a", False, {"p.b", "p.c"}) == {"p.b", "p.c"}
