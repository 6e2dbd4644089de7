"""Simulation: random streams, people, plants' shared physics, replications."""

from cellwright.sim.hand import run_hand
from cellwright.sim.lengths import Length, Replication
from cellwright.sim.operator import Operator, OperatorParameters
from cellwright.sim.plant import CellPlant
from cellwright.sim.replication import replicate, run_cell, run_cell_by_events, run_rig
from cellwright.sim.rig import Rig, VirtualLine, model_rig, virtual_rig
from cellwright.sim.scenario import Kit, Measure, Scenario
from cellwright.sim.statistics import Difference, Estimate, estimate, welch
from cellwright.sim.streams import Streams
from cellwright.sim.warm_up import WarmUp, judge_warm_up
from cellwright.sim.work import Element, ManualMethod, modapts

__all__ = [
    "CellPlant",
    "Difference",
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
    "WarmUp",
    "estimate",
    "judge_warm_up",
    "modapts",
    "model_rig",
    "replicate",
    "run_cell",
    "run_cell_by_events",
    "run_hand",
    "run_rig",
    "virtual_rig",
    "welch",
]
