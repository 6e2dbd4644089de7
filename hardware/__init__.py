"""Boards: what devices talk to, and the model board that answers from kinematics and a plant."""

from cellwright.hardware.board import Board, OutputPort, Plant, StepperPort
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA, StepTiming, move_time
from cellwright.hardware.model.axes import ModelStepper
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.model.timing import Timing
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA
from cellwright.hardware.waits import Wait

__all__ = [
    "CELLWRIGHT_FIRMATA",
    "CONFIGURABLE_FIRMATA",
    "Board",
    "DigitalInput",
    "ModelBoard",
    "ModelStepper",
    "OutputPort",
    "Plant",
    "StepTiming",
    "StepperPort",
    "Timing",
    "Wait",
    "move_time",
]
