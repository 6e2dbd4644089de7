"""``run``: a cell on a model board, a virtual or emulated Arduino, or a real one."""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import simpy
import typer

import cellwright
from cellwright import cells
from cellwright.cli.interrupts import exit_code_of, name_of
from cellwright.cli.run_loop import RunController
from cellwright.cli.tables import pluralize
from cellwright.cli.terminal import console, spinner
from cellwright.errors import CellFault, InputError
from cellwright.hardware import Board
from cellwright.hardware.device import Device
from cellwright.hardware.fault_injection import read_fault
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.recording import ReplayLink
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware, firmware_named
from cellwright.sequences import Cell, RunLog
from cellwright.sim import Scenario, VirtualLine, model_rig, virtual_rig
from cellwright.sim.targets import EMULATED, MODEL, REPLAY, VIRTUAL, put_on_target
from cellwright.sim.targets.real import CellOnPort, ReplayedCell

LOG = logging.getLogger(__name__)
SIMULATED_CYCLES = 3
"""The default number of units of a simulated run; a run on a real board continues until it is stopped."""
CLOSE_TIMEOUT_S = 1.0
EMULATED_FIRMWARE: SteppingFirmware = "cellwright"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of ``run``."""

    cell: str
    target: str
    cycles: int | None
    seed: int
    overrides: Sequence[str]
    faults: Sequence[str]
    log: Path | None
    record: Path | None
    line: VirtualLine
    as_json: bool
    requested_firmware: SteppingFirmware | None = None
    """None: the default; on a serial port, the firmware found there."""

    @property
    def firmware(self) -> SteppingFirmware:
        """The firmware to assume until a board has reported its own."""
        return self.requested_firmware or DEFAULT_FIRMWARE

    @property
    def is_simulated(self) -> bool:
        """Whether no real board is needed."""
        return self.target in (MODEL, VIRTUAL, EMULATED) or self.target.startswith(REPLAY)


@dataclass(slots=True)
class Machine:
    """A cell on its board, ready to run."""

    env: simpy.Environment
    board: Board
    cell: Cell
    target_text: str
    """The target, for messages."""
    replay: ReplayLink | None = None
    connection: str = ""
    """Of a real board: its port, its firmware and the baud rate."""
    setup_notes: tuple[str, ...] = ()
    """Notes on how the target was set up."""

    @property
    def firmware_name(self) -> str | None:
        """The name that the board's firmware reports."""
        return self.board.firmware_name if isinstance(self.board, FirmataBoard) else None

    @property
    def firmware(self) -> SteppingFirmware | None:
        """The firmware that the board reports; None on a model board, and if it is not one that drives steppers."""
        return firmware_named(self.firmware_name or "")

    def notes(self) -> list[str]:
        """Notes on the target, the board and the cell."""
        of_board = self.board.notes if isinstance(self.board, FirmataBoard) else []
        return [*self.setup_notes, *of_board, *self.cell.notes()]

    def raise_problem_of_record(self) -> None:
        """Raise CellFault if the record of the line is not whole."""
        problem = self.board.session.client.link.problem if isinstance(self.board, FirmataBoard) else None
        if problem is not None:
            raise CellFault(problem)

    def end(self) -> None:
        """Make every output safe, wait until the board has confirmed it, and close the board."""
        self.cell.end()
        if isinstance(self.board, FirmataBoard):
            self.env.run(until=self.board.round_trip() | self.env.timeout(CLOSE_TIMEOUT_S))
            self.board.close()


