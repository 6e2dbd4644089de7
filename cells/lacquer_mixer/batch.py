"""A batch in progress: each component's target and dosed mass, and the correction of an overshoot."""

from __future__ import annotations

from dataclasses import dataclass, field

from cellwright.cells.lacquer_mixer.orders import Order
from cellwright.cells.lacquer_mixer.recipes import Component

DOSE_TOLERANCE_G = 0.5
DOSE_TOLERANCE_SHARE = 0.002
"""The accuracy goal of a dose: 0.5 g or 0.2 %, whichever is more."""


def dose_tolerance_g(target_g: float) -> float:
    """The tolerance of a dose of ``target_g``, g."""
    return max(DOSE_TOLERANCE_G, DOSE_TOLERANCE_SHARE * target_g)


def total_tolerance_g(order: Order) -> float:
    """The tolerance of a can's total mass, g."""
    return max(order.mass_g * order.tolerance_percent / 100, DOSE_TOLERANCE_G)


@dataclass
class Ingredient:
    """One component of a batch. share: of the mass. dosed_g: the mass dosed so far, by the scale."""

    component: Component
    line: int
    share: float
    dosed_g: float = 0.0


@dataclass
class Batch:
    """One can. scale_factor: final mass over ordered mass, above 1 after a component was overdosed."""

    order: Order
    ingredients: list[Ingredient]
    scale_factor: float = 1.0
    pauses: int = 0
    dosed_by_lot: dict[str, dict[str, float]] = field(default_factory=dict)

    def target_g(self, ingredient: Ingredient) -> float:
        """The target mass of a component, g."""
        return self.order.mass_g * ingredient.share * self.scale_factor

    def remaining_g(self, ingredient: Ingredient) -> float:
        """The mass still to be dosed, g; negative after an overshoot."""
        return self.target_g(ingredient) - ingredient.dosed_g

    def next_ingredient(self) -> Ingredient | None:
        """The first component that is underdosed, or None."""
        return next(
            (
                ingredient
                for ingredient in self.ingredients
                if self.remaining_g(ingredient) > self.tolerance_g(ingredient)
            ),
            None,
        )

    def tolerance_g(self, ingredient: Ingredient) -> float:
        """The tolerance of a component's mass, g."""
        return dose_tolerance_g(self.target_g(ingredient))

    def record_dose(self, ingredient: Ingredient, dosed_g: float, lot: str) -> None:
        """Record a dose; after an overshoot scale the whole batch up."""
        ingredient.dosed_g += dosed_g
        lots = self.dosed_by_lot.setdefault(ingredient.component.material, {})
        lots[lot] = lots.get(lot, 0.0) + dosed_g
        if -self.remaining_g(ingredient) > self.tolerance_g(ingredient):
            self.scale_factor = ingredient.dosed_g / (self.order.mass_g * ingredient.share)

    @property
    def dosed_g(self) -> float:
        """The mass dosed so far, g."""
        return sum(ingredient.dosed_g for ingredient in self.ingredients)

    @property
    def final_mass_g(self) -> float:
        """The mass once every component has its share, g."""
        return self.order.mass_g * self.scale_factor

    @property
    def is_recoverable(self) -> bool:
        """Whether can and order allow the final mass, once the other components are scaled up."""
        return self.final_mass_g <= self.order.max_g + 1e-9

    @property
    def max_error_g(self) -> float:
        """The largest error of a component so far, g."""
        return max(abs(self.remaining_g(ingredient)) for ingredient in self.ingredients)

    def margins_g(self) -> tuple[float, float]:
        """How much less, and how much more, could be in the can within all limits, g; below 0 if one is exceeded.

        The limits are those of each component and of the total mass.
        """
        errors = [(self.dosed_g - self.order.mass_g, total_tolerance_g(self.order))]
        errors += [(-self.remaining_g(each), self.tolerance_g(each)) for each in self.ingredients]
        return (
            min(tolerance_g + error_g for error_g, tolerance_g in errors),
            min(tolerance_g - error_g for error_g, tolerance_g in errors),
        )

    @property
    def is_within_tolerance(self) -> bool:
        """Whether every component and the total mass are within tolerance."""
        return min(self.margins_g()) >= 0
