"""The same panel stapled by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellwright.cells.stapler.layout import PanelLayout
from cellwright.provenance import assumed
from cellwright.sim import Element, ManualMethod, modapts


@dataclass(kw_only=True)
class ManualStapling(ManualMethod):
    """Felt on the table, slats in a jig, staples one by one with a hand stapler; times in MODs (0.129 s).

    Each field is one occurrence: one felt, one slat, one staple, one step to the next row, one refill, one panel.
    clear_jam_s: seconds to clear a jam, on the cell or by hand. magazine_staples: what the hand stapler holds.
    """

    felt_mods: float = modapts("W5*8 B17 M4 G1 L1 W5*8 M5 P2 M5 P2 E2")
    slat_mods: float = modapts("M5 G1 M5 P2 M3 P2")
    staple_mods: float = modapts("M3 P2 A4 M1")
    row_step_mods: float = modapts("W5 E2")
    lift_mods: float = modapts("M5 G1 M5 G1 L1 B17 W5*8 P2 W5*8")
    refill_mods: float = modapts("W5*4 M4 G1 M4 P2 M4 G3 M4 P5 M4 P2 A4 W5*4")
    press_start_mods: float = modapts("E2 D3 M4 A4")
    clear_jam_s: float = assumed(45, "open the nose, pull the staple, close, fire once beside the panel")
    magazine_staples: float = assumed(140, "a full strip, the same as in the cell")

    def __post_init__(self) -> None:
        if self.magazine_staples < 1:
            raise ValueError("magazine_staples must be at least 1.")

    def elements(self, parameters: Mapping[str, Any]) -> list[Element]:
        layout: PanelLayout = parameters["layout"]
        staples = len(layout.path)
        refills = staples / self.magazine_staples
        return [
            self._felt(),
            self._slats(layout),
            self.element("staple", self.staple_mods, staples, name_nb="stifte"),
            self.element("step to next row", self.row_step_mods, len(layout.rows_mm) - 1, name_nb="gå til neste rad"),
            self._refill(per_unit=refills),
            self._lift(),
        ]

    def tending(self, parameters: Mapping[str, Any]) -> list[Element]:
        return [
            self._felt(),
            self._slats(parameters["layout"]),
            self._refill(),
            self._lift(),
            self.element("press start", self.press_start_mods, name_nb="trykke på start"),
            Element(
                "clear jam",
                float(self.clear_jam_s),
                3 * float(self.spread),
                stop_cause="stapler jammed",
                name_nb="løsne stifteren",
            ),
        ]

    def _felt(self) -> Element:
        return self.element("fetch felt", self.felt_mods, name_nb="hente filt")

    def _slats(self, layout: PanelLayout) -> Element:
        return self.element("lay slats", self.slat_mods, layout.slats, name_nb="legge spiler")

    def _lift(self) -> Element:
        return self.element("lift off", self.lift_mods, name_nb="løfte av")

    def _refill(self, per_unit: float = 1.0) -> Element:
        return self.element(
            "refill", self.refill_mods, per_unit=per_unit, stop_cause="magazine empty", name_nb="fylle magasinet"
        )
