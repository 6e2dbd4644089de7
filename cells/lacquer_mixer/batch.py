"""A batch in the making: what is asked of each component, what came, and how an overshoot is made good."""

from __future__ import annotations

from dataclasses import dataclass, field

from cellwright.cells.lacquer_mixer.orders import Order
from cellwright.cells.lacquer_mixer.recipes import Component

GOOD_WITHIN_G = 0.5
GOOD_WITHIN_SHARE = 0.002
"""A dose is good within 0.5 g or 0.2 %, whichever is more (the goal that the mixer was given)."""


@dataclass
class Part:
    """One component of a batch. percent: its share of the mass. dosed_g: what came so far, by the scale."""

    component: Component
    line: int
    share: float
    dosed_g: float = 0.0


@dataclass
class Batch:
    """One can. growth: how much larger than ordered it has become, because a component came out too large."""

    order: Order
    parts: list[Part]
    growth: float = 1.0
    pauses: int = 0
    dosed_by_lot: dict[str, dict[str, float]] = field(default_factory=dict)

    def asked_g(self, part: Part) -> float:
        """What is wanted of a component now, g."""
        return self.order.mass_g * part.share * self.growth

    def lacking_g(self, part: Part) -> float:
        """What is still to be dosed of it, g; negative if there is too much."""
        return self.asked_g(part) - part.dosed_g

    def next_part(self) -> Part | None:
        """The first component of which too little is there, or None when all are there."""
        return next((part for part in self.parts if self.lacking_g(part) > self.good_within_g(part)), None)

    def good_within_g(self, part: Part) -> float:
        """How far from its mass a dose may be."""
        return max(GOOD_WITHIN_G, GOOD_WITHIN_SHARE * self.asked_g(part))

    def add(self, part: Part, dosed_g: float, lot: str) -> None:
        """Book what came, and let the batch grow if it is too much."""
        part.dosed_g += dosed_g
        lots = self.dosed_by_lot.setdefault(part.component.material, {})
        lots[lot] = lots.get(lot, 0.0) + dosed_g
        if -self.lacking_g(part) > self.good_within_g(part):
            self.growth = part.dosed_g / (self.order.mass_g * part.share)

    @property
    def dosed_g(self) -> float:
        """All that came so far, g."""
        return sum(part.dosed_g for part in self.parts)

    @property
    def will_weigh_g(self) -> float:
        """What it comes to once every component has its share."""
        return self.order.mass_g * self.growth

    @property
    def can_be_saved(self) -> bool:
        """Whether the can holds it and the customer takes it, once the others are scaled up."""
        return self.will_weigh_g <= self.order.most_g + 1e-9

    @property
    def worst_g(self) -> float:
        """The largest error of a component so far, g."""
        return max(abs(self.lacking_g(part)) for part in self.parts)

    @property
    def is_good(self) -> bool:
        """Whether every component is as exact as it should be, and the whole as the customer takes it."""
        off_g = abs(self.dosed_g - self.order.mass_g)
        within_g = max(self.order.mass_g * self.order.tolerance_percent / 100, GOOD_WITHIN_G)
        return off_g <= within_g and all(abs(self.lacking_g(each)) <= self.good_within_g(each) for each in self.parts)
