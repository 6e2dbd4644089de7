"""Putting a cell under test together: on a model board, or through every byte on a virtual Arduino."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import simpy

from cellwright import cells
from cellwright.actuators import Stepper
from cellwright.hardware import Board, ModelBoard, Plant
from cellwright.hardware.fault_injection import Faults
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.hardware.model.axes import TripPoint
from cellwright.sequences import Cell, RunLog, apply_overrides
from cellwright.sim import Streams, Study, VirtualLine
from cellwright.sim.targets import virtual_board
from cellwright.sim.world import world_of
from cellwright.testing.history import History
from cellwright.testing.recorder import Census, WatchedBoard
from cellwright.testing.rig import CellRig

AnyCell = str | Study | type[Cell]
"""A cell's name, its kit, or its class alone."""

MakePlant = Callable[[Any, ModelBoard], Plant]
"""Makes the world of a cell: called with the cell and the board on which the world acts."""


def on_model(
    cell: AnyCell,
    *,
    plant: MakePlant | None = None,
    set: Sequence[str] = (),
    seed: int = 1,
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
) -> CellRig:
    """The cell on a model board: no bytes.

    cell: a name ("stapler") or a study comes with its own world and person; a class comes with none but ``plant``.
    Without a world every axis stands in the middle of its travel, with its home switch, and the test does the rest.
    set: "device.parameter=value", as on the command line. seed: of all random streams. firmware: whose move
    times axes have.
    """
    model = WatchedBoard(simpy.Environment(), STEP_TIMINGS[firmware])
    return _put_together(cell, plant, set, seed, firmware, model, model)


def on_virtual(
    cell: AnyCell,
    *,
    plant: MakePlant | None = None,
    set: Sequence[str] = (),
    seed: int = 1,
    line: VirtualLine | None = None,
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
) -> CellRig:
    """The cell on a Firmata board, every byte of it, at the other end of a line to a virtual Arduino.

    line: which Arduino, and how fast a line; an Uno at the firmware's rate unless given. The rest as for ``on_model``.
    """
    model = WatchedBoard(simpy.Environment(), STEP_TIMINGS[firmware])
    board, wire, arduino, faulty = virtual_board(model, Streams(seed, 0), line or VirtualLine(), firmware=firmware)
    rig = _put_together(cell, plant, set, seed, firmware, board, model)
    rig.line, rig.arduino = wire, arduino
    rig.faults.link, rig.faults.arduino = faulty, arduino
    return rig


def _put_together(
    described: AnyCell,
    make_plant: MakePlant | None,
    overrides: Sequence[str],
    seed: int,
    firmware: SteppingFirmware,
    board: Board,
    model: WatchedBoard,
) -> CellRig:
    """Cell, world and watchers; nothing has moved yet."""
    env = model.env
    log = RunLog(":memory:")
    study = cells.load(described) if isinstance(described, str) else described
    scenario = study.scenario(overrides, firmware=firmware) if isinstance(study, Study) else None
    description = study.cell if isinstance(study, Study) else study
    parameters = scenario.parameters if scenario else apply_overrides({**description.parts()}, overrides)
    census = Census()
    description(census, parameters)
    cell = description(board, parameters, log)
    plant: Plant
    if make_plant is not None:
        plant = make_plant(cell, model)
    elif scenario is not None:
        plant = world_of(scenario, cell, model, Streams(seed, 0))
    else:
        plant = BareAxes(cell, model)
    plant.connect()
    env.run(until=env.process(board.prepare()))
    history = History(cell, model, log, census)
    env.process(cell.run())
    while env.peek() <= env.now:  # the cell begins, so that a test may press a button at once
        env.step()
    faults = Faults(env, model, cell.devices, Streams(seed, 0)["faults"])
    return CellRig(cell, model, history, log, plant, faults)


class BareAxes:
    """The least of a world: every axis in the middle of its travel at power-up, with its home switch wired."""

    def __init__(self, cell: Cell, board: ModelBoard) -> None:
        self.cell = cell
        self.board = board

    def connect(self) -> None:
        """Place the axes."""
        for device in self.cell.devices.values():
            if isinstance(device, Stepper):
                axis = self.board.axis(device.step)
                axis.trip_points.append(TripPoint(device.home_pin, at=0, level=not device.home_active_low))
                axis.place(round((device.travel[1] - device.travel[0]) / 2 * device.steps_per_mm))
