"""``run``: a cell on a board, for as long as it is wanted."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import simpy

import cellwright
from cellwright import cells
from cellwright.cli.run_loop import RunController
from cellwright.cli.tables import busy, console, counted
from cellwright.errors import CellFault, InputError
from cellwright.hardware import Board
from cellwright.hardware.device import Device
from cellwright.hardware.fault_injection import Fault, Faults, FaultyLink, read_fault
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.recording import RecordingLink, ReplayLink
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, SteppingFirmware, firmware_named
from cellwright.hardware.transport.link import Link
from cellwright.sequences import Cell, RunLog
from cellwright.sim import Scenario, Streams, VirtualLine, model_rig, virtual_rig
from cellwright.sim.targets import Rig
from cellwright.sim.targets_emulated import EmulatedRig, emulated_rig

SIMULATED_CYCLES = 3
"""How many units a simulated run makes unless told otherwise; a run on a real board goes on until it is stopped."""
CLOSING_S = 1.0
REPLAY = "replay:"
EMULATED = "emulated"


@dataclass(frozen=True, slots=True)
class RunAsked:
    """What the user asked to have run."""

    cell: str
    target: str
    cycles: int | None
    seed: int
    settings: Sequence[str]
    faults: Sequence[str]
    log: Path | None
    record: Path | None
    line: VirtualLine
    as_json: bool
    firmware_said: SteppingFirmware | None = None
    """None: the default; on a port, what is found there."""

    @property
    def firmware(self) -> SteppingFirmware:
        """What steps the axes, as far as is known before a board has answered."""
        return self.firmware_said or DEFAULT_FIRMWARE

    @property
    def is_simulated(self) -> bool:
        """Whether no real board is needed."""
        return self.target in ("model", "virtual", EMULATED) or self.target.startswith(REPLAY)


@dataclass(slots=True)
class Machine:
    """A cell on its board, ready to run, with what ends it."""

    env: simpy.Environment
    board: Board
    cell: Cell
    words: str
    """The target in words."""
    replay: ReplayLink | None = None
    found: str = ""
    """Of a real board: its port, the firmware that answered there, and the rate of the line."""
    remarks: tuple[str, ...] = ()
    """What a person should know of how it was put together."""

    @property
    def firmware_name(self) -> str | None:
        """What the board says that its firmware is."""
        return self.board.client.firmware_name if isinstance(self.board, FirmataBoard) else None

    @property
    def firmware(self) -> SteppingFirmware | None:
        """The firmware that steps the axes, as the board says; None of a model board, and where none is known."""
        return firmware_named(self.firmware_name or "")

    def notes(self) -> list[str]:
        """What a person should know of the board and of the work."""
        of_board = self.board.notes if isinstance(self.board, FirmataBoard) else []
        return [*self.remarks, *of_board, *self.cell.notes()]

    def end(self) -> None:
        """Make everything safe and let go of the board, once it has heard."""
        self.cell.end()
        if isinstance(self.board, FirmataBoard):
            self.env.run(until=self.board.round_trip() | self.env.timeout(CLOSING_S))
            self.board.close()


def run(asked: RunAsked) -> None:
    """Run a cell. Raises CellFault if it ends in a fault, InputError for a board or a line that is not there."""
    if asked.cycles is not None and asked.cycles < 1:
        raise InputError(f"{asked.cycles} cycles make nothing; run at least 1.")
    if asked.target == EMULATED:
        asked = replace(asked, firmware_said="cellwright")  # it is the only one that is there to be emulated
    scenario = cells.load(asked.cell).scenario(asked.settings, firmware=asked.firmware)
    if asked.record is not None and asked.target == "model":
        raise InputError("There are no bytes on the model board to record; use --on virtual.")
    with RunLog(asked.log) if asked.log else nullcontext() as log:
        if log is not None:
            log.describe(**_head(asked, scenario))  # whatever happens next, it says of which cell it is
        with busy(f"putting the {asked.cell} together"):
            machine = _put_on_target(asked, scenario, log)
        if machine.found:
            console(stderr=True).print(machine.found, markup=False, soft_wrap=True)
        if machine.firmware is not None:
            scenario = replace(scenario, firmware=machine.firmware)
        if log is not None:
            log.describe(**_head(asked, scenario))
            if not asked.is_simulated:
                log.describe(began=_when_it_began(machine.env.now), firmware=machine.firmware_name)
        said = _print_notes(machine, asked)
        controller = RunController(machine.env, machine.cell, _wanted_cycles(asked), asked.is_simulated)
        try:
            controller.run()
        finally:
            machine.end()
    _print_notes(machine, asked, said)
    _report(asked, scenario, machine, controller)


def _wanted_cycles(asked: RunAsked) -> int | None:
    return asked.cycles or (SIMULATED_CYCLES if asked.is_simulated else None)


def _head(asked: RunAsked, scenario: Scenario) -> dict[str, Any]:
    return {
        "cell": asked.cell,
        "target": asked.target,
        "firmware": scenario.firmware,
        "seed": asked.seed,
        "version": cellwright.__version__,
        "input_hash": scenario.input_hash(),
    }


def _when_it_began(seconds_ago: float) -> str:
    """Day and time at which the run's clock showed 0."""
    now = datetime.datetime.now().astimezone().replace(tzinfo=None)
    return (now - datetime.timedelta(seconds=seconds_ago)).isoformat(timespec="seconds")


