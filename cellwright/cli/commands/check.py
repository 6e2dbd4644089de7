"""``check --faults``: every fault in every state, and how each ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from cellwright import cells
from cellwright.cli.progress import progress
from cellwright.cli.tables import WIDTH, console
from cellwright.errors import CellFault
from cellwright.hardware.firmware_profiles import SteppingFirmware
from cellwright.sim.fault_matrix import Row, fault_matrix, faults_of

BAD = ("hung", "unsafe")


def rehearse(name: str, overrides: Sequence[str], seed: int, firmware: SteppingFirmware) -> None:
    """Print the fault matrix. Raises CellFault if any fault leaves the cell hung, or its world unsafe."""
    scenario = cells.load(name).scenario(overrides, firmware=firmware)
    cell = scenario.study.cell
    faults = faults_of(cell.parts(scenario.parameters))
    rows: list[Row] = []
    with progress(f"{len(faults)} faults in {len(cell.states)} states", len(faults) * len(cell.states)) as advance:
        for row in fault_matrix(scenario, seed):
            rows.append(row)
            advance()
    out = console()
    table = Table("fault", "how it ends, by the state in which it strikes", width=WIDTH)
    for fault in faults:
        table.add_row(str(fault), ends([row for row in rows if row.fault == str(fault)]))
    out.print(table)
    counts = Counter(word(row) for row in rows)
    out.print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()) + ".")
    for reason in sorted({row.reason.split(": ", 1)[-1] for row in rows if row.reason}):
        out.print(f"  {reason}")
    bad = [row for row in rows if word(row) in BAD]
    if bad:
        raise CellFault(f"{name}: {len(bad)} faults end badly; the first is {bad[0].fault} in {bad[0].state}.")


def ends(rows: Sequence[Row]) -> str:
    """How one fault ends: "faulted in waiting, homing; finished elsewhere"."""
    states: dict[str, list[str]] = {}
    for row in rows:
        states.setdefault(word(row), []).append(row.state)
    fewest_first = sorted(states, key=lambda outcome: len(states[outcome]))
    if len(fewest_first) == 1:
        return f"{fewest_first[0]} in every state"
    named = [f"{outcome} in {', '.join(states[outcome])}" for outcome in fewest_first[:-1]]
    return "; ".join([*named, f"{fewest_first[-1]} elsewhere"])


def word(row: Row) -> str:
    """How a fault ended, in a word or two: "unsafe" where the cell stopped and its world was not made safe."""
    is_halt = row.outcome in ("faulted", "stopped")
    return "unsafe" if is_halt and row.safe_after_s is None else row.outcome
