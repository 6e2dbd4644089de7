"""The lacquer mixer with eight lines, on an Arduino Mega."""

import dataclasses

from cellwright.cells import lacquer_mixer
from cellwright.cells.lacquer_mixer_mega.cell import LacquerMixerOnMega

KIT = dataclasses.replace(lacquer_mixer.KIT, cell=LacquerMixerOnMega)

__all__ = ["KIT", "LacquerMixerOnMega"]
