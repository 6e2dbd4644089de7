"""Simulation: studies and scenarios, targets, random streams, people, shared physics of plants, replications."""

from cellwright.sim.free_time import FreeTime, observe_free_time
from cellwright.sim.manual_replication import run_manual
from cellwright.sim.people.elements import Element, ManualMethod, modapts
from cellwright.sim.people.operator import Operator, OperatorParameters
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.replication import replicate, run_cell, run_cell_by_events, run_rig
from cellwright.sim.run_length import Length, Replication
from cellwright.sim.scenario import BestManual, Measure, Scenario, Study
from cellwright.sim.sequential import Precision, run_pair
from cellwright.sim.statistics import Difference, Estimate, estimate, proportion, t_quantile, welch
from cellwright.sim.streams import Streams
from cellwright.sim.targets import Rig, VirtualLine, model_rig, virtual_rig
from cellwright.sim.warm_up import WarmUp, check_warm_up

__all__ = [
    "BestManual",
    "CellPlant",
    "Difference",
    "Element",
    "Estimate",
    "FreeTime",
    "Length",
    "ManualMethod",
    "Measure",
    "Operator",
    "OperatorParameters",
    "Precision",
    "Replication",
    "Rig",
    "Scenario",
    "Streams",
    "Study",
    "VirtualLine",
    "WarmUp",
    "check_warm_up",
    "estimate",
    "modapts",
    "model_rig",
    "observe_free_time",
    "proportion",
    "replicate",
    "run_cell",
    "run_cell_by_events",
    "run_manual",
    "run_pair",
    "run_rig",
    "t_quantile",
    "virtual_rig",
    "welch",
]
