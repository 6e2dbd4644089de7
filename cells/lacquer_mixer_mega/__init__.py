"""The lacquer mixer with eight lines, on an Arduino Mega."""

import dataclasses

from cellwright.cells import lacquer_mixer
from cellwright.cells.lacquer_mixer_mega.cell import LacquerMixerOnMega

STUDY = dataclasses.replace(lacquer_mixer.STUDY, cell=LacquerMixerOnMega)

__all__ = ["STUDY", "LacquerMixerOnMega"]
