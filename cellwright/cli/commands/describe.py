"""``cells``, ``describe`` and ``check``."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from cellwright import cells
from cellwright.cli.loop_watchdog import blocked_steps_ended
from cellwright.cli.terminal import WIDTH, console, spinner, write_lines
from cellwright.errors import DescriptionError, InputError
from cellwright.files import write_atomically
from cellwright.hardware.device import Device, Hazard
from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS
from cellwright.hardware.firmware_profiles import STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import Cell, description_problems, open_log
from cellwright.sequences.forgotten_yield import WaitLedger, forgotten_yields
from cellwright.sequences.parameter_list import list_parameters
from cellwright.sequences.runlog import fact
from cellwright.sim import Length, Scenario, Streams, run_manual
from cellwright.sim.arduino_check import arduino_notes, arduino_problems
from cellwright.sim.fast_path import fast_path_of
from cellwright.sim.replication import run_rig
from cellwright.sim.targets.assembly import idle_model_rig

BLOCKED_STEP_LIMIT_S = 4.0
"""A step of a dry run that blocks for as long, in real time, is ended and named."""

LOG = logging.getLogger(__name__)


def list_cells() -> None:
    """Print every cell and its purpose."""
    table = Table("cell", "purpose", "states", "devices")
    for name in cells.names():
        cell = cells.load(name).cell
        devices = [part for part in cell.parameters().values() if isinstance(part, Device)]
        table.add_row(name, _purpose(cell), str(len(cell.states)), str(len(devices)))
    console().print(table)


def describe(name: str) -> None:
    """Print the states, devices and pins of a cell."""
    cell = cells.load(name).cell
    out = console()
    out.print(f"{name}: {_purpose(cell)} It runs on an Arduino {cell.arduino.capitalize()}.")
    states = Table("state", "trigger", "next state", title="States", title_justify="left")
    for state in cell.states:
        leaving = [(trigger, to) for trigger, source, to in cell.transitions if source == state]
        states.add_row(state, "\n".join(trigger for trigger, _ in leaving), "\n".join(to for _, to in leaving))
    out.print(states)
    out.print("From any state, fault leads to faulted and stop to stopped; reset leads back to " + cell.states[0] + ".")
    devices = Table("device", "kind", "pins", title="Devices", title_justify="left")
    pin_map = PIN_MAPS[cell.arduino]
    bus = " and ".join(pin_map.label(pin) for pin in sorted(pin_map.i2c))
    for device_name, device in cell.parameters().items():
        if isinstance(device, Device):
            pins = [f"{role} {pin_map.label(pin.number).removeprefix('pin ')}" for role, pin in device.pins().items()]
            pins += [f"I2C {address:#x} on {bus}" for address in device.i2c_addresses()]
            pins += ["in the computer"] if device.is_plugged_into_computer else []
            devices.add_row(device_name, type(device).__name__, ", ".join(pins))
    out.print(devices)
    _print_hazards(cell)


def _print_hazards(cell: type[Cell]) -> None:
    """Print what of the devices may hurt somebody, those of one kind together."""
    devices: dict[Hazard, list[str]] = {}
    for name, device in cell.parameters().items():
        if isinstance(device, Device):
            for hazard in device.hazards():
                devices.setdefault(hazard, []).append(name)
    table = Table("device", "kind", "what may happen", "what protects", title="Hazards", title_justify="left")
    for hazard, names in devices.items():
        table.add_row(", ".join(names), hazard.kind, hazard.harm, hazard.protection)
    out = console()
    if devices:
        out.print(table)
    begins = "With these hazards" if devices else "No device states a hazard; all the same"
    out.print(
        f"{begins} the risk assessment only begins: look at the material, the tools and the room too. See "
        "docs/background/machine-safety.md."
    )


def print_parameters(name: str, overrides: Sequence[str], as_json: bool) -> None:
    """Print every parameter that ``--set`` takes."""
    found = list(list_parameters(cells.load(name).scenario(overrides).parameters))
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    table = Table(width=WIDTH)
    table.add_column("parameter", no_wrap=True, min_width=max(len(each.name) for each in found))
    for head in ("value", "unit", "status", "source"):
        table.add_column(head, overflow="fold")
    for each in found:
        table.add_row(each.name, each.value, each.unit, each.status, each.source)
    console().print(table)


def show_diagram(name: str, output: Path | None) -> None:
    """Print the state diagram as Mermaid, or write it to a file."""
    cell = cells.load(name).cell
    if output is not None and output.suffix not in (".svg", ".png", ".mmd"):
        raise InputError(f"{output} has the suffix {output.suffix!r}; name a .svg, .png or .mmd file.")
    with spinner("drawing the states"):
        from cellwright.benchmarks.charts import state_diagram, style
        from cellwright.benchmarks.charts.mermaid import mermaid

        if output is None:
            text = mermaid(cell).removesuffix("\n")
        elif output.suffix == ".mmd":
            write_atomically(output, mermaid(cell).encode())
        else:
            style.save(state_diagram.state_diagram(cell), output)
    if output is None:
        write_lines([text])
        return
    console().print(f"Wrote {output}.")


def print_certificates(path: Path, replication: int) -> None:
    """Print the batch certificates of a run.

    Raises:
        InputError: The file is no run log, or the cell keeps no such record.
    """
    with open_log(path) as log:
        name = fact(log, "cell") or ""
        write = cells.load(name).certificates
        if write is None:
            raise InputError(
                f"{path} is a log of the {name}, which keeps no record of what is in each unit; it has no certificates."
            )
        texts = write(log, replication)
    if not texts:
        raise InputError(f"{path} has no unit in replication {replication}; choose another with --replication.")
    write_lines("\n".join(texts).removesuffix("\n").split("\n"))


def check(name: str, overrides: Sequence[str], firmware: SteppingFirmware) -> None:
    """Check a cell and make one unit on the model board.

    Raises:
        DescriptionError: The description has problems; the message has a line for each.
    """
    scenario = cells.load(name).scenario(overrides, firmware=firmware)
    with spinner(f"building the {name}"):
        problems = find_problems(scenario)
    if problems:
        raise DescriptionError("\n".join(problems))
    cell = scenario.study.cell
    devices = [part for part in scenario.parameters.values() if isinstance(part, Device)]
    with spinner(f"a dry run of the {name}"):
        last_unit_s = _dry_run(scenario)
        notes = [*_on_model_board(scenario).notes(), *arduino_notes(scenario)]
        why_not = fast_path_of(scenario).why_not
    out = console()
    for note in notes:
        out.print(f"{name}: {note}")
    out.print(f"{name}: {len(cell.states)} states; each can be reached and left, and returns declared triggers.")
    out.print(f"{name}: {len(devices)} devices; no pin is used twice, duty cycles are kept, targets are in reach.")
    out.print(f"{name}: dry run on the model board passed; the last {cell.unit} took {last_unit_s:.1f} s.")
    method = "on the fast path" if why_not is None else f"event by event: {why_not}"
    out.print(f"{name}: long simulations are computed {method}.")


def _dry_run(scenario: Scenario) -> float:
    """Make some units on the model board and by hand, and look for steps that block or forget to wait.

    Returns the time of the cell's last unit, s.

    Raises:
        CellFault: The run ended in a fault.
        DescriptionError: A step makes a wait and does not wait for it.
    """
    ledger = WaitLedger(scenario.study.cell)
    with ledger, ledger.watching():
        rig = idle_model_rig(scenario, Streams(1, 0), ledger, ledger.environment())
        rig.env.process(rig.cell.run())
        with blocked_steps_ended(rig.env, rig.cell, BLOCKED_STEP_LIMIT_S):
            done = run_rig(rig, Length(cycles=1))
    if forgotten := list(ledger.forgotten()):
        raise DescriptionError("\n".join(forgotten))
    LOG.debug("dry run: %d cycles, each state's seconds: %s", len(done.cycle_times_s), done.time_in_state_s)
    scenario.study.check_measures(done.measures, "the plant")
    run_manual(scenario, Length(cycles=1), seed=1, replication=0)
    return done.cycle_times_s[-1]


def find_problems(scenario: Scenario) -> list[str]:
    """The problems that can be found before the cell runs."""
    cell = scenario.study.cell
    parameters = cell.parameters(scenario.parameters)
    steps: dict[str, Callable[[], list[str]]] = {
        "states, triggers and parameters": lambda: description_problems(cell, parameters),
        "waits that its steps forget": lambda: list(forgotten_yields(cell, _devices(scenario))),
        "the work that the cell has to do": lambda: _on_model_board(scenario).problems(),
        "pins that no device names": lambda: _unnamed_pins(scenario),
        f"what an {cell.arduino.capitalize()} with {scenario.firmware} has": lambda: arduino_problems(scenario),
    }
    for what, check_it in steps.items():
        problems = check_it()
        LOG.debug("checked %s: %s", what, "; ".join(problems) or "no problem")
        if problems:
            return problems
    return []


def _on_model_board(scenario: Scenario) -> Cell:
    import simpy

    from cellwright.hardware import ModelBoard

    return scenario.study.cell(ModelBoard(simpy.Environment(), STEP_TIMINGS[scenario.firmware]), scenario.parameters)


def _devices(scenario: Scenario) -> dict[str, Device]:
    """Copies of the devices, by name."""
    parts = scenario.study.cell.parameters(scenario.parameters)
    return {name: part for name, part in parts.items() if isinstance(part, Device)}


def _unnamed_pins(scenario: Scenario) -> list[str]:
    """Pins that a device declares and does not name: their faults, wiring and needs would be overlooked."""
    import simpy

    from cellwright.hardware import ModelBoard

    problems = []
    for name, device in _devices(scenario).items():
        board = ModelBoard(simpy.Environment())
        device.attach(board)
        unnamed = board.declared_pins - {pin.number for pin in device.pins().values()}
        problems += [
            f"{scenario.study.cell.name()}: {name} declares pin {pin}, which its pins() does not name; name it there."
            for pin in sorted(unnamed)
        ]
    return problems


def _purpose(cell: type[Cell]) -> str:
    return (cell.__doc__ or "").strip().partition("\n")[0] or "it has no docstring that says its purpose."
