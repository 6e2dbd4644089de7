"""``check --faults``: the fault matrix, every fault in every state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from cellwright import cells
from cellwright.cli.progress import progress
from cellwright.cli.terminal import WIDTH, console
from cellwright.errors import CellFault
from cellwright.hardware.firmware_profiles import SteppingFirmware
from cellwright.sim.fault_matrix import BROKEN_OFF, FaultOutcome, fault_matrix, possible_faults

UNACCEPTABLE = ("hung", "unsafe", BROKEN_OFF)
WRONG_PRODUCT = "wrong product"


def print_fault_matrix(name: str, overrides: Sequence[str], seed: int, firmware: SteppingFirmware) -> None:
    """Print the fault matrix.

    Raises:
        CellFault: A fault leaves the cell hung or unsafe.
    """
    scenario = cells.load(name).scenario(overrides, firmware=firmware)
    cell = scenario.study.cell
    faults = possible_faults(cell.parameters(scenario.parameters))
    rows: list[FaultOutcome] = []
    with progress(f"{len(faults)} faults in {len(cell.states)} states", len(faults) * len(cell.states)) as advance:
        for row in fault_matrix(scenario, seed):
            rows.append(row)
            advance()
    out = console()
    table = Table("fault", "outcome, by the state in which the fault is injected", width=WIDTH)
    for fault in faults:
        table.add_row(str(fault), outcomes_by_state([row for row in rows if row.fault == str(fault)]))
    out.print(table)
    counts = Counter(row.verdict for row in rows)
    out.print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()) + ".")
    for reason in sorted({row.reason.split(": ", 1)[-1] for row in rows if row.reason and row.verdict != BROKEN_OFF}):
        out.print(f"  {reason}")
    for row in rows:
        if row.verdict == BROKEN_OFF:
            out.print(f"  {row.fault} in {row.state} was broken off: {row.reason}")
    print_wrong_products(name, rows)
    bad = [row for row in rows if row.verdict in UNACCEPTABLE]
    if bad:
        raise CellFault(
            f"{name}: {len(bad)} faults leave it hung, unsafe or broken off; "
            f"the first is {bad[0].fault} in {bad[0].state}."
        )


def outcomes_by_state(rows: Sequence[FaultOutcome]) -> str:
    """The outcomes of one fault: "faulted in waiting, homing; finished elsewhere"."""
    states: dict[str, list[str]] = {}
    for row in rows:
        states.setdefault(row.verdict, []).append(row.state)
    fewest_first = sorted(states, key=lambda outcome: len(states[outcome]))
    if len(fewest_first) == 1:
        return f"{fewest_first[0]} in every state"
    named = [f"{outcome} in {', '.join(states[outcome])}" for outcome in fewest_first[:-1]]
    return "; ".join([*named, f"{fewest_first[-1]} elsewhere"])


def print_wrong_products(name: str, rows: Sequence[FaultOutcome]) -> None:
    """Print which faults let a unit out that is outside its tolerance, though the cell counted it as finished."""
    out = console()
    if not any(row.is_judged for row in rows):
        out.print(
            f"Nothing says which units of {name} are within their tolerance, so no wrong product can show here; "
            "let its plant call unit_leaves() for each."
        )
    wrong = [row for row in rows if row.verdict == WRONG_PRODUCT]
    if not wrong:
        return
    out.print(
        "Wrong product: after these faults a unit left outside its tolerance, and neither cell nor person noticed. "
        "Check such units by hand, or add a sensor:"
    )
    examples: dict[str, str] = {}
    for row in wrong:
        examples.setdefault(row.fault, row.wrong_product)
    for fault, example in examples.items():
        out.print(f"  {fault}: {example}")
