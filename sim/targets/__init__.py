"""The one place that puts a cell on a target: the model board, a virtual or emulated Arduino, a port, a recording."""

from cellwright.sim.targets.assembly import (
    CellOnBoard,
    Rig,
    VirtualLine,
    build_cell,
    build_plant,
    build_plant_for_remote_cell,
    idle_model_rig,
    model_rig,
    power_up,
    virtual_board,
    virtual_rig,
)
from cellwright.sim.targets.choice import EMULATED, MODEL, REPLAY, VIRTUAL, put_on_target

__all__ = [
    "EMULATED",
    "MODEL",
    "REPLAY",
    "VIRTUAL",
    "CellOnBoard",
    "Rig",
    "VirtualLine",
    "build_cell",
    "build_plant",
    "build_plant_for_remote_cell",
    "idle_model_rig",
    "model_rig",
    "power_up",
    "put_on_target",
    "virtual_board",
    "virtual_rig",
]
