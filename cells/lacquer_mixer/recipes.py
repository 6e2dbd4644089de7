"""Recipes: what a lacquer is mixed of, by mass; and the drums that the components come from."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cellwright.sequences import Settings

FOLDER = Path(__file__).with_name("recipes")
ADDS_UP_WITHIN_PERCENT = 0.05
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
CupTime = Annotated[float, Field(ge=5, le=120)]


class Component(BaseModel):
    """One component of a recipe.

    percent: of the mass. systems: the lacquer systems it goes with. cup_s_at_20, cup_s_at_28: seconds that a Ford-4 cup
    takes to run out at 20 and 28 °C, which is how the trade states viscosity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    material: Name
    percent: Annotated[float, Field(gt=0, lt=100)]
    density_g_per_ml: Annotated[float, Field(ge=0.5, le=3)]
    systems: Annotated[tuple[Name, ...], Field(min_length=1)]
    cup_s_at_20: CupTime
    cup_s_at_28: CupTime


class Recipe(Settings):
    """A lacquer of 2 to 8 components. Components are dosed in the order in which they stand here.

    pot_life_min: how long it can be used once mixed, minutes; 0 for a lacquer that does not set by itself.
    """

    name: Name
    pot_life_min: Annotated[float, Field(ge=0, le=10_000)]
    price_nok_per_kg: Annotated[float, Field(ge=0, le=100_000)]
    components: Annotated[tuple[Component, ...], Field(min_length=2, max_length=8)]

    @field_validator("components")
    @classmethod
    def _is_a_mixture(cls, components: tuple[Component, ...]) -> tuple[Component, ...]:
        total = sum(each.percent for each in components)
        if abs(total - 100) > ADDS_UP_WITHIN_PERCENT:
            raise ValueError(f"the components add up to {total:g} % and not to 100 %; change percent")
        names = [each.material for each in components]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} stands here twice; add its percents together")
        first, *others = components
        common = set(first.systems)
        for other in others:
            if not common & set(other.systems):
                raise ValueError(
                    f"{other.material} ({', '.join(other.systems)}) does not go with {first.material} "
                    f"({', '.join(first.systems)}); no system is common to all components"
                )
            common &= set(other.systems)
        return components

    @cached_property
    def density_g_per_ml(self) -> float:
        """Of the mixture, g/mL, if the volumes of its components add up."""
        return 1 / sum(each.percent / 100 / each.density_g_per_ml for each in self.components)

    @cached_property
    def system(self) -> str:
        """A system that all components go with."""
        common = set(self.components[0].systems).intersection(*(each.systems for each in self.components))
        return sorted(common)[0]


class Drum(BaseModel):
    """A drum on a line. net_g: what is in it when full, g. lot: its maker's lot; next_lots: those that follow it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    material: Name
    lot: Annotated[str, Field(min_length=1, max_length=40)]
    next_lots: tuple[str, ...] = ()
    net_g: Annotated[float, Field(gt=0, le=1_000_000)]


class Drums(Settings):
    """The drums, in the order of the lines that they hang on: the first is on pump_1."""

    drums: Annotated[tuple[Drum, ...], Field(min_length=1, max_length=8)]

    @classmethod
    def standard(cls) -> Drums:
        """The drums that come with the mixer."""
        return cls.read(Path(__file__).with_name("drums.toml"))

    @field_validator("drums")
    @classmethod
    def _hang_once(cls, drums: tuple[Drum, ...]) -> tuple[Drum, ...]:
        names = [each.material for each in drums]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two drums hold {name}; a component comes from one line")
        return drums

    def line_of(self, material: str) -> int | None:
        """The number of the line that brings ``material``, from 0, or None."""
        return next((number for number, drum in enumerate(self.drums) if drum.material == material), None)
