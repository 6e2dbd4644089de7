"""Actuators: one file, one plain class."""

from cellwright.actuators.lamp import Lamp
from cellwright.actuators.solenoid import Solenoid
from cellwright.actuators.stepper import Stepper

__all__ = ["Lamp", "Solenoid", "Stepper"]
