"""The stapler's plant: axes and home switches, the magazine, the panel, jams, and the person who is called."""

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
    """What is not known about the stapler before it is built.

    jams_per_1000_staples: mean number of jams.
    """

    jams_per_1000_staples: float = assumed(0.5, "nobody has counted; a worn stapler jams more often")

    def __post_init__(self) -> None:
        if not 0 <= self.jams_per_1000_staples < 1000:
            raise ValueError("jams_per_1000_staples must be at least 0 and below 1000.")


class StaplerPlant(CellPlant):
    """Closes the switches, empties the magazine, simulates jams, and checks the position of each staple."""

    def connect(self) -> None:
        cell, board = self.cell, self.board
        self.bridge, self.carriage = board.axis(cell.bridge.step), board.axis(cell.carriage.step)
        for name, axis in (("bridge", cell.bridge), ("carriage", cell.carriage)):
            self.place_axis(axis, self.streams[f"{name} at power-up"].uniform(*axis.travel))
        self.magazine = cell.magazine_staples
        self.has_panel = False
        self.is_jammed = False
        self.landed: list[tuple[int, int]] = []
        self.dry_shots = 0
        self.panels_checked = 0
        self._accepted_hashes: list[int] = []
        self._shots_until_jam = self._next_jam()
        self.close(cell.driver_back)
        board.on_output(cell.trigger.pin, self._trigger_on, levels=[not cell.trigger.active_low])
        self.call_by(cell.lamp, self._visit)

    def _next_jam(self) -> int:
        chance = self.parameters.jams_per_1000_staples / 1000
        return self.streams["jam"].geometric(chance) if chance else -1

    def _trigger_on(self, _: bool) -> None:
        if self.is_jammed:
            return
        if not self.magazine:
            self.dry_shots += 1
            return
        self._shots_until_jam -= 1
        if self._shots_until_jam == 0:
            self._shots_until_jam = self._next_jam()
            self.is_jammed = True
            self.open(self.cell.driver_back)
            return
        self.magazine -= 1
        self.landed.append((self.bridge.true_position, self.carriage.true_position))

    def _visit(self) -> Generator[Event, Any, None]:
        """The work of a person who comes because the lamp is lit."""
        cell, was_jammed = self.cell, self.is_jammed
        if was_jammed:
            yield from self.do("clear jam")
            self.is_jammed = False
            self.close(cell.driver_back)
        if self._is_panel_in_work():
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

    def _is_panel_in_work(self) -> bool:
        """Whether a person leaves the panel in place.

        It stays if the bridge is over it, or if it has no staple yet and the magazine is empty. If the bridge has moved
        off, the panel is taken out, finished or not.
        """
        layout = self.cell.layout
        if not self.has_panel or len(self.landed) >= len(layout.path):
            return False
        at_mm = self.bridge.true_position / self.cell.bridge.steps_per_mm
        is_under_the_bridge = layout.rows_mm[0] - 1 <= at_mm <= layout.rows_mm[-1] + 1
        return is_under_the_bridge or (not self.landed and not self.magazine)

    def _check_panel(self) -> None:
        """Check every staple of a finished panel. Raises CellFault for a missing, double or misplaced one."""
        landed, self.landed = self.landed, []
        self.panels_checked += 1
        panel_hash = hash(tuple(landed))
        if panel_hash in self._accepted_hashes:
            self.unit_leaves()
            return  # the same staples as on a panel that passed; the hash has 64 bits
        layout, cell = self.cell.layout, self.cell
        expected = len(layout.path)
        if len(set(landed)) != len(landed) or len(landed) != expected:
            raise CellFault(
                f"{cell.name()}: the panel was collected with {len(landed)} staples in {len(set(landed))} places; "
                f"the layout asks for {expected}."
            )
        for along, across in sorted(landed):
            along_mm, across_mm = along / cell.bridge.steps_per_mm, across / cell.carriage.steps_per_mm
            if not layout.is_on_a_slat(along_mm, across_mm):
                raise CellFault(f"{cell.name()}: a staple landed at {along_mm:g}, {across_mm:g} mm, beside its slat.")
        self.unit_leaves()  # every staple is on its slat; whoever lifts a panel off sees one that is not
        # Two are kept: a panel stapled from either end.
        self._accepted_hashes = [panel_hash, *self._accepted_hashes[:1]]
