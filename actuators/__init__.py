"""Actuators: one plain class per file."""

from cellwright.actuators.buzzer import Buzzer
from cellwright.actuators.display import CharacterDisplay
from cellwright.actuators.lamp import Lamp
from cellwright.actuators.motor import Motor
from cellwright.actuators.pump import Pump
from cellwright.actuators.solenoid import Solenoid
from cellwright.actuators.stepper import Stepper
from cellwright.actuators.valve import Valve

__all__ = ["Buzzer", "CharacterDisplay", "Lamp", "Motor", "Pump", "Solenoid", "Stepper", "Valve"]
