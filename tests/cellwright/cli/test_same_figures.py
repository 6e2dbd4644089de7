"""Figures of ``simulate``, ``compare``, ``economics`` and ``sweep`` stay until a commit means to change them.

``same_figures.json`` holds them in ten digits, since processors may differ in a float's last bit. A figure that is
meant to change is a commit of its own, which writes the file again and says why::

    python tests/cellwright/cli/test_same_figures.py ["stapler 1 cellwright" ...]

"""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from cellwright.benchmarks.experiments import compare as experiment
from cellwright.benchmarks.input_uncertainty import Trial
from cellwright.benchmarks.uncertainty import UncertaintySource
from cellwright.cli import run

FILE = Path(__file__).with_name("same_figures.json")
WANTED: dict[str, Any] = json.loads(FILE.read_text())
SWEPT = {
    "stapler": "carriage.max_speed=200:300:2",
    "lacquer_mixer": "rules.settle_s=1:2:2",
    "digital_tape": "plant.reaction_s=0.2:0.3:2",
}
ALL = ("simulate", "compare", "economics", "sweep")
CASES: dict[str, tuple[str, ...]] = {
    "stapler 1 cellwright": ALL,
    "lacquer_mixer 1 cellwright": ALL,
    "digital_tape 1 cellwright": ALL,
    # What the rest adds: another seed, five more lines, a stop's axis, and other move times.
    "stapler 2 cellwright": ("simulate",),
    "lacquer_mixer_mega 1 cellwright": ("simulate",),
    "digital_tape_stop 1 cellwright": ("simulate",),
    "stapler 1 configurable": ("simulate", "compare"),
}
"""The commands of each cell, seed and firmware."""
NO_FIGURES = ("provenance", "version", "input_hash")


@pytest.fixture(scope="module", autouse=True)
def trials_made_once() -> Iterator[None]:
    """``compare`` and ``economics`` of a cell try its inputs in the same way: half a minute each for the mixer."""
    known: dict[tuple[str, int], list[UncertaintySource]] = {}
    make = experiment.input_sources

    def make_once(trial: Trial, *more: Any) -> list[UncertaintySource]:
        key = trial.scenario.input_hash(), trial.seed
        if key not in known:
            known[key] = make(trial, *more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "input_sources", make_once)
        yield


def figures(case: str, command: str) -> Any:
    """What a command prints, without its texts and hashes, decimals in ten digits."""
    cell, seed, firmware = case.split()
    options = ["--hours", "0.25", "-R", "2", "--seed", seed, "--jobs", "1", "--firmware", firmware]
    if command != "sweep":
        return _numbers(json.loads(_printed([command, cell, *options, "--json"])))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sweep.csv"
        _printed(["sweep", cell, "--vary", SWEPT[cell], *options, "-o", str(file)])
        rows = csv.DictReader(file.read_text().splitlines()[1:])
        return [{name: _ten_digits(float(each)) if each else None for name, each in row.items()} for row in rows]


def _printed(arguments: Sequence[str]) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert run(arguments) == 0
    return printed.getvalue()


def _numbers(printed: Any) -> Any:
    if isinstance(printed, dict):
        return {
            name: _numbers(each)
            for name, each in printed.items()
            if name not in NO_FIGURES and not isinstance(each, str)
        }
    if isinstance(printed, list):
        return [_numbers(each) for each in printed]
    return _ten_digits(printed) if isinstance(printed, float) else printed


def _ten_digits(value: float) -> float:
    return float(f"{value:.10g}")


def _nearly(wanted: Any) -> Any:
    """The same with decimals that may differ in the tenth digit."""
    if isinstance(wanted, dict):
        return {name: _nearly(each) for name, each in wanted.items()}
    if isinstance(wanted, list):
        return [_nearly(each) for each in wanted]
    return pytest.approx(wanted, rel=1e-9, abs=1e-12) if isinstance(wanted, float) else wanted


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "command"), [(case, command) for case, commands in CASES.items() for command in commands]
)
def test_figures_are_what_they_were(case: str, command: str) -> None:
    assert figures(case, command) == _nearly(WANTED[case][command])


def test_the_file_holds_each_case_and_no_other() -> None:
    assert {case: tuple(found) for case, found in WANTED.items()} == CASES


def write(cases: Sequence[str]) -> None:
    """Write the figures of these cases as the code gives them now; look at the difference before it is committed."""
    found = {
        case: {command: figures(case, command) for command in commands} if case in cases else WANTED[case]
        for case, commands in CASES.items()
    }
    FILE.write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write(sys.argv[1:] or list(CASES))
