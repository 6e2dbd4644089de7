"""Names of random streams are data: another name gives other random numbers, and other results under the same seed.

``stream_names.toml`` lists those of the shipped cells as they were before names and files moved in version 0.2.0. They
never change without a decision in docs/decisions.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from cellwright.cli import run
from cellwright.sim import Streams

NAMES = tomllib.loads(Path(__file__).with_name("stream_names.toml").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("cell", NAMES)
def test_a_cell_draws_from_the_streams_it_always_drew_from(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    stream = Streams.__getitem__

    def record(streams: Streams, name: str) -> np.random.Generator:
        seen.add(name)
        return stream(streams, name)

    monkeypatch.setattr(Streams, "__getitem__", record)
    for command in (
        ["simulate", cell, "--hours", "3", "-R", "1", "--jobs", "1", "--json"],
        ["economics", cell, "--hours", "0.5", "-R", "2", "--jobs", "1", "--json"],
        ["run", cell, "--on", "virtual", "--cycles", "1", "--json"],
    ):
        assert run(command) == 0
    assert sorted(seen) == NAMES[cell]


def test_a_stream_is_known_by_its_name_alone() -> None:
    first, second = (Streams(1, 0)["work staple"].standard_normal() for _ in range(2))
    assert first == second == pytest.approx(FIRST_DRAW, rel=1e-12)
    assert Streams(1, 0)["work staples"].standard_normal() != first


FIRST_DRAW = -0.6099170713049881
