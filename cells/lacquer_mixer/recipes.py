"""Recipes: the components of a lacquer by mass; and the drums that hold the components."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cellwright.sequences import Settings

RECIPE_FOLDER = Path(__file__).with_name("recipes")
SUM_TOLERANCE_PERCENT = 0.05
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
CupTime = Annotated[float, Field(ge=5, le=120)]


class Component(BaseModel):
    """One component of a recipe.

    percent: of the mass. systems: the lacquer systems it is compatible with. cup_s_at_20, cup_s_at_28: efflux time of a
    Ford-4 cup at 20 and 28 °C, the usual measure of a lacquer's viscosity, s.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    material: Identifier
    percent: Annotated[float, Field(gt=0, lt=100)]
    density_g_per_ml: Annotated[float, Field(ge=0.5, le=3)]
    systems: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    cup_s_at_20: CupTime
    cup_s_at_28: CupTime


class Recipe(Settings):
    """A lacquer of 2 to 8 components. Components are dosed in the order listed.

    pot_life_min: the usable time after mixing, minutes; 0 for a lacquer that does not set by itself.
    """

    name: Identifier
    pot_life_min: Annotated[float, Field(ge=0, le=10_000)]
    price_nok_per_kg: Annotated[float, Field(ge=0, le=100_000)]
    components: Annotated[tuple[Component, ...], Field(min_length=2, max_length=8)]

    @field_validator("components")
    @classmethod
    def _check_mixture(cls, components: tuple[Component, ...]) -> tuple[Component, ...]:
        total = sum(each.percent for each in components)
        if abs(total - 100) > SUM_TOLERANCE_PERCENT:
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
        """The density of the mixture, g/mL, if volumes are additive."""
        return 1 / sum(each.percent / 100 / each.density_g_per_ml for each in self.components)

    @cached_property
    def system(self) -> str:
        """A lacquer system that all components are compatible with."""
        common = set(self.components[0].systems).intersection(*(each.systems for each in self.components))
        return sorted(common)[0]


class Drum(BaseModel):
    """A drum on a line. net_g: its content when full, g. lot: the manufacturer's lot; next_lots: the lots after it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    material: Identifier
    lot: Annotated[str, Field(min_length=1, max_length=40)]
    next_lots: tuple[str, ...] = ()
    net_g: Annotated[float, Field(gt=0, le=1_000_000)]


class Drums(Settings):
    """The drums, in the order of the lines: the first is on pump_1."""

    drums: Annotated[tuple[Drum, ...], Field(min_length=1, max_length=8)]

    @classmethod
    def standard(cls) -> Drums:
        """The drums that come with the mixer."""
        return cls.read(Path(__file__).with_name("drums.toml"))

    @field_validator("drums")
    @classmethod
    def _check_materials_differ(cls, drums: tuple[Drum, ...]) -> tuple[Drum, ...]:
        names = [each.material for each in drums]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two drums hold {name}; a component comes from one line")
        return drums

    def line_of(self, material: str) -> int | None:
        """The index of the line that supplies ``material``, from 0, or None."""
        return next((number for number, drum in enumerate(self.drums) if drum.material == material), None)
