"""Boards: what devices talk to, and the model board that answers from kinematics and a plant."""

from cellwright.hardware.board import Board, OutputPort, Plant, StepperPort
from cellwright.hardware.inputs import Input
from cellwright.hardware.model import ModelBoard
from cellwright.hardware.motion import ModelStepper
from cellwright.hardware.stepping import CONFIGURABLE_FIRMATA, StepTiming, move_time
from cellwright.hardware.timing import Timing
from cellwright.hardware.trapezoid import CELLWRIGHT_FIRMATA
from cellwright.hardware.waits import Wait

__all__ = [
    "CELLWRIGHT_FIRMATA",
    "CONFIGURABLE_FIRMATA",
    "Board",
    "Input",
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
