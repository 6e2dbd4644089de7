"""``agree``: the same units on the model, on a virtual Arduino and on real firmware, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

import cellwright
from cellwright import cells
from cellwright.cli.progress import progress
from cellwright.cli.tables import WIDTH, console, counted
from cellwright.errors import CellFault
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.sim import Scenario
from cellwright.sim.agreement import (
    AGREES_WITHIN_PERCENT,
    TARGETS,
    Account,
    account_on,
    disagreement,
    percent_off,
)


@dataclass(frozen=True, slots=True)
class AgreeAsked:
    """What the user asked to have compared."""

    cell: str
    cycles: int
    seed: int
    settings: Sequence[str]
    as_json: bool


def agree(asked: AgreeAsked) -> None:
    """Print what the same units take on each target, and how far each is from the model.

    Raises CellFault where model and real firmware are further apart than they may be, InputError without an emulator.
    """
    scenario = cells.load(asked.cell).scenario(asked.settings, firmware="cellwright")
    find_library()  # before the work is begun that it would be needed for
    firmware_hex(scenario.study.cell.arduino)
    with progress(f"{asked.cell} on {len(TARGETS)} targets", len(TARGETS) * asked.cycles) as advance:
        accounts = [account_on(target, scenario, asked.cycles, asked.seed, advance) for target in TARGETS]
    if asked.as_json:
        print(json.dumps(_as_json(asked, scenario, accounts), indent=2))
    else:
        _print_table(asked, scenario, accounts)
    off = disagreement(accounts)
    if abs(off) > AGREES_WITHIN_PERCENT:
        raise CellFault(
            f"{asked.cell} takes {_off(off)} on real firmware than on the model; up to {AGREES_WITHIN_PERCENT:g} % is "
            f"agreement. Give more --cycles if it is a person's luck, which weighs less in many."
        )


def _shared_names(accounts: Sequence[Account]) -> list[str]:
    """The figures that every target has: a board that homes by itself, say, has no jogs."""
    every = [account.figures() for account in accounts]
    return [name for name in every[0] if all(name in figures for figures in every)]


def _as_json(asked: AgreeAsked, scenario: Scenario, accounts: Sequence[Account]) -> dict[str, object]:
    model = accounts[0].figures()
    return {
        "cell": asked.cell,
        "firmware": "cellwright",
        "seed": asked.seed,
        "version": cellwright.__version__,
        "input_hash": scenario.input_hash(),
        "cycles": asked.cycles,
        "targets": {
            account.target: {
                "unit_times_s": list(account.unit_times_s),
                "figures": account.figures(),
                "off_the_model_percent": {
                    name: percent_off(value, model.get(name, 0.0)) for name, value in account.figures().items()
                },
            }
            for account in accounts
        },
        "disagreement_percent": disagreement(accounts),
        "agrees_within_percent": AGREES_WITHIN_PERCENT,
    }


def _print_table(asked: AgreeAsked, scenario: Scenario, accounts: Sequence[Account]) -> None:
    figures = [account.figures() for account in accounts]
    title = f"{asked.cell}: the same {counted(asked.cycles, scenario.study.cell.unit)} on {len(TARGETS)} targets"
    table = Table(title=title, title_justify="left", width=WIDTH)
    table.add_column("", no_wrap=True)
    for target in TARGETS:
        table.add_column(target, justify="right")
    for target in TARGETS[1:]:
        table.add_column(f"{target}\noff model", justify="right")
    for name in _shared_names(accounts):
        values = [each[name] for each in figures]
        off = [percent_off(value, values[0]) for value in values[1:]]
        table.add_row(_words(name), *map(_shown, values), *("–" if each is None else f"{each:+.2f} %" for each in off))
    console().print(table)
    console().print(
        f"A {scenario.study.cell.unit} takes {_off(disagreement(accounts))} on real firmware, on an emulated "
        f"{scenario.study.cell.arduino.capitalize()}, than on the model."
    )


def _off(percent: float) -> str:
    return f"{abs(percent):.2f} % {'longer' if percent >= 0 else 'less'}"


def _words(name: str) -> str:
    """A figure's name as a row's head: "in_homing_s" is "in homing, s"."""
    words, _, unit = name.rpartition("_")
    return f"{words.replace('_', ' ')}, {unit}" if words and " " not in name else name


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"
