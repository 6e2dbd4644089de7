"""Figures of ``simulate``, ``compare``, ``economics`` and ``sweep`` stay what they were before names and files moved.

``same_figures.json`` was written by the code before the renames of version 0.2.0, names mapped to today's: each
cell, two seeds, ten digits. A figure that is meant to change is a commit of its own, which writes the file again and
says why.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cellwright.cli import run

WANTED = json.loads(Path(__file__).with_name("same_figures.json").read_text())
SWEPT = {
    "stapler": "carriage.max_speed=200:300:2",
    "lacquer_mixer": "rules.settle_s=1:2:2",
    "lacquer_mixer_mega": "rules.settle_s=1:2:2",
    "digital_tape": "plant.reaction_s=0.2:0.3:2",
    "digital_tape_stop": "plant.reaction_s=0.2:0.3:2",
}
NO_FIGURES = ("provenance", "version", "input_hash")


def numbers(printed: object) -> object:
    """What was printed, without its texts; decimals are compared in ten digits."""
    if isinstance(printed, dict):
        return {
            name: numbers(each)
            for name, each in printed.items()
            if name not in NO_FIGURES and not isinstance(each, str)
        }
    if isinstance(printed, list):
        return [numbers(each) for each in printed]
    return pytest.approx(printed, rel=1e-9, abs=1e-12) if isinstance(printed, float) else printed


@pytest.mark.slow
@pytest.mark.parametrize("case", WANTED)
def test_figures_are_what_they_were(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell, seed = case.split()
    options = ["--hours", "0.25", "-R", "2", "--seed", seed, "--jobs", "1", "--firmware", "cellwright"]
    for command in ("simulate", "compare", "economics"):
        assert run([command, cell, *options, "--json"]) == 0
        assert WANTED[case][command] == numbers(json.loads(capsys.readouterr().out)), command
    file = tmp_path / "sweep.csv"
    assert run(["sweep", cell, "--vary", SWEPT[cell], *options, "-o", str(file)]) == 0
    rows = csv.DictReader(file.read_text().splitlines()[1:])
    assert WANTED[case]["sweep"] == [
        {name: pytest.approx(float(each), rel=1e-9) if each else None for name, each in row.items()} for row in rows
    ]
