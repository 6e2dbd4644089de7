"""Orders: recipe, mass, tolerance and can. A CSV file or a TOML file with [[orders]]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from cellwright.cells.lacquer_mixer.recipes import RECIPE_FOLDER, Component, Recipe
from cellwright.errors import InputError, nearest
from cellwright.files import Column, InputRow, check_columns, line_of, read_rows, read_toml
from cellwright.provenance import Figure, assumed
from cellwright.sequences import Settings

CAN_SIZES_ML: dict[float, Figure] = {
    250.0: assumed(62, "empty tin of 0.25 l"),
    500.0: assumed(88, "empty tin of 0.5 l"),
    1000.0: assumed(125, "empty tin of 1 l"),
    2500.0: assumed(235, "empty tin of 2.5 l"),
}
"""The weight of an empty can, g, by its content up to the filling line, mL."""
G_PER = {"g": 1.0, "kg": 1000.0}
ML_PER = {"ml": 1.0, "l": 1000.0}
ORDER_TABLE = (
    Column("order", aliases=("ordre", "ordrenummer")),
    Column("recipe", aliases=("resept", "oppskrift")),
    Column("amount", "quantity", ("mengde",)),
    Column("tolerance_percent", "number", ("toleranse_prosent",)),
    Column("can_ml", "number", ("boks_ml", "spann_ml")),
)
ORDER_COLUMNS = tuple(column.name for column in ORDER_TABLE)
REQUIRED_ORDER_COLUMNS = ("order", "recipe", "amount")
DEFAULT_TOLERANCE_PERCENT = 1.0
MIN_DOSE_G = 1.0
"""The smallest dose of a component, as the error may be half a gram."""
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")


class Order(BaseModel):
    """An order of one can. mass_g: the mass ordered, g. tolerance_percent: the accepted deviation."""

    model_config = ConfigDict(frozen=True)

    number: Annotated[str, Field(min_length=1, max_length=40)]
    recipe: Recipe
    mass_g: float
    tolerance_percent: float
    can_ml: float
    where: Annotated[str, Field(exclude=True)] = ""  # not part of the value

    @cached_property
    def max_g(self) -> float:
        """The largest mass that tolerance and can allow, g."""
        return min(self.mass_g * (1 + self.tolerance_percent / 100), self.can_ml * self.recipe.density_g_per_ml)

    @property
    def empty_can_g(self) -> float:
        """The nominal weight of the empty can, g."""
        return CAN_SIZES_ML[self.can_ml]

    def target_g(self, component: Component) -> float:
        """The target mass of one component, g."""
        return self.mass_g * component.percent / 100


class Orders(Settings):
    """The orders to be mixed, one can each; the list repeats when all are done."""

    orders: Annotated[tuple[Order, ...], Field(min_length=1)]

    @classmethod
    def standard(cls) -> Orders:
        """The orders that come with the mixer."""
        return cls.read(Path(__file__).with_name("orders.csv"))

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a CSV or TOML file. Raises InputError with file, line and the problem.

        A recipe is found by its name: beside the orders, or among those that come with the mixer.
        """
        path = Path(path)
        head: dict[str, Any] = {"source": f"the orders in {path.name}"}
        recipes: dict[str, Recipe] = {}
        orders = tuple(_order(row, path.parent, recipes) for row in _rows(path))
        if not orders:
            raise InputError(f"{path} has no orders; add a line with {', '.join(REQUIRED_ORDER_COLUMNS)}.")
        return cls(orders=orders, **head)


def _rows(path: Path) -> Iterator[InputRow]:
    if path.suffix != ".toml":
        yield from read_rows(path, ORDER_TABLE, REQUIRED_ORDER_COLUMNS)
        return
    values, text = read_toml(path)
    entries = values.get("orders")
    if not isinstance(entries, list):
        raise InputError(f"{path} has no [[orders]].")
    for number, entry in enumerate(entries):
        where = f"{path}, line {line_of(text, ('orders', number))}"
        check_columns(where, list(entry), ORDER_COLUMNS, REQUIRED_ORDER_COLUMNS)
        yield InputRow(where, {key: str(value) for key, value in entry.items()})


def _number(row: InputRow, key: str, default: float, minimum: float, maximum: float) -> float:
    text = row.values.get(key, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not minimum <= value <= maximum:
        raise row.error(f"{key} = {text!r} stands where a number from {minimum:g} to {maximum:g} belongs.")
    return value


def _order(row: InputRow, folder: Path, recipes: dict[str, Recipe]) -> Order:
    name = row.values.get("recipe", "")
    if name not in recipes:
        recipes[name] = _find_recipe(row, name, folder)
    recipe = recipes[name]
    mass_g = _mass_g(row, recipe)
    for component in recipe.components:
        if (dose_g := mass_g * component.percent / 100) < MIN_DOSE_G:
            raise row.error(
                f"the order needs {dose_g:.2g} g of {component.material}; the smallest dose is {MIN_DOSE_G:g} g."
            )
    needed_ml = mass_g / recipe.density_g_per_ml
    return Order(
        number=row.values.get("order") or "-",
        recipe=recipe,
        mass_g=mass_g,
        tolerance_percent=_number(row, "tolerance_percent", DEFAULT_TOLERANCE_PERCENT, 0, 20),
        can_ml=_can_ml(row, needed_ml),
        where=row.where,
    )


def _find_recipe(row: InputRow, name: str, orders_folder: Path) -> Recipe:
    known = {path.stem: path for folder in (RECIPE_FOLDER, orders_folder) for path in sorted(folder.glob("*.toml"))}
    known = {stem: path for stem, path in known.items() if stem not in ("drums", "orders", "calibration")}
    if name not in known:
        raise row.error(f"there is no recipe {name!r}; {nearest(name, known)}")
    return Recipe.read(known[name])


def _mass_g(row: InputRow, recipe: Recipe) -> float:
    text = row.values.get("amount", "")
    match = _AMOUNT.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise row.error(f"amount = {text!r} stands where an amount such as '730 g' belongs.")
    number, unit = float(match[1]), match[2].lower()
    if unit in G_PER:
        return number * G_PER[unit]
    if unit in ML_PER:
        return number * ML_PER[unit] * recipe.density_g_per_ml
    if not unit:
        raise row.error(f"amount = {text!r} has no unit; known are {', '.join([*G_PER, *ML_PER])}.")
    raise row.error(f"amount = {text!r}: {match[2]!r} is no unit here; {nearest(unit, [*G_PER, *ML_PER])}")


def _can_ml(row: InputRow, needed_ml: float) -> float:
    """The can that the order names, or the smallest that holds the order, mL."""
    largest_ml = max(CAN_SIZES_ML)
    ordered_ml = _number(row, "can_ml", 0.0, min(CAN_SIZES_ML), largest_ml)
    if ordered_ml and ordered_ml not in CAN_SIZES_ML:
        sizes = ", ".join(f"{size:g}" for size in CAN_SIZES_ML)
        raise row.error(f"can_ml = {ordered_ml:g}: there is no such can; the sizes are {sizes} ml.")
    if needed_ml > (ordered_ml or largest_ml):
        raise row.error(f"the order needs {needed_ml:.0f} ml, and the can holds {ordered_ml or largest_ml:g} ml.")
    return ordered_ml or smallest_can_ml(needed_ml)


def smallest_can_ml(needed_ml: float) -> float:
    """The smallest can that holds ``needed_ml``, up to its filling line."""
    return min(size for size in CAN_SIZES_ML if size >= needed_ml)
