"""The files in a cell's folder, and the commercial machine that one of them describes."""

from __future__ import annotations

import inspect
from pathlib import Path

from cellwright.benchmarks.economics.commercial import Commercial, read_commercial
from cellwright.sim import Scenario


def cell_folder(scenario: Scenario) -> Path:
    """The folder of the cell's own file."""
    return Path(inspect.getfile(scenario.study.cell)).parent


def read_commercial_machine(scenario: Scenario, path: Path | None) -> Commercial | None:
    """The commercial machine described in ``path``, else in the cell's folder; None if there is none.

    Raises:
        InputError: The file cannot be used.
    """
    default = cell_folder(scenario) / "commercial.toml"
    if path is None and not default.exists():
        return None
    return read_commercial(path or default, [measure.name for measure in scenario.study.measures])
