"""Factories for a cell under test: on a model board, or on a virtual Arduino over Firmata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import simpy

from cellwright import cells
from cellwright.hardware import Board, ModelBoard, Plant
from cellwright.hardware.fault_injection import FaultInjector
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import Cell, RunLog, apply_overrides
from cellwright.sim import Streams, Study, VirtualLine
from cellwright.sim.targets import build_plant, power_up, virtual_board
from cellwright.testing.history import History
from cellwright.testing.recorder import DeclarationRecorder, InstrumentedBoard
from cellwright.testing.rig import CellRig

AnyCell = str | Study | type[Cell]
"""The name of a cell, its study, or its class."""

PlantFactory = Callable[[Any, ModelBoard], Plant]
"""Makes the plant of a cell; called with the cell and the board on which the plant acts."""


def on_model(
    cell: AnyCell,
    *,
    plant: PlantFactory | None = None,
    set: Sequence[str] = (),
    seed: int = 1,
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
) -> CellRig:
    """Put a cell on a model board, without a serial line.

    Args:
        cell: A name ("stapler") or a study brings its own plant and operator; a class brings none.
        plant: Makes the plant. Without one, every axis starts in the middle of its travel with its home switch, and
            the test does the rest.
        set: Overrides, "device.parameter=value" each, as on the command line.
        seed: Of all random streams.
        firmware: The firmware whose timing moves have.
    """
    model = InstrumentedBoard(simpy.Environment(), STEP_TIMINGS[firmware])
    return _assemble(cell, plant, set, seed, firmware, model, model)


def on_virtual(
    cell: AnyCell,
    *,
    plant: PlantFactory | None = None,
    set: Sequence[str] = (),
    seed: int = 1,
    line: VirtualLine | None = None,
    firmware: SteppingFirmware = DEFAULT_FIRMWARE,
) -> CellRig:
    """Put a cell on a virtual Arduino, with every Firmata byte on the line between.

    Args:
        cell: As for ``on_model``.
        plant: As for ``on_model``.
        set: As for ``on_model``.
        seed: As for ``on_model``.
        line: The Arduino and the baud rate; an Uno at the firmware's rate by default.
        firmware: The firmware of the virtual Arduino.
    """
    model = InstrumentedBoard(simpy.Environment(), STEP_TIMINGS[firmware])
    board, wire, arduino, faulty = virtual_board(model, Streams(seed, 0), line or VirtualLine(), firmware=firmware)
    rig = _assemble(cell, plant, set, seed, firmware, board, model)
    rig.line, rig.arduino = wire, arduino
    rig.faults.link, rig.faults.arduino = faulty, arduino
    return rig


def _assemble(
    cell_or_name: AnyCell,
    make_plant: PlantFactory | None,
    overrides: Sequence[str],
    seed: int,
    firmware: SteppingFirmware,
    board: Board,
    model: InstrumentedBoard,
) -> CellRig:
    """Build cell, plant and history, and start the cell; nothing has moved yet."""
    env = model.env
    log = RunLog(":memory:")
    study = cells.load(cell_or_name) if isinstance(cell_or_name, str) else cell_or_name
    scenario = study.scenario(overrides, firmware=firmware) if isinstance(study, Study) else None
    description = study.cell if isinstance(study, Study) else study
    parameters = scenario.parameters if scenario else apply_overrides({**description.parameters()}, overrides)
    declarations = DeclarationRecorder()
    description(declarations, parameters)
    cell = description(board, parameters, log)
    plant: Plant
    if make_plant is not None:
        plant = make_plant(cell, model)
    elif scenario is not None:
        plant = build_plant(scenario, cell, model, Streams(seed, 0))
    else:
        plant = AxesOnlyPlant(cell, model)
    power_up(board, plant)
    history = History(cell, model, log, declarations)
    env.process(cell.run())
    while env.peek() <= env.now:  # start the cell, so that a test may press a button at once
        env.step()
    faults = FaultInjector(env, model, cell.devices, Streams(seed, 0)["faults"])
    return CellRig(cell, model, history, log, plant, faults)


class AxesOnlyPlant:
    """A minimal plant: every axis in the middle of its travel at power-up, with its home switch."""

    def __init__(self, cell: Cell, board: ModelBoard) -> None:
        self.cell = cell
        self.board = board

    def connect(self) -> None:
        """Place the axes and their home switches."""
        for device in self.cell.devices.values():
            axis = device.linear_axis()
            if axis is not None:
                axis.place(self.board, (axis.travel[1] - axis.travel[0]) / 2)
