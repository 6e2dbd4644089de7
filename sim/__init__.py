"""Simulation: random streams, people, plants' shared physics, replications."""

from cellwright.sim.operator import Operator, OperatorParameters
from cellwright.sim.plant import CellPlant
from cellwright.sim.replication import Length, Replication, replicate, run_cell, run_hand, run_rig
from cellwright.sim.rig import BAUD, Rig, VirtualLine, model_rig, virtual_rig
from cellwright.sim.scenario import Kit, Measure, Scenario
from cellwright.sim.statistics import Estimate, estimate
from cellwright.sim.streams import Streams
from cellwright.sim.work import Element, ManualMethod, modapts

__all__ = [
    "BAUD",
    "CellPlant",
    "Element",
    "Estimate",
    "Kit",
    "Length",
    "ManualMethod",
    "Measure",
    "Operator",
    "OperatorParameters",
    "Replication",
    "Rig",
    "Scenario",
    "Streams",
    "VirtualLine",
    "estimate",
    "modapts",
    "model_rig",
    "replicate",
    "run_cell",
    "run_hand",
    "run_rig",
    "virtual_rig",
]
