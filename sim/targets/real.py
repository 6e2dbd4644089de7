"""Cells without a plant of ours: on the Arduino at a serial port, and against the recorded bytes of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cellwright.hardware.event_loop import VirtualClock
from cellwright.hardware.fault_injection import Fault, FaultInjector, FaultyLink
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.recording import ReplayLink
from cellwright.hardware.peripherals.recorded import ReplayedPeripherals
from cellwright.sequences import RunLog
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams
from cellwright.sim.targets.assembly import CellOnBoard, VirtualLine, build_cell, connect_recorded, power_up


@dataclass(slots=True, kw_only=True)
class CellOnPort(CellOnBoard):
    """A cell on the Arduino at a serial port, in real time. baud: at which it answered."""

    board: FirmataBoard
    port: str
    baud: int


@dataclass(slots=True, kw_only=True)
class ReplayedCell(CellOnBoard):
    """A cell against recorded bytes; ``link`` says where it differed."""

    board: FirmataBoard
    link: ReplayLink


def cell_on_port(
    scenario: Scenario,
    port: str,
    seed: int,
    log: RunLog | None = None,
    line: VirtualLine | None = None,
    record: Path | None = None,
    planned: Sequence[Fault] = (),
) -> CellOnPort:
    """The cell on the Arduino at ``port``; "auto" is the only one there is.

    The board is closed again if the cell cannot be put on it. line: the baud rate, if it is known. record: where
    its bytes and the answers of peripherals are written. planned: faults of the line.

    Raises:
        InputError: The port, the board or a peripheral is not there, or the board lacks what the cell needs.
    """
    from cellwright.hardware.clock import WallClock
    from cellwright.hardware.peripherals.real import RealPeripherals
    from cellwright.hardware.transport.serial import SerialLink, auto_port

    port = auto_port() if port == "auto" else port
    clock = WallClock()
    random = Streams(seed, 0)["faults on the line"]
    serial = SerialLink(clock, port, *(line or VirtualLine()).bauds_with(scenario.firmware))
    faulty = FaultyLink(clock, serial, random)
    board = connect_recorded(clock, faulty, record, RealPeripherals(clock))
    try:
        cell = build_cell(scenario, board, log)
        power_up(board)
        faults = FaultInjector(clock, None, cell.devices, random, faulty)
        for fault in planned:
            faults.schedule(fault)
    except BaseException:
        board.close()
        raise
    clock.process(cell.run())
    return CellOnPort(env=clock, board=board, cell=cell, faults=faults, port=port, baud=serial.baud)


def replayed_cell(scenario: Scenario, path: Path, log: RunLog | None = None) -> ReplayedCell:
    """The cell against the recorded bytes of a run; any difference comes from the cell."""
    env = VirtualClock()
    link = ReplayLink(env, path)
    board = connect(env, link)
    board.peripherals = ReplayedPeripherals(env, link.of_peripherals, link.report_difference)
    cell = build_cell(scenario, board, log)
    power_up(board)
    env.process(cell.run())
    return ReplayedCell(env=env, board=board, cell=cell, link=link)
