"""The files that lie beside a cell: where they are looked for, and the machine to buy that is read from one."""

from __future__ import annotations

import inspect
from pathlib import Path

from cellwright.benchmarks.economics.commercial import Commercial, read_commercial
from cellwright.sim import Scenario


def home_of(scenario: Scenario) -> Path:
    """The folder of the cell's own file."""
    return Path(inspect.getfile(scenario.study.cell)).parent


def read_bought(scenario: Scenario, path: Path | None) -> Commercial | None:
    """The machine to buy: that of ``path``, or the cell's own; None if there is none.

    Raises InputError for a file that is wrong.
    """
    beside = home_of(scenario) / "commercial.toml"
    if path is None and not beside.exists():
        return None
    return read_commercial(path or beside, [measure.name for measure in scenario.study.measures])
