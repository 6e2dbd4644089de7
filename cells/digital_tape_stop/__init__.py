"""The digital tape with a length stop: a stepper carries a stop to each piece's length, and the wheel confirms it."""

import dataclasses

from cellwright.cells import digital_tape
from cellwright.cells.digital_tape_stop.cell import DigitalTapeWithStop
from cellwright.cells.digital_tape_stop.plant import StopPlant, StopPlantParameters

STUDY = dataclasses.replace(
    digital_tape.STUDY, cell=DigitalTapeWithStop, plant=StopPlant, plant_parameters=StopPlantParameters()
)

__all__ = ["STUDY", "DigitalTapeWithStop", "StopPlant", "StopPlantParameters"]
