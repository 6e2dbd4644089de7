"""Dosing lines: a pump with its valve and its drum, and the record of each."""

from __future__ import annotations

from typing import NamedTuple

from cellwright.actuators import Pump, Valve
from cellwright.cells.lacquer_mixer.recipes import Drums
from cellwright.sequences.dosing import LineMemory


class DosingLine(NamedTuple):
    """A pump and the valve at the end of its tube."""

    pump: Pump
    valve: Valve


class LineInventory:
    """The drum lot on each line, and its dosing memory: the mass left, and what it has learned."""

    def __init__(self, drums: Drums) -> None:
        self.drums = drums.drums
        self.memory = [LineMemory(left_g=drum.net_g) for drum in self.drums]
        self._changed = [0 for _ in self.drums]

    def lot(self, line: int) -> str:
        """The lot on a line."""
        drum, changed = self.drums[line], self._changed[line]
        lots = (drum.lot, *drum.next_lots)
        return lots[changed] if changed < len(lots) else f"after {lots[-1]}, not stated"

    def change_drum(self, line: int) -> None:
        """Record that a full drum of the next lot is on the line now."""
        self._changed[line] += 1
        self.memory[line].left_g = self.drums[line].net_g
