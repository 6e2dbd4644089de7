"""The drill press of the guide to cells of one's own, which has no files in its folder; and simulations shared."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from cellwright.benchmarks import input_uncertainty
from cellwright.sim import replication
from cellwright.sim.replication import run_cell_by_events
from cellwright.sim.run_length import Length, Replication
from cellwright.sim.scenario import Scenario

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "describe-your-own-cell.md"


@pytest.fixture
def drill_press(tmp_path: Path) -> Path:
    blocks = re.findall(r"```python\n# drill_press\.py[^\n]*\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    folder = tmp_path / "own"
    folder.mkdir()
    path = folder / "drill_press.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def known_replications() -> dict[bytes, bytes]:
    """By all that a replication depends on, what came of it."""
    return {}


@pytest.fixture
def simulated_once(known_replications: dict[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of one process that simulate a cell event by event with the very same inputs do so once.

    For tests of what a command makes of its simulations; that these are the same again is tested elsewhere.
    """

    def look_up(scenario: Scenario, length: Length, seed: int, number: int, log: None = None) -> Replication:
        if log is not None or not scenario.study.cell.__module__.startswith("cellwright."):
            return run_cell_by_events(scenario, length, seed, number, log)
        key = pickle.dumps((scenario, length, seed, number))
        if key not in known_replications:
            known_replications[key] = pickle.dumps(run_cell_by_events(scenario, length, seed, number))
        found: Replication = pickle.loads(known_replications[key])
        return found

    monkeypatch.setattr(replication, "run_cell_by_events", look_up)


@pytest.fixture
def simulated_anew(simulated_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that is about the simulation itself, in a file where others share theirs."""
    monkeypatch.setattr(replication, "run_cell_by_events", run_cell_by_events)


@pytest.fixture
def short_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each uncertain input is tried on one unit, for tests of other things than intervals."""
    monkeypatch.setattr(input_uncertainty, "TRIAL", Length(cycles=1))
