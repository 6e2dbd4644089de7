"""A cell's world: its plant, and the person who tends it, round a simulated board's pins."""

from __future__ import annotations

import simpy

from cellwright.hardware import ModelBoard
from cellwright.hardware.model.world import World
from cellwright.sequences import Cell
from cellwright.sim.people.operator import Operator
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams


def world_of(scenario: Scenario, cell: Cell, board: World, streams: Streams) -> CellPlant:
    """The world of ``cell`` on ``board``, not yet connected; its person is ``plant.operator``."""
    operator = Operator(board.env, scenario.parameters["operator"], streams, float(scenario.manual.allowance))
    return scenario.study.plant(cell, board, scenario.parameters["plant"], operator, streams, scenario.tending())


def world_for_others(scenario: Scenario, board: ModelBoard, seed: int) -> CellPlant:
    """The world of a cell that runs elsewhere, and is known here by its description only."""
    described = scenario.study.cell(ModelBoard(simpy.Environment()), scenario.parameters)
    return world_of(scenario, described, board, Streams(seed, 0))
