"""Sensors: one file, one plain class."""

from cellwright.sensors.button import Button
from cellwright.sensors.switch import Switch

__all__ = ["Button", "Switch"]
