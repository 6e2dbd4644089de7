"""``cells``, ``describe`` and ``check``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from cellwright import cells
from cellwright.cli.tables import busy, console
from cellwright.errors import DescriptionError, InputError
from cellwright.hardware.device import Device
from cellwright.hardware.firmware_profiles import STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import Cell, description_problems, open_log
from cellwright.sequences.runlog import fact
from cellwright.sim import Length, Scenario, run_cell
from cellwright.sim.fast_path import fast_path_of


def list_cells() -> None:
    """Every cell with what it is for."""
    table = Table("cell", "what it does", "states", "devices")
    for name in cells.names():
        cell = cells.load(name).cell
        devices = [part for part in cell.parts().values() if isinstance(part, Device)]
        table.add_row(name, _purpose(cell), str(len(cell.states)), str(len(devices)))
    console().print(table)


def describe(name: str) -> None:
    """States, devices and pins."""
    cell = cells.load(name).cell
    out = console()
    out.print(f"[bold]{name}[/bold]: {_purpose(cell)} For an Arduino {cell.arduino.capitalize()}.")
    states = Table("state", "trigger", "leads to", title="States", title_justify="left")
    for state in cell.states:
        leaving = [(trigger, to) for trigger, source, to in cell.transitions if source == state]
        states.add_row(state, "\n".join(trigger for trigger, _ in leaving), "\n".join(to for _, to in leaving))
    out.print(states)
    out.print("From any state: fault leads to faulted, stop to stopped; reset leads back to " + cell.states[0] + ".")
    devices = Table("device", "kind", "pins", title="Devices", title_justify="left")
    for device_name, device in cell.parts().items():
        if isinstance(device, Device):
            pins = ", ".join(f"{role} {pin}" for role, pin in device.pins().items())
            devices.add_row(device_name, type(device).__name__, pins)
    out.print(devices)


def show_diagram(name: str, output: Path | None) -> None:
    """The state diagram: Mermaid on standard output, or a drawing in a file."""
    cell = cells.load(name).cell
    if output is not None and output.suffix not in (".svg", ".png", ".mmd"):
        raise InputError(f"{output} ends with {output.suffix!r}; name a .svg, .png or .mmd file.")
    from cellwright.benchmarks.charts import state_diagram, style

    if output is None:
        print(state_diagram.mermaid(cell))
        return
    try:
        if output.suffix == ".mmd":
            output.write_text(state_diagram.mermaid(cell) + "\n", encoding="utf-8")
        else:
            style.save(state_diagram.state_diagram(cell), output)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}.") from error
    console().print(f"Wrote {output}.")


def print_certificates(path: Path, replication: int) -> None:
    """The certificates of a run. Raises InputError for no run log, and for a cell that writes none."""
    with open_log(path) as log:
        name = fact(log, "cell") or ""
        write = cells.load(name).certificates
        if write is None:
            raise InputError(f"{path} is a log of the {name}, which keeps no record of what is in each unit.")
        texts = write(log, replication)
    if not texts:
        raise InputError(f"{path} has no unit in replication {replication}.")
    print("\n".join(texts), end="")


def check(name: str, overrides: Sequence[str], firmware: SteppingFirmware) -> None:
    """Print what was checked, or raise DescriptionError with every problem, a line each."""
    scenario = cells.load(name).scenario(overrides, firmware=firmware)
    with busy(f"putting the {name} together"):
        problems = find_problems(scenario)
    if problems:
        raise DescriptionError("\n".join(problems))
    cell = scenario.study.cell
    devices = [part for part in scenario.parameters.values() if isinstance(part, Device)]
    rehearsal = run_cell(scenario, Length(cycles=1), seed=1, replication=0)
    out = console()
    for note in _on_a_model(scenario).notes():
        out.print(f"{name}: {note}")
    out.print(f"{name}: {len(cell.states)} states can all be reached and left, and return declared triggers.")
    out.print(f"{name}: {len(devices)} devices, no pin used twice, solenoids within their duty, targets in reach.")
    out.print(f"{name}: rehearsed on the model board; the last {cell.unit} took {rehearsal.cycle_times_s[-1]:.1f} s.")
    why_not = fast_path_of(scenario).why_not
    computed = "on the fast path" if why_not is None else f"event by event: {why_not}"
    out.print(f"{name}: long simulations are computed {computed}.")


def find_problems(scenario: Scenario) -> list[str]:
    """What can be known to be wrong before the cell runs."""
    cell = scenario.study.cell
    problems = description_problems(cell, cell.parts(scenario.parameters))
    return problems or _on_a_model(scenario).problems()


def _on_a_model(scenario: Scenario) -> Cell:
    import simpy

    from cellwright.hardware import ModelBoard

    return scenario.study.cell(ModelBoard(simpy.Environment(), STEP_TIMINGS[scenario.firmware]), scenario.parameters)


def _purpose(cell: type[Cell]) -> str:
    return (cell.__doc__ or "").strip().splitlines()[0]
