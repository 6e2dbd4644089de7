"""Cells on boards: what all targets share, and the cells in virtual time that need no chip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import simpy

from cellwright.hardware import Board, ModelBoard
from cellwright.hardware.event_loop import VirtualClock
from cellwright.hardware.fault_injection import FaultInjector, FaultyLink
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.hardware.firmata.recording import RecordingLink
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.hardware.model.world import World
from cellwright.hardware.peripherals.interfaces import Peripherals
from cellwright.hardware.peripherals.recorded import RecordedPeripherals
from cellwright.hardware.transport.link import Link
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sequences import Cell, RunLog
from cellwright.sim.people.operator import Operator
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams


@dataclass(slots=True, kw_only=True)
class CellOnBoard:
    """A cell on a board, whatever the target: it runs as soon as ``env`` does.

    plant: what is round it; None where that is the real world, or a recording. faults: what strikes it, if any can.
    """

    env: simpy.Environment
    board: Board
    cell: Cell
    plant: CellPlant | None = None
    faults: FaultInjector | None = None

    def close(self) -> None:
        """Let go of what is open: a port, a recording, a process; may be called twice."""
        if isinstance(self.board, FirmataBoard):
            self.board.close()


@dataclass(slots=True, kw_only=True)
class Rig(CellOnBoard):
    """A cell in virtual time with its plant. ``model`` is the board on which the plant acts.

    On the target "virtual" the cell's own ``board`` is a FirmataBoard, with ``line`` and ``arduino`` between the two.
    """

    model: ModelBoard
    plant: CellPlant
    faults: FaultInjector
    line: LoopbackLine | None = None
    arduino: VirtualArduino | None = None


@dataclass(frozen=True, slots=True)
class VirtualLine:
    """The Arduino and the line of the target "virtual".

    kind: which Arduino; None is the one in the description of the cell. baud: bits/s; None is that of its firmware.
    latency_s: added in each direction.
    """

    kind: ArduinoModel | None = None
    baud: int | None = None
    latency_s: float = 0.0

    def baud_with(self, firmware: SteppingFirmware) -> int:
        """Bits/s with this firmware at its end."""
        return BAUDS[firmware] if self.baud is None else self.baud

    def bauds_with(self, firmware: SteppingFirmware) -> list[int]:
        """The baud rates of a board with this firmware, or another; the most likely first."""
        likeliest = self.baud_with(firmware)
        return [likeliest] if self.baud else [likeliest, *(baud for baud in BAUDS.values() if baud != likeliest)]


def model_rig(
    scenario: Scenario,
    seed: int,
    replication: int,
    log: RunLog | None = None,
    operator: type[Operator] = Operator,
) -> Rig:
    """The cell on a model board: no bytes. operator: the class of the person who tends it."""
    rig = idle_model_rig(scenario, Streams(seed, replication), log, operator=operator)
    rig.env.process(rig.cell.run())
    return rig


def idle_model_rig(
    scenario: Scenario,
    streams: Streams,
    log: RunLog | None = None,
    env: simpy.Environment | None = None,
    operator: type[Operator] = Operator,
) -> Rig:
    """The cell on a model board, not started: the caller runs it."""
    env = env or VirtualClock()
    board = ModelBoard(env, STEP_TIMINGS[scenario.firmware])
    return _assemble(scenario, streams, log, env, board, board, operator)


def virtual_rig(
    scenario: Scenario,
    seed: int,
    replication: int,
    log: RunLog | None = None,
    line: VirtualLine | None = None,
    record: Path | None = None,
) -> Rig:
    """The cell on a Firmata board, every byte of it, at the other end of a line to a virtual Arduino.

    The Arduino has booted and the board is prepared, so time has passed. record: where its bytes are
    written. Raises InputError if the Arduino lacks what the cell needs.
    """
    env = VirtualClock()
    streams = Streams(seed, replication)
    world = ModelBoard(env, STEP_TIMINGS[scenario.firmware])
    line = line or VirtualLine()
    kind = line.kind or scenario.study.cell.arduino
    board, wire, arduino, faulty = virtual_board(world, streams, replace(line, kind=kind), record, scenario.firmware)
    rig = _assemble(scenario, streams, log, env, board, world)
    env.process(rig.cell.run())
    rig.line, rig.arduino = wire, arduino
    rig.faults.link, rig.faults.arduino = faulty, arduino
    return rig


def virtual_board(
    world: ModelBoard,
    streams: Streams,
    line: VirtualLine,
    record: Path | None = None,
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
) -> tuple[FirmataBoard, LoopbackLine, VirtualArduino, FaultyLink]:
    """A Firmata board that is ready, at the other end of a line to a virtual Arduino that drives ``world``.

    The axes of ``world`` must be timed as that firmware steps them.
    """
    env, kind = world.env, line.kind or "uno"
    wire = LoopbackLine(env, line.baud_with(firmware), line.latency_s, f"a virtual {kind.capitalize()}")
    arduino = VirtualArduino(env, wire.board, world, kind, firmware)
    faulty = FaultyLink(env, wire.host, streams["faults on the line"])
    board = connect_recorded(env, faulty, record)
    return board, wire, arduino, faulty


def connect_recorded(
    env: simpy.Environment, link: Link, record: Path | None, peripherals: Peripherals | None = None
) -> FirmataBoard:
    """A board over ``link``, with ``peripherals`` beside it; by default a plant answers for these.

    What goes over both is written to the file ``record``, if it is given.
    """
    recording = None if record is None else RecordingLink(env, link, record)
    board = connect(env, recording or link)
    board.peripherals = peripherals or board.peripherals
    if recording is not None:
        board.peripherals = RecordedPeripherals(board.peripherals, recording)
    return board


def _assemble(
    scenario: Scenario,
    streams: Streams,
    log: RunLog | None,
    env: simpy.Environment,
    board: Board,
    model: ModelBoard,
    operator: type[Operator] = Operator,
) -> Rig:
    """Cell, operator and plant under the same random streams, on any board."""
    cell = build_cell(scenario, board, log, streams.replication)
    plant = build_plant(scenario, cell, model, streams, operator)
    power_up(board, plant)
    faults = FaultInjector(env, model, cell.devices, streams["faults"])
    return Rig(env=env, board=board, cell=cell, model=model, plant=plant, faults=faults)


class Connectable(Protocol):
    """What is round the pins of a board: a plant."""

    def connect(self) -> None:
        """Connect to the board: called once, before the cell starts."""
        ...


def power_up(board: Board, plant: Connectable | None = None) -> None:
    """Connect the plant, if there is one, and prepare the board, whose cell has declared its devices; time passes.

    Every target comes to its cell in this way, and so do the tests of a cell.
    """
    if plant is not None:
        plant.connect()
    board.env.run(until=board.env.process(board.prepare()))


def build_cell(scenario: Scenario, board: Board, log: RunLog | None = None, replication: int | None = None) -> Cell:
    """The cell of a scenario on ``board``; it declares its devices there. replication: begun in the log, if given."""
    if log is not None and replication is not None:
        log.begin(replication)
    return scenario.study.cell(board, scenario.parameters, log)


def build_plant(
    scenario: Scenario, cell: Cell, board: World, streams: Streams, operator: type[Operator] = Operator
) -> CellPlant:
    """The plant of ``cell`` round the pins of ``board``, not yet connected; its person is ``plant.operator``."""
    person = operator(board.env, scenario.parameters["operator"], streams, float(scenario.manual.allowance))
    return scenario.study.plant(cell, board, scenario.parameters["plant"], person, streams, scenario.tending())


def build_plant_for_remote_cell(scenario: Scenario, board: ModelBoard, seed: int) -> CellPlant:
    """The plant of a cell that runs in another process; here only the description of the cell is used."""
    described = build_cell(scenario, ModelBoard(VirtualClock()))
    return build_plant(scenario, described, board, Streams(seed, 0))
