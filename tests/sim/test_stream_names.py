"""Names of random streams are data: another name gives other random numbers, and other results under the same seed.

``stream_names.toml`` lists those of the shipped cells as they were before names and files moved in version 0.2.0. They
never change without a decision in docs/decisions.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cellwright.benchmarks import input_uncertainty
from cellwright.benchmarks.input_uncertainty import Change
from cellwright.cells import load
from cellwright.cells.lacquer_mixer.accuracy import NO_MISHAPS, trial_doses
from cellwright.cli import run
from cellwright.sim import Length, Scenario, Streams

NAMES = tomllib.loads(Path(__file__).with_name("stream_names.toml").read_text())


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the streams that were drawn from, in this process."""
    names: set[str] = set()
    stream = Streams.__getitem__

    def record(streams: Streams, name: str) -> np.random.Generator:
        names.add(name)
        return stream(streams, name)

    monkeypatch.setattr(Streams, "__getitem__", record)
    return names


@pytest.mark.slow
@pytest.mark.parametrize("cell", NAMES)
def test_a_cell_draws_from_the_streams_it_always_drew_from(
    cell: str, seen: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_uncertainty, "TRIAL", Length(cycles=1))  # ten draw no other streams
    if cell != "stapler":  # of whose inputs all are tried; of the others', which take a minute, one of eight
        monkeypatch.setattr(input_uncertainty, "_changes", partial(few_changes, input_uncertainty._changes))
    study = str(stopwatch_study(cell, tmp_path / "study.csv"))
    for command in (
        ["simulate", cell, "--hours", "3", "-R", "1", "--jobs", "1", "--json"],
        ["economics", cell, "--hours", "0.5", "-R", "2", "--jobs", "1", "--json"],
        ["run", cell, "--on", "virtual", "--cycles", "1", "--json"],
        ["timestudy", cell, "--read", study, "--json"],
    ):
        assert run(command) == 0
    if cell == "lacquer_mixer":
        trial_doses(load(cell).scenario(NO_MISHAPS), 0, 2)  # what docs/pictures/dose_error.py draws
    assert sorted(seen) == NAMES[cell]


def few_changes(all_changes: Callable[[Scenario], list[Change]], scenario: Scenario) -> list[Change]:
    """Every input by its name, which has a stream of its own; seven of eight as inputs that cannot be changed."""
    return [
        (name, ends if number % 8 == 0 else (None, None)) for number, (name, ends) in enumerate(all_changes(scenario))
    ]


def stopwatch_study(cell: str, path: Path) -> Path:
    """A study of six cycles in which every element of the manual method was timed."""
    elements = load(cell).scenario().predetermined_elements()
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["cycle", "element", "seconds"])
        rows.writerows([cycle, each.name, 10 + 0.5 * cycle] for cycle in range(1, 7) for each in elements)
    return path


@pytest.mark.parametrize("cell", NAMES)
def test_a_study_is_fitted_with_the_streams_it_always_was(cell: str, seen: set[str], tmp_path: Path) -> None:
    study = str(stopwatch_study(cell, tmp_path / "study.csv"))
    assert run(["timestudy", cell, "--read", study, "--json"]) == 0
    assert len(seen) > 5
    assert sorted(seen) == [name for name in NAMES[cell] if name.startswith("fit ")]


def test_the_trial_of_doses_draws_from_its_own_stream(seen: set[str]) -> None:
    assert len(trial_doses(load("lacquer_mixer").scenario(NO_MISHAPS), 0, 2)) == 2
    assert "trial doses" in seen
    assert seen <= set(NAMES["lacquer_mixer"])


@pytest.mark.parametrize("cell", NAMES)
def test_faults_have_streams_of_their_own(cell: str) -> None:
    """Those of pins and those of the line; each run has both, whatever strikes."""
    assert {"faults", "faults on the line"} <= set(NAMES[cell])


def test_a_stream_is_known_by_its_name_alone() -> None:
    first, second = (Streams(1, 0)["work staple"].standard_normal() for _ in range(2))
    assert first == second == pytest.approx(FIRST_DRAW, rel=1e-12)
    assert Streams(1, 0)["work staples"].standard_normal() != first


FIRST_DRAW = -0.6099170713049881
