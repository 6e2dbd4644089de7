"""Runs every example in the docs: Python blocks, and console blocks of `$ cellwright …` with what they print."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from cellwright.cli import run

CELLS = Path(__file__).resolve().parent.parent / "cells"


PART_OF_A_FILE = re.compile(r"# (\w+\.py)(, continued)?\n")


def evaluate_python(example: Example) -> str | None:
    """Run a block; one that begins with the name of a file is written to that file, or added to it."""
    part = PART_OF_A_FILE.match(example.parsed)
    if part is None:
        PythonEvaluator()(example)
        return None
    with Path(part[1]).open("a" if part[2] else "w", encoding="utf-8") as file:
        file.write(example.parsed[part.end() :])
    return None


def evaluate_console(example: Example) -> str | None:
    """Run each command; the lines after it, if any, must stand in what it prints, in that order."""
    expected: list[str] = []
    printed = ""
    for line in [*example.parsed.splitlines(), "$ "]:
        if not line.startswith("$ "):
            expected.append(line)
            continue
        missing = _first_missing(expected, printed)
        if missing is not None:
            return f"{missing!r} is not in what was printed:\n{printed}"
        expected = []
        if line.startswith("$ cellwright "):
            printed = _run(shlex.split(line.removeprefix("$ cellwright ")))
        elif line.startswith("$ cp "):
            shutil.copy(*shlex.split(line.removeprefix("$ cp ")))
        elif line != "$ ":
            return f"the example runs {line!r}, which is not a cellwright command"
    return None


def _run(arguments: list[str]) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        run(arguments)
    return printed.getvalue()


def _first_missing(expected: list[str], printed: str) -> str | None:
    position = 0
    for line in expected:
        wanted = line.strip()
        if wanted in ("", "..."):
            continue
        position = printed.find(wanted, position)
        if position < 0:
            return wanted
    return None


@pytest.fixture(scope="module")
def docs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each page runs in a folder of its own, with the cells' files to copy and the pages to look up."""
    folder = tmp_path_factory.mktemp("docs")
    with _inside(folder):
        shutil.copytree(CELLS, folder / "cells")
        shutil.copytree(CELLS.parent / "docs", folder / "docs")
        yield


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


pytest_collect_file = Sybil(
    parsers=[CodeBlockParser("python", evaluate_python), CodeBlockParser("console", evaluate_console)],
    patterns=["**/*.md"],
    fixtures=["docs_folder"],
).pytest()
