"""A cell's world on a board that other programs drive: its plant, and the person who tends it."""

from __future__ import annotations

import simpy

from cellwright.hardware import ModelBoard
from cellwright.sim.operator import Operator
from cellwright.sim.plant import CellPlant
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams


def put_in_world(scenario: Scenario, env: simpy.Environment, board: ModelBoard, seed: int) -> CellPlant:
    """Put the plant of a cell round ``board``; the cell itself runs elsewhere, and is known by its description only."""
    described = scenario.kit.cell(ModelBoard(simpy.Environment()), scenario.groups)
    streams = Streams(seed, 0)
    operator = Operator(env, scenario.groups["operator"], streams, float(scenario.hand.allowance))
    plant = scenario.kit.plant(described, board, scenario.groups["plant"], operator, streams, scenario.tending())
    plant.connect()
    return plant
