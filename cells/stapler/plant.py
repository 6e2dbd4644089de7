"""The stapler's world: rails and home switches, the magazine, the panel, jams, and the person who is called."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from cellwright.errors import CellFault
from cellwright.provenance import assumed
from cellwright.sim import CellPlant


@dataclass(kw_only=True)
class StaplerPlantParameters:
    """What is not known of the stapler before it is built.

    jams_per_1000_staples: mean number of jams. settling_s: what a person needs to see before starting it again.
    """

    jams_per_1000_staples: float = assumed(0.5, "nobody has counted; a worn stapler jams more often")

    def __post_init__(self) -> None:
        if not 0 <= self.jams_per_1000_staples < 1000:
            raise ValueError("jams_per_1000_staples must be at least 0 and below 1000.")


class StaplerPlant(CellPlant):
    """Closes the switches, empties the magazine, lets the stapler jam, and checks where each staple landed."""

    def connect(self) -> None:
        cell, board = self.cell, self.board
        self.bridge, self.carriage = board.axis(cell.bridge.step), board.axis(cell.carriage.step)
        for name, axis in (("bridge", cell.bridge), ("carriage", cell.carriage)):
            self.place_axis(axis, self.streams[f"{name} at power-up"].uniform(*axis.travel))
        self.magazine = cell.magazine_staples
        self.has_panel = False
        self.jammed = False
        self.landed: list[tuple[int, int]] = []
        self.dry_shots = 0
        self.panels_checked = 0
        self._good: list[int] = []
        self._until_jam = self._next_jam()
        self.close(cell.driver_back)
        board.on_output(cell.trigger.pin, self._trigger_on, levels=[not cell.trigger.active_low])
        self.call_by(cell.lamp, self._visit)

    def _next_jam(self) -> int:
        chance = self.parameters.jams_per_1000_staples / 1000
        return self.streams["jam"].geometric(chance) if chance else -1

    def _trigger_on(self, _: bool) -> None:
        if self.jammed:
            return
        if not self.magazine:
            self.dry_shots += 1
            return
        self._until_jam -= 1
        if self._until_jam == 0:
            self._until_jam = self._next_jam()
            self.jammed = True
            self.open(self.cell.driver_back)
            return
        self.magazine -= 1
        self.landed.append((self.bridge.true_position, self.carriage.true_position))

    def _visit(self) -> Generator[Event, Any, None]:
        """What a person does who comes because the lamp is lit and looks what is the matter."""
        cell, was_jammed = self.cell, self.jammed
        if was_jammed:
            yield from self.do("clear jam")
            self.jammed = False
            self.close(cell.driver_back)
        if self._panel_is_in_work():
            if not was_jammed and self.magazine < cell.magazine_staples:
                yield from self.do("refill")
                self.magazine = cell.magazine_staples
        else:
            if self.has_panel:
                yield from self.do("lift off")
                self._check_panel()
                self.has_panel = False
                self.open(cell.panel_in_place)
            yield from self.do("fetch felt")
            yield from self.do("lay slats")
            self.has_panel = True
            self.close(cell.panel_in_place)
        yield from self.do("press start")
        self.press(cell.start_button)

    def _panel_is_in_work(self) -> bool:
        """What a person sees who comes: a panel to be left where it is, or not.

        One is left if the bridge stands over it, or if nothing is in it yet and the magazine is empty. One that the
        bridge has driven off is taken out, whatever is in it.
        """
        layout = self.cell.layout
        if not self.has_panel or len(self.landed) >= len(layout.path):
            return False
        at_mm = self.bridge.true_position / self.cell.bridge.steps_per_mm
        is_under_the_bridge = layout.rows_mm[0] - 1 <= at_mm <= layout.rows_mm[-1] + 1
        return is_under_the_bridge or (not self.landed and not self.magazine)

    def _check_panel(self) -> None:
        """Look at every staple of a finished panel. Raises CellFault for a missing, doubled or misplaced one."""
        landed, self.landed = self.landed, []
        self.panels_checked += 1
        as_before = hash(tuple(landed))
        if as_before in self._good:
            return  # staple for staple where they were on a panel that was checked: 64 bits tell it from all others
        layout, cell = self.cell.layout, self.cell
        asked = len(layout.path)
        if len(set(landed)) != len(landed) or len(landed) != asked:
            raise CellFault(
                f"{cell.name()}: the panel was collected with {len(landed)} staples in {len(set(landed))} places; "
                f"the layout asks for {asked}."
            )
        for along, across in sorted(landed):
            along_mm, across_mm = along / cell.bridge.steps_per_mm, across / cell.carriage.steps_per_mm
            if not layout.is_on_a_slat(along_mm, across_mm):
                raise CellFault(f"{cell.name()}: a staple landed at {along_mm:g}, {across_mm:g} mm, beside its slat.")
        self._good = [as_before, *self._good[:1]]  # one stapled on the way out, one on the way back
