"""``agree``: the same units on the model, the virtual Arduino and the emulated firmware, compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

import cellwright
from cellwright import cells
from cellwright.cli.progress import progress
from cellwright.cli.tables import pluralize
from cellwright.cli.terminal import WIDTH, console
from cellwright.errors import CellFault
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.sim import Scenario
from cellwright.sim.agreement import (
    AGREES_WITHIN_PERCENT,
    TARGETS,
    TargetResult,
    disagreement,
    percent_off,
    run_on_target,
)


@dataclass(frozen=True, slots=True)
class AgreeOptions:
    """The options of ``agree``."""

    cell: str
    cycles: int
    seed: int
    overrides: Sequence[str]
    as_json: bool


def agree(options: AgreeOptions) -> None:
    """Print the times of the same units on each target, and each target's difference from the model.

    Raises:
        CellFault: The times on the emulated firmware differ from the model's by more than ``AGREES_WITHIN_PERCENT``.
        InputError: The emulator or the firmware is not built.
    """
    scenario = cells.load(options.cell).scenario(options.overrides, firmware="cellwright")
    find_library()  # fail before the simulation, not after it
    firmware_hex(scenario.study.cell.arduino)
    with progress(f"{options.cell} on {len(TARGETS)} targets", len(TARGETS) * options.cycles) as advance:
        accounts = [run_on_target(target, scenario, options.cycles, options.seed, advance) for target in TARGETS]
    if options.as_json:
        print(json.dumps(_as_json(options, scenario, accounts), indent=2))
    else:
        _print_table(options, scenario, accounts)
    off = disagreement(accounts)
    if abs(off) > AGREES_WITHIN_PERCENT:
        raise CellFault(
            f"{options.cell} takes {_difference_text(off)} on real firmware than on the model; up to "
            f"{AGREES_WITHIN_PERCENT:g} % is agreement. Increase --cycles if the difference may be chance."
        )


def _shared_names(accounts: Sequence[TargetResult]) -> list[str]:
    """The figures that every target has; a board that homes by itself, for example, has no jogs."""
    every = [account.figures() for account in accounts]
    return [name for name in every[0] if all(name in figures for figures in every)]


def _as_json(options: AgreeOptions, scenario: Scenario, accounts: Sequence[TargetResult]) -> dict[str, object]:
    model = accounts[0].figures()
    return {
        "cell": options.cell,
        "firmware": "cellwright",
        "seed": options.seed,
        "version": cellwright.__version__,
        "input_hash": scenario.input_hash(),
        "cycles": options.cycles,
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


def _print_table(options: AgreeOptions, scenario: Scenario, accounts: Sequence[TargetResult]) -> None:
    figures = [account.figures() for account in accounts]
    title = f"{options.cell}: the same {pluralize(options.cycles, scenario.study.cell.unit)} on {len(TARGETS)} targets"
    table = Table(title=title, title_justify="left", width=WIDTH)
    table.add_column("", no_wrap=True)
    for target in TARGETS:
        table.add_column(target, justify="right")
    for target in TARGETS[1:]:
        table.add_column(f"{target}\noff model", justify="right")
    for name in _shared_names(accounts):
        values = [each[name] for each in figures]
        off = [percent_off(value, values[0]) for value in values[1:]]
        table.add_row(
            _row_label(name), *map(_figure_text, values), *("–" if each is None else f"{each:+.2f} %" for each in off)
        )
    console().print(table)
    console().print(
        f"A {scenario.study.cell.unit} takes {_difference_text(disagreement(accounts))} on real firmware, on an "
        f"emulated {scenario.study.cell.arduino.capitalize()}, than on the model."
    )


def _difference_text(percent: float) -> str:
    return f"{abs(percent):.2f} % {'longer' if percent >= 0 else 'less'}"


def _row_label(name: str) -> str:
    """A figure's name as a row label: "in_homing_s" becomes "in homing, s"."""
    words, _, unit = name.rpartition("_")
    return f"{words.replace('_', ' ')}, {unit}" if words and " " not in name else name


def _figure_text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"
