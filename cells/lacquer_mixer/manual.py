"""The same orders by hand: mixed by pouring on a shop scale, and shipped in whole cans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellwright.cells.lacquer_mixer.orders import Order, Orders
from cellwright.cells.lacquer_mixer.recipes import Drums
from cellwright.provenance import assumed
from cellwright.sim import Element, ManualMethod, Streams, modapts


@dataclass(kw_only=True)
class ManualMixing(ManualMethod):
    """Empty can on a scale, component after component poured to the mark, stirred; times in MODs (0.129 s).

    Each field is one occurrence. pour_g_per_s: while a jug is poured steadily. trim_mods: drop by drop to the mark, for
    one component. stir_s: seconds by a hand drill. pour_error_g: standard deviation of a poured component, g.
    whole_cans: 1 if an order is mixed and shipped as the next whole can, 0 if to its mass. cans_each_rinse: cans
    between two rinses of the stirrer. drum_s: to change a drum by hand. clear_line_s, change_drum_s, bleed_s, look_s:
    to fix the cell's troubles.
    """

    fetch_can_mods: float = modapts("W5*6 B17 M4 G1 W5*6 M4 P2")
    fetch_drum_mods: float = modapts("W5*4 M5 G3 L1 M5 W5*4 M4 P2 M3 G1 M3 A4")
    put_back_mods: float = modapts("M5 G3 W5*4 M5 P2 L1 M3 P2 A4")
    read_order_mods: float = modapts("E2*3 R2 D3*3 M4 G1 M4 P0")
    trim_mods: float = modapts("E2 M1 E2 D3 M1 E2 M1 E2 D3 M1 E2 M1 E2 D3 M1 E2")
    close_and_label_mods: float = modapts("M4 G1 M4 P5 A4*4 M4 G1 M3 P5 M2 W5*6 M4 P2")
    place_can_mods: float = modapts("M4 G1 M5 P5 M4 G1 M5 P2")
    press_start_mods: float = modapts("E2 D3 M4 A4")
    rinse_mods: float = modapts("M4 G1 W5*2 M5 P2 C4*10 M4 G3 C4*6 W5*2 M4 P2")
    take_away_mods: float = modapts("M4 G3 M5 W5*6 M5 P2 W5*6")
    pour_g_per_s: float = assumed(25, "a jug, until the last fifty grams")
    stir_s: float = assumed(60, "a paddle in a hand drill, held")
    pour_error_g: float = assumed(2.0, "±3 to 5 g, taken as two standard deviations of 4 g")
    whole_cans: float = assumed(1, "the firm ships oversized cans, because it cannot dose what was ordered")
    cans_each_rinse: float = assumed(10, "within half the pot life")
    drum_s: float = assumed(90, "roll the next drum up, open it, screw the tap in; there is no line to fill")
    clear_line_s: float = assumed(240, "take the nozzle off, clean it, pump some lacquer into a jar")
    change_drum_s: float = assumed(180, "hang the next drum, pump until it comes without air")
    bleed_s: float = assumed(60, "pump into a jar until it comes without air")
    look_s: float = assumed(20, "look for what touches the can; shut the window")

    def __post_init__(self) -> None:
        for name in ("pour_g_per_s", "cans_each_rinse"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0.")

    def elements(self, parameters: Mapping[str, Any]) -> list[Element]:
        orders: Orders = parameters["orders"]
        number = len(orders.orders)
        components = sum(len(order.recipe.components) for order in orders.orders) / number
        mass_g = sum(self._mixed_g(order) for order in orders.orders) / number
        return [
            self.element("read order", self.read_order_mods, name_nb="lese bestillingen"),
            self.element("fetch can", self.fetch_can_mods, name_nb="hente boks"),
            self.element("place can", self.place_can_mods, name_nb="sette boksen på plass"),
            self.element("fetch drum", self.fetch_drum_mods, components, name_nb="hente fat"),
            Element("pour", mass_g / float(self.pour_g_per_s), float(self.spread), name_nb="helle"),
            self.element("trim", self.trim_mods, components, name_nb="justere mengden"),
            self.element("put back", self.put_back_mods, components, name_nb="sette tilbake"),
            Element("stir", float(self.stir_s), float(self.spread), name_nb="røre om"),
            self.element("close and label", self.close_and_label_mods, name_nb="lukke og merke"),
            self.element("rinse", self.rinse_mods, per_unit=1 / self.cans_each_rinse, name_nb="skylle"),
            Element(
                "change drum",
                float(self.drum_s),
                float(self.spread),
                per_unit=self._drums_per_can(orders, parameters["drums"]),
                stop_cause="drum empty",
                name_nb="bytte fat",
            ),
        ]

    def _drums_per_can(self, orders: Orders, drums: Drums) -> float:
        """The number of drums emptied per can, of all components together."""
        net_g = {drum.material: drum.net_g for drum in drums.drums}
        used = [
            self._mixed_g(order) * component.percent / 100 / net_g[component.material]
            for order in orders.orders
            for component in order.recipe.components
        ]
        return sum(used) / len(orders.orders)

    def tending(self, parameters: Mapping[str, Any]) -> list[Element]:  # noqa: ARG002  # the same whatever is ordered
        troubles = [
            ("clear line", "rense linjen", "line blocked", self.clear_line_s),
            ("change drum, fill line", "bytte fat, fylle linjen", "drum empty", self.change_drum_s),
            ("bleed line", "lufte linjen", "air in a line", self.bleed_s),
            ("look at scale", "se på vekten", "scale jumped", self.look_s),
        ]
        return [
            self.element("fetch can", self.fetch_can_mods, name_nb="hente boks"),
            self.element("place can", self.place_can_mods, name_nb="sette boksen på plass"),
            self.element("press start", self.press_start_mods, name_nb="trykke på start"),
            self.element("close and label", self.close_and_label_mods, name_nb="lukke og merke"),
            self.element(
                "place rinsing pot", self.place_can_mods + self.fetch_can_mods, name_nb="sette skyllebøtten på plass"
            ),
            self.element("take away", self.take_away_mods, name_nb="bære bort boks"),
            *(
                Element(name, float(mean_s), 3 * float(self.spread), stop_cause=cause, name_nb=name_nb)
                for name, name_nb, cause, mean_s in troubles
            ),
        ]

    def results(self, parameters: Mapping[str, Any], streams: Streams) -> Mapping[str, float]:
        orders: Orders = parameters["orders"]
        order = orders.orders[int(streams["hand order"].integers(len(orders.orders)))]
        errors_g = streams["hand pours"].normal(0.0, float(self.pour_error_g), len(order.recipe.components))
        beyond_g = max(0.0, self._mixed_g(order) + float(errors_g.sum()) - order.mass_g)
        return {
            "dose_error_g": float(abs(errors_g).max()),
            "beyond_order_g": beyond_g,
            "beyond_order_nok": beyond_g / 1000 * order.recipe.price_nok_per_kg,
        }

    def _mixed_g(self, order: Order) -> float:
        """The mass mixed for an order: the next whole can, or the ordered mass, g."""
        return order.can_ml * order.recipe.density_g_per_ml if self.whole_cans >= 0.5 else order.mass_g