def run(options: RunOptions) -> None:
    """Run a cell.

    Raises:
        CellFault: The run ended in a fault.
        InputError: The options contradict each other, or the board or port is not there.
    """
    if options.cycles is not None and options.cycles < 1:
        raise InputError(f"--cycles {options.cycles} makes nothing; run at least 1.")
    if options.target == EMULATED and options.firmware != EMULATED_FIRMWARE:
        raise InputError(f"Only CellwrightFirmata can be emulated; leave out --firmware {options.firmware}.")
    scenario = cells.load(options.cell).scenario(options.overrides, firmware=options.firmware)
    if options.record is not None and options.target == MODEL:
        raise InputError("The model board exchanges no bytes to record; use --on virtual.")
    LOG.debug("%s on %s, timing of %s, seed %d", options.cell, options.target, scenario.firmware, options.seed)
    with _run_log(options) or nullcontext() as log:
        if log is not None:
            log.describe(**_head(options, scenario))  # so that the log names its cell even if the run fails to start
        with spinner(f"building the {options.cell}"):
            machine = _put_on_target(options, scenario, log)
        LOG.debug("the cell is on %s%s", machine.target_text, f" ({machine.connection})" if machine.connection else "")
        if machine.connection:
            console(stderr=True).print(machine.connection, soft_wrap=True)
        if machine.firmware is not None:
            scenario = replace(scenario, firmware=machine.firmware)
        if log is not None:
            log.describe(**_head(options, scenario))
            if not options.is_simulated:
                log.describe(began=_start_time(machine.env.now), firmware=machine.firmware_name)
        printed = _print_notes(machine, options)
        controller = RunController(machine.env, machine.cell, _cycles_to_run(options), options.is_simulated)
        try:
            controller.run()
        finally:
            machine.end()
    _print_notes(machine, options, printed)
    _print_result(options, scenario, machine, controller)


def _run_log(options: RunOptions) -> RunLog | None:
    """The run log; one in memory where -v shows its rows and no file keeps them."""
    if options.log:
        return RunLog(options.log, is_live=not options.is_simulated)
    return RunLog(":memory:") if LOG.isEnabledFor(logging.DEBUG) else None


def _cycles_to_run(options: RunOptions) -> int | None:
    return options.cycles or (SIMULATED_CYCLES if options.is_simulated else None)


def _head(options: RunOptions, scenario: Scenario) -> dict[str, Any]:
    return {
        "cell": options.cell,
        "target": options.target,
        "firmware": scenario.firmware,
        "seed": options.seed,
        "version": cellwright.__version__,
        "input_hash": scenario.input_hash(),
    }


def _start_time(seconds_ago: float) -> str:
    """Date and time at which the clock of the run was 0."""
    now = datetime.datetime.now().astimezone().replace(tzinfo=None)
    return (now - datetime.timedelta(seconds=seconds_ago)).isoformat(timespec="seconds")


def _put_on_target(options: RunOptions, scenario: Scenario, log: RunLog | None) -> Machine:
    faults = [read_fault(text, _devices(scenario)) for text in options.faults]
    placed = put_on_target(
        options.target, scenario, options.seed, log, line=options.line, record=options.record, faults=faults
    )
    if isinstance(placed, CellOnPort):
        return _real_machine(options, placed)
    if isinstance(placed, ReplayedCell):
        text = f"the recording {options.target.removeprefix(REPLAY)}"
        return Machine(placed.env, placed.board, placed.cell, text, placed.link)
    return Machine(placed.env, placed.board, placed.cell, _target_text(options, scenario))


def _target_text(options: RunOptions, scenario: Scenario) -> str:
    kind = (options.line.kind or scenario.study.cell.arduino).capitalize()
    return {
        MODEL: "the model board",
        VIRTUAL: f"a virtual {kind} at {options.line.baud_with(options.firmware)} baud",
        EMULATED: f"CellwrightFirmata on an emulated {kind}",
    }[options.target]


def _real_machine(options: RunOptions, placed: CellOnPort) -> Machine:
    board, port = placed.board, placed.port
    machine = Machine(
        placed.env, board, placed.cell, port, connection=f"{port}: {board.firmware} at {placed.baud} baud"
    )
    if options.requested_firmware not in (None, machine.firmware):
        given = f"--firmware {options.requested_firmware} was given"
        machine.setup_notes = (f"{given}, but {board.firmware} is on {port}: moves have its timing.",)
    return machine


def _devices(scenario: Scenario) -> dict[str, Device]:
    return {
        name: part
        for name, part in scenario.study.cell.parameters(scenario.parameters).items()
        if isinstance(part, Device)
    }


def _print_notes(machine: Machine, options: RunOptions, printed: Sequence[str] = ()) -> list[str]:
    """Print the notes that were not ``printed`` before; returns all of them."""
    notes = machine.notes()
    if not options.as_json:
        for note in notes:
            if note not in printed:
                console(stderr=True).print(f"Note: {note}")
    return notes