def _put_on_target(asked: RunAsked, scenario: Scenario, log: RunLog | None) -> Machine:
    faults = [read_fault(text, _devices(scenario)) for text in asked.faults]
    if asked.target == "model":
        return _machine(model_rig(scenario, asked.seed, 0, log), "the model board", faults)
    if asked.target == "virtual":
        kind = (asked.line.kind or scenario.study.cell.arduino).capitalize()
        rig = virtual_rig(scenario, asked.seed, 0, log, asked.line, _recorder(asked))
        return _machine(rig, f"a virtual {kind} at {asked.line.baud_with(asked.firmware)} baud", faults)
    if asked.target == EMULATED:
        return _emulated(asked, scenario, log, faults)
    if asked.target.startswith(REPLAY):
        return _replayed(Path(asked.target.removeprefix(REPLAY)), asked, scenario, log)
    return _on_port(asked, scenario, log, faults)


def _devices(scenario: Scenario) -> dict[str, Device]:
    return {
        name: part for name, part in scenario.study.cell.parts(scenario.parameters).items() if isinstance(part, Device)
    }


def _recorder(asked: RunAsked) -> Callable[[simpy.Environment, Link], Link] | None:
    path = asked.record
    return (lambda env, link: RecordingLink(env, link, path)) if path else None


def _machine(rig: Rig | EmulatedRig, words: str, faults: Sequence[Fault]) -> Machine:
    for fault in faults:
        rig.faults.plan(fault)
    return Machine(rig.env, rig.board, rig.cell, words)


def _emulated(asked: RunAsked, scenario: Scenario, log: RunLog | None, faults: Sequence[Fault]) -> Machine:
    """The cell on real firmware; what is emulated is its chip."""
    if asked.line.baud not in (None, BAUDS[asked.firmware]):
        raise InputError(f"The firmware listens at {BAUDS[asked.firmware]} baud; leave out --baud.")
    rig = emulated_rig(scenario, asked.seed, 0, log, kind=asked.line.kind, between=_recorder(asked))
    return _machine(rig, f"CellwrightFirmata on an emulated {rig.arduino.kind.capitalize()}", faults)


def _replayed(path: Path, asked: RunAsked, scenario: Scenario, log: RunLog | None) -> Machine:
    """The cell against the recorded bytes of a run: what it does differently is its fault."""
    if asked.faults:
        raise InputError("A replay has the faults that were recorded; leave out --fault.")
    env = simpy.Environment()
    link = ReplayLink(env, path)
    board = FirmataBoard(env, link)
    env.run(until=board.ready)
    cell = scenario.study.cell(board, scenario.parameters, log)
    env.run(until=env.process(board.prepare()))
    env.process(cell.run())
    return Machine(env, board, cell, f"the recording {path}", link)


