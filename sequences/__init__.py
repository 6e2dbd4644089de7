"""Cells as state machines (transitions on SimPy), and the steps that several cells share."""

from cellwright.sequences.cell import FAULTED, STOPPED, Cell, Stop
from cellwright.sequences.description import description_problems
from cellwright.sequences.dosing import Dose, DosingFault, DosingRules, LineMemory, dose_to_mass
from cellwright.sequences.homing import home
from cellwright.sequences.parameters import apply_overrides, inputs_of
from cellwright.sequences.runlog import RunLog, open_log
from cellwright.sequences.settings import Settings

__all__ = [
    "FAULTED",
    "STOPPED",
    "Cell",
    "Dose",
    "DosingFault",
    "DosingRules",
    "LineMemory",
    "RunLog",
    "Settings",
    "Stop",
    "apply_overrides",
    "description_problems",
    "dose_to_mass",
    "home",
    "inputs_of",
    "open_log",
]
