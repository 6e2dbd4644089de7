"""Draws docs/pictures/house.png, which package imports which: python docs/pictures/house.py."""

from __future__ import annotations

import runpy
import textwrap
from pathlib import Path

from lanes import Row, draw, save_with_data

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Read the imports as the test does, and draw them."""
    read = runpy.run_path(str(ROOT / "tests" / "test_architecture.py"))
    drawn: dict[str, dict[str, list[str]]] = read["the_house"]()
    floors: dict[str, int] = read["house"].FLOORS
    rooms = [*sorted(floors, key=lambda room: -floors[room]), read["OPEN"]]
    rows = [Row(room, str(floors.get(room)), note_on(drawn["folders"].get(room)), room) for room in rooms]
    up = [(room, used) for room in drawn["imports"] for used in drawn["imports"][room]
          if rooms.index(used) < rooms.index(room)]  # fmt: skip
    title = "All imports point down" if not up else f"{len(up)} packages import what is above them"
    figure = draw(
        rows,
        drawn["imports"],
        f"{title}: a line falls from each package (■)\nto those that it imports (▼)",
        names_in=3.6,
        layers_in=0.0,
        row_in=0.62,
    )
    save_with_data(figure, Path(__file__).with_name("house.png"), drawn)


def note_on(folders: list[str] | None) -> str:
    """The folders in a package, in lines that fit."""
    return "of cellwright/, open to all" if folders is None else textwrap.fill(", ".join(folders), 48)


if __name__ == "__main__":
    main()
