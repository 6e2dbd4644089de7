"""Sensors: one plain class per file."""

from cellwright.sensors.button import Button
from cellwright.sensors.encoder import Encoder
from cellwright.sensors.hx711 import Hx711
from cellwright.sensors.load_cell import LoadCell
from cellwright.sensors.nau7802 import Nau7802
from cellwright.sensors.serial_scale import SerialScale
from cellwright.sensors.switch import Switch

__all__ = ["Button", "Encoder", "Hx711", "LoadCell", "Nau7802", "SerialScale", "Switch"]