def _on_port(asked: RunAsked, scenario: Scenario, log: RunLog | None, planned: Sequence[Fault]) -> Machine:
    """The cell on the Arduino at a serial port, in real time."""
    from cellwright.hardware.clock import WallClock
    from cellwright.hardware.transport.serial import SerialLink, auto_port

    port = auto_port() if asked.target == "auto" else asked.target
    clock = WallClock()
    random = Streams(asked.seed, 0)["faults on the line"]
    line = SerialLink(clock, port, *asked.line.bauds_with(asked.firmware))
    faulty = FaultyLink(clock, line, random)
    recorder = _recorder(asked)
    board = FirmataBoard(clock, recorder(clock, faulty) if recorder else faulty)
    try:
        clock.run(until=board.ready)
        cell = scenario.study.cell(board, scenario.parameters, log)
        clock.run(until=clock.process(board.prepare()))
        for fault in planned:
            Faults(clock, None, cell.devices, random, faulty).plan(fault)
    except BaseException:
        board.close()
        raise
    clock.process(cell.run())
    machine = Machine(clock, board, cell, port, found=f"{port}: {board.firmware} at {line.baud} baud")
    if asked.firmware_said not in (None, machine.firmware):
        said = f"--firmware {asked.firmware_said} was given"
        machine.remarks = (f"{said}, but {board.firmware} is on {port}: moves are as it makes them.",)
    return machine


def _print_notes(machine: Machine, asked: RunAsked, said: Sequence[str] = ()) -> list[str]:
    """Print what a person should know, but for what was ``said`` before; returns all of it."""
    notes = machine.notes()
    if not asked.as_json:
        for note in notes:
            if note not in said:
                console(stderr=True).print(f"Note: {note}")
    return notes


def _report(asked: RunAsked, scenario: Scenario, machine: Machine, controller: RunController) -> None:
    """What was made and how long it took, beside the model's time; then the fault, if that was the end of it."""
    times_s = controller.unit_times_s
    model_s = _model_times_s(scenario, asked.seed, len(times_s)) if _is_compared(asked) and times_s else []
    stop = controller.ended_by
    if asked.as_json:
        figures = _head(asked, scenario) | {
            "firmware": scenario.firmware if asked.is_simulated else machine.firmware_name,
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
        _print_times(asked, machine, times_s, model_s)
        if controller.was_asked_to_end:
            console().print("Stopped by Ctrl-C; every output is safe.")
    if machine.replay is not None and machine.replay.difference:
        raise CellFault(f"The run differs from the recording: {machine.replay.difference}.")
    if stop is not None and not controller.was_asked_to_end:
        raise CellFault(stop.reason)


def _is_compared(asked: RunAsked) -> bool:
    """Whether the same units are made on the model board too, to tell what the way to the pins costs."""
    return asked.target in ("virtual", EMULATED)


def _print_times(asked: RunAsked, machine: Machine, times_s: Sequence[float], model_s: Sequence[float]) -> None:
    out, unit = console(), machine.cell.unit
    made = counted(len(times_s), unit)
    if not times_s:
        out.print(f"{asked.cell} on {machine.words}: no {unit} was finished.")
        return
    mean_s = sum(times_s) / len(times_s)
    out.print(f"{asked.cell} on {machine.words}: {made}, {mean_s:.2f} s each, the first from the start of the run.")
    if model_s:
        cost_s = mean_s - sum(model_s) / len(model_s)
        share = 100 * cost_s / (mean_s - cost_s)
        cost = "less than 0.01 s" if abs(cost_s) < 0.005 else f"{cost_s:.2f} s"
        shown = "" if abs(cost_s) < 0.005 else f" ({share:.2f} %)"
        what = "the bytes on the line" if asked.target == "virtual" else "real firmware and its line"
        out.print(f"On the model board the same take {mean_s - cost_s:.2f} s each: {what} cost {cost} a {unit}{shown}.")


def _model_times_s(scenario: Scenario, seed: int, units: int) -> list[float]:
    """The same units on the model board, under the same random numbers."""
    rig = model_rig(scenario, seed, 0)
    controller = RunController(rig.env, rig.cell, units, is_simulated=True)
    controller.run(shows=False)
    return controller.unit_times_s


def line_cost_s(scenario: Scenario, seed: int) -> float:
    """Seconds that the bytes on the line add to a unit, from a few units on the virtual Arduino and on the model."""
    rig = virtual_rig(scenario, seed, 0)
    controller = RunController(rig.env, rig.cell, SIMULATED_CYCLES, is_simulated=True)
    controller.run(shows=False)
    model_s = _model_times_s(scenario, seed, len(controller.unit_times_s))
    return (sum(controller.unit_times_s) - sum(model_s)) / len(model_s)
