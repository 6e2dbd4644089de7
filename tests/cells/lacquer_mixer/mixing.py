"""What the mixer's tests share: a mixer on a model board, and orders of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cellwright.cells.lacquer_mixer import STUDY
from cellwright.cells.lacquer_mixer.accuracy import NO_MISHAPS
from cellwright.cells.lacquer_mixer.orders import Order, Orders
from cellwright.cells.lacquer_mixer.recipes import Component, Recipe
from cellwright.sequences import RunLog
from cellwright.sim import Rig, Study, model_rig


class Mixer:
    """A mixer with its plant on a model board, without random mishaps, and its run log."""

    def __init__(self, *overrides: str, orders: Orders | None = None, seed: int = 1, study: Study = STUDY) -> None:
        scenario = study.scenario([*NO_MISHAPS, *overrides])
        if orders is not None:
            scenario.parameters["orders"] = orders
        self.log = RunLog(":memory:")
        self.rig: Rig = model_rig(scenario, seed, 0, self.log)
        self.env, self.cell, self.plant, self.board = self.rig.env, self.rig.cell, self.rig.plant, self.rig.model

    def until(self, state: str, limit_s: float = 20_000) -> None:
        self.until_true(lambda: self.cell.state == state, limit_s)

    def until_true(self, condition: Callable[[], bool], limit_s: float = 20_000) -> None:
        until_s = self.env.now + limit_s
        while not condition():
            assert self.env.now < until_s, f"still {self.cell.state}"
            self.env.step()

    def until_finished(self, cans: int = 1) -> None:
        for _ in range(cans):
            self.env.run(until=self.cell.next_finished())
            assert self.cell.last_stop is None, self.cell.last_stop

    def until_pumping(self, line: int, grams: float) -> None:
        """Until ``grams`` of a line have landed in the can."""

        def landed() -> bool:
            self.plant.platform.advance()
            return self.plant.can is not None and self.plant.can.content_g[line] > grams

        self.until_true(landed)

    def events(self, what: str) -> list[tuple[float | None, str]]:
        return self.log.connection.execute(
            "SELECT value, detail FROM event WHERE source = 'batch' AND what = ?", (what,)
        ).fetchall()


def order_of(mass_g: float, percents: Sequence[float], can_ml: float, tolerance_percent: float = 1.0) -> Order:
    """An order whose components are those of the mixer's own drums."""
    materials = ("pu_base", "pu_hardener", "pu_thinner", *(f"pigment_{n}" for n in range(1, 6)))
    components = tuple(
        Component(
            material=material,
            percent=percent,
            density_g_per_ml=1.0,
            systems=("polyurethane",),
            cup_s_at_20=25,
            cup_s_at_28=16,
        )
        for material, percent in zip(materials, percents, strict=False)
    )
    recipe = Recipe(name="test", pot_life_min=180, price_nok_per_kg=200, components=components)
    return Order(number="1", recipe=recipe, mass_g=mass_g, tolerance_percent=tolerance_percent, can_ml=can_ml)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
