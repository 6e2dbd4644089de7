"""The files in a cell's folder, and the prices and the commercial machine that two of them describe."""

from __future__ import annotations

import inspect
from pathlib import Path

from cellwright import files
from cellwright.benchmarks.economics.commercial import Commercial, read_commercial
from cellwright.benchmarks.economics.inputs import Economics, read_economics
from cellwright.benchmarks.economics.plausibility import refuse_unlikely_percent
from cellwright.errors import InputError
from cellwright.sim import Scenario

Prices = tuple[Economics, Commercial | None]
"""What money rests on: the cell's prices, and the commercial machine if there is one."""


def cell_folder(scenario: Scenario) -> Path | None:
    """The folder of the cell's own file; None for a cell that was written at a prompt or in a notebook."""
    try:
        return Path(inspect.getfile(scenario.study.cell)).parent
    except (TypeError, OSError):  # what inspect says of a class without a file
        return None


def file_of(scenario: Scenario, path: Path | str | None, name: str) -> Path | None:
    """``path``, or else the file called ``name`` in the cell's folder; None if there is none."""
    if path is not None:
        return Path(path)
    folder = cell_folder(scenario)
    return folder / name if folder is not None and (folder / name).exists() else None


def read_commercial_machine(scenario: Scenario, path: Path | str | None) -> Commercial | None:
    """The commercial machine described in ``path``, else in the cell's folder; None if there is none.

    Raises:
        InputError: The file cannot be used.
    """
    found = file_of(scenario, path, "commercial.toml")
    return None if found is None else read_commercial(found, _measures(scenario))


def read_prices(
    scenario: Scenario, cell: str, economics: Path | str | None, commercial: Path | str | None, accept: bool
) -> Prices:
    """Both files: those given, or those in the cell's folder.

    Args:
        scenario: Of the cell.
        cell: Its name, for the message.
        economics: The costs and prices.
        commercial: The commercial machine.
        accept: Whether rates that can hardly be meant are taken as they are.

    Raises:
        InputError: A file is missing or wrong, or the prices of one include VAT and those of the other do not.
    """
    economics_file = file_of(scenario, economics, "economics.toml")
    if economics_file is None:
        raise InputError(
            f"{cell} has no economics.toml in its folder; copy and change the stapler's, and give it with --economics."
        )
    prices = read_economics(economics_file, _measures(scenario))
    commercial_file = file_of(scenario, commercial, "commercial.toml")
    machine = None if commercial_file is None else read_commercial(commercial_file, _measures(scenario))
    refuse_what_does_not_fit(prices, economics_file, machine, commercial_file, accept)
    return prices, machine


def refuse_what_does_not_fit(
    economics: Economics,
    economics_file: Path,
    commercial: Commercial | None,
    commercial_file: Path | None,
    accept: bool,
) -> None:
    """Raise InputError for rates that can hardly be meant, and for two files that state VAT differently."""
    if not accept:
        refuse_unlikely_percent(economics, economics_file)
    if commercial is None or commercial_file is None:
        return
    if not accept:
        refuse_unlikely_percent(commercial, commercial_file)
    if commercial.vat != economics.vat:
        line = files.line_of(files.read_text(commercial_file), ("vat",))
        where = f"{commercial_file}, line {line}" if line else str(commercial_file)
        raise InputError(
            f"{where}: prices are {commercial.vat} VAT, those of {economics_file} {economics.vat}; "
            "state both in the same way."
        )


def _measures(scenario: Scenario) -> list[str]:
    return [measure.name for measure in scenario.study.measures]