def _print_result(options: RunOptions, scenario: Scenario, machine: Machine, controller: RunController) -> None:
    """Print the units made, their times and the model's times; raise the fault that ended the run, if any."""
    times_s = controller.unit_times_s
    model_s: list[float] = []
    if _is_compared_with_model(options) and times_s:
        with spinner("the same units on the model board"):
            model_s = _model_times_s(scenario, options.seed, len(times_s))
    stop = controller.ended_by
    if options.as_json:
        figures = _head(options, scenario) | {
            "firmware": scenario.firmware if options.is_simulated else machine.firmware_name,
            "units": len(times_s),
            "unit_times_s": times_s,
            "model_unit_times_s": model_s,
            "line_cost_s": (sum(times_s) - sum(model_s)) / len(times_s) if model_s else None,
            "stops": dict(machine.cell.stops),
            "last_stop": stop.reason if stop else None,
            "notes": machine.notes(),
        }
        print(json.dumps(figures, indent=2))
    else:
        _print_times(options, machine, times_s, model_s)
        if controller.interrupted_by is not None:
            console().print(f"Stopped by {name_of(controller.interrupted_by)}; every output is safe.")
    if stop is None or (stop.kind != "fault" and controller.was_interrupted):
        machine.raise_problem_of_record()
    if machine.replay is not None and machine.replay.difference:
        raise CellFault(f"The run differs from the recording: {machine.replay.difference}.")
    if stop is not None and (stop.kind == "fault" or controller.interrupted_by is None):
        raise CellFault(stop.reason)
    if controller.interrupted_by is not None:
        raise typer.Exit(exit_code_of(controller.interrupted_by))


def _is_compared_with_model(options: RunOptions) -> bool:
    """Whether the same units are made on the model board too, to compare the times."""
    return options.target in (VIRTUAL, EMULATED)


def _print_times(options: RunOptions, machine: Machine, times_s: Sequence[float], model_s: Sequence[float]) -> None:
    out, unit = console(), machine.cell.unit
    made = pluralize(len(times_s), unit)
    if not times_s:
        out.print(f"{options.cell} on {machine.target_text}: no {unit} was finished.")
        return
    mean_s = sum(times_s) / len(times_s)
    since = "from the start of the run"
    took = f"{mean_s:.2f} s {since}" if len(times_s) == 1 else f"{mean_s:.2f} s each, the first {since}"
    out.print(f"{options.cell} on {machine.target_text}: {made}, {took}.")
    if model_s:
        cost_s = mean_s - sum(model_s) / len(model_s)
        share = 100 * cost_s / (mean_s - cost_s)
        cost = "less than 0.01 s" if abs(cost_s) < 0.005 else f"{cost_s:.2f} s"
        shown = "" if abs(cost_s) < 0.005 else f" ({share:.2f} %)"
        what = "the serial line" if options.target == VIRTUAL else "real firmware and its serial line"
        they = f"it takes {mean_s - cost_s:.2f} s" if len(times_s) == 1 else f"they take {mean_s - cost_s:.2f} s each"
        out.print(f"On the model board {they}: {what} adds {cost} a {unit}{shown}.")


def _model_times_s(scenario: Scenario, seed: int, units: int) -> list[float]:
    """The times of the same units on the model board, with the same random numbers."""
    rig = model_rig(scenario, seed, 0)
    controller = RunController(rig.env, rig.cell, units, is_simulated=True)
    controller.run(shows_progress=False)
    return controller.unit_times_s


def line_cost_s(scenario: Scenario, seed: int) -> float:
    """Seconds that the serial line adds to a unit, from a few units on the virtual Arduino and on the model board."""
    rig = virtual_rig(scenario, seed, 0)
    controller = RunController(rig.env, rig.cell, SIMULATED_CYCLES, is_simulated=True)
    controller.run(shows_progress=False)
    model_s = _model_times_s(scenario, seed, len(controller.unit_times_s))
    return (sum(controller.unit_times_s) - sum(model_s)) / len(model_s)
